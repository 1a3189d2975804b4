"""From what a token, a certificate and a statement say to a Principal: what each class must say."""

from __future__ import annotations

from typing import TypeVar

from gateway.entitlements.contract import ClientContract
from gateway.errors import Refused
from gateway.identity.challenge import invalid_token
from gateway.identity.claims import TokenFacts
from gateway.identity.principal import Principal, UsedOnce
from gateway.identity.statement import RequestStatement, statement_invalid
from policies.model import Caller, CallerClass, Purpose

# Classes that have one purpose only need not state it.
_SINGLE_PURPOSE = {
    CallerClass.SUBJECT: Purpose.SELF_QUERY,
    CallerClass.AUDITOR: Purpose.AUDIT,
}
_T = TypeVar("_T")
CERTIFICATE_ALONE = frozenset({CallerClass.DEPARTMENT})
"""Whose clients may ask without a token, by certificate and statement."""


def principal_of_token(
    facts: TokenFacts,
    contract: ClientContract | None,
    statement: RequestStatement | None,
    once: tuple[UsedOnce, ...],
) -> Principal:
    """Return the caller that a token names, completed by what the request states.

    Args:
        contract: of the token's client; None where it is not registered.

    Raises:
        Unauthenticated: TOKEN_INVALID or STATEMENT_INVALID, they contradict each other.
        Refused: PURPOSE_REQUIRED or MATTER_NUMBER_REQUIRED.
    """
    caller_class, organisation = facts.caller_class, facts.organisation
    if caller_class is None:
        if contract is None or contract.organisation is None:
            raise invalid_token(
                "TOKEN_INVALID",
                "the token names no organisation, and its client is registered for none",
            )
        caller_class, organisation = _class_of(contract), contract.organisation
        if facts.acting_for is not None and caller_class is not CallerClass.PLATFORM:
            raise invalid_token("TOKEN_INVALID", "only a platform may have the claim `acting_for`")
    purpose, matter_no, user_ref, role = facts.purpose, facts.matter_no, facts.user_ref, facts.role
    if statement is not None:
        if statement.client_id != facts.client_id:
            raise statement_invalid("it is of another client than the token")
        purpose = _agreed(purpose, statement.purpose, "purpose")
        matter_no = _agreed(matter_no, statement.matter_no, "matter_no")
        user_ref = _agreed(user_ref, statement.user_ref, "user_ref")
        role = _agreed(role, statement.role, "role")
        once = (*once, UsedOnce(statement.replay_id, statement.good_until))
    caller = Caller(
        caller_class,
        organisation,
        _required_purpose(purpose, caller_class),
        facts.acting_for,
        role,
    )
    _require_matter(caller_class, matter_no)
    return Principal(
        caller,
        facts.client_id,
        matter_no,
        user_ref,
        facts.token_id,
        facts.expires_at,
        facts.issued_at,
        facts.contract,
        once,
    )


def principal_of_certificate(statement: RequestStatement, contract: ClientContract) -> Principal:
    """Return the caller that comes with a certificate and a statement, and without a token.

    Raises:
        Unauthenticated: STATEMENT_INVALID, its class may not.
        Refused: PURPOSE_REQUIRED or MATTER_NUMBER_REQUIRED.
    """
    caller_class = _class_of(contract)
    if caller_class not in CERTIFICATE_ALONE or contract.organisation is None:
        raise statement_invalid("its client needs an access token beside its certificate")
    caller = Caller(
        caller_class,
        contract.organisation,
        _required_purpose(statement.purpose, caller_class),
        None,
        statement.role,
    )
    _require_matter(caller_class, statement.matter_no)
    return Principal(
        caller,
        statement.client_id,
        statement.matter_no,
        statement.user_ref,
        once=(UsedOnce(statement.replay_id, statement.good_until),),
    )


def _class_of(contract: ClientContract) -> CallerClass:
    for member in CallerClass:
        if member.value == contract.caller_class and member is not CallerClass.PUBLIC:
            return member
    raise invalid_token("TOKEN_INVALID", "the client is registered as nothing that is known here")


def _agreed(of_token: _T | None, stated: _T | None, name: str) -> _T | None:
    """What token and statement say together; one may complete, and not change, the other."""
    if of_token is not None and stated is not None and of_token != stated:
        raise statement_invalid(f"its claim `{name}` is another than the token's")
    return stated if of_token is None else of_token


def _required_purpose(purpose: Purpose | None, caller_class: CallerClass) -> Purpose:
    found = purpose or _SINGLE_PURPOSE.get(caller_class)
    if found is None:
        raise Refused(
            "PURPOSE_REQUIRED",
            f"a caller of class `{caller_class.value}` states its purpose: neither the token nor "
            "the header `credit-request` has a claim `purpose`",
        )
    return found


def _require_matter(caller_class: CallerClass, matter_no: str | None) -> None:
    if caller_class is CallerClass.DEPARTMENT and matter_no is None:
        raise Refused(
            "MATTER_NUMBER_REQUIRED",
            "a department acts on a matter: neither the token nor the header `credit-request` has "
            "a claim `matter_no`",
        )
