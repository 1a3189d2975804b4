"""What a client states about one request, signed: for which officer, which matter, which purpose.

A client with one token for many officers, or with a certificate alone, sends a header
`Credit-Request` with each request: a JWS that its registered key signed over method, URL and
content of the request and over who asks for what. The signature stays provable later, which a
claim in a proof made with a passing key would not be.

Source: RFC 7515 (JWS compact serialization), RFC 8725 section 3 (typ, algorithm and key pinned),
RFC 9449 section 4.2 (`htm`, `htu`, `jti`, `iat`).
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import orjson
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from gateway.entitlements.credentials import ClientKey
from gateway.entitlements.types import ClientTerms
from gateway.errors import Unauthenticated
from gateway.identity.challenge import challenge
from gateway.identity.dpop import is_same_url
from policies.model import Purpose, Role

HEADER = "Credit-Request"
STATEMENT_TYPE = "credit-request+jwt"
MOST_CHARACTERS = 4_096
MAX_AGE_S = 60
LEEWAY_S = 5

_COMPACT = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)")
_HEADER_MEMBERS = frozenset(("typ", "alg", "kid"))
_CLAIMS = frozenset(
    (
        "iss",
        "aud",
        "iat",
        "jti",
        "htm",
        "htu",
        "content_sha256",
        "purpose",
        "matter_no",
        "user_ref",
        "role",
    )
)
_Key: TypeAlias = ECKey | OKPKey | RSAKey
_KEY_KINDS: Final[dict[str, type[ECKey] | type[OKPKey] | type[RSAKey]]] = {
    "Ed25519": OKPKey,
    "ES256": ECKey,
    "PS256": RSAKey,
}
_MOST_TEXT = 100
_KEYS_KEPT = 4_096


@dataclass(frozen=True, slots=True)
class RequestStatement:
    """A statement that was checked.

    Attributes:
        matter_no, user_ref: None where it says nothing of them.
        replay_id: 32 bytes by which another use of the same statement is recognised.
        good_until: second after which it is too old.
    """

    client_id: str
    purpose: Purpose | None
    matter_no: str | None
    user_ref: str | None
    role: Role | None
    replay_id: bytes
    good_until: int


class StatementChecker:
    """Checks statements with the keys that clients registered.

    Args:
        audience: this gateway's name, as in tokens.
        client: what this worker knows of a client.
        clock: seconds since the epoch.
    """

    def __init__(
        self, audience: str, client: Callable[[str], ClientTerms], clock: Callable[[], float]
    ) -> None:
        self._audience = audience
        self._client = client
        self._clock = clock
        self._keys: OrderedDict[int, tuple[ClientKey, _Key]] = OrderedDict()

    def check(self, statement: str, method: str, url: str, content: bytes) -> RequestStatement:
        """Return what a good statement says.

        Args:
            content: body of the request, or its query string for `GET`.

        Raises:
            Unauthenticated: STATEMENT_INVALID.
        """
        parts = _COMPACT.fullmatch(statement) if len(statement) <= MOST_CHARACTERS else None
        if parts is None:
            raise statement_invalid("it is not a signed JWT")
        head, payload, signature = parts.groups()
        header, claims = _object(head), _object(payload)
        self._verify(header, claims, f"{head}.{payload}".encode(), signature)
        if not claims.keys() <= _CLAIMS:
            raise statement_invalid("it says what is not understood here")
        if claims.get("aud") != self._audience:
            raise statement_invalid("it is not for this gateway")
        if claims.get("htm") != method or not is_same_url(claims.get("htu"), url):
            raise statement_invalid("it is for another method or URL")
        if claims.get("content_sha256") != content_digest(content):
            raise statement_invalid("it is about another content")
        return self._read(claims)

    def _verify(
        self, header: Mapping[str, Any], claims: Mapping[str, Any], signed: bytes, signature: str
    ) -> None:
        if header.keys() != _HEADER_MEMBERS or header["typ"] != STATEMENT_TYPE:
            raise statement_invalid(f"its header is not typ `{STATEMENT_TYPE}`, alg and kid alone")
        client_id, kid = claims.get("iss"), header["kid"]
        if not isinstance(client_id, str) or not isinstance(kid, str):
            raise statement_invalid("its claim `iss` or its `kid` is no text")
        contract = self._client(client_id).contract
        found = None
        if contract is not None and header["alg"] == contract.credentials.algorithm:
            found = contract.credentials.key(kid, self._clock())
        if contract is None or found is None:
            # the same sentence for all three, so that nobody learns which clients there are
            raise statement_invalid("it is signed with no registered key of its client")
        algorithm = JWSRegistry.algorithms[str(contract.credentials.algorithm)]
        try:
            is_good = algorithm.verify(signed, _decoded(signature), self._key(found, header["alg"]))
        except (JoseError, ValueError):
            is_good = False
        if not is_good:
            raise statement_invalid("it is signed with no registered key of its client")

    def _key(self, held: ClientKey, algorithm: str) -> _Key:
        """The key ready to verify; made once for each that is registered."""
        place = id(held)
        known = self._keys.get(place)
        # the key itself is kept beside, so that no other one gets its identity
        if known is None or known[0] is not held:
            key = _KEY_KINDS[algorithm].import_key(dict(held.jwk))
            known = self._keys[place] = (held, key)
            if len(self._keys) > _KEYS_KEPT:
                self._keys.popitem(last=False)
        return known[1]

    def _read(self, claims: Mapping[str, Any]) -> RequestStatement:
        jti, iat = claims.get("jti"), claims.get("iat")
        if not isinstance(jti, str) or not 0 < len(jti) <= 256:
            raise statement_invalid("its claim `jti` is missing or malformed")
        if not isinstance(iat, int) or isinstance(iat, bool):
            raise statement_invalid("its claim `iat` is no whole number of seconds")
        if not -LEEWAY_S <= self._clock() - iat <= MAX_AGE_S:
            raise statement_invalid(f"it is older than {MAX_AGE_S} s, or of the future")
        client_id = claims["iss"]
        replay_id = hashlib.sha256(f"{STATEMENT_TYPE} {client_id} {jti}".encode()).digest()
        return RequestStatement(
            client_id,
            _member(claims, "purpose", Purpose),
            _text(claims, "matter_no"),
            _text(claims, "user_ref"),
            _member(claims, "role", Role),
            replay_id,
            iat + MAX_AGE_S,
        )


def content_digest(content: bytes) -> str:
    """Return what a statement says in `content_sha256`: SHA-256 in base64url without padding."""
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def statement_invalid(why: str) -> Unauthenticated:
    """Return the 401 for a statement that states nothing here."""
    description = f"the header {HEADER.lower()} is not accepted: {why}"
    return Unauthenticated(
        "STATEMENT_INVALID", description, headers=challenge("invalid_token", description)
    )


def _member(claims: Mapping[str, Any], name: str, kind: Any) -> Any:
    stated = claims.get(name)
    if stated is None:
        return None
    for each in kind:
        if each.value == stated:
            return each
    raise statement_invalid(f"its claim `{name}` is unknown")


def _text(claims: Mapping[str, Any], name: str) -> str | None:
    value = claims.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not 0 < len(value) <= _MOST_TEXT or not value.isprintable():
        raise statement_invalid(f"its claim `{name}` is malformed")
    return value


def _object(segment: str) -> dict[str, Any]:
    try:
        value = orjson.loads(_decoded(segment))
    except ValueError as error:
        raise statement_invalid("a part of it cannot be read") from error
    if not isinstance(value, dict):
        raise statement_invalid("a part of it is no object")
    return value


def _decoded(segment: str) -> bytes:
    content = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    if base64.urlsafe_b64encode(content).rstrip(b"=").decode() != segment:
        raise ValueError("no canonical base64url")
    return content
