"""What is kept of a client's address: its network for budgets, its class for the records."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv6Address, ip_address


def peer_network(client: tuple[str, int] | list[object] | None) -> str:
    """Return the key of the client's network.

    Args:
        client: the ASGI scope's `client`; None for a unix socket.
    """
    return "local" if client is None else _network(str(client[0]))


def peer_class(client: tuple[str, int] | list[object] | None) -> str:
    """Return `local`, `private` or `public`: all that a record may say about an address.

    Source: the address registries behind Python's `ipaddress`, `is_private` being RFC 1918,
    RFC 4193 and the other ranges that are not globally reachable.
    """
    return "local" if client is None else _class(str(client[0]))


def is_loopback(client: tuple[str, int] | list[object] | None) -> bool:
    """Tell whether the connection came from this machine."""
    if client is None:
        return True
    try:
        return ip_address(str(client[0])).is_loopback
    except ValueError:
        return False


@lru_cache(maxsize=1024)
def _network(host: str) -> str:
    """Return an IPv4 address itself, or the 64 bits of an IPv6 address that a site holds."""
    try:
        address = ip_address(host)
    except ValueError:
        return "unknown"
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return f"{IPv6Address(int(address) >> 64 << 64)}/64"
    return str(address)


@lru_cache(maxsize=1024)
def _class(host: str) -> str:
    try:
        address = ip_address(host)
    except ValueError:
        return "public"
    if address.is_loopback:
        return "local"
    return "private" if address.is_private else "public"
