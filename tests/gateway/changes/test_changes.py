"""Changes come in order and without gaps, and take effect once, whatever happens to workers."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from click.testing import CliRunner

from gateway.changes.cursors import CHANNEL, read_lines
from gateway.changes.follower import MOST_CHANGES, following_kinds
from gateway.changes.types import Changes
from gateway.cli import main
from gateway.contract import (
    ChangesRequest,
    FetchContext,
    MappingFailed,
    NotSupported,
    RecordChange,
)
from gateway.persons.door import PersonDoor
from gateway.persons.network import NetworkKeys
from gateway.sources.postgres import PostgresAdapter, PostgresSource
from gateway.store.connect import StoreAddress, connector
from gateway.store.pool import Connection, LightPool
from schema.codes import IdentityDocumentType, RecordKind
from schema.identifiers import parse_document
from tests.gateway.changes.conftest import run
from tests.gateway.changes.working import FOLLOWED, MAPPING, Counting, adapter_of, follower_of
from tests.gateway.isolation.light import KIND, MANIFEST
from tests.gateway.persons.departments import NEW

INSERT = (
    "INSERT INTO cf SELECT '{name}' || n, 'c' || n, NULL, '2026-01-01', clock_timestamp() "
    "FROM generate_series(1, {count}) n ON CONFLICT (id) DO UPDATE SET at = clock_timestamp()"
)


def context() -> FetchContext:
    return FetchContext("test", time.monotonic() + 10, "2026-11-02T08:00:00Z")


async def until(store: StoreAddress, count: int, patience_s: float = 30.0) -> Mapping[str, int]:
    """How often each change took effect, once that many have."""
    connection = await connector(store)()
    try:
        async with asyncio.timeout(patience_s):
            while True:
                rows = await connection.fetch("SELECT record_id, times FROM effect")
                if sum(row["times"] for row in rows) >= count:
                    return {row["record_id"]: row["times"] for row in rows}
                await asyncio.sleep(0.02)
    finally:
        await connection.close()


async def becomes(is_so: Callable[[], Awaitable[object]], patience_s: float = 30.0) -> None:
    """Return when something that nobody tells of is so."""
    async with asyncio.timeout(patience_s):
        while not await is_so():  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.02)


async def following(store: StoreAddress) -> None:
    """Return when there is a cursor."""
    connection = await connector(store)()
    try:
        await becomes(lambda: connection.fetchval("SELECT count(*) FROM change_cursor"))
    finally:
        await connection.close()


async def test_kit_tells_changes_in_pages_without_gap_or_repetition(source: StoreAddress) -> None:
    adapter = adapter_of(source.url)
    await run(source, INSERT.format(name="old", count=3))
    start = await adapter.changes(ChangesRequest(KIND, None, 2), context())
    assert start.changes == ()
    await run(source, INSERT.format(name="new", count=5))
    # Five records of one moment: the record id tells them apart.
    await run(source, "UPDATE cf SET at = statement_timestamp() WHERE id LIKE 'new%'")
    told: list[RecordChange] = []
    sizes: list[int] = []
    cursor = start.cursor
    for _ in range(9):
        batch = await adapter.changes(ChangesRequest(KIND, cursor, 2), context())
        told += batch.changes
        sizes.append(len(batch.changes))
        cursor = batch.cursor
        if batch.is_complete:
            break
    assert told == [RecordChange(f"new{n}", f"c{n}") for n in range(1, 6)]
    assert sizes == [2, 2, 1]
    again = await adapter.changes(ChangesRequest(KIND, cursor, 2), context())
    assert (again.changes, again.cursor, again.is_complete) == ((), cursor, True)
    await adapter.aclose()


async def test_transaction_that_shows_late_what_it_stamped_early_is_not_passed(
    source: StoreAddress,
) -> None:
    adapter = adapter_of(source.url, settle_s=0.5)
    start = await adapter.changes(ChangesRequest(KIND, None, 9), context())
    late = await connector(source)()
    transaction = late.transaction()
    await transaction.start()
    await late.execute("INSERT INTO cf VALUES ('late', 'c', NULL, '2026-01-01', now())")
    await run(source, INSERT.format(name="quick", count=1))
    batch = await adapter.changes(ChangesRequest(KIND, start.cursor, 9), context())
    assert batch.changes == ()  # the quick one waits, or the late one would be passed
    await transaction.commit()
    await late.close()
    told: list[str] = []
    async with asyncio.timeout(10):
        while len(told) < 2:
            batch = await adapter.changes(ChangesRequest(KIND, batch.cursor, 9), context())
            told += [each.record_id for each in batch.changes]
    assert told == ["late", "quick1"]
    await adapter.aclose()


async def test_kit_refuses_cursors_of_others_and_kinds_without_a_column(
    source: StoreAddress,
) -> None:
    adapter = adapter_of(source.url)
    for cursor in ("x", "[]", '["2026-13-01","a"]', "7"):
        with pytest.raises(MappingFailed):
            await adapter.changes(ChangesRequest(KIND, cursor, 2), context())
    with pytest.raises(NotSupported):
        await adapter.changes(ChangesRequest(RecordKind.TAX_ARREARS, None, 2), context())
    await adapter.aclose()


async def test_record_ids_that_are_numbers_are_told_as_text(source: StoreAddress) -> None:
    await run(
        source,
        "CREATE TABLE numbered (n int, code text, day date, at timestamptz)",
        "INSERT INTO numbered SELECT n, 'c', '2026-01-01', now() FROM generate_series(8, 11) n",
    )
    mapping = replace(MAPPING, table="numbered", record_id="n", person=None, has_text_id=False)
    adapter = PostgresAdapter(FOLLOWED, (mapping,), PostgresSource(source.url, settle_s=0.0))
    told, cursor = [], '["2020-01-01T00:00:00+00:00", ""]'
    for _ in range(4):
        batch = await adapter.changes(ChangesRequest(KIND, cursor, 1), context())
        told += [each.record_id for each in batch.changes]
        cursor = batch.cursor
    assert told == ["10", "11", "8", "9"]
    await adapter.aclose()


async def test_persons_are_told_by_their_keys_inside(source: StoreAddress) -> None:
    network = NetworkKeys([NEW])
    key = network.key_of_document(parse_document(IdentityDocumentType.PASSPORT, "E1234567"))
    (reference,) = network.references(key)
    door = PersonDoor(adapter_of(source.url), network)
    start = await door.changes(ChangesRequest(KIND, None, 9), context())
    for name, person in (("a", reference), ("b", "f" * len(reference))):
        values = f"('{name}', NULL, '{person}', '2026-01-01', clock_timestamp())"
        await run(source, f"INSERT INTO cf VALUES {values}")
    batch = await door.changes(ChangesRequest(KIND, start.cursor, 9), context())
    assert batch.changes == (RecordChange("a", key), RecordChange("b", None))
    await door.aclose()


def test_kinds_are_followed_that_the_manifest_names() -> None:
    assert following_kinds((FOLLOWED, replace(MANIFEST, slug="other"))) == {"light": (KIND,)}
    assert following_kinds((MANIFEST,)) == {}


async def test_changes_take_effect_once_with_two_workers(
    source: StoreAddress, effects: StoreAddress
) -> None:
    adapter = adapter_of(source.url)
    workers = [follower_of(effects.url, adapter) for _ in range(2)]
    for worker in workers:
        await worker.open()
    await following(effects)
    count = MOST_CHANGES + 7  # more than one batch
    await run(source, INSERT.format(name="r", count=count))
    assert await until(effects, count) == {f"r{n}": 1 for n in range(1, count + 1)}
    await run(source, INSERT.format(name="r", count=3))
    found = await until(effects, count + 3)
    assert [found[f"r{n}"] for n in (1, 2, 3, 4)] == [2, 2, 2, 1]
    for worker in workers:
        await worker.aclose()
    await adapter.aclose()


async def test_lost_connections_lose_and_repeat_nothing(
    source: StoreAddress, effects: StoreAddress
) -> None:
    adapter = adapter_of(source.url)
    workers = [follower_of(effects.url, adapter) for _ in range(2)]
    for worker in workers:
        await worker.open()
    await following(effects)
    for round_no in range(10):
        await run(source, INSERT.format(name=f"r{round_no}-", count=20))
        await run(
            effects,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE pid <> pg_backend_pid() AND datname = current_database()",
        )
    found = await until(effects, 200)
    assert len(found) == 200
    assert set(found.values()) == {1}
    for worker in workers:
        await worker.aclose()
    await adapter.aclose()


class FailingTwice(Counting):
    """Fails after it has written, so that what it wrote must be undone."""

    def __init__(self) -> None:
        self.failures = 2

    async def apply(self, connection: Connection, changes: Changes) -> None:
        await super().apply(connection, changes)
        if self.failures:
            self.failures -= 1
            raise ValueError("a text that is nobody's business")


async def test_listener_that_fails_is_told_again_and_shown(
    source: StoreAddress, effects: StoreAddress
) -> None:
    adapter, listener = adapter_of(source.url), FailingTwice()
    listener.failures = 10**9
    worker = follower_of(effects.url, adapter, listener)
    await worker.open()
    await following(effects)
    await run(source, INSERT.format(name="r", count=5))
    pool = LightPool(connector(effects), 1)
    async with pool.connection() as connection:

        async def is_failing() -> bool:
            return (await read_lines(connection))[0].reason is not None

        async def is_mended() -> bool:
            return not await is_failing()

        await becomes(is_failing)
        (line,) = await read_lines(connection)
        assert (line.department, line.kind, line.applied) == ("light", KIND.value, 0)
        assert line.reason == "LISTENER_FAILED"
        listener.failures = 2
        assert await until(effects, 5) == {f"r{n}": 1 for n in range(1, 6)}
        await becomes(is_mended)
        assert (await read_lines(connection))[0].applied == 5
    await worker.aclose()
    await pool.aclose()
    await adapter.aclose()


async def test_those_who_keep_anything_are_told_after_the_commit(
    source: StoreAddress, effects: StoreAddress
) -> None:
    heard: asyncio.Queue[str] = asyncio.Queue()
    connection = await connector(effects)()

    def hear(_connection: object, _pid: int, _channel: str, payload: object) -> None:
        heard.put_nowait(str(payload))

    await connection.add_listener(CHANNEL, hear)
    adapter = adapter_of(source.url)
    worker = follower_of(effects.url, adapter)
    await worker.open()
    async with asyncio.timeout(30):
        assert await heard.get() == f"light {KIND.value}"  # from now on
        await run(source, INSERT.format(name="r", count=1))
        assert await heard.get() == f"light {KIND.value}"
    assert await connection.fetchval("SELECT count(*) FROM effect") == 1
    await worker.aclose()
    await connection.close()
    await adapter.aclose()


async def test_department_that_is_down_is_shown_by_the_command(
    effects: StoreAddress, tmp_path: Path
) -> None:
    adapter = adapter_of("postgresql://nobody@/nothing?host=/nowhere")
    worker = follower_of(effects.url, adapter)
    await worker.open()
    pool = LightPool(connector(effects), 1)
    async with pool.connection() as connection:
        await becomes(lambda: read_lines(connection))
    await worker.aclose()
    await pool.aclose()
    await adapter.aclose()
    file = tmp_path / "url"
    file.write_text(effects.url)
    arguments = ["changes", "--store-url-file", str(file)]
    shown = await asyncio.to_thread(CliRunner().invoke, main, [*arguments, "--json"])
    assert shown.exit_code == 1
    told = json.loads(shown.output)
    assert (told["department"], told["kind"], told["reason"]) == ("light", KIND.value, "DOWN")
    table = await asyncio.to_thread(CliRunner().invoke, main, arguments)
    assert "DOWN" in table.output


def test_command_tells_that_nothing_is_followed(store: StoreAddress, tmp_path: Path) -> None:
    file = tmp_path / "url"
    file.write_text(store.url)
    shown = CliRunner().invoke(main, ["changes", "--store-url-file", str(file)])
    assert (shown.exit_code, shown.output) == (0, "no department's changes are followed yet\n")


@pytest.mark.long
def test_killed_workers_lose_and_repeat_nothing(
    source: StoreAddress, effects: StoreAddress
) -> None:
    random = Random(7)
    program = [sys.executable, "-m", "tests.gateway.changes.working", effects.url, source.url]
    total = 0
    for round_no in range(5):
        worker = subprocess.Popen(program, stdout=subprocess.PIPE)
        assert worker.stdout is not None
        with closing(worker.stdout):
            worker.stdout.readline()
        asyncio.run(following(effects))
        for part in range(4):
            asyncio.run(run(source, INSERT.format(name=f"r{round_no}-{part}-", count=400)))
            total += 400
        time.sleep(random.uniform(0, 0.1))
        worker.kill()
        worker.wait()
    worker = subprocess.Popen(program, stdout=subprocess.DEVNULL)
    try:
        found = asyncio.run(until(effects, total))
    finally:
        worker.kill()
        worker.wait()
    assert len(found) == total
    assert set(found.values()) == {1}
