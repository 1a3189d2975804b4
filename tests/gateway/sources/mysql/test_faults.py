"""What a sick server or way does, and what becomes of it; what a given-up call leaves behind."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.conformance.department import whole
from gateway.contract import (
    RECORD_ID,
    AdapterError,
    AdapterSettings,
    FetchContext,
    MappingFailed,
    RecordRequest,
    RowBatch,
    SourceRejected,
    SourceTimedOut,
    SourceUnavailable,
)
from gateway.sources.mapping import Amount, Column, DateColumn, KindMapping, Text
from gateway.sources.mysql import MySqlAdapter, MySqlSource, mysql_source
from gateway.sources.mysql.pool import MySqlPool
from schema.codes import RecordKind
from tests.support.awkward_department import FIRM
from tests.support.certificates import Authority
from tests.support.mariadb import RunningMariaDb, running_mariadb
from tests.support.native_records import rows_only
from tests.support.tcp_proxy import Proxy, proxied

KIND = RecordKind.ADMINISTRATIVE_PENALTY
TABLE = """CREATE OR REPLACE TABLE penalty (id VARCHAR(20) PRIMARY KEY, code CHAR(18),
    day DATE, fine DECIMAL(20,6), words LONGTEXT, KEY (code)) CHARACTER SET utf8mb4"""
SLOW = """CREATE OR REPLACE SQL SECURITY INVOKER VIEW slow AS
    SELECT id, code, day, fine, CONCAT(words, SLEEP(20)) AS words FROM penalty"""
ROWS = f"INSERT INTO penalty VALUES ('a', '{FIRM}', '2026-01-31', 1, 'x')"


def mapping(table: str = "penalty", words: str = "words") -> KindMapping:
    columns: dict[str, Column] = {
        RECORD_ID: Text("id"),
        "meta.decidedOn": DateColumn("day"),
        "fineAmount": Amount("fine"),
        "facts": Text(words),
    }
    return KindMapping(KIND, table, "id", "code", columns)


REQUEST = RecordRequest("p", whole(KIND, fields=(RECORD_ID, "facts")), (FIRM,))
ANSWER = [[["a", "x"]]]


def adapter(source: MySqlSource, mapped: KindMapping | None = None) -> MySqlAdapter:
    return MySqlAdapter(rows_only((KIND,)), (mapped or mapping(),), source)


async def ask(made: MySqlAdapter, patience_s: float = 5.0) -> Any:
    context = FetchContext("t", time.monotonic() + patience_s, "2026-11-02T08:00:00Z")
    (batch,) = await made.fetch([REQUEST], context)
    assert isinstance(batch, RowBatch)
    return batch.groups


@pytest.fixture
async def server(mariadb: RunningMariaDb) -> RunningMariaDb:
    await mariadb.execute(TABLE, SLOW, ROWS)
    return mariadb


@asynccontextmanager
async def opened(
    source: MySqlSource, mapped: KindMapping | None = None
) -> AsyncIterator[MySqlAdapter]:
    made = adapter(source, mapped)
    try:
        yield made
    finally:
        await made.aclose()


async def fails(
    source: MySqlSource, error: type[AdapterError], mapped: KindMapping | None = None
) -> None:
    async with asyncio.timeout(10), opened(source, mapped) as made:
        with pytest.raises(error) as raised:
            await ask(made)
    assert type(raised.value).__mro__[0] is error or error is MappingFailed
    for secret in (FIRM, source.password):
        assert secret not in str(raised.value)


async def statements_of_reader(server: RunningMariaDb) -> int:
    """Statements that the reader's connections run now."""
    pool = MySqlPool(server.source(), None)
    rows = await pool.read(
        "SELECT COUNT(*) FROM information_schema.processlist "
        "WHERE user = 'reader' AND command = 'Query' AND id <> CONNECTION_ID()"
    )
    await pool.aclose()
    return int(rows[0][0])


async def test_dead_server_is_unavailable(server: RunningMariaDb) -> None:
    await fails(replace(server.source(), port=1), SourceUnavailable)


async def test_wrong_password_is_a_refusal(server: RunningMariaDb) -> None:
    await fails(server.source(password="other"), SourceRejected)


@pytest.mark.parametrize(
    "mapped",
    [mapping("mysql.user"), mapping("nothing"), mapping(words="nothing")],
    ids=["table of others", "no such table", "no such column"],
)
async def test_statement_that_the_server_refuses_is_a_refusal(
    server: RunningMariaDb, mapped: KindMapping
) -> None:
    await fails(server.source(), SourceRejected, mapped)


async def test_slow_statement_is_ended_by_the_server(server: RunningMariaDb) -> None:
    await fails(server.source(statement_timeout_ms=100), SourceTimedOut, mapping("slow"))
    assert await statements_of_reader(server) == 0


