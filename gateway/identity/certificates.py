"""Client certificates that a proxy in front verified and handed on in a header.

Whether the header comes from such a proxy is `gateway.http.proxy`'s business; nothing here is
believed of a header that came from anybody else.

Source: RFC 9440 section 2.2 (`Client-Cert`, a byte sequence between colons), RFC 8705 section 3.1
(`x5t#S256`); the other form is what nginx writes for `$ssl_client_escaped_cert`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.errors import Unauthenticated
from gateway.identity.challenge import challenge

MOST_HEADER_CHARACTERS = 16_384

_BYTES = re.compile(r":([A-Za-z0-9+/]+={0,2}):")
_PEM_BEGIN = "-----BEGIN%20CERTIFICATE-----"
_KEPT = 4_096


@dataclass(frozen=True, slots=True)
class PresentedCertificate:
    """A certificate that stood in a TLS handshake with the proxy.

    Attributes:
        x5t_s256: SHA-256 of its DER encoding in base64url.
        subject: distinguished name (RFC 4514).
        good_from, good_until: seconds since the epoch.
    """

    x5t_s256: str
    subject: str
    good_from: float
    good_until: float


class CertificateReader:
    """Reads the header; the latest certificates are remembered, since clients keep theirs."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """
        Args:
            clock: seconds since the epoch.
        """
        self._clock = clock
        self._read: OrderedDict[str, PresentedCertificate] = OrderedDict()

    def read(self, header: str) -> PresentedCertificate:
        """Return the certificate that a header holds.

        Raises:
            Unauthenticated: CERTIFICATE_INVALID, there is none, or it has ended.
        """
        found = self._read.get(header)
        if found is None:
            found = self._read[header] = _parse(header)
            if len(self._read) > _KEPT:
                self._read.popitem(last=False)
        else:
            self._read.move_to_end(header)
        if not found.good_from <= self._clock() <= found.good_until:
            raise certificate_invalid("the client certificate is not valid now")
        return found


def certificate_invalid(description: str) -> Unauthenticated:
    """Return the 401 for a client certificate that is good for nothing here."""
    return Unauthenticated(
        "CERTIFICATE_INVALID", description, headers=challenge("invalid_token", description)
    )


def _parse(header: str) -> PresentedCertificate:
    try:
        certificate = _certificate(header)
        subject = certificate.subject.rfc4514_string()
        good_from = certificate.not_valid_before_utc.timestamp()
        good_until = certificate.not_valid_after_utc.timestamp()
        der = certificate.public_bytes(Encoding.DER)
    except (ValueError, binascii.Error, TypeError) as error:
        raise certificate_invalid(
            "the header with the client certificate holds no certificate"
        ) from error
    digest = base64.urlsafe_b64encode(hashlib.sha256(der).digest()).rstrip(b"=").decode()
    return PresentedCertificate(digest, subject, good_from, good_until)


def _certificate(header: str) -> x509.Certificate:
    if len(header) > MOST_HEADER_CHARACTERS:
        raise ValueError("too long")
    between = _BYTES.fullmatch(header)
    if between is not None:
        return x509.load_der_x509_certificate(base64.b64decode(between[1], validate=True))
    if not header.startswith(_PEM_BEGIN):
        raise ValueError("neither form")
    text = unquote(header, errors="strict")
    # one certificate alone: the chain is the proxy's business
    if text.count("-----BEGIN") != 1:
        raise ValueError("several certificates")
    return x509.load_pem_x509_certificate(text.encode("ascii"))
