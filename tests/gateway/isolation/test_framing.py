"""Frames come in any pieces, and nothing passes that is none; conditions keep their form."""

from __future__ import annotations

import datetime as dt
import struct
from decimal import Decimal

import pytest

from gateway.isolation.asking_form import SelectionsHeld, SelectionsSent
from gateway.isolation.framing import MOST_CONTAINERS, Frame, FrameError, FrameReader, pack
from gateway.isolation.manifest_form import NoManifest, manifest_form, read_manifest
from schema.predicate import ALWAYS, Includes, Or, Predicate
from tests.gateway.isolation.light import MANIFEST
from tests.gateway.isolation.test_process_adapter import BUILT, CONDITION, ROWS, asked, context


@pytest.mark.parametrize("size", [1, 3, 1_000])
def test_frames_come_in_pieces_of_any_size(size: int) -> None:
    data = pack(1, "fetch", {"甲": [1, None]}, [b"ab", b"", b"c"]) + pack(2, "ping", None)
    reader = FrameReader(1_000)
    found = [
        frame
        for start in range(0, len(data), size)
        for frame in reader.feed(data[start : start + size])
    ]
    assert found == [Frame(1, "fetch", {"甲": [1, None]}, b"abc"), Frame(2, "ping", None, b"")]


def framed(head: bytes) -> bytes:
    return struct.pack("!II", len(head), 0) + head


BAD = {
    "too long": struct.pack("!II", 1_000_000, 1),
    "too long by its tail": struct.pack("!II", 10, 1_000_000),
    "no JSON": framed(b"x"),
    "no array": framed(b'{"a":1}'),
    "too short": framed(b'[1,"a"]'),
    "number that is a text": framed(b'["1","a",null]'),
    "number that is true": framed(b'[true,"a",null]'),
    "word that is a number": framed(b"[1,1,null]"),
    "deep": framed(b'[1,"a",' + b"[" * 2_000 + b"]" * 2_000 + b"]"),
    "not UTF-8": framed(b'[1,"\xff",null]'),
    "empty": framed(b""),
}


@pytest.mark.parametrize("name", list(BAD))
def test_bytes_that_are_no_frame_are_refused(name: str) -> None:
    with pytest.raises(FrameError):
        list(FrameReader(1_000_000).feed(BAD[name]))


def test_lists_in_a_frame_are_bounded() -> None:
    body = b",".join([b"[]"] * MOST_CONTAINERS)
    with pytest.raises(FrameError, match="lists and objects"):
        list(FrameReader(10_000_000).feed(framed(b'[1,"done",[' + body + b"]]")))


@pytest.mark.parametrize(
    "value", [dt.date(2026, 1, 1), Decimal(1), object(), {1: 2}, "\ud800", b"a", MANIFEST]
)
def test_value_that_is_no_wire_value_is_refused(value: object) -> None:
    with pytest.raises(FrameError):
        pack(1, "done", [value])


@pytest.mark.parametrize("predicate", [CONDITION, ALWAYS, Includes("a", 1), Or(())])
def test_selection_arrives_as_it_was_sent_and_is_sent_once(predicate: Predicate) -> None:
    sent, held = SelectionsSent(), SelectionsHeld()
    requests = [
        each._replace(selection=selection) for each in asked() for selection in (ROWS, BUILT)
    ]
    first, _ = held.fetch_call(sent.fetch_form(requests, context()))
    second, ctx = held.fetch_call(sent.fetch_form(requests, context()))
    assert [each.selection for each in first] == [each.selection for each in second]
    for before, after in zip(requests, first, strict=True):
        for name in type(before.selection).__slots__:
            assert getattr(after.selection, name) == getattr(before.selection, name)
        assert after[2:] == before[2:]
    assert ctx.request_id == "test"


def test_selections_are_forgotten_on_both_sides() -> None:
    sent, held = SelectionsSent(most=2), SelectionsHeld()
    requests = asked()
    for request in (*requests, *requests):
        (found,), _ = held.fetch_call(sent.fetch_form([request], context()))
        assert found.selection.predicate == request.selection.predicate
    assert len(held._held) == 2
    found_all, _ = held.fetch_call(sent.fetch_form(requests, context()))  # more than are kept
    assert [each.path for each in found_all] == [each.path for each in requests]


def test_manifest_arrives_as_it_was_sent() -> None:
    assert read_manifest(manifest_form(MANIFEST)) == MANIFEST


def test_manifest_of_another_form_is_refused() -> None:
    form = manifest_form(MANIFEST)
    assert isinstance(form, dict)
    entry = form["entries"][0]
    for odd in (
        None,
        {},
        {**form, "more": 1},
        {**form, "slug": 1},
        {**form, "max_keys": True},
        {**form, "contact": "x" * 100_000},
        {**form, "entries": {}},
        {**form, "entries": [{**entry, "kind": "NO_KIND"}]},
        {**form, "entries": [{**entry, "items": [1]}]},
    ):
        with pytest.raises(NoManifest):
            read_manifest(odd)
