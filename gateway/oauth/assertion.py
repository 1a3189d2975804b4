"""JWTs that clients sign: client assertions, and mandates that are exchanged for tokens.

Everything is checked here but whether it was used before, which is the store's business.

Source: RFC 7523 section 3; RFC 8725; FAPI 2.0 Security Profile section 5.3.2.1 (the issuer as only
audience, clocks up to 10 s ahead).
"""

from __future__ import annotations

import binascii
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.util import urlsafe_b64decode

from gateway.entitlements.credentials import ClientKey
from gateway.oauth.strict_object import MalformedError, read_json
from gateway.oauth.types import OAuthClient
from gateway.oauth.verifying_keys import verifying_key

MOST_CHARACTERS = 8_192
LONGEST_LIFETIME_S = 300
LEEWAY_S = 10
_MOST_JTI = 256
_COMPACT = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)")
_HEADER_MEMBERS = frozenset({"alg", "kid", "typ"})


class BadAssertionError(Exception):
    """It proves nothing; the text is for tests and never shown."""


@dataclass(frozen=True, slots=True)
class Assertion:
    """A JWT whose signature, audience and times hold.

    Attributes:
        once: 32 bytes by which another use of it is recognised.
        expires_at: seconds since the epoch.
    """

    claims: Mapping[str, Any]
    once: bytes
    expires_at: int


def unverified_issuer(token: str) -> str | None:
    """Whom a JWT says it is from, to find the keys to check it with; believed in nothing else."""
    try:
        issuer = _object(_parts(token)[1]).get("iss")
    except BadAssertionError:
        return None
    return issuer if isinstance(issuer, str) else None


def check_assertion(
    token: str, signer: OAuthClient, audience: str, now: float, types: frozenset[str | None]
) -> Assertion:
    """Check a JWT that this client is said to have signed.

    Args:
        audience: the only one it may name, as a text.
        types: accepted values of `typ`; None: the header has none.

    Raises:
        BadAssertionError: it proves nothing.
    """
    header_part, claims_part, _ = _parts(token)
    _check_signature(token, _object(header_part), signer, now, types)
    claims = _object(claims_part)
    if claims.get("iss") != signer.client_id:
        raise BadAssertionError("the issuer is not the signer")
    if claims.get("aud") != audience:
        raise BadAssertionError("the audience is not this server alone")
    expires_at = _check_times(claims, now)
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 0 < len(jti) <= _MOST_JTI:
        raise BadAssertionError("it has no identifier")
    once = hashlib.sha256(f"assertion\0{signer.client_id}\0{jti}".encode()).digest()
    return Assertion(claims, once, expires_at)


def _check_signature(
    token: str,
    header: Mapping[str, Any],
    signer: OAuthClient,
    now: float,
    types: frozenset[str | None],
) -> None:
    if not header.keys() <= _HEADER_MEMBERS:
        raise BadAssertionError("the header has what is not accepted")
    if header.get("typ") not in types:
        raise BadAssertionError("it is a JWT of another type")
    algorithm = signer.credentials.algorithm
    if algorithm is None or header.get("alg") != algorithm:
        raise BadAssertionError("the algorithm is not the one of the client's keys")
    key = verifying_key(algorithm, _key(header, signer, now))
    try:
        jws.deserialize_compact(token, key, algorithms=[algorithm])
    except (JoseError, ValueError, TypeError, RecursionError) as error:
        raise BadAssertionError("the signature does not hold") from error


def _key(header: Mapping[str, Any], signer: OAuthClient, now: float) -> ClientKey:
    """The key that the header names; a client with one key need not name it."""
    kid, credentials = header.get("kid"), signer.credentials
    if kid is None:
        keys = credentials.keys_at(now)
        found = keys[0] if len(keys) == 1 else None
    else:
        found = credentials.key(kid, now) if isinstance(kid, str) else None
    if found is None:
        raise BadAssertionError("the key is unknown")
    return found


def _check_times(claims: Mapping[str, Any], now: float) -> int:
    expires_at, issued_at = _seconds(claims, "exp"), _seconds(claims, "iat")
    if expires_at <= now:
        raise BadAssertionError("it has ended")
    if issued_at > now + LEEWAY_S:
        raise BadAssertionError("it was made in the future")
    if "nbf" in claims and _seconds(claims, "nbf") > now + LEEWAY_S:
        raise BadAssertionError("it is not good yet")
    if not 0 < expires_at - issued_at <= LONGEST_LIFETIME_S:
        raise BadAssertionError("it lives too long")
    return expires_at


def _seconds(claims: Mapping[str, Any], claim: str) -> int:
    value = claims.get(claim)
    if type(value) is not int or not 0 < value < 1 << 53:
        raise BadAssertionError(f"`{claim}` is no whole number of seconds")
    return value


def _parts(token: str) -> tuple[str, str, str]:
    found = _COMPACT.fullmatch(token) if len(token) <= MOST_CHARACTERS else None
    if found is None:
        raise BadAssertionError("it is no signed JWT")
    return found[1], found[2], found[3]


def _object(segment: str) -> Mapping[str, Any]:
    try:
        value = read_json(urlsafe_b64decode(segment.encode()).decode())
    except (MalformedError, ValueError, binascii.Error) as error:
        raise BadAssertionError("it cannot be read") from error
    if not isinstance(value, dict):
        raise BadAssertionError("it is no object")
    return value
