"""What makes an address in the settings safe: reached over TLS, or on this machine."""

from __future__ import annotations

from urllib.parse import urlsplit

LOOPBACK = ("127.0.0.1", "::1", "localhost")


def is_loopback_url(scheme: str, host: str) -> bool:
    return scheme == "http" and host in LOOPBACK


def is_safe_address(url: str) -> bool:
    """Whether an address is reached over TLS, or on this machine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return False
    is_clean = url.isascii() and url == url.strip() and not parts.fragment and not parts.username
    return (
        is_clean
        and bool(host)
        and (parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK))
    )


def is_origin(url: str) -> bool:
    """Whether a URL names nothing but a scheme, a host and perhaps a port, safely reached."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or not url.isascii() or url != url.strip().lower():
        return False
    shown = f"[{host}]" if ":" in host else host
    if url != f"{parts.scheme}://{shown}" + ("" if port is None else f":{port}"):
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK)
