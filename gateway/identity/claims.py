"""From the verified claims of a token to what it says, each claim read strictly.

Signature, issuer, audience and times are `gateway.identity.access_token`'s business, and what a
request must add `gateway.identity.caller`'s.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from gateway.entitlements.data_contract import (
    DataContract,
    MalformedContractError,
    narrowed,
    read_contract,
    scope_limit,
)
from gateway.errors import Claimant, Unauthenticated
from gateway.identity.challenge import invalid_token
from policies.model import CallerClass, Purpose, Role
from schema.identifiers import is_uscc

_NAME = re.compile(r"[A-Za-z0-9._:~-]{1,100}")
_PERSON = re.compile(r"P:[0-9a-f]{64}")
_THUMBPRINT = re.compile(r"[A-Za-z0-9_-]{43}")
_MOST_TEXT = 100

PersonKey = Callable[[str], str | None]
"""From `P:` and a network reference to the subject key inside; None if it cannot be read."""


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """What a verified token says, before anything is known of the request that it came with.

    Attributes:
        caller_class, organisation: None where the token leaves them to the register of clients.
        purpose, matter_no: None where they are to be stated per request, or are not needed.
        jkt: thumbprint of the key that the token is bound to (RFC 9449).
        x5t_s256: thumbprint of the certificate that it is bound to (RFC 8705).
        contract: what it gives at most; None: what rules permit.
    """

    client_id: str
    token_id: str
    caller_class: CallerClass | None
    organisation: str | None
    purpose: Purpose | None
    acting_for: str | None
    role: Role | None
    matter_no: str | None
    user_ref: str | None
    issued_at: int
    expires_at: int
    jkt: str | None
    x5t_s256: str | None
    contract: DataContract | None

    @property
    def is_bound(self) -> bool:
        """Whether it is good for one holder of a key only."""
        return self.jkt is not None or self.x5t_s256 is not None


def facts_of(claims: Mapping[str, object], person_key: PersonKey) -> TokenFacts:
    """Return what a verified token says.

    Raises:
        Unauthenticated: TOKEN_INVALID, a claim is missing, malformed or unknown.
    """
    caller_class = _caller_class(claims)
    organisation = _organisation(claims, caller_class, person_key)
    contract = _contract(claims)
    jkt, x5t_s256 = _confirmation(claims)
    return TokenFacts(
        client_id=_name(claims, "client_id"),
        token_id=_name(claims, "jti"),
        caller_class=caller_class,
        organisation=organisation,
        purpose=_purpose(claims, contract),
        acting_for=_acting_for(claims, caller_class),
        role=_role(claims),
        matter_no=_text(claims, "matter_no"),
        user_ref=_text(claims, "user_ref"),
        issued_at=_seconds(claims, "iat"),
        expires_at=_seconds(claims, "exp"),
        jkt=jkt,
        x5t_s256=x5t_s256,
        contract=contract,
    )


def claimant_of(claims: Mapping[str, object]) -> Claimant | None:
    """Client and token that a verified token names; None where it names neither as it must."""
    try:
        return Claimant(_name(claims, "client_id"), _name(claims, "jti"))
    except Unauthenticated:
        return None


def _caller_class(claims: Mapping[str, object]) -> CallerClass | None:
    """The class; None where neither it nor an organisation is stated: the register knows both."""
    stated = claims.get("caller_class")
    if stated is None and claims.get("organisation") is None:
        return None
    for member in CallerClass:
        # the public is whoever sends no token
        if member.value == stated and member is not CallerClass.PUBLIC:
            return member
    raise _bad_claim("the claim `caller_class` is missing or unknown")


def _purpose(claims: Mapping[str, object], contract: DataContract | None) -> Purpose | None:
    agreed = None if contract is None else contract.purpose
    stated = claims.get("purpose")
    if stated is None:
        return agreed
    for member in Purpose:
        if member.value == stated:
            if agreed not in (None, member):
                raise _bad_claim("the claims `purpose` and `authorization_details` disagree")
            return member
    raise _bad_claim("the claim `purpose` is unknown")


def _contract(claims: Mapping[str, object]) -> DataContract | None:
    """What `authorization_details` and `scope` limit."""
    details, scope = claims.get("authorization_details"), claims.get("scope")
    if scope is not None and not isinstance(scope, str):
        raise _bad_claim("the claim `scope` is malformed")
    by_scope = None if scope is None else scope_limit(scope.split(" "))
    if details is None:
        return None if by_scope is None else DataContract(limit=by_scope)
    try:
        contract = read_contract(details)
    except MalformedContractError as error:
        raise _bad_claim(f"the claim `authorization_details` {error}") from error
    return replace(contract, limit=narrowed(contract.limit, by_scope))


def _confirmation(claims: Mapping[str, object]) -> tuple[str | None, str | None]:
    """Thumbprints of key and certificate that the token is bound to.

    Source: RFC 7800 section 3.1 (`cnf`); a way to confirm that is not understood is refused, since
    leaving it out would make the token good for anybody.
    """
    stated = claims.get("cnf")
    if stated is None:
        return None, None
    if not isinstance(stated, dict) or not stated or not stated.keys() <= {"jkt", "x5t#S256"}:
        raise _bad_claim("the claim `cnf` is malformed or of a kind that is not known here")
    for value in stated.values():
        if not isinstance(value, str) or not _THUMBPRINT.fullmatch(value):
            raise _bad_claim("the claim `cnf` holds no SHA-256 thumbprint")
    return stated.get("jkt"), stated.get("x5t#S256")


def _organisation(
    claims: Mapping[str, object], caller_class: CallerClass | None, person_key: PersonKey
) -> str | None:
    stated = claims.get("organisation")
    if caller_class is None:
        return None
    if isinstance(stated, str):
        if is_uscc(stated):
            return stated
        if caller_class is CallerClass.SUBJECT and _PERSON.fullmatch(stated):
            key = person_key(stated)
            if key is None:
                raise _bad_claim("the claim `organisation` names a person under no key in force")
            return key
    raise _bad_claim("the claim `organisation` is missing or no unified social credit code")


def _acting_for(claims: Mapping[str, object], caller_class: CallerClass | None) -> str | None:
    stated = claims.get("acting_for")
    if stated is None:
        return None
    if caller_class not in (CallerClass.PLATFORM, None):
        raise _bad_claim("only a platform may have the claim `acting_for`")
    if not isinstance(stated, str) or not is_uscc(stated):
        raise _bad_claim("the claim `acting_for` is no unified social credit code")
    return stated


def _role(claims: Mapping[str, object]) -> Role | None:
    stated = claims.get("role")
    if stated is None:
        return None
    for member in Role:
        if member.value == stated:
            return member
    raise _bad_claim("the claim `role` is unknown")


def _seconds(claims: Mapping[str, object], claim: str) -> int:
    value = claims[claim]
    assert isinstance(value, int)
    return value


def _name(claims: Mapping[str, object], claim: str) -> str:
    value = claims.get(claim)
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise _bad_claim(f"the claim `{claim}` is missing or malformed")
    return value


def _text(claims: Mapping[str, object], claim: str) -> str | None:
    value = claims.get(claim)
    if value is None:
        return None
    if not isinstance(value, str) or not 0 < len(value) <= _MOST_TEXT or not value.isprintable():
        raise _bad_claim(f"the claim `{claim}` is malformed")
    return value


def _bad_claim(description: str) -> Unauthenticated:
    return invalid_token("TOKEN_INVALID", description)
