"""From the verified claims of a token to a Principal: what each caller class must say.

Signature, issuer, audience and times are `gateway.identity.access_token`'s business.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from gateway.errors import Claimant, Refused, Unauthenticated
from gateway.identity.challenge import invalid_token
from gateway.identity.principal import Principal
from policies.model import Caller, CallerClass, Purpose, Role
from schema.identifiers import is_uscc

_NAME = re.compile(r"[A-Za-z0-9._:~-]{1,100}")
_PERSON = re.compile(r"P:[0-9a-f]{64}")
_MOST_TEXT = 100

# Classes that have one purpose only need not state it.
_SINGLE_PURPOSE = {
    CallerClass.SUBJECT: Purpose.SELF_QUERY,
    CallerClass.AUDITOR: Purpose.AUDIT,
}


PersonKey = Callable[[str], str | None]
"""From `P:` and a network reference to the subject key inside; None if it cannot be read."""


def principal_of(claims: Mapping[str, object], person_key: PersonKey) -> Principal:
    """Return the caller that a verified token names.

    Raises:
        Unauthenticated: TOKEN_INVALID, a claim is missing, malformed or unknown.
        Refused: PURPOSE_REQUIRED or MATTER_NUMBER_REQUIRED, the token is good but does not say
            what its class must say to be answered.
    """
    caller_class = _caller_class(claims)
    matter_no = _text(claims, "matter_no")
    caller = Caller(
        caller_class,
        _organisation(claims, caller_class, person_key),
        _purpose(claims, caller_class),
        _acting_for(claims, caller_class),
        _role(claims),
    )
    if caller_class is CallerClass.DEPARTMENT and matter_no is None:
        raise Refused(
            "MATTER_NUMBER_REQUIRED",
            "a department acts on a matter: the token has no claim `matter_no`",
        )
    expires_at = claims["exp"]
    assert isinstance(expires_at, int)
    return Principal(
        caller,
        _name(claims, "client_id"),
        matter_no,
        _text(claims, "user_ref"),
        _name(claims, "jti"),
        expires_at,
    )


def claimant_of(claims: Mapping[str, object]) -> Claimant | None:
    """Client and token that a verified token names; None where it names neither as it must."""
    try:
        return Claimant(_name(claims, "client_id"), _name(claims, "jti"))
    except Unauthenticated:
        return None


def _caller_class(claims: Mapping[str, object]) -> CallerClass:
    stated = claims.get("caller_class")
    for member in CallerClass:
        # the public is whoever sends no token
        if member.value == stated and member is not CallerClass.PUBLIC:
            return member
    raise _bad_claim("the claim `caller_class` is missing or unknown")


def _purpose(claims: Mapping[str, object], caller_class: CallerClass) -> Purpose:
    stated = claims.get("purpose")
    if stated is None:
        single = _SINGLE_PURPOSE.get(caller_class)
        if single is not None:
            return single
        raise Refused(
            "PURPOSE_REQUIRED",
            f"a caller of class `{caller_class.value}` states its purpose: the token has no "
            "claim `purpose`",
        )
    for member in Purpose:
        if member.value == stated:
            return member
    raise _bad_claim("the claim `purpose` is unknown")


def _organisation(
    claims: Mapping[str, object], caller_class: CallerClass, person_key: PersonKey
) -> str:
    stated = claims.get("organisation")
    if isinstance(stated, str):
        if is_uscc(stated):
            return stated
        if caller_class is CallerClass.SUBJECT and _PERSON.fullmatch(stated):
            key = person_key(stated)
            if key is None:
                raise _bad_claim("the claim `organisation` names a person under no key in force")
            return key
    raise _bad_claim("the claim `organisation` is missing or no unified social credit code")


def _acting_for(claims: Mapping[str, object], caller_class: CallerClass) -> str | None:
    stated = claims.get("acting_for")
    if stated is None:
        return None
    if caller_class is not CallerClass.PLATFORM:
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
