"""Entries come at least once, in order, over TCP and TLS, and after every sort of outage."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.exporting import export_of
from gateway.settings import SyslogSettings
from gateway.store.pool import LightPool
from gateway.syslog.exporter import BATCH, Export, SyslogExporter
from tests.support.certificates import Authority
from tests.support.syslog_receiver import Receiver, parse, receiving
from tests.support.translog import add_entries


def settings(port: int, transport: str = "tcp", ca_file: Path | None = None) -> SyslogSettings:
    return SyslogSettings(
        "127.0.0.1", port, transport, "gateway-1", False, 32473, ca_file, None, None
    )


async def sequenced(pool: LightPool, names: list[str]) -> None:
    """Add entries and make them leaves."""
    async with pool.connection() as connection:
        await add_entries(connection, names)
        await connection.execute(
            "INSERT INTO audit_run (first_leaf, first_entry_no, length) "
            "SELECT n.size, min(e.entry_no), count(*) FROM audit_entry AS e, "
            "(SELECT coalesce(max(first_leaf + length), 0) AS size, "
            "coalesce(max(first_entry_no + length), 0) AS next FROM audit_run) AS n "
            "WHERE e.entry_no >= n.next GROUP BY n.size"
        )


def requests(receiver: Receiver) -> list[str]:
    return [each.parameters["requestId"] for each in receiver.messages]


@asynccontextmanager
async def exporting(pool: LightPool, export: Export) -> AsyncIterator[SyslogExporter]:
    exporter = SyslogExporter(pool, export)
    try:
        yield exporter
    finally:
        await exporter.aclose()


async def export_all(pool: LightPool, exporter: SyslogExporter) -> None:
    async with pool.connection() as connection:
        while await exporter.export_once(connection):
            pass


async def test_entries_come_in_the_order_of_the_tree_over_several_batches(
    store_pool: LightPool,
) -> None:
    names = [f"r-{number}" for number in range(BATCH + 50)]
    await sequenced(store_pool, names)
    async with (
        receiving() as receiver,
        exporting(store_pool, export_of(settings(receiver.port))) as exporter,
    ):
        await export_all(store_pool, exporter)
        await receiver.until(len(names))
        await sequenced(store_pool, ["later"])
        await export_all(store_pool, exporter)
        await receiver.until(len(names) + 1)
    assert requests(receiver) == [*names, "later"]
    assert [each.parameters["leaf"] for each in receiver.messages] == [
        str(leaf) for leaf in range(len(names) + 1)
    ]


async def test_after_an_outage_another_process_goes_on_where_the_cursor_stands(
    store_pool: LightPool,
) -> None:
    await sequenced(store_pool, ["a", "b"])
    async with receiving() as first:
        export = export_of(settings(first.port))
        async with exporting(store_pool, export) as exporter:
            await export_all(store_pool, exporter)
            await first.until(2)
    await sequenced(store_pool, ["c", "d"])
    async with exporting(store_pool, export) as exporter, store_pool.connection() as connection:
        with pytest.raises(OSError):
            await exporter.export_once(connection)
    async with (
        receiving(port=first.port) as second,
        exporting(store_pool, export) as exporter,
    ):
        await export_all(store_pool, exporter)
        await second.until(2)
    assert requests(second) == ["c", "d"]


async def test_what_a_broken_connection_had_taken_comes_again(store_pool: LightPool) -> None:
    await sequenced(store_pool, ["a", "b", "c"])
    async with receiving() as receiver:
        receiver.is_rude = True
        exporter = SyslogExporter(store_pool, export_of(settings(receiver.port)))
        await exporter.open()
        await receiver.until(1)
        receiver.is_rude = False
        async with asyncio.timeout(30):
            while {"a", "b", "c"} - set(requests(receiver)):  # noqa: ASYNC110 - told by nobody
                await asyncio.sleep(0.01)
        await exporter.aclose()


async def test_only_one_process_exports(store_pool: LightPool) -> None:
    await sequenced(store_pool, ["a", "b", "c"])
    async with receiving() as receiver:
        export = export_of(settings(receiver.port))
        both = [SyslogExporter(store_pool, export) for _ in range(2)]
        for each in both:
            await each.open()
        await receiver.until(3)
        for each in both:
            await each.aclose()
        assert requests(receiver) == ["a", "b", "c"]


async def test_alarms_alone_are_sent_where_that_is_wanted(store_pool: LightPool) -> None:
    await sequenced(store_pool, ["a"])
    async with store_pool.connection() as connection:
        entry = b'{"at":"2026-03-02T01:02:03Z","kind":"ALARM","outcome":"ALARM_RAISED"}'
        await connection.execute(
            "INSERT INTO audit_entry (at, request_id, client_id, purpose, outcome, entry) "
            "VALUES ('2026-03-02T01:02:03Z', 'x', 'controls', 'AUDIT', 'ALARM_RAISED', $1)",
            entry,
        )
    await sequenced(store_pool, ["b"])
    async with receiving() as receiver:
        export = export_of(replace(settings(receiver.port), alarms_only=True))
        async with exporting(store_pool, export) as exporter:
            await export_all(store_pool, exporter)
            await receiver.until(1)
    assert [each.message_id for each in receiver.messages] == ["ALARM"]


async def test_tls_checks_who_the_receiver_is(store_pool: LightPool, tmp_path: Path) -> None:
    await sequenced(store_pool, ["a"])
    trusted, other = Authority(tmp_path, "trusted"), Authority(tmp_path, "other")
    own = trusted.issue("receiver")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own.certificate, own.key)
    async with receiving(context) as receiver:
        stranger = export_of(settings(receiver.port, "tls", Path(other.file)))
        async with exporting(store_pool, stranger) as exporter, store_pool.connection() as held:
            with pytest.raises(ssl.SSLCertVerificationError):
                await exporter.export_once(held)
        export = export_of(settings(receiver.port, "tls", Path(trusted.file)))
        async with exporting(store_pool, export) as exporter:
            await export_all(store_pool, exporter)
            await receiver.until(1)
    assert requests(receiver) == ["a"]


async def test_datagrams_hold_one_message_each(store_pool: LightPool) -> None:
    await sequenced(store_pool, ["a", "b"])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(10)
        export = export_of(settings(receiver.getsockname()[1], "udp"))
        async with exporting(store_pool, export) as exporter:
            await export_all(store_pool, exporter)
        found = [parse(await asyncio.to_thread(receiver.recv, 65_536)) for _ in range(2)]
    assert [each.parameters["requestId"] for each in found] == ["a", "b"]
