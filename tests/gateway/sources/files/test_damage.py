"""Damage that spreadsheets and people do to tables: what is mended, and what is refused why."""

from __future__ import annotations

import datetime as dt
import io
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import duckdb
import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.sources.files.codes import is_code_sql
from gateway.sources.files.engine import open_index
from gateway.sources.files.judging import kind_table
from schema.codes import RecordKind
from schema.identifiers.uscc import USCC_ALPHABET, is_uscc, make_uscc
from tests.gateway.sources.files.conftest import (
    ACTS,
    COLUMNS,
    FIRM,
    GRADES,
    OTHER,
    Dropping,
    row,
)
from tests.support.drops import csv_bytes

NAME = "2026-11-02"
KIND = RecordKind.COMMITMENT


def rows_of(dropping: Dropping, field: str, kind: RecordKind = KIND) -> list[object]:
    """Values of a field in the index, by record id."""
    state = dropping.take_up()
    assert state.indexed is not None, state.refused
    connection = open_index(dropping.source.index / state.indexed.file, 1, 128)
    try:
        found = connection.execute(
            f'SELECT "{field}" FROM {kind_table(kind)} ORDER BY "meta.recordId"'
        ).fetchall()
    finally:
        connection.close()
    return [value for (value,) in found]


def rules_of(dropping: Dropping) -> dict[str, int]:
    state = dropping.take_up()
    assert state.indexed is not None, state.refused
    return dict(state.indexed.kinds[dropping.mappings[0].kind.value].refused)


def sheet(rows: Sequence[Sequence[object]], merged: Sequence[str] = ()) -> bytes:
    book = openpyxl.Workbook()
    page = book.worksheets[0]
    for cells in rows:
        page.append(list(cells))
    for cells in merged:
        page.merge_cells(cells)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16"])
def test_encodings_of_spreadsheets_are_read(dropping: Dropping, encoding: str) -> None:
    content = csv_bytes(
        COLUMNS, [row(1, 承诺人="郑州䶮样例有限公司" if "gb" not in encoding else "郑州")]
    )
    dropping.drop(NAME, content.decode().encode(encoding), rows=1)
    assert len(rows_of(dropping, "promisorName")) == 1


DATES = {
    "2026-10-09": "2026-10-09",
    "2026/10/9": "2026-10-09",
    "2026.10.09": "2026-10-09",
    "2026年10月9日": "2026-10-09",
    "20261009": "2026-10-09",
    "2026-10-09 00:00:00": "2026-10-09",
    "　2026-10-09 ": "2026-10-09",
    "2026-02-30": None,
    "20260230": None,
    "45321": None,
    "去年": None,
    "2026-10-09 08:00:00": None,
    "0000-01-01": None,
    "2026-10-9x": None,
    "2026 10 09": None,
    "290-1-1 BC": None,
    "12026-1-01": None,
    "epoch     ": None,
}
AMOUNTS = {
    "1.5": "15000.00",
    "1,234.50": "12345000.00",
    "-2": "-20000.00",
    "0.00001": "0.10",
    "": None,
}
BAD_AMOUNTS = {
    "1.5E+5": "PRECISION_LOST",
    "=A1*2": "FORMULA",
    "约三万": "BAD_NUMBER",
    "12,34": "BAD_NUMBER",
    "9" * 16: "BAD_NUMBER",
    "NaN": "BAD_NUMBER",
}
BAD_CELLS = [
    ("统一社会信用代码", "", "MISSING_CODE"),
    ("统一社会信用代码", "无", "MISSING_CODE"),
    ("统一社会信用代码", "9.14101E+17", "PRECISION_LOST"),
    ("统一社会信用代码", "410105000012345", "OLD_REGISTRATION_NUMBER"),
    ("统一社会信用代码", "11111111-7", "ORGANISATION_CODE_ONLY"),
    ("统一社会信用代码", FIRM[:-1] + ("A" if FIRM[-1] != "A" else "B"), "BAD_USCC_CHECKSUM"),
    ("承诺书编号", "", "MISSING_ITEM"),
    ("承诺书编号", "4.10105E+14", "PRECISION_LOST"),
    ("承诺人", "", "MISSING_ITEM"),
    ("承诺人", '=HYPERLINK("a","b")', "FORMULA"),
    ("承诺人", "乱\ufffd码", "BAD_CHARACTER"),
    ("承诺人", "长" * 40_000, "VALUE_TOO_LONG"),
    ("类型", "口头", "UNKNOWN_CODE"),
    ("上报时间", "2026-10-10", "BAD_TIME"),
    ("上报时间", "2026-10-10 25:00:00", "BAD_TIME"),
    ("上报时间", "2026-10-10 8:00:00Z", "BAD_TIME"),
    ("作出日期", "", "MISSING_ITEM"),
    ("作出日期", "2026-12-01", "FUTURE_DATE"),
]


