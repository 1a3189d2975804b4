"""Changes of a table in MySQL: in pages, without gap or repetition, none before its time."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from gateway.contract import ChangesRequest, FetchContext, MappingFailed, NotSupported, RecordChange
from gateway.sources.mysql import MySqlAdapter
from schema.codes import RecordKind
from tests.support.awkward_department import manifest_for
from tests.support.mariadb import RunningMariaDb
from tests.support.quality_rows import MAPPING

# Starts a server.
pytestmark = pytest.mark.long
KIND = RecordKind.COMMITMENT
FOLLOWED = replace(MAPPING, table="followed", changed_at="changed")
TABLE = """CREATE OR REPLACE TABLE followed (id VARCHAR(20) PRIMARY KEY, code VARCHAR(18),
    decided DATE, published DATE, reported DATETIME, verified DATETIME, state VARCHAR(4),
    until VARCHAR(8), text TEXT, changed TIMESTAMP(6) DEFAULT CURRENT_TIMESTAMP(6)
    ON UPDATE CURRENT_TIMESTAMP(6), KEY (changed, id)) CHARACTER SET utf8mb4"""
INSERT = "INSERT INTO followed (id, code, decided) VALUES "


def adapter_of(mariadb: RunningMariaDb, settle_s: float = 0.0) -> MySqlAdapter:
    source = mariadb.source(settle_s=settle_s)
    return MySqlAdapter(manifest_for("x"), (FOLLOWED,), source)


def context() -> FetchContext:
    return FetchContext("t", time.monotonic() + 30, "2026-11-02T08:00:00Z")


async def test_changes_come_in_pages_without_gap_or_repetition(mariadb: RunningMariaDb) -> None:
    await mariadb.execute(TABLE, f"{INSERT} ('old', 'c', '2026-01-01')")
    adapter = adapter_of(mariadb)
    start = await adapter.changes(ChangesRequest(KIND, None, 2), context())
    assert start.changes == ()
    # Of one moment: the record id tells them apart.
    rows = ", ".join(f"('n{number}', 'c', '2026-01-01')" for number in range(1, 6))
    await mariadb.execute(INSERT + rows, "UPDATE followed SET text = 'x' WHERE id = 'old'")
    told: list[RecordChange] = []
    cursor = start.cursor
    for _ in range(9):
        batch = await adapter.changes(ChangesRequest(KIND, cursor, 2), context())
        told += batch.changes
        cursor = batch.cursor
        if batch.is_complete:
            break
    names = [f"n{number}" for number in range(1, 6)] + ["old"]
    assert told == [RecordChange(name, "c") for name in names]
    again = await adapter.changes(ChangesRequest(KIND, cursor, 2), context())
    assert (again.changes, again.cursor, again.is_complete) == ((), cursor, True)
    await adapter.aclose()


async def test_change_of_the_last_seconds_waits(mariadb: RunningMariaDb) -> None:
    await mariadb.execute(TABLE, f"{INSERT} ('new', 'c', '2026-01-01')")
    adapter = adapter_of(mariadb, settle_s=60.0)
    since = '["2020-01-01 00:00:00.000000", ""]'
    batch = await adapter.changes(ChangesRequest(KIND, since, 9), context())
    assert batch.changes == ()
    await adapter.aclose()


async def test_cursors_of_others_and_kinds_without_a_column_are_refused(
    mariadb: RunningMariaDb,
) -> None:
    await mariadb.execute(TABLE)
    adapter = adapter_of(mariadb)
    for cursor in ("x", "[]", '["2026-13-01", "a"]', "7"):
        with pytest.raises(MappingFailed):
            await adapter.changes(ChangesRequest(KIND, cursor, 2), context())
    await adapter.aclose()
    plain = MySqlAdapter(manifest_for("x"), (MAPPING,), mariadb.source())
    with pytest.raises(NotSupported):
        await plain.changes(ChangesRequest(KIND, None, 2), context())
    await plain.aclose()
