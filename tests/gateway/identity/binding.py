"""A registered department, bank and platform, and the senders of their tokens."""

from __future__ import annotations

import base64
import datetime as dt
import json
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc.jwk import ECKey

from gateway.entitlements.client_keys import read_jwks, thumbprint
from gateway.entitlements.contract import ClientContract
from gateway.entitlements.credentials import ClientCertificate, ClientCredentials
from gateway.entitlements.types import ClientTerms
from tests.gateway.identity.conftest import NOW

BANK = "91410199MA9DEM028G"
BUREAU = "114101990050000186"


@dataclass(frozen=True)
class Certificate:
    """A self-signed certificate, and the headers in which proxies hand it on."""

    made: x509.Certificate

    @property
    def x5t_s256(self) -> str:
        return thumbprint(self.made)

    @property
    def rfc9440(self) -> str:
        der = self.made.public_bytes(serialization.Encoding.DER)
        return f":{base64.b64encode(der).decode()}:"

    @property
    def escaped(self) -> str:
        pem = self.made.public_bytes(serialization.Encoding.PEM).decode()
        return "".join(c if c.isalnum() or c == "-" else f"%{ord(c):02X}" for c in pem)


def certificate(name: str, days: int = 1) -> Certificate:
    """A certificate that is valid around the tests' moment."""
    at = dt.datetime.fromtimestamp(NOW, dt.UTC)
    subject = x509.Name(
        [
            x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "样例"),
            x509.NameAttribute(x509.NameOID.COMMON_NAME, name),
        ]
    )
    key = ec.generate_private_key(ec.SECP256R1())
    return Certificate(
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(at - dt.timedelta(days=1))
        .not_valid_after(at + dt.timedelta(days=days))
        .sign(key, SHA256())
    )


def contract(
    caller_class: str,
    organisation: str | None,
    key: ECKey | None = None,
    held: Certificate | None = None,
    **more: Any,
) -> ClientContract:
    """A contract with a key named `one` and a certificate."""
    keys: tuple[Any, ...] = ()
    if key is not None:
        jwk = {**key.as_dict(private=False), "kid": "one"}
        keys = read_jwks(json.dumps({"keys": [jwk]})).keys
    certificates = () if held is None else (ClientCertificate(held.x5t_s256),)
    subject = more.pop("subject", None)
    credentials = ClientCredentials(None if key is None else "ES256", keys, certificates, subject)
    return ClientContract(caller_class, organisation, credentials=credentials, **more)


def registry(**contracts: ClientContract) -> Any:
    """What is known of clients, by ids in which `_` stands for `-`."""
    known = {name.replace("_", "-"): each for name, each in contracts.items()}

    def client(client_id: str) -> ClientTerms:
        return ClientTerms((f"client:{client_id}", 1), contract=known.get(client_id))

    return client
