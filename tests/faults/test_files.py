"""Faults of file drops, each with the outcome that stands on the page."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import resource
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.conformance.department import context, whole
from gateway.conformance.drops import DropControl
from gateway.contract import RecordRequest
from gateway.sources.files import FilesAdapter
from gateway.sources.files.process import IndexingFailedError, take_up_apart
from gateway.sources.files.state import STATE_NAME
from schema.codes import RecordKind
from tests.faults.asking import Question, outcome_of
from tests.faults.declared import FILES, Outcome, cases
from tests.gateway.sources.files.conftest import COLUMNS, FIRM, Dropping, row
from tests.support.drops import csv_bytes

QUICK = {"disk full", "half-written drop", "clock skew", "cancelled request", "damaged index"}
QUESTION = Question(RecordKind.COMMITMENT, "commitments", "commitmentNo", FIRM)
FORMER, NEWER = "2026-11-01", "2026-11-02"
Cause = Callable[[Dropping], AbstractAsyncContextManager[FilesAdapter]]


def take_former(dropping: Dropping) -> None:
    dropping.drop(FORMER, [row(1)], as_of=FORMER)
    state = dropping.take_up()
    assert state.indexed is not None, state.refused


@asynccontextmanager
async def opened(adapter: FilesAdapter) -> AsyncIterator[FilesAdapter]:
    await adapter.open()
    try:
        yield adapter
    finally:
        await adapter.aclose()


def refused(spoil: Callable[[Dropping, Path], object], told: str) -> Cause:
    """A newer drop that is spoiled: refused with a reason, and the former answers."""

    @asynccontextmanager
    async def cause(dropping: Dropping) -> AsyncIterator[FilesAdapter]:
        take_former(dropping)
        folder = dropping.drop(NEWER, [row(1), row(2)], as_of=NEWER)
        spoil(dropping, folder)
        state = dropping.take_up()
        assert state.indexed is not None
        assert state.indexed.drop == FORMER
        assert told in state.refused[0].reason
        async with opened(dropping.adapter()) as adapter:
            yield adapter

    return cause


def returned(*rows: list[object]) -> Cause:
    """A newer drop of which some rows go back: the others answer."""

    @asynccontextmanager
    async def cause(dropping: Dropping) -> AsyncIterator[FilesAdapter]:
        take_former(dropping)
        dropping.drop(NEWER, [*rows, row(9)], as_of=NEWER)
        state = dropping.take_up()
        assert state.indexed is not None
        assert state.indexed.drop == NEWER
        assert len(dropping.returned(NEWER)) == state.indexed.rows_refused > 0
        async with opened(dropping.adapter()) as adapter:
            yield adapter

    return cause


def answering(act: Callable[[Dropping], object], is_taken: bool = True) -> Cause:
    """Something done to the folders before the adapter is opened."""

    @asynccontextmanager
    async def cause(dropping: Dropping) -> AsyncIterator[FilesAdapter]:
        if is_taken:
            take_former(dropping)
        act(dropping)
        async with opened(dropping.adapter()) as adapter:
            yield adapter

    return cause


def indexed_apart(change: Callable[[Dropping], Dropping], program: str = "") -> Cause:
    """A newer drop whose indexing fails in its process."""

    @asynccontextmanager
    async def cause(dropping: Dropping) -> AsyncIterator[FilesAdapter]:
        take_former(dropping)
        changed = change(dropping)
        changed.drop(NEWER, [row(number) for number in range(200)], as_of=NEWER)
        before, sys.executable = sys.executable, program or sys.executable
        try:
            with pytest.raises(IndexingFailedError):
                await take_up_apart(changed.adapter().recipe)
            async with opened(changed.adapter()) as adapter:
                yield adapter
        finally:
            sys.executable = before

    return cause


def watched(dropping: Dropping) -> tuple[DropControl, FilesAdapter]:
    take_former(dropping)
    control = DropControl(dropping.exchange, lambda: None, lambda _kind, _count: False)
    return control, control.watched(dropping.adapter())


@asynccontextmanager
async def hanging(dropping: Dropping) -> AsyncIterator[FilesAdapter]:
    control, adapter = watched(dropping)
    async with opened(adapter):
        with control.stalled():
            yield adapter


@asynccontextmanager
async def cancelled(dropping: Dropping) -> AsyncIterator[FilesAdapter]:
    control, adapter = watched(dropping)
    async with opened(adapter):
        request = RecordRequest("r", whole(RecordKind.COMMITMENT), (FIRM,))
        with control.stalled():
            calls = [asyncio.create_task(adapter.fetch([request], context())) for _ in range(4)]
            while not control.round_trips():  # noqa: ASYNC110 - a thread tells nobody
                await asyncio.sleep(0)
            for call in calls:
                call.cancel()
            ended = await asyncio.gather(*calls, return_exceptions=True)
        assert all(isinstance(each, asyncio.CancelledError) for each in ended)
        yield adapter


@asynccontextmanager
async def folder_away(dropping: Dropping) -> AsyncIterator[FilesAdapter]:
    take_former(dropping)
    away = dropping.exchange.with_name("away")
    async with opened(dropping.adapter()) as adapter:
        dropping.exchange.rename(away)
        assert await outcome_of(adapter, question=QUESTION) is Outcome.ANSWERED
        away.rename(dropping.exchange)
        yield adapter


@asynccontextmanager
async def full_disk(dropping: Dropping) -> AsyncIterator[FilesAdapter]:
    take_former(dropping)
    dropping.drop(NEWER, [row(number) for number in range(2_000)], as_of=NEWER)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 * 1024, before[1]))
    try:
        state = dropping.take_up()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert "index cannot be written" in state.refused[0].reason
    async with opened(dropping.adapter()) as adapter:
        yield adapter


def rewrite(name: str, old: bytes, new: bytes) -> Callable[[Dropping, Path], object]:
    def spoil(_dropping: Dropping, folder: Path) -> object:
        content = (folder / name).read_bytes()
        return (folder / name).write_bytes(content.replace(old, new))

    return spoil


def cut(_dropping: Dropping, folder: Path) -> object:
    content = (folder / "data.csv").read_bytes()
    return (folder / "data.csv").write_bytes(content[:-20])


def link_out(dropping: Dropping, folder: Path) -> None:
    secret = dropping.exchange.with_name("secret.csv")
    (folder / "data.csv").rename(secret)
    (folder / "data.csv").symlink_to(secret)


def pipe(_dropping: Dropping, folder: Path) -> None:
    (folder / "data.csv").unlink()
    os.mkfifo(folder / "data.csv")


def set_clock_back(dropping: Dropping, _folder: Path) -> None:
    dropping.now = dt.datetime(2026, 10, 20, tzinfo=dt.UTC)


def without_manifest(dropping: Dropping) -> None:
    (dropping.drop(NEWER, [row(1)], as_of=NEWER) / "manifest.json").unlink()


def damage_index(dropping: Dropping) -> None:
    (index,) = dropping.source.index.glob("index-*")
    index.write_bytes(b"no index" * 1_000)


def damage_state(dropping: Dropping) -> None:
    (dropping.source.index / STATE_NAME).write_text("{")
    assert dropping.take_up().indexed is not None


def other_source(**changes: float) -> Callable[[Dropping], Dropping]:
    def change(dropping: Dropping) -> Dropping:
        source = replace(dropping.source, poll_s=3_600.0, **changes)  # type: ignore[arg-type]
        return replace(dropping, source=source)

    return change


def large(dropping: Dropping, _folder: Path) -> None:
    dropping.source = replace(dropping.source, max_file_mb=0)


def hungry(dropping: Dropping, _folder: Path) -> None:
    rows = [row(number, 承诺人="样例有限公司" * 20) for number in range(50_000)]
    dropping.drop(NEWER, rows, as_of=NEWER)
    dropping.source = replace(dropping.source, index_memory_mb=8)


FEWER = (*COLUMNS[:3], *COLUMNS[4:])
CAUSES: dict[str, Cause] = {
    "hang": hanging,
    "slow drip": answering(without_manifest),
    "wrong type": returned(row(1, 作出日期="some day")),
    "extra rows": refused(
        rewrite("manifest.json", b'"rows": 2', b'"rows": 1'), "2 records, its manifest says 1"
    ),
    "duplicate keys": returned(row(1), row(1)),
    "huge row": refused(large, "larger than"),
    "endless loop": indexed_apart(other_source(index_timeout_s=0.001)),
    "os._exit": indexed_apart(other_source(), "/bin/false"),
    "memory hunger": refused(hungry, "more memory than it may have"),
    "source restart": folder_away,
    "disk full": full_disk,
    "half-written drop": refused(cut, "checksum"),
    "clock skew": refused(set_clock_back, "lies ahead"),
    "cancelled request": cancelled,
    "nothing dropped yet": answering(lambda _: None, is_taken=False),
    "damaged index": answering(damage_index),
    "damaged state": answering(damage_state),
    "manifest that is none": refused(
        lambda _, folder: (folder / "manifest.json").write_text("{"), NEWER
    ),
    "column gone": refused(
        lambda dropping, _: dropping.drop(
            NEWER, csv_bytes(COLUMNS[:3] + COLUMNS[4:], []), as_of=NEWER
        ),
        "lacks the column",
    ),
    "file missing": refused(lambda _, folder: (folder / "data.csv").unlink(), "is not there"),
    "link out of the folder": refused(link_out, "cannot be read"),
    "pipe instead of a file": refused(pipe, "no plain file"),
}


def test_every_fault_is_caused() -> None:
    assert sorted(CAUSES) == sorted(cases(FILES))


@pytest.mark.parametrize(
    "name", [n if n in QUICK else pytest.param(n, marks=pytest.mark.long) for n in cases(FILES)]
)
async def test_fault_has_its_outcome(name: str, dropping: Dropping) -> None:
    expected = cases(FILES)[name].outcome
    async with CAUSES[name](dropping) as adapter:
        assert await outcome_of(adapter, expected, QUESTION) is expected
