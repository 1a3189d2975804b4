"""CSV reading: physical lines, quotes, and how little one defect costs."""

import csv
import io
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.sources.files import csv_records as module
from gateway.sources.files.csv_records import (
    BrokenQuoteError,
    OpenQuoteError,
    csv_records,
    physical_lines,
    split_record,
)
from gateway.sources.files.refusals import Refusal, Rule, SourceRecord
from plugins.market.registration_import.records import PublishedRow

_WIDTH = 10


def read(text: str, block: int = 7) -> list[SourceRecord[PublishedRow]]:
    blocks: Iterator[str] = (text[i : i + block] for i in range(0, len(text), block))
    return list(csv_records(physical_lines(blocks), _WIDTH, PublishedRow._make))


def line(first: str) -> str:
    return ",".join([first, *"bcdefghij"])


def rules(records: list[SourceRecord[PublishedRow]]) -> list[tuple[int, Rule | None]]:
    return [(r.line, r.content.rule if isinstance(r.content, Refusal) else None) for r in records]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("block", [1, 2, 7, 1000])
def test_read_quoted_line_break_is_one_record_and_lines_are_physical(end: str, block: int) -> None:
    text = end.join(
        [
            line(
                '"a',
            ).replace('"a', '"a1' + end + 'a2"'),
            line("x"),
            "",
        ]
    )
    records = read(text, block)
    assert rules(records) == [(1, None), (3, None)]
    assert isinstance(records[0].content, PublishedRow)
    assert records[0].content.name == f"a1{end}a2"
    assert records[0].content.address == "j"


def test_read_blank_lines_are_no_records_but_count_as_lines() -> None:
    assert rules(read(f"\n{line('a')}\n\r\n\n{line('b')}")) == [(2, None), (5, None)]


def test_read_wrong_number_of_columns_is_broken() -> None:
    records = read(f"{line('a')}\na,b,c\n{line('b')},extra\n{line('c')}\n")
    assert rules(records) == [
        (1, None),
        (2, Rule.BROKEN_LINE),
        (3, Rule.BROKEN_LINE),
        (4, None),
    ]
    assert isinstance(records[1].content, Refusal)
    assert records[1].content.reason == "line has 3 columns, expected 10"
    assert records[1].raw == "a,b,c"


@pytest.mark.parametrize("bad", ['"a', 'a,"b', '"a"b', 'a,b,"c" ,d'])
def test_read_stray_quote_costs_its_own_line_only(bad: str) -> None:
    text = "\n".join([line("1"), bad, line('"2, quoted"'), line("3"), line('"4"')])
    assert rules(read(text)) == [
        (1, None),
        (2, Rule.BROKEN_LINE),
        (3, None),
        (4, None),
        (5, None),
    ]


def test_read_quote_never_closed_costs_its_own_line_only() -> None:
    text = "\n".join([line('"1'), *(line(str(n)) for n in range(250))])
    found = rules(read(text, 1000))
    assert found[0] == (1, Rule.BROKEN_LINE)
    assert found[1:] == [(n + 2, None) for n in range(250)]


def test_read_over_long_line_comes_in_broken_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_RECORD_CHARACTERS", 50)
    long = "x" * 120
    records = read(f"{line('a')}\n{long}\n{line('b')}\n")
    assert rules(records) == [
        (1, None),
        *[(2, Rule.BROKEN_LINE)] * 3,
        (3, None),
    ]
    assert "".join(r.raw for r in records[1:4]) == long


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("", [""]),
        ("a,b", ["a", "b"]),
        (",", ["", ""]),
        ('"a,b",c', ["a,b", "c"]),
        ('a,""', ["a", ""]),
        ('a,"",', ["a", "", ""]),
        ('"say ""hi""",x', ['say "hi"', "x"]),
        ('a"b,c', ['a"b', "c"]),
        (' "a,b"', [' "a', 'b"']),
    ],
)
def test_split_takes_fields_apart(text: str, fields: list[str]) -> None:
    assert split_record(text) == fields


@pytest.mark.parametrize("text", ['"', '"a', 'a,"b""', '"a,b\n'])
def test_split_open_quote_asks_for_more(text: str) -> None:
    with pytest.raises(OpenQuoteError):
        split_record(text)


@pytest.mark.parametrize("text", ['"a"b', '"a" ,b', '"a""b"c,"'])
def test_split_text_behind_a_quote_is_refused(text: str) -> None:
    with pytest.raises(BrokenQuoteError):
        split_record(text)


@given(st.lists(st.text('ab",\n\r中', max_size=6), min_size=_WIDTH, max_size=_WIDTH))
def test_read_what_the_csv_module_writes(values: list[str]) -> None:
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerow(values)
    (record,) = read(text.getvalue() + line("next") + "\n")[:1]
    assert record.content == PublishedRow._make(values)


@given(st.text('ab",\n\r', max_size=200), st.integers(1, 9))
def test_read_any_text_loses_no_line(text: str, block: int) -> None:
    records = read(text, block)
    kept = "\n".join(r.raw for r in records)
    assert [part for part in kept.split("\n") if part.strip()] == [
        part for part in text.split("\n") if part.strip()
    ]
    assert [r.number for r in records] == list(range(1, len(records) + 1))
