"""From settings to what exports the log by syslog."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gateway.errors import InternalError
from gateway.settings import SyslogSettings
from gateway.store.connect import StoreAddress, connector
from gateway.store.pool import LightPool
from gateway.syslog.exporter import Export, SyslogExporter
from gateway.syslog.message import Origin
from gateway.syslog.transport import Transport, connect_datagram, connect_stream

_PATIENCE_S = 10.0


@asynccontextmanager
async def exported(
    settings: SyslogSettings | None, address: StoreAddress
) -> AsyncIterator[SyslogExporter | None]:
    """Export for the length of the block; nothing without settings.

    Raises:
        InternalError: a certificate or key cannot be used.
    """
    if settings is None:
        yield None
        return
    export = export_of(settings)
    pool = LightPool(connector(address), 1)
    exporter = SyslogExporter(pool, export)
    await exporter.open()
    try:
        yield exporter
    finally:
        await exporter.aclose()
        await pool.aclose()


def export_of(settings: SyslogSettings) -> Export:
    """What is sent to whom.

    Raises:
        InternalError: a certificate or key cannot be used.
    """
    tls = _tls(settings) if settings.transport == "tls" else None

    async def connect() -> Transport:
        if settings.transport == "udp":
            return connect_datagram(settings.host, settings.port)
        return await connect_stream(settings.host, settings.port, tls, _PATIENCE_S)

    origin = Origin(settings.hostname, settings.enterprise)
    return Export(settings.receiver, origin, connect, settings.alarms_only)


def _tls(settings: SyslogSettings) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=settings.ca_file)
        if settings.certificate_file is not None:
            context.load_cert_chain(settings.certificate_file, settings.key_file)
    except (OSError, ssl.SSLError) as error:
        raise InternalError(f"section `syslog` names files that cannot be used: {error}") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
