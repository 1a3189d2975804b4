"""What stands between an adapter and its source sees what the adapter does there."""

from __future__ import annotations

import asyncio
import datetime as dt
from pathlib import Path

import pytest

from gateway.conformance.department import context, whole
from gateway.conformance.drops import DropControl
from gateway.conformance.proxy import HttpRequests
from gateway.conformance.running import writes
from gateway.contract import RecordRequest
from gateway.sources.files import FilesAdapter, FilesSource
from gateway.sources.files.exchange import take_up
from schema.codes import RecordKind
from tests.support.awkward_department import FIRM, manifest_for
from tests.support.drops import kind_file, mapping_for, write_drop

ASKED = b"POST /v2/search HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\nGET /x\r\n\r\nb"
DELETED = b"DELETE /v2/1 HTTP/1.1\r\nHost: a\r\n\r\n"
KIND = RecordKind.COMMITMENT


@pytest.mark.parametrize("size", [1, 7, 1_000])
def test_requests_are_read_however_they_arrive(size: int) -> None:
    reader, sent = HttpRequests(), ASKED + DELETED
    pieces = [sent[start : start + size] for start in range(0, len(sent), size)]
    found = [request for piece in pieces for request in reader.feed(piece)]
    assert found == ["POST /v2/search", "DELETE /v2/1"]
    assert [writes(request) for request in found] == [False, True]


@pytest.fixture
def control(tmp_path: Path) -> tuple[DropControl, FilesAdapter]:
    """A drop without records, taken up."""
    source = FilesSource(tmp_path / "exchange", tmp_path / "index", tmp_path / "returned")
    write_drop(source.exchange, "all", {"a.csv": kind_file(KIND, [])})
    adapter = FilesAdapter(manifest_for("files"), [mapping_for(KIND)], source, {})
    state = take_up(adapter.recipe, lambda: dt.datetime(2026, 11, 3, tzinfo=dt.UTC))
    assert state.indexed is not None, state.refused
    made = DropControl(source.exchange, lambda: None, lambda _kind, _count: False)
    return made, made.watched(adapter)


async def test_questions_to_an_index_are_counted_and_held_up(
    control: tuple[DropControl, FilesAdapter],
) -> None:
    made, adapter = control
    request = RecordRequest("r", whole(KIND), (FIRM,))
    await adapter.open()
    await adapter.fetch([request], context())
    assert made.round_trips() == 1
    assert made.connections() > 0
    with made.stalled():
        call = asyncio.create_task(adapter.fetch([request], context()))
        while made.round_trips() == 1:  # noqa: ASYNC110 - a thread tells nobody
            await asyncio.sleep(0)
        assert not call.done()
    await call
    await adapter.aclose()
    assert made.connections() == 0


async def test_file_in_the_departments_folder_is_a_statement_that_writes(
    control: tuple[DropControl, FilesAdapter], tmp_path: Path
) -> None:
    made, _ = control
    assert [text for text in made.statements() if writes(text)] == []
    (tmp_path / "exchange" / "noted.txt").write_text("read today")
    assert [text for text in made.statements() if writes(text)] == ["ALTER noted.txt"]
