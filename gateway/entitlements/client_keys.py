"""Public keys and certificates of clients: read strictly, entered, and changed with overlap.

A private key is refused and never stored, so that nobody mistakes the register for a safe place.

Source: RFC 7517 (JSON Web Key Set), RFC 8705 section 3.1 (`x5t#S256`), FAPI 2.0 security profile
section 5.4 (algorithms and key sizes).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from gateway.entitlements.credentials import CERTIFICATE, KEY, ClientCertificate, ClientKey
from gateway.entitlements.errors import EntitlementRefusedError
from gateway.entitlements.registers import no_such_client
from gateway.store.lending import Lending
from gateway.store.pool import Connection

MOST_KEYS = 10
MOST_OVERLAP = timedelta(days=30)
LEAST_RSA_BITS = 2_048

_KeySort: TypeAlias = type[OKPKey] | type[ECKey] | type[RSAKey]

_MOST_FILE_CHARACTERS = 50_000
_MOST_KID_CHARACTERS = 200
_SORTS: Final[dict[tuple[str, str | None], tuple[str, _KeySort, tuple[str, ...]]]] = {
    ("OKP", "Ed25519"): ("Ed25519", OKPKey, ("kty", "crv", "x")),
    ("EC", "P-256"): ("ES256", ECKey, ("kty", "crv", "x", "y")),
    ("RSA", None): ("PS256", RSAKey, ("kty", "n", "e")),
}
_PRIVATE = frozenset(("d", "p", "q", "dp", "dq", "qi", "oth", "k"))

_PUT = """
INSERT INTO client_credential (client_id, sort, identifier, jwk, registered_at)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (client_id, sort, identifier) DO UPDATE SET jwk = EXCLUDED.jwk, good_until = NULL
"""
_END = """
UPDATE client_credential SET good_until = $3
WHERE client_id = $1 AND sort = $2 AND (good_until IS NULL OR good_until > $3)
"""
_CLEAR = """
DELETE FROM client_credential WHERE client_id = $1 AND sort = $2 AND good_until <= $3
"""
_ALGORITHM = "UPDATE client SET algorithm = $2 WHERE client_id = $1 RETURNING client_id"
_KNOWN = "SELECT algorithm FROM client WHERE client_id = $1 FOR UPDATE"
_TOKENS_SINCE = "UPDATE client SET tokens_since = $2 WHERE client_id = $1"


@dataclass(frozen=True, slots=True)
class NewCredentials:
    """What takes the place of a client's credentials.

    Attributes:
        keys: public keys of one algorithm; none: those that are there stay.
        algorithm: of these keys.
        certificates: none: those that are there stay.
    """

    keys: tuple[ClientKey, ...] = ()
    algorithm: str | None = None
    certificates: tuple[ClientCertificate, ...] = ()


def read_jwks(text: str) -> NewCredentials:
    """Read a JSON Web Key Set.

    Raises:
        EntitlementRefusedError: TERMS_INVALID; it is no set of public keys of one algorithm.
    """
    try:
        document = json.loads(text) if len(text) <= _MOST_FILE_CHARACTERS else None
    except (ValueError, RecursionError):
        document = None
    listed = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(listed, list) or not 0 < len(listed) <= MOST_KEYS:
        raise EntitlementRefusedError(
            f"the keys are no JSON Web Key Set with 1 to {MOST_KEYS} `keys`"
        )
    read = [_read_key(member) for member in listed]
    algorithms = {algorithm for algorithm, _ in read}
    if len(algorithms) > 1:
        raise EntitlementRefusedError(
            f"the keys are for {' and '.join(sorted(algorithms))}: a client signs with one of them"
        )
    if len({key.kid for _, key in read}) < len(read):
        raise EntitlementRefusedError("two keys have the same `kid`")
    return NewCredentials(tuple(key for _, key in read), algorithms.pop())


def read_certificate(pem: bytes) -> tuple[ClientCertificate, str]:
    """Read a certificate; returns its thumbprint and its distinguished name (RFC 4514).

    Raises:
        EntitlementRefusedError: TERMS_INVALID; it is no certificate.
    """
    try:
        certificate = x509.load_pem_x509_certificate(pem)
        subject = certificate.subject.rfc4514_string()
    except ValueError as error:
        raise EntitlementRefusedError("the certificate is no X.509 certificate in PEM") from error
    return ClientCertificate(thumbprint(certificate)), subject


def thumbprint(certificate: x509.Certificate) -> str:
    """Return `x5t#S256`: SHA-256 of the DER encoding, base64url without padding."""
    digest = certificate.fingerprint(SHA256())
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


class CredentialRegister:
    """Keeps what clients are known by; a change is effective within a second."""

    def __init__(self, lending: Lending) -> None:
        self._lending = lending

    async def rotate(
        self, client_id: str, new: NewCredentials, at: datetime, overlap: timedelta
    ) -> None:
        """Let new keys and certificates take the place of the old ones.

        Args:
            overlap: for how long the old ones are still good; 0: not at all.

        Raises:
            EntitlementRefusedError: there is no such client, or the overlap is not possible.
        """
        if not timedelta() <= overlap <= MOST_OVERLAP:
            raise EntitlementRefusedError(
                f"old keys are good for 0 to {MOST_OVERLAP.days} days beside new ones"
            )
        async with self._lending.connection() as connection, connection.transaction():
            known = await connection.fetchrow(_KNOWN, client_id)
            if known is None:
                raise no_such_client(client_id)
            if new.keys:
                if overlap and known["algorithm"] not in (None, new.algorithm):
                    raise EntitlementRefusedError(
                        f"the old keys are for {known['algorithm']}, the new ones for "
                        f"{new.algorithm}: another algorithm leaves no overlap"
                    )
                await connection.fetchval(_ALGORITHM, client_id, new.algorithm)
                keys = [(key.kid, json.dumps(dict(key.jwk), sort_keys=True)) for key in new.keys]
                await _replace(connection, (client_id, KEY), keys, at, at + overlap)
            if new.certificates:
                held = [(each.x5t_s256, None) for each in new.certificates]
                await _replace(connection, (client_id, CERTIFICATE), held, at, at + overlap)

    async def end_tokens(self, client_id: str, at: datetime) -> None:
        """Accept no token of a client that was issued before this moment."""
        async with self._lending.connection() as connection:
            await connection.execute(_TOKENS_SINCE, client_id, at)


async def _replace(
    connection: Connection,
    place: tuple[str, str],
    new: Sequence[tuple[str, str | None]],
    at: datetime,
    until: datetime,
) -> None:
    await connection.execute(_END, *place, until)
    await connection.execute(_CLEAR, *place, at)
    for identifier, jwk in new:
        await connection.execute(_PUT, *place, identifier, jwk, at)


def _read_key(member: object) -> tuple[str, ClientKey]:
    if not isinstance(member, dict):
        raise EntitlementRefusedError("a member of `keys` is no JSON Web Key")
    if not _PRIVATE.isdisjoint(member):
        raise EntitlementRefusedError(
            "a key is private: hand in public keys only, and take this one for lost"
        )
    sort = _SORTS.get((str(member.get("kty")), _curve(member)))
    if sort is None:
        raise EntitlementRefusedError("a key is none of Ed25519, EC on P-256, and RSA for PS256")
    algorithm, kind, members = sort
    if member.get("alg", algorithm) != algorithm or member.get("use", "sig") != "sig":
        raise EntitlementRefusedError(f"a key is not for signing with {algorithm}")
    public = {name: member.get(name) for name in members}
    kid = member.get("kid")
    return algorithm, _checked(kind, public, kid)


def _curve(member: Mapping[str, Any]) -> str | None:
    found = member.get("crv")
    return None if found is None else str(found)


def _checked(kind: _KeySort, public: Mapping[str, Any], kid: object) -> ClientKey:
    if not all(isinstance(value, str) for value in public.values()):
        raise EntitlementRefusedError("a key lacks a member, or one is no text")
    # before it is imported: the library warns of short ones, and takes them
    if kind is RSAKey and len(public["n"]) * 6 < LEAST_RSA_BITS:
        raise _short_key()
    try:
        key = kind.import_key(dict(public))
        native = key.get_op_key("verify")
        name = key.thumbprint() if kid is None else kid
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise EntitlementRefusedError("a key cannot be read: it is no point or number") from error
    if kind is RSAKey and getattr(native, "key_size", 0) < LEAST_RSA_BITS:
        raise _short_key()
    if not isinstance(name, str) or not 0 < len(name) <= _MOST_KID_CHARACTERS:
        raise EntitlementRefusedError("the `kid` of a key is empty, too long or no text")
    if not (name.isascii() and name.isprintable()):
        raise EntitlementRefusedError("the `kid` of a key is no visible ASCII text")
    return ClientKey(name, {name: str(value) for name, value in public.items()})


def _short_key() -> EntitlementRefusedError:
    return EntitlementRefusedError(f"an RSA key has fewer than {LEAST_RSA_BITS} bits")
