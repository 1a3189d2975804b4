"""Named faults of a department in files: what is refused, why, and what answers meanwhile."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import resource
import signal
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from gateway.conformance.department import context, whole
from gateway.contract import (
    FetchContext,
    RecordRequest,
    RowBatch,
    SourceTimedOut,
    SourceUnavailable,
    StatisticsRequest,
)
from gateway.sources.files import FilesAdapter
from gateway.sources.files.engine import open_index
from gateway.sources.files.exchange import has_news
from gateway.sources.files.indexing import DRAFT_PREFIX
from gateway.sources.files.state import STATE_NAME
from schema.codes import RecordKind
from schema.predicate import ALWAYS
from tests.gateway.sources.files.conftest import COLUMNS, FIRM, OTHER, Dropping, row
from tests.support.drops import csv_bytes

ASKED = RecordRequest("r", whole(RecordKind.COMMITMENT), (FIRM, OTHER))


def good(dropping: Dropping, name: str = "2026-11-01", rows: int = 3) -> None:
    dropping.drop(name, [row(number) for number in range(rows)], as_of=name)
    state = dropping.take_up()
    assert state.indexed is not None, state.refused
    assert state.indexed.drop == name


def refused(dropping: Dropping) -> str:
    """Take up, and the reason why the newest drop was refused; the former goes on answering."""
    state = dropping.take_up()
    assert state.indexed is not None
    assert state.indexed.drop == "2026-11-01"
    return state.refused[0].reason


async def count(adapter: FilesAdapter) -> int:
    (batch,) = await adapter.fetch([ASKED], context())
    assert isinstance(batch, RowBatch)
    return sum(map(len, batch.groups))


# Drops that are none.


def test_half_written_drop_is_refused_and_taken_up_when_it_is_whole(dropping: Dropping) -> None:
    good(dropping)
    folder = dropping.drop("2026-11-02", [row(1), row(2)])
    whole_file = (folder / "data.csv").read_bytes()
    (folder / "data.csv").write_bytes(whole_file[:-20])
    assert "checksum" in refused(dropping)
    assert not has_news(dropping.adapter().recipe), "it is not looked at again as it stands"
    (folder / "data.csv").write_bytes(whole_file)
    state = dropping.take_up()
    assert state.indexed is not None
    assert (state.indexed.drop, state.refused) == ("2026-11-02", ())


def test_drop_without_manifest_is_no_drop_yet(dropping: Dropping) -> None:
    good(dropping)
    folder = dropping.drop("2026-11-02", [row(1)])
    (folder / "manifest.json").unlink()
    assert not has_news(dropping.adapter().recipe)


def test_wrong_checksum_is_refused(dropping: Dropping) -> None:
    good(dropping)
    folder = dropping.drop("2026-11-02", [row(1)])
    content = (folder / "data.csv").read_bytes()
    (folder / "data.csv").write_bytes(content.replace(b"CN0001", b"CN0002"))
    assert "checksum" in refused(dropping)


def test_missing_file_is_refused(dropping: Dropping) -> None:
    good(dropping)
    (dropping.drop("2026-11-02", [row(1)]) / "data.csv").unlink()
    assert "is not there" in refused(dropping)


def test_other_number_of_records_than_stated_is_refused(dropping: Dropping) -> None:
    good(dropping)
    dropping.drop("2026-11-02", [row(1), row(2)], rows=3)
    assert "2 records, its manifest says 3" in refused(dropping)


def test_missing_column_is_refused_by_its_name(dropping: Dropping) -> None:
    good(dropping)
    content = csv_bytes(COLUMNS[:-6] + COLUMNS[-5:], [])
    dropping.drop("2026-11-02", content)
    assert "lacks the column" in refused(dropping)
    assert "类型" in refused(dropping)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"manifest_version": 2}', '{"manifest_version": 1}', "\xff" * 9]
)
def test_broken_manifest_is_refused(dropping: Dropping, text: str) -> None:
    good(dropping)
    folder = dropping.drop("2026-11-02", [row(1)])
    (folder / "manifest.json").write_bytes(text.encode("latin-1"))
    assert "2026-11-02" in refused(dropping)


@pytest.mark.parametrize("name", ["../2026-11-01/data.csv", "/etc/passwd.csv", ".hidden.csv"])
def test_file_outside_its_drop_is_refused(dropping: Dropping, name: str) -> None:
    good(dropping)
    folder = dropping.drop("2026-11-02", [row(1)])
    text = (folder / "manifest.json").read_text()
    (folder / "manifest.json").write_text(text.replace("data.csv", name))
    assert "with a path" in refused(dropping)


def test_link_out_of_the_exchange_folder_is_refused(dropping: Dropping, tmp_path: Path) -> None:
    good(dropping)
    folder = dropping.drop("2026-11-02", [row(1)])
    secret = tmp_path / "secret.csv"
    (folder / "data.csv").rename(secret)
    (folder / "data.csv").symlink_to(secret)
    assert "cannot be read" in refused(dropping)


def test_pipe_in_place_of_a_file_is_refused(dropping: Dropping) -> None:
    good(dropping)
    folder = dropping.drop("2026-11-02", [row(1)])
    (folder / "data.csv").unlink()
    os.mkfifo(folder / "data.csv")
    assert "no plain file" in refused(dropping)


def test_file_larger_than_allowed_is_refused(dropping: Dropping) -> None:
    good(dropping)
    small = replace(dropping, source=replace(dropping.source, max_file_mb=0))
    small.drop("2026-11-02", [row(1)])
    assert "larger than" in refused(small)


def test_clock_ahead_is_refused_and_looked_at_again(dropping: Dropping) -> None:
    good(dropping)
    dropping.drop("2026-12-24", [row(1)], as_of="2026-12-24")
    assert "lies ahead" in refused(dropping)
    dropping.now = dt.datetime(2026, 12, 24, 9, tzinfo=dt.UTC)
    state = dropping.take_up()
    assert state.indexed is not None
    assert state.indexed.drop == "2026-12-24"


def test_older_drop_does_not_come_back(dropping: Dropping) -> None:
    good(dropping)
    dropping.drop("2026-10-31", [row(1)], as_of="2026-10-31")
    assert not has_news(dropping.adapter().recipe)


def test_newest_good_drop_answers_where_the_newest_is_bad(dropping: Dropping) -> None:
    dropping.drop("2026-11-01", [row(1)], as_of="2026-11-01")
    (dropping.drop("2026-11-02", [row(1)]) / "data.csv").unlink()
    assert "is not there" in refused(dropping)


def test_drop_that_is_written_again_under_its_name_is_taken_up(dropping: Dropping) -> None:
    good(dropping)
    good(dropping, rows=5)


# Our own side.


def test_full_disk_refuses_the_drop_and_tries_again(dropping: Dropping) -> None:
    good(dropping)
    dropping.drop("2026-11-02", [row(number) for number in range(2_000)])
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 * 1024, before[1]))
    try:
        reason = refused(dropping)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert "index cannot be written" in reason
    assert has_news(dropping.adapter().recipe)
    state = dropping.take_up()
    assert state.indexed is not None
    assert state.indexed.drop == "2026-11-02"


def test_draft_of_a_killed_indexing_is_removed(dropping: Dropping) -> None:
    good(dropping)
    left = dropping.source.index / f"{DRAFT_PREFIX}left"
    left.mkdir()
    (left / "draft.duckdb").write_bytes(b"half")
    good(dropping, "2026-11-02")
    kept = {path.name for path in dropping.source.index.iterdir()} - {"lock", STATE_NAME}
    assert len(kept) == 1
    assert kept.pop().startswith("index-")


async def test_killed_indexing_leaves_the_former_answering(
    dropping: Dropping, monkeypatch: pytest.MonkeyPatch
) -> None:
    good(dropping)
    monkeypatch.setattr(sys, "executable", "/bin/false")
    dropping.drop("2026-11-02", [row(1)])
    adapter = dropping.adapter()
    await adapter.open()
    try:
        await asyncio.sleep(0.1)
        assert await count(adapter) == 3
    finally:
        await adapter.aclose()


async def test_indexing_that_hangs_is_ended(dropping: Dropping) -> None:
    good(dropping)
    hurried = replace(dropping, source=replace(dropping.source, index_timeout_s=0.001))
    hurried.drop("2026-11-02", [row(1)])
    adapter = hurried.adapter()
    await adapter.open()
    try:
        await asyncio.sleep(0.1)
        assert await count(adapter) == 3
    finally:
        await adapter.aclose()


def test_damaged_state_is_made_again_from_the_drops(dropping: Dropping) -> None:
    good(dropping)
    (dropping.source.index / STATE_NAME).write_text("{")
    state = dropping.take_up()
    assert state.indexed is not None


async def test_damaged_index_is_no_answer(dropping: Dropping) -> None:
    good(dropping)
    (index,) = dropping.source.index.glob("index-*")
    index.write_bytes(b"no index" * 1_000)
    adapter = dropping.adapter()
    await adapter.open()
    try:
        assert not (await adapter.health()).is_up
        with pytest.raises(SourceUnavailable):
            await count(adapter)
    finally:
        await adapter.aclose()


async def test_nothing_dropped_yet_is_no_answer_and_stops_no_start(dropping: Dropping) -> None:
    adapter = dropping.adapter()
    await adapter.open()
    try:
        assert not (await adapter.health()).is_up
        with pytest.raises(SourceUnavailable):
            await count(adapter)
    finally:
        await adapter.aclose()


# Queries.


async def test_new_drop_takes_the_place_of_the_old_while_queries_run(dropping: Dropping) -> None:
    good(dropping)
    adapter = dropping.adapter()
    await adapter.open()
    try:
        assert (await adapter.health()).as_of == "2026-10-31T16:00:00Z"
        dropping.drop("2026-11-02", [row(number) for number in range(7)])
        seen = {await count(adapter)}
        async with asyncio.timeout(60):
            while 7 not in seen:
                seen |= set(await asyncio.gather(*(count(adapter) for _ in range(4))))
        assert seen == {3, 7}
        assert (await adapter.health()).as_of == "2026-11-01T16:00:00Z"
    finally:
        await adapter.aclose()


async def test_query_ends_at_its_deadline_and_the_next_is_answered(dropping: Dropping) -> None:
    good(dropping, rows=2_000)
    adapter = dropping.adapter()
    await adapter.open()
    try:
        past = FetchContext("late", time.monotonic() - 1, "2026-11-02T08:00:00Z")
        with pytest.raises(SourceTimedOut):
            await adapter.fetch([ASKED], past)
        assert await count(adapter) == 1_000
    finally:
        await adapter.aclose()


async def test_long_query_is_interrupted_in_its_thread(dropping: Dropping) -> None:
    good(dropping)
    adapter = dropping.adapter()
    await adapter.open()
    index = adapter._index
    assert index is not None
    try:
        for _ in range(adapter.recipe.source.threads + 1):
            with pytest.raises(SourceTimedOut):
                await index.run(
                    lambda connection: connection.execute(
                        "SELECT count(*) FROM range(1000000) a, range(1000000) b "
                        "WHERE a.range > b.range"
                    ).fetchall(),
                    time.monotonic() + 0.05,
                    60,
                )
        assert await count(adapter) == 3
    finally:
        await adapter.aclose()


async def test_cancelled_requests_leave_every_connection_usable(dropping: Dropping) -> None:
    good(dropping, rows=500)
    adapter = dropping.adapter()
    await adapter.open()
    try:
        tasks = [asyncio.create_task(count(adapter)) for _ in range(8)]
        await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task
        assert await asyncio.gather(*(count(adapter) for _ in range(8))) == [500] * 8
    finally:
        await adapter.aclose()


async def test_too_many_groups_are_told(dropping: Dropping) -> None:
    good(dropping, rows=30)
    adapter = dropping.adapter()
    await adapter.open()
    try:
        asked = StatisticsRequest("s", RecordKind.COMMITMENT, ALWAYS, ("commitmentNo",), (), 10)
        (batch,) = await adapter.statistics([asked], context())
        assert (len(batch.groups), batch.is_complete) == (10, False)
    finally:
        await adapter.aclose()


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "COPY (SELECT 1) TO '/out.csv'",
        "ATTACH '/other.duckdb'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SELECT * FROM 'http://127.0.0.1:1/x.parquet'",
        "SET enable_external_access = true",
        "SET memory_limit = '100GB'",
        "CREATE TABLE t (a INTEGER)",
    ],
)
def test_index_reaches_nothing_but_itself(dropping: Dropping, statement: str) -> None:
    good(dropping)
    (path,) = dropping.source.index.glob("index-*")
    connection = open_index(path, 1, 128)
    try:
        with pytest.raises(duckdb.Error):
            connection.execute(statement)
    finally:
        connection.close()


def test_folders_and_returned_file_are_not_for_everybody(dropping: Dropping) -> None:
    good(dropping)
    assert dropping.source.index.stat().st_mode & 0o077 == 0
    returned = dropping.source.returned / "rejected-2026-11-01.csv"
    assert returned.stat().st_mode & 0o007 == 0
