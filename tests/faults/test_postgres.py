"""Faults of a PostgreSQL source, each with the outcome that stands on the page."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest

from gateway.conformance.department import context, whole
from gateway.contract import RECORD_ID, RecordRequest
from gateway.demo.postgres import PostgresAddress, RunningPostgres
from gateway.sources.mapping import Column, DateColumn, KindMapping, Text, TextDate
from gateway.sources.postgres import PostgresAdapter, PostgresSource
from gateway.store.connect import postgres_url
from schema.codes import RecordKind
from tests.faults.asking import outcome_of
from tests.faults.declared import POSTGRES, Outcome, cases
from tests.support.awkward_department import FIRM
from tests.support.native_records import rows_only
from tests.support.postgres import DatabaseFactory
from tests.support.tcp_proxy import Proxy, proxied

pytestmark = pytest.mark.xdist_group("faults-postgres")

KIND = RecordKind.ADMINISTRATIVE_PENALTY
QUICK = {"hang", "disk full", "answer cut in the middle", "impossible date"}
TABLES = f"""
DROP TABLE IF EXISTS cf CASCADE;
CREATE TABLE cf (bh text, xydm text, rq date, wsh text, rqzf text);
CREATE INDEX ON cf (xydm);
CREATE OR REPLACE FUNCTION full_disk() RETURNS text LANGUAGE plpgsql AS
    $$ BEGIN RAISE SQLSTATE '53100' USING MESSAGE = 'secret of the source'; END $$;
INSERT INTO cf VALUES ('a', '{FIRM}', '2026-01-31', '第1号', '20260131');
"""


@dataclass(frozen=True, slots=True)
class Server:
    """The department's database."""

    running: RunningPostgres
    address: PostgresAddress

    @property
    def socket(self) -> str:
        place = self.address.connect_arguments()
        return f"{place['host']}/.s.PGSQL.{place['port']}"

    def url(self, port: int | None = None, login: str | None = None) -> str:
        """Over the socket, or through a proxy."""
        url = postgres_url(**self.address.connect_arguments())
        if login is not None:
            url = url.replace(f"//{self.address.user}:", f"//{login}:")
        there = f"host=127.0.0.1&port={port}&sslmode=disable"
        return url if port is None else f"{url.partition('?')[0]}?{there}"

    def as_superuser(self) -> dict[str, Any]:
        superuser = self.running.superuser.connect_arguments()
        return {**superuser, "database": self.address.database}

    async def execute(self, *statements: str) -> None:
        connection = await asyncpg.connect(**self.address.connect_arguments())
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    async def administer(self, *statements: str) -> None:
        """As the server's superuser."""
        connection = await asyncpg.connect(**self.as_superuser())
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()


Cause = Callable[[Server], AbstractAsyncContextManager[PostgresAdapter]]


def mapping(table: str = "cf", **columns: Column) -> KindMapping:
    usual: dict[str, Column] = {
        RECORD_ID: Text("bh"),
        "meta.decidedOn": DateColumn("rq"),
        "documentNo": Text("wsh"),
    }
    named = {name.replace("_", "."): column for name, column in columns.items()}
    return KindMapping(KIND, table, "bh", "xydm", {**usual, **named})


@asynccontextmanager
async def opened(url: str, mapped: KindMapping | None = None, **changes: Any) -> Any:
    source = PostgresSource(url, 2, **{"statement_timeout_ms": 30_000, **changes})
    made = PostgresAdapter(rows_only((KIND,)), (mapped or mapping(),), source)
    try:
        yield made
    finally:
        await made.aclose()


def over(mapped: KindMapping | None = None, *statements: str, **changes: Any) -> Cause:
    """An adapter over tables that were changed."""

    @asynccontextmanager
    async def cause(server: Server) -> AsyncIterator[PostgresAdapter]:
        await server.execute(*statements)
        async with opened(server.url(), mapped, **changes) as made:
            yield made

    return cause


def through(act: Callable[[Proxy], object], *statements: str, is_warm: bool = True) -> Cause:
    """An adapter behind a way that falls ill once it was used."""

    @asynccontextmanager
    async def cause(server: Server) -> AsyncIterator[PostgresAdapter]:
        await server.execute(*statements)
        async with proxied(server.socket) as proxy, opened(server.url(proxy.port)) as made:
            if is_warm:
                assert await outcome_of(made) is Outcome.ANSWERED
            else:
                await made.health()
            act(proxy)
            yield made
            proxy.is_open.set()
            proxy.pause_s = 0.0

    return cause


def administered(*statements: str) -> Cause:
    """An adapter that has answered, and what an administrator does then."""

    @asynccontextmanager
    async def cause(server: Server) -> AsyncIterator[PostgresAdapter]:
        async with opened(server.url()) as made:
            assert await outcome_of(made) is Outcome.ANSWERED
            await server.administer(*statements)
            yield made

    return cause


@asynccontextmanager
async def locked(server: Server) -> AsyncIterator[PostgresAdapter]:
    connection = await asyncpg.connect(**server.address.connect_arguments())
    try:
        async with connection.transaction(), opened(server.url()) as made:
            await connection.execute("LOCK TABLE cf")
            yield made
    finally:
        await connection.close()


