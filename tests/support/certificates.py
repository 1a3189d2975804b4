"""Certificates for tests: an authority of one's own, and what it signs."""

from __future__ import annotations

import datetime as dt
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class CertificateFiles:
    """A certificate and its key, as files."""

    certificate: str
    key: str


class Authority:
    """Signs certificates; its own stands in a file."""

    def __init__(self, folder: Path, name: str = "authority") -> None:
        self._folder = folder
        self._name = name
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        own = self._sign(self._issuer, self._key.public_key(), [], is_authority=True)
        path = folder / f"{name}.pem"
        path.write_bytes(own.public_bytes(serialization.Encoding.PEM))
        self.file = str(path)

    def issue(self, name: str, address: str = "127.0.0.1", age_days: int = 0) -> CertificateFiles:
        """A certificate for an address, signed so many days ago for two days."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        names = [x509.IPAddress(ipaddress.ip_address(address))]
        made = self._sign(subject, key.public_key(), names, age_days=age_days)
        certificate, key_file = (
            self._folder / f"{self._name}-{name}.{end}" for end in ("pem", "key")
        )
        certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
        key_file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return CertificateFiles(str(certificate), str(key_file))

    def _sign(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePublicKey,
        names: list[x509.IPAddress],
        *,
        is_authority: bool = False,
        age_days: int = 0,
    ) -> x509.Certificate:
        signed_at = dt.datetime.now(dt.UTC) - _DAY * age_days
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._issuer)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(signed_at - _DAY)
            .not_valid_after(signed_at + _DAY)
            .add_extension(x509.BasicConstraints(is_authority, None), critical=True)
        )
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return builder.sign(self._key, hashes.SHA256())