async def test_statement_behind_the_deadline_is_killed_at_the_server(
    server: RunningMariaDb,
) -> None:
    source = server.source(pool_size=1, statement_timeout_ms=15_000)
    async with opened(source, mapping("slow")) as made:
        with pytest.raises(SourceTimedOut):
            await ask(made, patience_s=0.1)
    # Closing waits for the kill.
    assert await statements_of_reader(server) == 0


async def test_cancelled_call_is_killed_and_its_place_is_free_again(
    server: RunningMariaDb,
) -> None:
    pool = MySqlPool(server.source(pool_size=1, statement_timeout_ms=15_000), None)
    for _ in range(3):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await pool.read("SELECT SLEEP(20)")
    assert await pool.read("SELECT 1") == (("1",),)
    await pool.aclose()
    assert await statements_of_reader(server) == 0


async def test_connection_that_was_killed_while_idle_is_replaced(server: RunningMariaDb) -> None:
    async with opened(server.source()) as made:
        assert await ask(made) == ANSWER
        await _kill_reader(server)
        assert await ask(made) == ANSWER


async def _kill_reader(server: RunningMariaDb) -> None:
    """As the reader itself, who may end its own connections."""
    pool = MySqlPool(server.source(), None)
    rows = await pool.read(
        "SELECT id FROM information_schema.processlist "
        "WHERE user = 'reader' AND id <> CONNECTION_ID()"
    )
    for (number,) in rows:
        await pool.read(f"KILL {int(number)}")
    await pool.aclose()


async def test_statement_that_an_administrator_kills_is_unavailable(
    server: RunningMariaDb,
) -> None:
    source = server.source(statement_timeout_ms=15_000)
    async with opened(source, mapping("slow")) as made:
        asking = asyncio.create_task(ask(made))
        while await statements_of_reader(server) == 0:  # each look waits for the server
            continue
        await _kill_reader(server)
        with pytest.raises(SourceUnavailable):
            await asking


async def test_adapter_works_on_after_the_server_was_restarted(tmp_path: Path) -> None:
    with running_mariadb(tmp_path) as first:
        await first.execute(TABLE, ROWS)
        made = adapter(first.source())
        assert await ask(made) == ANSWER
        port = first.port
    with pytest.raises(SourceUnavailable):
        await ask(made)
    assert not (await made.health()).is_up
    with running_mariadb(tmp_path, port=port):
        assert await ask(made) == ANSWER
    await made.aclose()


async def test_frozen_way_times_out_and_is_left(server: RunningMariaDb) -> None:
    async with proxied(server.port) as proxy:
        source = _through(proxy, server, statement_timeout_ms=200)
        async with opened(source) as made:
            assert await ask(made) == ANSWER
            proxy.is_open.clear()
            with pytest.raises(SourceTimedOut):
                await ask(made)
            proxy.is_open.set()
            assert await ask(made) == ANSWER


def _through(proxy: Proxy, server: RunningMariaDb, **changes: Any) -> MySqlSource:
    return replace(server.source(**changes), port=proxy.port)


async def test_half_open_connection_is_replaced(server: RunningMariaDb) -> None:
    async with proxied(server.port) as proxy, opened(_through(proxy, server)) as made:
        assert await ask(made) == ANSWER
        proxy.cut()
        assert await ask(made) == ANSWER
        assert proxy.connections == 2


async def test_dripping_server_times_out(server: RunningMariaDb) -> None:
    async with proxied(server.port) as proxy:
        source = _through(proxy, server, statement_timeout_ms=200)
        async with opened(source) as made:
            assert await ask(made) == ANSWER
            proxy.pause_s = 0.05
            with pytest.raises(SourceTimedOut):
                await ask(made)
            proxy.pause_s = 0.0


async def test_answer_cut_in_the_middle_is_no_answer(server: RunningMariaDb) -> None:
    await server.execute("UPDATE penalty SET words = REPEAT('x', 500000)")
    async with proxied(server.port) as proxy, opened(_through(proxy, server)) as made:
        await made.health()
        proxy.bytes_until_cut = 100_000
        with pytest.raises(SourceUnavailable):
            await ask(made)


async def test_huge_row_is_not_taken(server: RunningMariaDb) -> None:
    await server.execute("UPDATE penalty SET words = REPEAT('x', 500000)")
    await fails(server.source(most_bytes=100_000), MappingFailed)


async def _speak_smtp(writer: asyncio.StreamWriter) -> None:
    writer.write(b"220 mail.example.com ESMTP\r\n")


