"""Ids and cursors are opaque, bound to their context, and read by no other key."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.opaque import CursorPosition, OpaqueCodec, RecordId, SubjectId

OLD, NEW = bytes(range(64)), bytes(range(64, 128))
CODEC = OpaqueCodec([NEW, OLD])
HERE, THERE = b'["cursor","here"]', b'["cursor","there"]'
POSITION = CursorPosition(("2026-01-01", None, True, 7), "114", "r1", ("114", "115"))
TEXTS = st.text(max_size=12)


@given(TEXTS)
def test_subject_id_reads_back(key: str) -> None:
    assert CODEC.read_id(CODEC.subject_id(key)) == SubjectId(key)


@given(TEXTS, TEXTS, TEXTS)
def test_record_id_reads_back(kind: str, department: str, record_id: str) -> None:
    made = CODEC.record_id(kind, department, record_id)
    assert CODEC.read_id(made) == RecordId(kind, department, record_id)


@given(st.lists(st.one_of(st.none(), st.booleans(), st.integers(-9, 9), TEXTS), max_size=4), TEXTS)
def test_cursor_reads_back_in_its_context_only(values: list[object], record_id: str) -> None:
    position = CursorPosition(tuple(values), "114", record_id, ("114",))
    text = CODEC.cursor(position, HERE)
    assert CODEC.read_cursor(text, HERE) == position
    assert CODEC.read_cursor(text, THERE) is None


def test_ids_are_deterministic_and_show_nothing() -> None:
    text = CODEC.record_id("JUDGMENT_DEFAULTER", "114", "secret-7")
    assert text == CODEC.record_id("JUDGMENT_DEFAULTER", "114", "secret-7")
    assert "secret" not in text
    assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


def test_an_older_key_still_reads_and_the_newest_writes() -> None:
    old = OpaqueCodec([OLD])
    assert CODEC.read_id(old.subject_id("x")) == SubjectId("x")
    assert old.read_id(CODEC.subject_id("x")) is None
    assert CODEC.read_cursor(old.cursor(POSITION, HERE), HERE) == POSITION


def test_an_id_is_no_cursor_and_a_cursor_no_id() -> None:
    assert CODEC.read_cursor(CODEC.subject_id("x"), HERE) is None
    assert CODEC.read_id(CODEC.cursor(POSITION, HERE)) is None


FOREIGN = [
    *("", "=", "A", "AA", "AAAA", "A" * 22, "A" * 5_000, "é", "\x00", "a b", "+/+/", "%%%%"),
    CODEC.subject_id("x")[:-1],
    CODEC.subject_id("x") + "A",
    CODEC.subject_id("x").swapcase(),
]


@pytest.mark.parametrize("text", FOREIGN, ids=range(len(FOREIGN)))
def test_foreign_text_is_none_of_ours(text: str) -> None:
    assert CODEC.read_id(text) is None
    assert CODEC.read_cursor(text, HERE) is None


@given(st.integers(0, 40), st.integers(1, 63))
def test_changed_character_makes_it_none_of_ours(place: int, shift: int) -> None:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    text = CODEC.record_id("K", "114", "r")
    place %= len(text) - 1  # the last character has bits that mean nothing
    other = alphabet[(alphabet.index(text[place]) + shift) % 64]
    assert CODEC.read_id(text[:place] + other + text[place + 1 :]) is None


def test_codec_without_keys_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one key"):
        OpaqueCodec([])
