"""A new drop is told as what it changes: nothing twice, nothing left out, across restarts."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.contract import (
    ChangesBatch,
    ChangesRequest,
    FetchContext,
    MappingFailed,
    NotSupported,
    RecordChange,
)
from schema.codes import RecordKind
from tests.gateway.sources.files.conftest import FIRM, OTHER, Dropping, entry_of, row

KIND = RecordKind.COMMITMENT


@pytest.fixture
def telling(dropping: Dropping) -> Dropping:
    entry = replace(entry_of(KIND), changes=True)
    return replace(dropping, manifest=replace(dropping.manifest, entries=(entry,)))


def taken_up(dropping: Dropping, name: str, rows: Sequence[list[object]]) -> None:
    dropping.drop(name, list(rows))
    state = dropping.take_up()
    assert state.indexed is not None
    assert state.indexed.drop == name, state.refused


def told(dropping: Dropping, since: str | None, most: int = 100) -> ChangesBatch:
    """What a worker that starts now is told."""

    async def run() -> ChangesBatch:
        adapter = dropping.adapter()
        await adapter.open()
        try:
            context = FetchContext("t", time.monotonic() + 30, "2026-11-03T08:00:00Z")
            return await adapter.changes(ChangesRequest(KIND, since, most), context)
        finally:
            await adapter.aclose()

    return asyncio.run(run())


def all_told(dropping: Dropping, since: str, most: int) -> tuple[list[RecordChange], str]:
    """Everything behind a cursor, in portions; each asked of another worker."""
    found: list[RecordChange] = []
    while True:
        batch = told(dropping, since, most)
        found += batch.changes
        since = batch.cursor
        if batch.is_complete:
            return found, since


def test_records_that_came_went_and_became_others_are_told(telling: Dropping) -> None:
    taken_up(telling, "1", [row(1), row(2), row(3), row(4)])
    start = told(telling, None)
    assert start.changes == ()
    taken_up(telling, "2", [row(1), row(2, 类型="公示"), row(4, 统一社会信用代码=OTHER), row(5)])
    found, cursor = all_told(telling, start.cursor, 2)
    assert sorted(found, key=repr) == sorted(
        [
            RecordChange("CN0002", FIRM),
            RecordChange("CN0003", FIRM),
            RecordChange("CN0004", FIRM),
            RecordChange("CN0004", OTHER),
            RecordChange("CN0005", FIRM),
        ],
        key=repr,
    )
    assert told(telling, cursor).changes == ()


def test_who_missed_drops_is_told_of_each(telling: Dropping) -> None:
    taken_up(telling, "1", [row(1)])
    start = told(telling, None)
    taken_up(telling, "2", [row(1), row(2)])
    taken_up(telling, "3", [row(2)])
    found, _ = all_told(telling, start.cursor, 9)
    assert [change.record_id for change in found] == ["CN0002", "CN0001"]


def test_who_follows_a_log_that_has_gone_is_told_everything(telling: Dropping) -> None:
    taken_up(telling, "1", [row(number) for number in range(1, 6)])
    start = told(telling, None)
    for path in telling.source.index.iterdir():
        path.unlink()
    telling.take_up()
    found, cursor = all_told(telling, start.cursor, 2)
    assert [change.record_id for change in found] == [f"CN{n:04}" for n in range(1, 6)]
    taken_up(telling, "2", [row(number) for number in range(1, 5)])
    assert [change.record_id for change in told(telling, cursor).changes] == ["CN0005"]


def test_cursor_of_another_is_refused(telling: Dropping) -> None:
    taken_up(telling, "1", [row(1)])
    for cursor in ("x", "[]", "7", '["a"]', '["a", 1]'):
        with pytest.raises(MappingFailed):
            told(telling, cursor)


def test_kind_whose_changes_are_not_offered_is_refused(dropping: Dropping) -> None:
    taken_up(dropping, "1", [row(1)])
    with pytest.raises(NotSupported):
        told(dropping, None)


@pytest.mark.long
@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    drops=st.lists(
        st.dictionaries(st.integers(1, 6), st.sampled_from(["自律", "公示"])),
        min_size=2,
        max_size=5,
    ),
    most=st.integers(1, 4),
    looks=st.lists(st.booleans(), min_size=5, max_size=5),
)
def test_who_applies_what_is_told_has_what_the_last_drop_says(
    telling: Dropping,
    drops: list[dict[int, str]],
    most: int,
    looks: list[bool],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("drops")
    exchange = folder / "exchange"
    exchange.mkdir()
    source = replace(
        telling.source, exchange=exchange, index=folder / "index", returned=folder / "returned"
    )
    now = replace(telling, exchange=exchange, source=source)
    taken_up(now, "0", [row(9)])
    cursor = told(now, None).cursor
    state = {"CN0009": "自律"}
    for number, (drop, is_looking) in enumerate(zip(drops, looks, strict=False), 1):
        said = {f"CN{key:04}": word for key, word in drop.items()}
        now.drop(str(number), [row(key, 类型=word) for key, word in drop.items()] or [row(9)])
        now.take_up()  # a drop that says the same is not taken up
        if is_looking or number == min(len(drops), len(looks)):
            changes, cursor = all_told(now, cursor, most)
            current = said or {"CN0009": "自律"}
            for change in changes:
                # Whoever is told asks for the record as it is now.
                if change.record_id in current:
                    state[change.record_id] = current[change.record_id]
                else:
                    state.pop(change.record_id, None)
            assert state == current