def test_dates_have_one_meaning_or_are_refused(dropping: Dropping) -> None:
    dropping.drop(NAME, [row(n, 作出日期=text) for n, text in enumerate(DATES)])
    assert rows_of(dropping, "committedOn") == [day for day in DATES.values() if day]
    assert rules_of(dropping) == {"BAD_DATE": list(DATES.values()).count(None)}


def test_amounts_in_ten_thousands_are_yuan(dropping: Dropping) -> None:
    acts = dropping.with_mappings(ACTS)
    acts.drop(NAME, [row(n, 金额=text) for n, text in enumerate(AMOUNTS)])
    found = rows_of(acts, "amount", RecordKind.OTHER_ADMINISTRATIVE_ACT)
    assert [None if value is None else str(value) for value in found] == list(AMOUNTS.values())


def test_amounts_that_are_none_are_refused(dropping: Dropping) -> None:
    acts = dropping.with_mappings(ACTS)
    acts.drop(NAME, [row(n, 金额=text) for n, text in enumerate(BAD_AMOUNTS)])
    assert rules_of(acts) == Counter(BAD_AMOUNTS.values())
    assert rows_of(acts, "amount", RecordKind.OTHER_ADMINISTRATIVE_ACT) == []


def test_bad_cell_refuses_its_row_and_no_other(dropping: Dropping) -> None:
    rows = [row(n, **{column: text}) for n, (column, text, _) in enumerate(BAD_CELLS)]
    dropping.drop(NAME, [*rows, row(98), row(99)])
    assert rules_of(dropping) == Counter(rule for _, _, rule in BAD_CELLS)
    assert rows_of(dropping, "commitmentNo") == ["CN0098", "CN0099"]


def test_refused_rows_go_back_with_rule_line_and_item_but_no_value(dropping: Dropping) -> None:
    rows = [row(n, **{column: text}) for n, (column, text, _) in enumerate(BAD_CELLS)]
    dropping.drop(NAME, rows)
    dropping.take_up()
    returned = dropping.returned(NAME)
    for line, cell, (column, text, rule) in zip(range(2, 99), returned, BAD_CELLS, strict=False):
        assert cell.startswith(f"{rule},")
        assert cell.endswith(f",data.csv,{line},{column},COMMITMENT")
        assert not text or text not in cell


def test_codes_are_normalised_where_they_can_be(dropping: Dropping) -> None:
    wide = "".join(chr(ord(each) + 0xFEE0) for each in FIRM)
    texts = [FIRM.lower(), f' {FIRM}"'.strip('"'), wide, f'="{FIRM}"', f"\t{FIRM}"]
    dropping.drop(NAME, [row(n, 统一社会信用代码=text) for n, text in enumerate(texts)])
    assert rows_of(dropping, "promisorUscc") == [FIRM] * len(texts)
    assert rows_of(dropping, "@subject") == [FIRM] * len(texts)


