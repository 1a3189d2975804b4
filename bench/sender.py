"""How the benchmark's callers prove who they are, with headers that stay the same.

Their tokens are bound to a client certificate, as if a proxy in front had verified it: a load
generator sends fixed headers, and a proof of possession is another one for each request.
`bench/identity.py` measures what such proofs cost.
"""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Mapping

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.entitlements.client_keys import thumbprint

CERTIFICATE_HEADER = "client-cert"
_VALID_FOR = dt.timedelta(days=8)


class BenchCertificate:
    """A certificate of the benchmark's own, made anew for each run.

    Attributes:
        x5t_s256: thumbprint that tokens are bound to.
    """

    def __init__(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "bench")])
        now = dt.datetime.now(dt.UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(minutes=1))
            .not_valid_after(now + _VALID_FOR)
            .sign(key, SHA256())
        )
        self.x5t_s256 = thumbprint(made)
        self._header = f":{base64.b64encode(made.public_bytes(Encoding.DER)).decode()}:"

    def headers(self, token: str) -> Mapping[str, str]:
        """The headers that send a token bound to the certificate."""
        return {"authorization": f"Bearer {token}", CERTIFICATE_HEADER: self._header}