async def _speak_nothing(_writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


async def _hang_up(writer: asyncio.StreamWriter) -> None:
    writer.close()


async def _announce_much(writer: asyncio.StreamWriter) -> None:
    writer.write(b"\xff\xff\xff\x00" + b"\x0a" * 2_000_000)


@pytest.mark.parametrize("greeting", [_speak_smtp, _hang_up, _announce_much])
async def test_what_is_no_mysql_is_unavailable(server: RunningMariaDb, greeting: Any) -> None:
    async def connected(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await greeting(writer)
        try:
            await writer.drain()
            await _reader.read()
        except ConnectionError:
            pass
        finally:
            writer.close()

    fake = await asyncio.start_server(connected, "127.0.0.1", 0)
    async with fake:
        port = fake.sockets[0].getsockname()[1]
        source = replace(server.source(statement_timeout_ms=300), port=port)
        async with asyncio.timeout(10), opened(source) as made:
            with pytest.raises((SourceUnavailable, MappingFailed)):
                await ask(made)


async def test_calls_beyond_the_pool_wait_for_a_place(server: RunningMariaDb) -> None:
    pool = MySqlPool(server.source(pool_size=2), None)
    found = await asyncio.gather(*(pool.read("SELECT CONNECTION_ID()") for _ in range(12)))
    assert len(set(found)) <= 2
    assert pool.idle_count <= 2
    await pool.aclose()


async def test_session_can_write_nothing_whatever_the_login_may(server: RunningMariaDb) -> None:
    pool = MySqlPool(server.source("owner"), None)
    for statement in ("DELETE FROM penalty", "SELECT 1; DELETE FROM penalty", "DROP VIEW slow"):
        with pytest.raises(SourceRejected):
            await pool.read(statement)
    await pool.aclose()
    async with opened(server.source()) as made:
        assert await ask(made) == ANSWER


async def test_server_without_tls_gets_no_password(server: RunningMariaDb) -> None:
    await fails(server.source(has_tls=True), SourceUnavailable)


@pytest.mark.long
async def test_tls_is_spoken_to_whom_we_trust_only(tmp_path: Path) -> None:
    ours, others = Authority(tmp_path), Authority(tmp_path, "other")
    own = ours.issue("server")
    options = (f"--ssl-cert={own.certificate}", f"--ssl-key={own.key}")
    with running_mariadb(tmp_path / "mariadb", options) as server:
        await server.execute(TABLE, ROWS)
        trusting = server.source(has_tls=True, ca_file=ours.file)
        async with opened(trusting) as made:
            assert await ask(made) == ANSWER
        await fails(replace(trusting, ca_file=others.file), SourceUnavailable)


ODD_ROWS = [
    "('b', '{firm}', '0000-00-00', 1, 'x')",
    "('c', '{firm}', '2026-02-00', 1, 'x')",
    "('d', '{firm}', '2026-02-28', 99999999999999, 'x')",
]


async def test_records_with_zero_dates_are_withheld_and_the_page_is_full(
    server: RunningMariaDb,
) -> None:
    rows = ", ".join(ODD_ROWS).format(firm=FIRM)
    await server.execute(f"INSERT INTO penalty VALUES {rows}")
    selection = whole(
        KIND, fields=(RECORD_ID, "meta.decidedOn"), first=1, lookahead=True, count=True
    )
    async with opened(server.source()) as made:
        context = FetchContext("t", time.monotonic() + 5, "2026-11-02T08:00:00Z")
        (batch,) = await made.fetch([RecordRequest("p", selection, (FIRM,))], context)
    assert isinstance(batch, RowBatch)
    assert batch.groups == [[["d", "2026-02-28"], ["a", "2026-01-31"]]]
    assert (batch.totals, batch.withheld) == ([4], 2)
    async with opened(server.source()) as made:
        whole_list = replace(selection, first=10)
        (batch,) = await made.fetch([RecordRequest("p", whole_list, (FIRM,))], context)
    assert isinstance(batch, RowBatch)
    assert [row[0] for row in batch.groups[0]] == ["d", "a"]
    assert batch.withheld == 2


GOOD = {"url": "mysql://reader:p%40ss@127.0.0.1/zf"}


def test_url_is_read_with_its_escapes() -> None:
    source = mysql_source("housing", AdapterSettings(GOOD))
    assert (source.password, source.port, source.has_tls) == ("p@ss", 3306, False)
    assert "p@ss" not in repr(source)


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"url": "postgresql://a:b@127.0.0.1/zf"},
        {"url": "mysql://127.0.0.1/zf"},
        {"url": "mysql://a:b@127.0.0.1"},
        {"url": "mysql://a:secret@127.0.0.1:x/zf"},
        {"url": "mysql://a:secret@zf.example.com/zf", "tls": "off"},
        {**GOOD, "tls": "maybe"},
        {**GOOD, "pool_size": "0"},
        {**GOOD, "poolsize": "4"},
    ],
)
def test_unsafe_settings_are_refused_without_their_values(values: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"adapters\.housing") as raised:
        mysql_source("housing", AdapterSettings(values))
    assert "secret" not in str(raised.value)


def test_way_to_another_machine_is_encrypted_unless_said_otherwise() -> None:
    settings = AdapterSettings({"url": "mysql://a:b@zf.example.com/zf"})
    assert mysql_source("housing", settings).has_tls
