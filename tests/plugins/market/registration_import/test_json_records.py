"""JSON reading: one record at a time, and how little one defect costs."""

import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.sources.files.errors import UnusableInputError
from gateway.sources.files.refusals import Refusal, Rule
from plugins.market.registration_import import json_records as module
from plugins.market.registration_import.json_records import JsonRecords
from plugins.market.registration_import.records import JSON_KEYS, PublishedRow, SourceRecord
from tests.plugins.market.registration_import.extracts import extract_of, row_number


def read(text: str, block: int = 11) -> list[SourceRecord]:
    blocks: Iterator[str] = (text[i : i + block] for i in range(0, len(text), block))
    return list(JsonRecords(_joined(blocks), "extract.json"))


def _joined(blocks: Iterator[str]) -> Iterator[str]:
    """Keep the beginning of the layout in one block, as blocks of real size do."""
    first = ""
    while len(first) < 20 and (block := next(blocks, None)) is not None:
        first += block
    yield first
    yield from blocks


def names(records: list[SourceRecord]) -> list[str | None]:
    return [r.content.name if isinstance(r.content, PublishedRow) else None for r in records]


def wrapped(*records: str) -> str:
    return '{"erDataList":[' + ",\n".join(records) + "]}"


def record(name: str) -> str:
    return json.dumps({"name": name, "code": "x"})


@pytest.mark.parametrize("block", [1, 11, 5000])
def test_read_layout_gives_rows_with_their_lines(block: int) -> None:
    extract = extract_of(3)
    records = read(extract.json_text(), block)
    assert [r.content for r in records] == list(extract.rows)
    # Two lines before the first record, twelve per record.
    assert [r.line for r in records] == [3, 15, 27]


def test_read_bare_list_and_missing_members_are_rows() -> None:
    (only,) = read('[{"name":"a","capital":null}]')
    assert only.content == PublishedRow(*(["a"] + [None] * 9))


@pytest.mark.parametrize("text", ["[]", '{"erDataList":[]}', ' { "erDataList" : [ ] } \n'])
def test_read_empty_list_has_no_records(text: str) -> None:
    assert read(text) == []


def test_read_number_keeps_its_digits() -> None:
    (one, other) = read('[{"name":"a","code":914101051234567890},{"name":"b","code":1.14102E+17}]')
    assert isinstance(one.content, PublishedRow)
    assert isinstance(other.content, PublishedRow)
    assert (one.content.code, other.content.code) == ("914101051234567890", "1.14102E+17")


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ('{"name":"b","code":}', "record is not JSON"),
        ('{"name":"b" "code":"x"}', "record is not JSON"),
        ('{"name":"b', "record is not JSON"),
        ('{"name":"b","name":"c"}', "record names one key twice"),
        ('"text"', "record is not an object"),
        ('{"name":"b","code":["x"]}', "`code` is neither text nor number nor null"),
        ("[" * 20_000, "record is not JSON"),
        ('{"code":' + "9" * 10_000 + "x}", "record is not JSON"),
    ],
)
def test_read_broken_record_costs_itself_only(bad: str, reason: str) -> None:
    records = read(wrapped(record("a"), bad, record("c")), 5000)
    assert names(records) == ["a", None, "c"]
    assert records[1].content == Refusal(Rule.BROKEN_RECORD, reason)
    assert records[1].line == 2
    assert records[1].raw == bad


def test_read_missing_comma_costs_one_record() -> None:
    text = '{"erDataList":[' + record("a") + record("b") + "," + record("c") + "]}"
    assert names(read(text)) == ["a", None, "c"]


@pytest.mark.parametrize("cut", [1, 2, 3, 10])
def test_read_file_cut_short_is_told(cut: int) -> None:
    text = json.dumps([{"name": "a"}, {"name": "b"}])[:-cut]
    records = read(text)
    assert names(records)[0] == "a"
    assert isinstance(records[-1].content, Refusal)


def test_read_text_behind_the_list_is_kept_as_a_broken_record() -> None:
    records = read('{"erDataList":[' + record("a") + '], "total": 1}')
    assert names(records) == ["a", None]
    assert records[1].raw == ', "total": 1}'


def test_read_broken_text_without_end_comes_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_RECORD_CHARACTERS", 100)
    bad = '{"name":"' + "x" * 450
    records = read("[" + bad)
    assert all(isinstance(r.content, Refusal) for r in records)
    assert "".join(r.raw for r in records) == bad
    assert max(len(r.raw) for r in records) <= 100


@pytest.mark.parametrize("text", ["{}", '{"other":[]}', "{", '{"erDataList":{}}'])
def test_read_other_json_is_unusable(text: str) -> None:
    with pytest.raises(UnusableInputError, match=r"extract\.json"):
        read(text)


@given(st.text('[]{}",:\\ n1中', max_size=120), st.integers(1, 9))
def test_read_any_text_behind_the_beginning_comes_to_an_end(text: str, block: int) -> None:
    records = read('{"erDataList":[' + record("a") + "," + text, block)
    assert names(records)[0] == "a"
    assert [r.number for r in records] == list(range(1, len(records) + 1))


def test_read_layout_of_one_firm_equals_its_row() -> None:
    row = row_number(5, scope='quote " and \\ and \n break')
    text = json.dumps([dict(zip(_keys(), row, strict=True))])
    assert [r.content for r in read(text)] == [row]


def _keys() -> list[str]:
    return [str(key) for key in JSON_KEYS]
