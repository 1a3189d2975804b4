"""An adapter in a process of its own keeps the contract, and can do nothing else."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.conformance import ReferenceAdapter
from gateway.conformance.department import source_fields
from gateway.contract import (
    FETCHED_AT,
    RECORD_ID,
    SUBJECT_KEY,
    After,
    Batch,
    ChangesAdapter,
    ChangesRequest,
    Command,
    CommandActor,
    CommandAdapter,
    ExplainingAdapter,
    FetchContext,
    JsonBatch,
    JsonConstant,
    JsonField,
    JsonNode,
    OrderKey,
    QualityAdapter,
    QualityRequest,
    RecordChange,
    RecordRequest,
    RecordSelection,
    RowBatch,
    SourceRejected,
    SourceUnavailable,
    StatisticsAdapter,
    StatisticsRequest,
)
from gateway.isolation.capabilities import start_adapter
from gateway.isolation.link import MOST_ABANDONED, Link
from gateway.isolation.loading import LoadingFailed
from gateway.isolation.start import filtered_environment, introduce
from gateway.isolation.words import Word
from schema.classification import SubjectKind
from schema.codes import RecordKind
from schema.predicate import (
    And,
    Comparison,
    IsNull,
    Not,
    OneOf,
    Operator,
    Or,
    StartsWith,
)
from tests.faults.declared import STARTING
from tests.gateway.isolation.conftest import Opening, start_with
from tests.gateway.isolation.light import QUALITY
from tests.support.awkward_department import FIRM, PERSON, SHOP, awkward_records, manifest_for

KIND = RecordKind.ADMINISTRATIVE_PENALTY
FIELDS = (*(field.name for field in source_fields(KIND)), SUBJECT_KEY)
LATEST = (OrderKey("meta.decidedOn", descending=True),)
ROWS = RecordSelection(KIND, FIELDS, order=LATEST, first=5, lookahead=True, count=True)
SHAPE = JsonNode(
    (
        ("id", JsonField(RECORD_ID)),
        ("at", JsonConstant(FETCHED_AT)),
        ("in", JsonNode((("fine", JsonField("fineAmount")), ("one", JsonConstant(1))))),
    )
)
BUILT = replace(
    ROWS, fields=(), json=SHAPE, checked=("fineAmount", "meta.severity", "meta.decidedOn")
)
BESIDE = replace(BUILT, beside=(RECORD_ID, "documentNo"))
CONDITION = And(
    (
        Or((IsNull("fineAmount"), Comparison("fineAmount", Operator.GE, "0.00"))),
        Not(StartsWith("documentNo", "甲")),
        Not(OneOf("documentNo", ("a", "B"))),
    )
)
ACTOR = CommandActor("91410199MA9DEM028G", "anna", "department", "LICENCE_REVIEW", None, "r")


def context() -> FetchContext:
    return FetchContext("test", time.monotonic() + 30, "2026-11-02T08:00:00Z")


def plain(batches: Sequence[Batch]) -> list[Any]:
    """Batches as values that compare: a list equals the list of another process."""
    made = []
    for batch in batches:
        if isinstance(batch, RowBatch):
            rows = [[list(row) for row in group] for group in batch.groups]
            made.append(("rows", rows, batch.totals, batch.withheld))
        else:
            made.append(("json", *[getattr(batch, name) for name in JsonBatch.__slots__]))
    return made


def asked() -> list[RecordRequest]:
    keys = (FIRM, SHOP, PERSON)
    listed = replace(ROWS, subject_kinds=frozenset({SubjectKind.ORGANISATION}))
    return [
        RecordRequest("a", ROWS, keys),
        RecordRequest("b", BUILT, keys),
        RecordRequest("beside", BESIDE, keys),
        RecordRequest("c", replace(ROWS, predicate=CONDITION), keys),
        RecordRequest("d", listed, None, After(("2026-01-31",), "0", "x")),
        RecordRequest("e", replace(ROWS, marked=("ADMINISTRATIVE_PENALTY-001",)), (FIRM,)),
    ]


async def test_answers_are_those_of_the_same_adapter_in_the_gateways_process(
    opened: Opening,
) -> None:
    here = ReferenceAdapter(manifest_for("outside"), awkward_records(1))
    there = await opened()
    assert there.manifest == here.manifest
    for _ in range(2):  # the second time its selections are known there
        requests, ctx = asked(), context()
        assert plain(await there.fetch(requests, ctx)) == plain(await here.fetch(requests, ctx))
    shared = asked()
    assert plain(await there.fetch(shared, context())) == plain(
        await there.fetch(shared, context())
    )
    assert isinstance(there, StatisticsAdapter)
    assert isinstance(there, ChangesAdapter)
    assert isinstance(there, QualityAdapter)
    statistics = StatisticsRequest("s", KIND, CONDITION, ("documentNo",), ("fineAmount",), 100)
    assert await there.statistics([statistics], context()) == await here.statistics(
        [statistics], context()
    )
    measured = await there.quality([QualityRequest(KIND, ("documentNo",), "2026-01-01")], context())
    assert measured == [QUALITY]
    assert await there.health() == await here.health()
    changes = await there.changes(ChangesRequest(KIND, "before", 2), context())
    assert (changes.cursor, changes.is_complete) == ("next", False)
    assert changes.changes == (RecordChange("before-0", None), RecordChange("before-1", None))


async def test_process_is_limited_and_knows_its_own_settings_only(opened: Opening) -> None:
    adapter = await opened(memory_mb=700, open_files=100)

    assert isinstance(adapter, CommandAdapter)

    async def tell(name: str) -> str:
        result = await adapter.submit(Command(name, {}, "1", None, ACTOR), context())
        assert result.errors[0].code == "C"
        return result.record_ids[0]

    assert await tell("memory") == str((700 * 1024 * 1024,) * 2)
    assert await tell("files") == "(100, 100)"
    assert await tell("core") == "(0, 0)"
    assert await tell("group") == "True"
    assert await tell("settings") == "['fault', 'password']"
    allowed = {"PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR"}
    assert set(eval(await tell("environment"))) <= allowed


def test_environment_of_the_gateway_is_not_handed_on() -> None:
    kept = filtered_environment({"CREDIT_GATEWAY_STORE_URL": "secret", "TZ": "UTC", "HOME": "/"})
    assert kept == {"PATH": "/usr/bin:/bin", "TZ": "UTC"}


async def test_package_is_not_imported_in_the_gateways_process(
    opened: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDIT_GATEWAY_TEST_PARENT", "1")
    await opened()
    assert "tests.gateway.isolation.outside" not in sys.modules


async def test_process_that_is_killed_is_started_again(opened: Opening) -> None:
    adapter = await opened()
    first = adapter.process_id
    assert first is not None
    os.kill(first, signal.SIGKILL)
    async with asyncio.timeout(20):
        while adapter.process_id in (None, first):  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)
    assert plain(await adapter.fetch(asked(), context()))
    assert adapter.starts == 2


async def test_calls_under_way_fail_when_the_process_ends(opened: Opening) -> None:
    adapter = await opened("hang")
    call = asyncio.create_task(adapter.fetch(asked(), context()))
    await adapter.health()  # the call has begun there
    assert adapter.process_id is not None
    os.kill(adapter.process_id, signal.SIGKILL)
    with pytest.raises(SourceUnavailable):
        await call


async def test_cancelled_call_is_cancelled_there_and_others_go_on(opened: Opening) -> None:
    adapter = await opened("hang")
    for number in range(100):  # more than may be left without an end
        call = asyncio.create_task(adapter.fetch(asked(), context()))
        await asyncio.sleep(0)
        if number % 2:  # else it is cancelled before it has begun there
            await adapter.health()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert (await adapter.health()).is_up
    assert adapter.starts == 1


async def test_calls_that_never_end_end_the_process(opened: Opening) -> None:
    adapter = await opened("hangs and ignores cancellation")
    first = adapter.process_id
    for _ in range(MOST_ABANDONED + 1):
        call = asyncio.create_task(adapter.fetch(asked(), context()))
        await asyncio.sleep(0)
        await adapter.health()  # the call has begun there
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
    assert adapter.process_id != first
    with pytest.raises(SourceUnavailable):
        await adapter.health()


async def test_value_that_no_frame_can_hold_is_refused_and_the_process_goes_on(
    opened: Opening,
) -> None:
    adapter = await opened()
    odd = replace(ROWS, predicate=Comparison("documentNo", Operator.EQ, "\ud800"))
    with pytest.raises(SourceRejected):
        await adapter.fetch([RecordRequest("a", odd, (FIRM,))], context())
    assert (await adapter.health()).is_up
    assert adapter.starts == 1


async def test_silence_is_so_many_looks_in_a_row_without_an_answer() -> None:
    process, _ = introduce(start_with(package="light"))
    link = await Link.connect(process, 1_000_000)
    os.kill(link.process_id, signal.SIGSTOP)
    assert [link.is_silent(2) for _ in range(3)] == [False, False, True]
    os.kill(link.process_id, signal.SIGCONT)
    await link.call(Word.OPEN, None)  # the answer to the ping came before this one
    assert [link.is_silent(2) for _ in range(2)] == [False, False]
    await link.close()


def test_explaining_asks_a_process_of_its_own() -> None:
    adapter = start_adapter(start_with())
    assert isinstance(adapter, ExplainingAdapter)
    try:
        assert adapter.explain(asked()) == "\n".join([KIND.value] * 6)
    finally:
        adapter.discard()


BAD_STARTS = {
    "crash at import": "loading failed: ImportError",
    "raises": "loading failed: ValueError: `url` is missing",
    "ends": "loading failed: the adapter's process ended",
    "hangs": "did not load it within 1 s",
    "returns nothing": "`register_adapter` returned no adapter",
    "floods": "loading failed: the adapter's process sent a frame of",
    "goes on and on": "loading failed: the adapter's process sent a frame of",
}
PATIENCE_S = 120.0
"""Until a package that fails at once has failed, however busy the machine is."""


@pytest.mark.parametrize("fault", list(BAD_STARTS))
def test_package_that_does_not_load_tells_why(fault: str) -> None:
    package = "crashing" if fault == "crash at import" else "light"
    start_s = 1.0 if fault == "hangs" else PATIENCE_S
    with pytest.raises(LoadingFailed, match=BAD_STARTS[fault].replace("`", ".")):
        start_adapter(start_with(fault, package, start_s=start_s))


def test_page_names_every_way_not_to_load() -> None:
    assert list(BAD_STARTS) == list(STARTING)


async def test_adapter_that_refuses_to_open_does_not_open(opened: Opening) -> None:
    with pytest.raises(Exception, match="ValueError"):
        await opened("refuses to open")


PARENT = """
import sys, time
sys.path[:] = {path!r}
from gateway.isolation.start import introduce
from tests.faults.declared import STARTING
from tests.gateway.isolation.conftest import start_with
process, _ = introduce(start_with(package="light"))
print(process.process.pid, flush=True)
time.sleep(60)
"""


def test_process_dies_with_the_gateway_however_that_dies() -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT.format(path=sys.path)], stdout=subprocess.PIPE
    )
    assert parent.stdout is not None
    with parent.stdout:
        child = int(parent.stdout.readline())
    assert Path(f"/proc/{child}").exists()
    os.kill(child, signal.SIGSTOP)  # it cannot even notice that the pipe is closed
    parent.kill()
    parent.wait()
    deadline = time.monotonic() + 10
    while _is_alive(child) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not _is_alive(child)


def _is_alive(process_id: int) -> bool:
    try:
        text = Path(f"/proc/{process_id}/stat").read_text("utf-8")
    except OSError:
        return False
    return text.rsplit(")", 1)[1].split()[0] != "Z"


def test_capability_that_is_not_offered_is_not_there() -> None:
    """As with any adapter: whoever asks for one looks whether there is a method."""
    light, outside = start_adapter(start_with(package="light")), start_adapter(start_with())
    for adapter in (light, outside):
        adapter.discard()
    capabilities = (StatisticsAdapter, ChangesAdapter, CommandAdapter, QualityAdapter)
    assert [isinstance(light, each) for each in (*capabilities, ExplainingAdapter)] == [False] * 5
    assert [isinstance(outside, each) for each in (*capabilities, ExplainingAdapter)] == [True] * 5
