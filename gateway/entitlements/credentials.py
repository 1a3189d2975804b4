"""By what a client is known: public keys, certificates, where it is sent back to.

Data without behaviour but for what holds at a moment; reading keys that an operator hands in is
`gateway.entitlements.client_keys`'s business.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

KEY = "KEY"
CERTIFICATE = "CERTIFICATE"

GRANT_TYPES = (
    "client_credentials",
    "authorization_code",
    "refresh_token",
    "urn:ietf:params:oauth:grant-type:token-exchange",
)
"""Source: RFC 6749 sections 4.1, 4.4 and 6, RFC 8693 section 2.1."""


@dataclass(frozen=True, slots=True)
class ClientKey:
    """A public key of a client.

    Attributes:
        jwk: public JSON Web Key without `kid` and `alg`.
        good_until: seconds since the epoch; None: until it is taken away.
    """

    kid: str
    jwk: Mapping[str, str]
    good_until: float | None = None


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """A certificate of a client, known by its thumbprint.

    Attributes:
        x5t_s256: SHA-256 of the DER encoding in base64url (RFC 8705 section 3.1).
        good_until: seconds since the epoch; None: until it is taken away.
    """

    x5t_s256: str
    good_until: float | None = None


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """By what a client is known.

    Attributes:
        algorithm: `Ed25519`, `ES256` or `PS256`: with which it signs, and no other; None where it
            has no key.
        certificate_subject: distinguished name (RFC 4514) of a certificate that an authority
            trusted by the proxy issued; None: known by thumbprints alone.
        redirect_uris: compared as they stand.
        grant_types: of `GRANT_TYPES`.
    """

    algorithm: str | None = None
    keys: tuple[ClientKey, ...] = ()
    certificates: tuple[ClientCertificate, ...] = ()
    certificate_subject: str | None = None
    redirect_uris: frozenset[str] = frozenset()
    grant_types: frozenset[str] = frozenset()

    def key(self, kid: str, now: float) -> ClientKey | None:
        """Return the key of this `kid`, if it is good now."""
        return next((each for each in self.keys_at(now) if each.kid == kid), None)

    def keys_at(self, now: float) -> tuple[ClientKey, ...]:
        """Return the keys that are good now."""
        return tuple(k for k in self.keys if k.good_until is None or now < k.good_until)

    def is_certificate(self, x5t_s256: str, subject: str | None, now: float) -> bool:
        """Tell whether a certificate that the proxy verified is this client's.

        Args:
            subject: its distinguished name; None if it is not known.
        """
        if subject is not None and subject == self.certificate_subject:
            return True
        return any(
            each.x5t_s256 == x5t_s256 and (each.good_until is None or now < each.good_until)
            for each in self.certificates
        )


NO_CREDENTIALS = ClientCredentials()

CREDENTIALS = """
SELECT client_id, sort, identifier, jwk, good_until FROM client_credential
WHERE $1::text[] IS NULL OR client_id = ANY ($1)
ORDER BY client_id, sort, registered_at DESC, identifier
"""


def credentials_of(client: Any, rows: Iterable[Any]) -> ClientCredentials:
    """Read credentials from a row of `client` and its rows of `CREDENTIALS`."""
    listed = list(rows)
    return ClientCredentials(
        client["algorithm"],
        tuple(_key(row) for row in listed if row["sort"] == KEY),
        tuple(
            ClientCertificate(row["identifier"], _good_until(row))
            for row in listed
            if row["sort"] == CERTIFICATE
        ),
        client["certificate_subject"],
        frozenset(client["redirect_uris"]),
        frozenset(client["grant_types"]),
    )


def _key(row: Any) -> ClientKey:
    return ClientKey(row["identifier"], MappingProxyType(json.loads(row["jwk"])), _good_until(row))


def _good_until(row: Any) -> float | None:
    at = row["good_until"]
    return None if at is None else float(at.timestamp())
