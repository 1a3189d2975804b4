"""Faults of a MySQL source, each with the outcome that stands on the page."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.conformance.department import context, whole
from gateway.contract import RECORD_ID, RecordRequest
from gateway.sources.mapping import Column, DateColumn, KindMapping, Text
from gateway.sources.mysql import MySqlAdapter, MySqlSource
from gateway.sources.mysql.pool import MySqlPool
from schema.codes import RecordKind
from tests.faults.asking import outcome_of
from tests.faults.declared import MYSQL, Outcome, cases
from tests.support.awkward_department import FIRM
from tests.support.mariadb import RunningMariaDb, running_mariadb
from tests.support.native_records import rows_only
from tests.support.tcp_proxy import Proxy, proxied

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("faults-mysql")]

KIND = RecordKind.ADMINISTRATIVE_PENALTY
TABLES = (
    "CREATE OR REPLACE TABLE cf (bh VARCHAR(20), xydm CHAR(18), rq DATE, wsh LONGTEXT, KEY (xydm))",
    "CREATE OR REPLACE FUNCTION full_disk() RETURNS INT READS SQL DATA "
    "BEGIN SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = 1021; RETURN 1; END",
    f"INSERT INTO cf VALUES ('a', '{FIRM}', '2026-01-31', '第1号')",
)
Cause = Callable[[RunningMariaDb, Path], AbstractAsyncContextManager[MySqlAdapter]]


def mapping(table: str = "cf", **columns: Column) -> KindMapping:
    usual: dict[str, Column] = {
        RECORD_ID: Text("bh"),
        "meta.decidedOn": DateColumn("rq"),
        "documentNo": Text("wsh"),
    }
    named = {name.replace("_", "."): column for name, column in columns.items()}
    return KindMapping(KIND, table, "bh", "xydm", {**usual, **named})


@asynccontextmanager
async def opened(source: MySqlSource, mapped: KindMapping | None = None) -> Any:
    made = MySqlAdapter(rows_only((KIND,)), (mapped or mapping(),), source)
    try:
        yield made
    finally:
        await made.aclose()


def over(mapped: KindMapping | None = None, *statements: str, **changes: Any) -> Cause:
    """An adapter over tables that were changed."""

    @asynccontextmanager
    async def cause(server: RunningMariaDb, _folder: Path) -> AsyncIterator[MySqlAdapter]:
        await server.execute(*statements)
        async with opened(server.source(**changes), mapped) as made:
            yield made

    return cause


def through(act: Callable[[Proxy], object], *statements: str, is_warm: bool = True) -> Cause:
    """An adapter behind a way that falls ill once it was used."""

    @asynccontextmanager
    async def cause(server: RunningMariaDb, _folder: Path) -> AsyncIterator[MySqlAdapter]:
        await server.execute(*statements)
        async with proxied(server.port) as proxy:
            source = replace(server.source(statement_timeout_ms=30_000), port=proxy.port)
            async with opened(source) as made:
                if is_warm:
                    assert await outcome_of(made) is Outcome.ANSWERED
                else:
                    await made.health()
                act(proxy)
                yield made
                proxy.is_open.set()
                proxy.pause_s = 0.0

    return cause


@asynccontextmanager
async def restarted(server: RunningMariaDb, folder: Path) -> AsyncIterator[MySqlAdapter]:
    with running_mariadb(folder) as first:
        await first.execute(*TABLES)
        made = MySqlAdapter(rows_only((KIND,)), (mapping(),), first.source())
        assert await outcome_of(made) is Outcome.ANSWERED
    with running_mariadb(folder, port=first.port):
        yield made
        await made.aclose()


@asynccontextmanager
async def with_another_clock(server: RunningMariaDb, folder: Path) -> AsyncIterator[MySqlAdapter]:
    with running_mariadb(folder, ("--default-time-zone=+13:00",)) as other:
        await other.execute(*TABLES)
        async with opened(other.source()) as made:
            yield made


@asynccontextmanager
async def cancelled(server: RunningMariaDb, _folder: Path) -> AsyncIterator[MySqlAdapter]:
    async with proxied(server.port) as proxy:
        source = replace(server.source(pool_size=1), port=proxy.port)
        async with opened(source) as made:
            assert await outcome_of(made) is Outcome.ANSWERED
            proxy.is_open.clear()
            request = RecordRequest("r", whole(KIND), (FIRM,))
            call = asyncio.create_task(made.fetch([request], context()))
            await asyncio.sleep(0)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            proxy.is_open.set()
            yield made


@asynccontextmanager
async def speaking_smtp(server: RunningMariaDb, _folder: Path) -> AsyncIterator[MySqlAdapter]:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example.com ESMTP\r\n")
        await writer.drain()
        writer.close()

    fake = await asyncio.start_server(connected, "127.0.0.1", 0)
    async with fake:
        source = replace(server.source(), port=fake.sockets[0].getsockname()[1])
        async with opened(source) as made:
            yield made


@asynccontextmanager
async def killed(server: RunningMariaDb, _folder: Path) -> AsyncIterator[MySqlAdapter]:
    """Idle connections, ended by an administrator."""
    async with opened(server.source()) as made:
        assert await outcome_of(made) is Outcome.ANSWERED
        pool = MySqlPool(server.source(), None)
        rows = await pool.read(
            "SELECT id FROM information_schema.processlist "
            "WHERE user = 'reader' AND id <> CONNECTION_ID()"
        )
        for (number,) in rows:
            await pool.read(f"KILL {int(number)}")
        await pool.aclose()
        yield made


@asynccontextmanager
async def nobody(server: RunningMariaDb, _folder: Path) -> AsyncIterator[MySqlAdapter]:
    async with opened(replace(server.source(), port=1)) as made:
        yield made


MANY = "INSERT INTO cf SELECT CONCAT('n', seq), xydm, rq, wsh FROM cf, seq_1_to_3000"
VIEW = "CREATE OR REPLACE VIEW slow AS SELECT bh, xydm, rq, "
CAUSES: dict[str, Cause] = {
    "hang": through(lambda proxy: proxy.is_open.clear()),
    "slow drip": through(lambda proxy: setattr(proxy, "pause_s", 0.05)),
    "wrong type": over(mapping(meta_decidedOn=DateColumn("wsh"))),
    "extra rows": over(None, MANY),
    "duplicate keys": over(None, "INSERT INTO cf SELECT * FROM cf"),
    "huge row": over(None, "UPDATE cf SET wsh = REPEAT('x', 500000)", most_bytes=100_000),
    "source restart": restarted,
    "half-open connection": killed,
    "bad TLS": over(has_tls=True),
    "disk full": over(mapping("slow"), f"{VIEW} CONCAT(wsh, full_disk()) AS wsh FROM cf"),
    "clock skew": with_another_clock,
    "cancelled request": cancelled,
    "server gone": nobody,
    "wrong password": over(password="secret of somebody else"),
    "table gone": over(mapping("nothing")),
    "column gone": over(mapping(documentNo=Text("nothing"))),
    "statement without end": over(
        mapping("slow"), f"{VIEW} CONCAT(wsh, SLEEP(30)) AS wsh FROM cf", statement_timeout_ms=100
    ),
    "answer cut in the middle": through(
        lambda proxy: setattr(proxy, "bytes_until_cut", 100_000),
        "UPDATE cf SET wsh = REPEAT('x', 500000)",
        is_warm=False,
    ),
    "another protocol": speaking_smtp,
    "impossible date": over(None, f"INSERT INTO cf VALUES ('z', '{FIRM}', '0000-00-00', 'z')"),
}


@pytest.fixture(scope="module")
def mariadb(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with running_mariadb(tmp_path_factory.mktemp("mariadb")) as server:
        yield server


def test_every_fault_is_caused() -> None:
    assert sorted(CAUSES) == sorted(cases(MYSQL))


@pytest.mark.parametrize("name", list(cases(MYSQL)))
async def test_fault_has_its_outcome(name: str, mariadb: RunningMariaDb, tmp_path: Path) -> None:
    expected = cases(MYSQL)[name].outcome
    await mariadb.execute(*TABLES)
    async with AsyncExitStack() as stack:
        adapter = await stack.enter_async_context(CAUSES[name](mariadb, tmp_path / "mariadb"))
        assert await outcome_of(adapter, expected) is expected
