"""Where the gateway listens, under which address it is known, and its own database."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from ipaddress import ip_network
from urllib.parse import urlsplit

from gateway.settings.addresses import LOOPBACK, is_loopback_url
from gateway.settings.oauth import OAuthSettings
from gateway.settings.reading import Section, SettingsError

# A name that no header has that means something else here.
_HEADER = re.compile(r"(?!authorization$|dpop$|credit-request$|content-|accept)[a-z0-9-]{1,64}")


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """
    Attributes:
        host: address to listen on; anything but a loopback address needs `behind_proxy`.
        behind_proxy: a proxy that ends TLS stands in front.
        today: fixed day for policies, for demonstrations on generated data; None: the real day.
        public_url: URL under which clients know the gateway, without a path; proofs of possession
            name it.
        certificate_header: in which the proxy hands on the certificate of a client, in lower
            case; None: no certificates.
        trusted_proxies: addresses and networks from which that header is believed; `unix` for a
            unix socket.
    """

    host: str = "127.0.0.1"
    port: int = 8480
    behind_proxy: bool = False
    today: dt.date | None = None
    public_url: str = "http://127.0.0.1:8480"
    certificate_header: str | None = None
    trusted_proxies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """
    Attributes:
        url: PostgreSQL URL of the gateway's own database; a worker opens three connections.
    """

    url: str = field(repr=False)


def read_server(section: Section, oauth: OAuthSettings | None) -> ServerSettings:
    host, port = section.text("host", "127.0.0.1"), section.number("port", 8480, 0, 65535)
    header = section.value("certificate_header")
    server = ServerSettings(
        host=host,
        port=port,
        behind_proxy=section.flag("behind_proxy"),
        today=section.date("today"),
        public_url=_public_url(section.value("public_url"), host, port, oauth),
        certificate_header=None if header is None else section.text("certificate_header").lower(),
        trusted_proxies=section.texts("trusted_proxies"),
    )
    if server.host not in LOOPBACK and not server.behind_proxy:
        raise SettingsError(
            f"setting `server.host` is `{server.host}`: tokens would travel in clear; listen on a "
            "loopback address, or set `server.behind_proxy` where a proxy ends TLS"
        )
    if server.behind_proxy and oauth is None and section.value("public_url") is None:
        raise SettingsError(
            "setting `server.public_url` is missing: behind a proxy the gateway cannot know it, "
            "and proofs of possession name it"
        )
    if (server.certificate_header is None) != (not server.trusted_proxies):
        raise SettingsError(
            "settings `server.certificate_header` and `server.trusted_proxies` go together: a "
            "certificate is believed of known proxies only"
        )
    _check_proxies(server)
    return server


def _public_url(stated: object, host: str, port: int, oauth: OAuthSettings | None) -> str:
    """The URL of the gateway; without one, the issuer's or that of its own address."""
    if stated is None and oauth is not None:
        return oauth.issuer
    if stated is None:
        return f"http://{f'[{host}]' if ':' in host else host}:{port}"
    if oauth is not None and stated != oauth.issuer:
        raise SettingsError(
            "settings `server.public_url` and `oauth.issuer` differ: clients know one URL"
        )
    parts = urlsplit(stated) if isinstance(stated, str) else None
    if (
        parts is None
        or not parts.hostname
        or parts.path not in ("", "/")
        or parts.query
        or parts.fragment
        or "@" in parts.netloc
        or not (parts.scheme == "https" or is_loopback_url(parts.scheme, parts.hostname))
    ):
        raise SettingsError(
            "setting `server.public_url` is no `https` URL without path and query (`http` on a "
            "loopback address)"
        )
    return f"{parts.scheme}://{parts.netloc}"


def _check_proxies(server: ServerSettings) -> None:
    for each in server.trusted_proxies:
        try:
            network = None if each == "unix" else ip_network(each)
        except ValueError:
            network = ip_network("0.0.0.0/0")
        if network is not None and network.prefixlen == 0:
            raise SettingsError(
                f"setting `server.trusted_proxies` names `{each}`, expected `unix` or addresses "
                "and networks of proxies, and never everybody"
            )
    if server.certificate_header is not None and not _HEADER.fullmatch(server.certificate_header):
        raise SettingsError("setting `server.certificate_header` is no name of a header of its own")


def read_store(section: Section) -> StoreSettings:
    return StoreSettings(url=section.text("url"))
