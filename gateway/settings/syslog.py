"""Where the log is exported by syslog."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from pathlib import Path

from gateway.settings.addresses import LOOPBACK
from gateway.settings.reading import Section, SettingsError

_TRANSPORTS = ("tls", "tcp", "udp")
_PORTS = {"tls": 6514, "tcp": 601, "udp": 514}
_DOCUMENTATION = 32473
"""Source: RFC 5612: the private enterprise number for examples."""


@dataclass(frozen=True, slots=True)
class SyslogSettings:
    """
    Attributes:
        transport: `tls`; `tcp` and `udp` on this machine only.
        hostname: of this gateway in messages.
        alarms_only: send alarms and warnings only.
        enterprise: private enterprise number of the structured data.
        ca_file, certificate_file, key_file: of TLS; None: the system's authorities, no
            certificate of our own.
    """

    host: str
    port: int
    transport: str
    hostname: str
    alarms_only: bool
    enterprise: int
    ca_file: Path | None
    certificate_file: Path | None
    key_file: Path | None

    @property
    def receiver(self) -> str:
        """The name by which the store knows how far it has the log."""
        return f"{self.transport}:{self.host}:{self.port}"


def read_syslog(section: Section) -> SyslogSettings | None:
    """Read the section; None where nothing is exported."""
    if section.is_empty:
        return None
    transport = section.text("transport", "tls")
    if transport not in _TRANSPORTS:
        raise SettingsError(
            f"setting `syslog.transport` is `{transport}`, expected one of {', '.join(_TRANSPORTS)}"
        )
    read = SyslogSettings(
        host=section.text("host"),
        port=section.number("port", _PORTS[transport], 1, 65_535),
        transport=transport,
        hostname=section.text("hostname", socket.gethostname() or "-"),
        alarms_only=section.flag("alarms_only"),
        enterprise=section.number("enterprise", _DOCUMENTATION, 1, 4_294_967_295),
        ca_file=section.path("ca_file"),
        certificate_file=section.path("certificate_file"),
        key_file=section.path("key_file"),
    )
    if transport != "tls" and read.host not in LOOPBACK:
        raise SettingsError(
            f"setting `syslog.transport` is `{transport}` and `syslog.host` is `{read.host}`: "
            "entries would travel in clear; use `tls`, or a receiver on this machine"
        )
    if (read.certificate_file is None) != (read.key_file is None):
        raise SettingsError("settings `syslog.certificate_file` and `syslog.key_file` go together")
    return read