@pytest.fixture(scope="module")
def engine() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.from_regex(rf"[{USCC_ALPHABET}]{{2}}[0-9]{{6}}[{USCC_ALPHABET}]{{10}}", fullmatch=True),
        st.text(max_size=20),
        st.integers(0, 10**6).map(lambda n: make_uscc("9", "1", "410199", f"{n:08}").code),
    )
)
def test_codes_are_judged_in_sql_as_in_python(engine: duckdb.DuckDBPyConnection, text: str) -> None:
    found = engine.execute(f"SELECT {is_code_sql('c')} FROM (SELECT ? AS c)", [text]).fetchone()
    assert found == (is_uscc(text),)


def test_equal_rows_count_once_and_differing_ones_not_at_all(dropping: Dropping) -> None:
    dropping.drop(NAME, [row(1), row(1), row(2), row(2, 承诺人="别人"), row(3)])
    assert rules_of(dropping) == {"DUPLICATE_RECORD": 3}
    assert rows_of(dropping, "commitmentNo") == ["CN0001", "CN0003"]


def test_stray_quote_costs_one_line_and_huge_row_too(dropping: Dropping) -> None:
    lines = csv_bytes(COLUMNS, [row(n) for n in range(1, 6)]).split(b"\r\n")
    lines[2] = lines[2].replace(b"CN0002", b'"CN0002')
    lines[4] = lines[4].replace(b"CN0004", b"x" * 1_100_000)
    dropping.drop(NAME, b"\r\n".join(lines), rows=5)
    assert rules_of(dropping)["BROKEN_LINE"] == 2
    assert rows_of(dropping, "commitmentNo") == ["CN0001", "CN0003", "CN0005"]


def test_lines_without_quotes_are_judged_like_those_with_them(dropping: Dropping) -> None:
    rows = [row(n, **{column: text}) for n, (column, text, _) in enumerate(BAD_CELLS)]
    rows = [cells for cells in rows if not any('"' in str(cell) for cell in cells)]
    plain = csv_bytes(COLUMNS, [*rows, row(98), row(99, 承诺人="　甲\u00a0")])
    lines = plain.split(b"\r\n")
    lines[3:3] = [b"", b"too,few", b"   "]
    lines.insert(9, lines[5].replace(b"CN0", b"\xff\xff"))
    plain = b"\r\n".join(lines)
    assert b'"' not in plain
    quoted = plain.replace(b"CN0098", b'"CN0098"')
    found = []
    for day, content in (("2026-11-01", plain), ("2026-11-02", quoted)):
        dropping.drop(day, content, rows=len(lines), as_of=day)
        state = dropping.take_up()
        assert state.indexed is not None, state.refused
        assert state.indexed.drop == day
        found.append((state.indexed.kinds[KIND.value], dropping.returned(day)))
        assert rows_of(dropping, "promisorName")[-1] == "甲"
    assert found[0] == found[1]
    assert found[0][0].refused["BROKEN_LINE"] == 1


def test_undecodable_bytes_cost_their_line(dropping: Dropping) -> None:
    content = csv_bytes(COLUMNS, [row(1), row(2)])
    dropping.drop(NAME, content.replace(b"CN0002", b"CN\xff\xff"), rows=2)
    assert rules_of(dropping) == {"BAD_ENCODING": 1}


def test_titles_stars_and_line_breaks_around_names_are_no_harm(dropping: Dropping) -> None:
    names = [f"{name[:2]}\n{name[2:]}*" for name in COLUMNS]
    content = sheet([["行业协会信用承诺汇总表"], [], names, row(1), [], row(2)])
    dropping.drop(NAME, content, rows=2, file="data.xlsx")
    assert rows_of(dropping, "commitmentNo") == ["CN0001", "CN0002"]


def test_merged_headers_are_read_as_one_name(dropping: Dropping) -> None:
    upper = [
        "承诺书编号",
        "统一社会信用代码",
        "承诺人",
        "类型",
        "作出",
        "上报",
        "金额",
        "已公示",
        "标签",
    ]
    lower = [None, None, None, None, "日期", "时间", None, None, None]
    content = sheet([upper, lower, row(1)], ["A1:A2", "B1:B2"])
    dropping.drop(NAME, content, rows=1, file="data.xlsx")
    assert rows_of(dropping, "committedOn") == ["2026-10-09"]