@asynccontextmanager
async def cancelled(server: Server) -> AsyncIterator[PostgresAdapter]:
    async with proxied(server.socket) as proxy, opened(server.url(proxy.port)) as made:
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
async def ended_while_it_runs(server: Server) -> AsyncIterator[PostgresAdapter]:
    """A statement that an administrator ends as soon as it runs."""
    waits = "SELECT bh, xydm, rq, wsh || pg_sleep(60)::text AS wsh FROM cf"
    await server.execute(f"CREATE VIEW slow AS {waits}")
    end = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
        "AND state = 'active' AND now() - query_start > '1 second' AND pid <> pg_backend_pid() "
        "AND query LIKE '%slow%'"
    )

    async def watch() -> None:
        connection = await asyncpg.connect(**server.as_superuser())
        try:
            async with asyncio.timeout(60):
                while not await connection.fetch(end):
                    continue
        finally:
            await connection.close()

    async with opened(server.url(), mapping("slow")) as made:
        watching = asyncio.create_task(watch())
        yield made
        await watching


@asynccontextmanager
async def speaking_smtp(server: Server) -> AsyncIterator[PostgresAdapter]:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example.com ESMTP\r\n")
        await writer.drain()
        writer.close()

    fake = await asyncio.start_server(connected, "127.0.0.1", 0)
    async with fake, opened(server.url(fake.sockets[0].getsockname()[1])) as made:
        yield made


def at(make_url: Callable[[Server], str]) -> Cause:
    """An adapter with another address."""

    @asynccontextmanager
    async def cause(server: Server) -> AsyncIterator[PostgresAdapter]:
        async with opened(make_url(server)) as made:
            yield made

    return cause


@asynccontextmanager
async def without_tls(server: Server) -> AsyncIterator[PostgresAdapter]:
    """TLS is required, and the server has none."""
    async with proxied(server.socket) as proxy:
        url = server.url(proxy.port).replace("sslmode=disable", "sslmode=require")
        async with opened(url) as made:
            yield made


END_ALL = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
MANY = "INSERT INTO cf SELECT 'n' || n, xydm, rq, wsh FROM cf, generate_series(1, 3000) n"
CAUSES: dict[str, Cause] = {
    "hang": through(lambda proxy: proxy.is_open.clear()),
    "slow drip": through(lambda proxy: setattr(proxy, "pause_s", 0.05)),
    "wrong type": over(mapping(meta_decidedOn=DateColumn("wsh"))),
    "extra rows": over(None, MANY),
    "duplicate keys": over(None, "INSERT INTO cf SELECT * FROM cf"),
    "huge row": over(None, "UPDATE cf SET wsh = repeat('x', 1000001)"),
    "source restart": administered(END_ALL),
    "half-open connection": through(lambda proxy: proxy.cut()),
    "bad TLS": without_tls,
    "disk full": over(
        mapping("filled"), "CREATE VIEW filled AS SELECT bh, xydm, rq, full_disk() AS wsh FROM cf"
    ),
    "clock skew": over(
        None,
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET timezone = %L', "
        "current_database(), 'Pacific/Auckland'); END $$",
    ),
    "cancelled request": cancelled,
    "server gone": at(lambda server: server.url(1)),
    "unknown login": at(lambda server: server.url(login="nobody_known")),
    "table gone": over(mapping("nothing")),
    "column gone": over(mapping(documentNo=Text("nothing"))),
    "table locked": locked,
    "too many connections": administered(
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I CONNECTION LIMIT 0', current_database()); "
        "END $$",
        END_ALL,
    ),
    "statement killed": ended_while_it_runs,
    "answer cut in the middle": through(
        lambda proxy: setattr(proxy, "bytes_until_cut", 100_000),
        "UPDATE cf SET wsh = repeat('x', 500000)",
        is_warm=False,
    ),
    "another protocol": speaking_smtp,
    "impossible date": over(
        mapping(meta_decidedOn=TextDate("rqzf")),
        f"INSERT INTO cf VALUES ('z', '{FIRM}', NULL, 'z', '20260230')",
    ),
}


@pytest.fixture(scope="module")
def server(embedded_postgres: RunningPostgres, databases: DatabaseFactory) -> Iterator[Server]:
    address = databases.create()
    yield Server(embedded_postgres, address)
    databases.drop(address.database)


def test_every_fault_is_caused() -> None:
    assert sorted(CAUSES) == sorted(cases(POSTGRES))


@pytest.mark.parametrize(
    "name",
    [n if n in QUICK else pytest.param(n, marks=pytest.mark.long) for n in cases(POSTGRES)],
)
async def test_fault_has_its_outcome(name: str, server: Server) -> None:
    expected = cases(POSTGRES)[name].outcome
    database = server.address.database
    await server.administer(f"ALTER DATABASE {database} CONNECTION LIMIT -1")
    await server.execute("DROP VIEW IF EXISTS slow, filled", TABLES)
    async with CAUSES[name](server) as adapter:
        assert await outcome_of(adapter, expected) is expected
