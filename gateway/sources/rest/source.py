"""Where a department's service is, how the gateway shows who it is, and what it takes at most."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """OAuth client credentials.

    Source: RFC 6749, section 4.4; `private_key_jwt`: RFC 7523, section 2.2.

    Attributes:
        secret: shared secret; or
        private_key: PEM of an EC key on P-256, with which assertions are signed.
        key_id: `kid` of the key.
        audience: of the assertion; empty: the token URL.
    """

    token_url: str
    client_id: str
    secret: str = field(default="", repr=False)
    private_key: str = field(default="", repr=False)
    key_id: str = ""
    audience: str = ""
    scope: str = ""


@dataclass(frozen=True, slots=True)
class RestSource:
    """A service.

    Attributes:
        url: base address, `https` unless it is on this machine.
        timeout_s: longest time for one call of the gateway, retries included.
        connections: most connections open at a time.
        most_bytes: longest body taken.
        most_records: records read for one question; broader ones are refused.
        ca_file: certificates to trust instead of the system's.
        certificate_file, key_file: for mutual TLS.
    """

    url: str
    timeout_s: float = 2.0
    connections: int = 16
    most_bytes: int = 8_000_000
    most_records: int = 20_000
    ca_file: str = ""
    certificate_file: str = ""
    key_file: str = ""
    credentials: ClientCredentials | None = None

    def __post_init__(self) -> None:
        require_safe(self.url, "url")
        if self.credentials is not None:
            require_safe(self.credentials.token_url, "token_url")


def require_safe(url: str, name: str) -> None:
    """Refuse an address over which tokens and records would travel in clear.

    Raises:
        ValueError: it is no HTTPS address, and none on this machine.
    """
    parts = urlsplit(url)
    is_local = parts.scheme == "http" and parts.hostname in _LOOPBACK
    if not parts.hostname or not (parts.scheme == "https" or is_local):
        raise ValueError(f"`{name}` is no https address (http only on this machine)")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError(f"`{name}` holds more than host and path")


def tls_context(source: RestSource) -> ssl.SSLContext:
    """Trust and own certificate of a source.

    Raises:
        ValueError: a file cannot be read or does not fit.
    """
    try:
        context = ssl.create_default_context(cafile=source.ca_file or None)
        if source.certificate_file:
            context.load_cert_chain(source.certificate_file, source.key_file or None)
    except (OSError, ssl.SSLError) as error:
        raise ValueError("a certificate or key file cannot be used") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