def test_excel_dates_numbers_and_formulas(dropping: Dropping) -> None:
    day, moment = dt.date(2026, 10, 9), dt.datetime(2026, 10, 10, 7, 30)
    good = row(1, 作出日期=day, 上报时间=moment, 金额=1.1)
    rounded = row(2, 统一社会信用代码=float("914101051234567890"))
    formula = row(3, 承诺人="=A1")
    content = sheet([COLUMNS, good, rounded, formula])
    dropping.drop(NAME, content, rows=3, file="data.xlsx")
    assert rules_of(dropping) == {"PRECISION_LOST": 1, "FORMULA": 1}
    assert rows_of(dropping, "meta.reportedAt") == ["2026-10-09T23:30:00Z"]
    acts = dropping.with_mappings(ACTS)
    assert str(next(iter(rows_of(acts, "amount", ACTS.kind)))) == "11000.00"


def test_file_that_is_no_excel_file_is_refused(dropping: Dropping) -> None:
    dropping.drop(NAME, b"PK\x03\x04 no", rows=1, file="data.xlsx")
    state = dropping.take_up()
    assert "no Excel file" in state.refused[0].reason


def test_parquet_keeps_types_and_lists(dropping: Dropping, tmp_path: Path) -> None:
    path = tmp_path / "made.parquet"
    with duckdb.connect() as engine:
        engine.execute(
            f"COPY (SELECT 'CN1' AS 承诺书编号, '{OTHER}' AS 统一社会信用代码, '甲' AS 承诺人, "
            "'自律' AS 类型, DATE '2026-10-09' AS 作出日期, "
            "TIMESTAMP '2026-10-10 07:30:00' AS 上报时间, 1.25 AS 金额, '是' AS 已公示, "
            f"['甲', '乙;丙'] AS 标签) TO '{path}' (FORMAT parquet)"
        )
    grades = dropping.with_mappings(GRADES, ACTS)
    grades.drop(NAME, path.read_bytes(), rows=1, file="data.parquet")
    assert rows_of(grades, "directReasons", GRADES.kind) == [["甲", "乙;丙"]]
    assert [str(v) for v in rows_of(grades, "amount", ACTS.kind)] == ["12500.00"]


def test_garbage_for_parquet_is_refused(dropping: Dropping) -> None:
    dropping.drop(NAME, b"PAR1 nothing PAR1", rows=1, file="data.parquet")
    assert "no Parquet file" in dropping.take_up().refused[0].reason


def test_lists_between_semicolons(dropping: Dropping) -> None:
    grades = dropping.with_mappings(GRADES)
    grades.drop(NAME, [row(1), row(2, 标签='["甲;乙"]'), row(3, 标签=""), row(4, 标签="[1")])
    assert rows_of(grades, "directReasons", GRADES.kind) == [["甲", "乙"], ["甲;乙"], None]
    assert rules_of(grades) == {"BAD_LIST": 1}


@pytest.mark.long
@settings(
    deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.lists(st.text(max_size=12), min_size=9, max_size=9), max_size=8), st.data())
def test_every_row_of_garbage_is_accounted_for(
    dropping: Dropping, rows: list[list[str]], data: st.DataObject
) -> None:
    content = csv_bytes(COLUMNS, [row(1), *rows])
    cut = data.draw(st.integers(0, len(content)))
    noise = data.draw(st.binary(max_size=6))
    start = max(cut, content.index(b"\r\n") + 2)
    content = content[:start] + noise + content[start:]
    dropping.drop(NAME, content, rows=len(rows) + 1)
    state = dropping.take_up()
    if state.indexed is not None:
        facts = state.indexed.kinds[KIND.value]
        assert facts.read == facts.records + state.indexed.rows_refused
        assert sum(Counter(facts.refused).values()) >= state.indexed.rows_refused
    else:
        assert state.refused
