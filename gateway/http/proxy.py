"""The proxy in front that ends TLS: which peers are it, and what it alone may say of a client.

The certificate header is read where settings name it, and is believed from the configured peers
only: whoever else sends it is refused, because a header that is sometimes believed must never
reach a worker by another way. Proxies must delete it from what clients send, and set it from
handshakes that they verified.

INVARIANT: nothing is believed of a chunked request, see `gateway.http.headers`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address

from gateway.errors import ClientError

UNIX_SOCKET = "unix"


@dataclass(frozen=True, slots=True)
class TrustedProxy:
    """Who hands on client certificates, and in which header.

    Attributes:
        certificate_header: its name in lower case; None: none is read.
        networks: addresses of the proxies.
        is_unix: whether a peer on a unix socket is one.
    """

    certificate_header: bytes | None = None
    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    is_unix: bool = False

    def is_trusted(self, client: Sequence[object] | None) -> bool:
        """Tell whether a peer is the proxy.

        Args:
            client: the ASGI scope's `client`; None for a unix socket.
        """
        if client is None:
            return self.is_unix
        return _is_within(str(client[0]), self.networks)


NO_PROXY = TrustedProxy()


def untrusted_certificate(header: bytes) -> ClientError:
    """Return the refusal of a certificate header that comes from anybody else."""
    return ClientError(
        "CERTIFICATE_NOT_TRUSTED",
        f"header `{header.decode('latin-1')}` is taken from the proxy in front only",
        status=403,
    )


@lru_cache(maxsize=1_024)
def _is_within(host: str, networks: tuple[IPv4Network | IPv6Network, ...]) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return any((mapped or address) in network for network in networks)
