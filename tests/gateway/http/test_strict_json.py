"""JSON: depth before parsing, repeated keys at every level, nothing that is not JSON."""

from __future__ import annotations

import json

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import BadRequest
from gateway.http.strict_json import read_json


def code(text: bytes, max_depth: int = 32) -> str | None:
    """Return the code that refuses a text; None if it is accepted."""
    try:
        read_json(text, max_depth)
    except BadRequest as error:
        return error.code
    return None


@pytest.mark.parametrize(
    "text",
    [
        b'{"a":1,"a":2}',
        b'{"a":1,"\\u0061":2}',
        b'{"a":{"b":[{"c":1,"d":2,"c":3}]}}',
        b'[{"":1,"":1}]',
        '{"\U0001f600":1,"\\ud83d\\ude00":2}'.encode(),
        b' \t\r\n{"a":1,"a":1}\n ',
    ],
)
def test_a_repeated_key_is_refused(text: bytes) -> None:
    assert code(text) == "DUPLICATE_KEY"


@pytest.mark.parametrize(
    "text", [b'{"a":{"a":{"a":1}}}', b'[{"a":1},{"a":2}]', b'{"a":"{\\"a\\":1,\\"a\\":2}"}']
)
def test_the_same_key_in_different_objects_is_accepted(text: bytes) -> None:
    assert code(text) is None


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_depth_at_and_above_the_limit(opening: bytes) -> None:
    closing = b"]" if opening == b"[" else b"}"
    assert code(opening * 32 + b"1" + closing * 32) is None
    assert code(opening * 33 + b"1" + closing * 33) == "JSON_TOO_DEEP"


def test_brackets_in_strings_and_side_by_side_are_not_depth() -> None:
    assert code(orjson.dumps({"query": '{"[' * 500})) is None
    assert code(b"[" + b",".join([b"[[]]"] * 500) + b"]") is None
    assert code(b'{"a":"\\\\","b":[' + b",".join([b"{}"] * 99) + b"]}") is None


def test_depth_behind_a_string_is_seen() -> None:
    assert code(b'["\\"",' + b"[" * 33 + b"]" * 34) == "JSON_TOO_DEEP"


@pytest.mark.parametrize(
    "text",
    [
        *(b"", b" ", b"{", b'{"a":1,}', b"[1 2]", b"nul", b"{}x", b"01", b"'a'"),
        *(
            b"NaN",
            b"Infinity",
            b"1e999",
            b'"\\ud800"',
            b"\xff",
            b'"\xc3"',
            b'"\n"',
            b"\xef\xbb\xbf{}",
        ),
        *(b'"' + b"\\" * 99_999, b'"' * 99_999, b"1" * 5_000),
    ],
)
def test_what_is_not_json_is_refused(text: bytes) -> None:
    assert code(text) == "MALFORMED_JSON"


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda below: st.lists(below, max_size=4) | st.dictionaries(st.text(), below, max_size=4),
    max_leaves=30,
)


@given(JSON_VALUES, st.booleans(), st.sampled_from([None, 2]))
def test_any_json_is_read_as_it_was_written(
    value: object, ensure_ascii: bool, indent: int | None
) -> None:
    text = json.dumps(value, ensure_ascii=ensure_ascii, indent=indent).encode(errors="replace")
    assert read_json(text, 64) == json.loads(text)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(text: bytes) -> None:
    assert code(text) in (None, "MALFORMED_JSON", "JSON_TOO_DEEP", "DUPLICATE_KEY")


PAIRS = st.recursive(
    st.just("1"),
    lambda below: st.lists(st.tuples(st.sampled_from("abcd"), below), max_size=4).map(
        lambda pairs: "{" + ",".join(f'"{key}":{text}' for key, text in pairs) + "}"
    ),
    max_leaves=12,
)


@given(PAIRS)
def test_repeated_keys_are_found_exactly(text: str) -> None:
    repeated: list[bool] = []

    def keep(pairs: list[tuple[str, object]]) -> None:
        keys = [key for key, _ in pairs]
        repeated.append(sorted(set(keys)) != sorted(keys))

    json.loads(text, object_pairs_hook=keep)
    assert (code(text.encode()) == "DUPLICATE_KEY") is any(repeated)
