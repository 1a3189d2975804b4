"""Strict validation of JWT access tokens: nothing optional, nothing guessed.

Source: RFC 9068 section 4 (validating JWT access tokens), RFC 8725 (best current practices),
RFC 9864 (`Ed25519` is the fully specified algorithm; the older `EdDSA` is not accepted).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.util import urlsafe_b64decode

from gateway.errors import InternalError, Unauthenticated
from gateway.identity.challenge import invalid_token
from gateway.identity.keys import VerifyingKey

ALGORITHM = "Ed25519"
TOKEN_TYPE = "at+jwt"  # noqa: S105 - a media type
MOST_TOKEN_CHARACTERS = 8_192

_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
# Anything that would point to a key, change how the payload is read, or must be understood.
_FORBIDDEN_HEADERS = frozenset({"crit", "b64", "zip", "jwk", "jku", "x5u", "x5c"})


@dataclass(frozen=True, slots=True)
class TokenRules:
    """What a token must satisfy.

    Attributes:
        issuer: exact `iss`.
        audience: exact and only `aud`, a string.
        keys: public keys of the issuer by `kid`, all for the one algorithm.
        max_lifetime_s: longest time from `iat` to `exp`.
        leeway_s: tolerated difference between the clocks of issuer and gateway.
        algorithm: with which it signs, and no other.
        claim_names: what the issuer calls claims, by what they are called here.
    """

    issuer: str
    audience: str
    keys: Mapping[str, VerifyingKey]
    max_lifetime_s: int = 300
    leeway_s: int = 5
    algorithm: str = ALGORITHM
    claim_names: Mapping[str, str] = field(default_factory=dict)


class AccessTokenValidator:
    """Checks tokens of one issuer, or of several, each by its own rules and keys."""

    def __init__(
        self, rules: TokenRules, clock: Callable[[], float], also: Sequence[TokenRules] = ()
    ) -> None:
        """
        Args:
            clock: seconds since the epoch.
            also: rules of further issuers.
        """
        self._rules = {each.issuer: each for each in (rules, *also)}
        if len(self._rules) <= len(also):
            raise InternalError("each issuer of access tokens has one set of rules")
        self._clock = clock

    def validate(self, token: str) -> Mapping[str, object]:
        """Return the claims of a good token.

        Raises:
            Unauthenticated: TOKEN_INVALID, TOKEN_EXPIRED or TOKEN_NOT_YET_VALID.
        """
        if len(token) > MOST_TOKEN_CHARACTERS or not _COMPACT.fullmatch(token):
            raise _invalid("the token is not a signed JWT")
        rules = self._rules_of(token)
        key = self._key(token, rules)
        try:
            claims = jwt.decode(token, key, algorithms=[rules.algorithm]).claims
        except (JoseError, ValueError, RecursionError) as error:
            raise _invalid(
                "the signature of the token does not hold, or it holds no claims"
            ) from error
        claims = _renamed(claims, rules.claim_names)
        _check_parties(claims, rules)
        _check_times(claims, rules, self._clock())
        return MappingProxyType(claims)

    def _rules_of(self, token: str) -> TokenRules:
        """Return the rules of the issuer that a token names, by which that is then checked."""
        if len(self._rules) > 1:
            try:
                payload = json.loads(urlsafe_b64decode(token.split(".")[1].encode()))
            except (ValueError, RecursionError):
                payload = None
            stated = payload.get("iss") if isinstance(payload, dict) else None
            if isinstance(stated, str) and stated in self._rules:
                return self._rules[stated]
        return next(iter(self._rules.values()))

    def _key(self, token: str, rules: TokenRules) -> VerifyingKey:
        """Return the key that the header names, after checking the header alone."""
        try:
            header = jws.extract_compact(token.encode()).protected
        except (JoseError, ValueError, TypeError, RecursionError) as error:
            raise _invalid("the header of the token cannot be read") from error
        if not isinstance(header, dict) or _FORBIDDEN_HEADERS.intersection(header):
            raise _invalid("the header of the token holds what is not accepted here")
        if header.get("typ") != TOKEN_TYPE:
            raise _invalid(f"the type of the token is not `{TOKEN_TYPE}`")
        if header.get("alg") != rules.algorithm:
            raise _invalid(f"the algorithm of the token is not {rules.algorithm}")
        kid = header.get("kid")
        key = rules.keys.get(kid) if isinstance(kid, str) else None
        if key is None:
            raise _invalid("the key of the token is unknown")
        return key


def _renamed(claims: dict[str, object], names: Mapping[str, str]) -> dict[str, object]:
    """The claims under our names; what the issuer calls by one of these is another thing."""
    if not names:
        return claims
    kept = {name: value for name, value in claims.items() if name not in names}
    found = {ours: claims[theirs] for ours, theirs in names.items() if theirs in claims}
    return {**kept, **found}


def _check_parties(claims: Mapping[str, object], rules: TokenRules) -> None:
    if claims.get("iss") != rules.issuer:
        raise _invalid("the issuer of the token is not trusted here")
    if claims.get("aud") != rules.audience:
        raise _invalid("the token is not for this gateway alone")
    for claim in ("sub", "client_id", "jti"):
        value = claims.get(claim)
        if not isinstance(value, str) or not value:
            raise _invalid(f"the claim `{claim}` is missing or malformed")


def _check_times(claims: Mapping[str, object], rules: TokenRules, now: float) -> None:
    leeway = rules.leeway_s
    expires_at, issued_at = _time(claims, "exp"), _time(claims, "iat")
    if expires_at <= now - leeway:
        raise invalid_token("TOKEN_EXPIRED", "the token has expired")
    if issued_at > now + leeway:
        raise invalid_token("TOKEN_NOT_YET_VALID", "the token was issued in the future")
    if "nbf" in claims and _time(claims, "nbf") > now + leeway:
        raise invalid_token("TOKEN_NOT_YET_VALID", "the token is not valid yet")
    if not 0 < expires_at - issued_at <= rules.max_lifetime_s:
        raise _invalid("the lifetime of the token is longer than accepted here")


def _time(claims: Mapping[str, object], claim: str) -> int:
    value = claims.get(claim)
    if not isinstance(value, int) or isinstance(value, bool):
        raise _invalid(f"the claim `{claim}` is missing or no whole number of seconds")
    return value


def _invalid(description: str) -> Unauthenticated:
    return invalid_token("TOKEN_INVALID", description)
