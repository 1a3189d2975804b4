"""Native values, as JSON and as text, and what is shown of each form."""

from decimal import Decimal
from operator import itemgetter
from typing import Any

import pytest

from gateway.conformance.department import whole
from gateway.contract import RECORD_ID, RecordRequest
from gateway.sources.local import ODD, LocalTable, reader
from gateway.sources.mapping import (
    Amount,
    Code,
    CodeColumns,
    CodeList,
    Column,
    Constant,
    DateColumn,
    DecimalColumn,
    Flag,
    Integer,
    KindMapping,
    LocalTimestamp,
    Part,
    Text,
    TextDate,
    TextList,
    Timestamp,
)
from schema.codes import RecordKind
from schema.predicate import IsNull

C = "c"
WAN = Amount(C, 10_000)
LOCAL = LocalTimestamp(C)
CODE = Code(C, {"01": "A", "2": "B"})
CODES = CodeList(C, {"01": "A", "2": "B"})
PART = Part(C, "k")
MONEY = Part(C, "k", yuan_per_unit=10_000)

SHOWN: list[tuple[Column, Any, Any]] = [
    (Text(C), "甲 ", "甲 "),
    (Text(C), "", None),
    (Text(C), 17, "17"),
    (Text(C), True, ODD),
    (Text(C), {"a": 1}, ODD),
    (Text(C), "\ud800", ODD),
    (DateColumn(C), "2026-01-31", "2026-01-31"),
    (DateColumn(C), "", None),
    (DateColumn(C), "2026-02-30", ODD),
    (DateColumn(C), "2026-W01-1", ODD),
    (DateColumn(C), "0000-00-00", ODD),
    (DateColumn(C), 20260131, ODD),
    (TextDate(C), "20260131", "2026-01-31"),
    (TextDate(C), 20260131, "2026-01-31"),
    (TextDate(C), "2026-1-31", None),
    (TextDate(C), "20260230", ODD),
    (TextDate(C), "00000101", ODD),
    (Timestamp(C), "2026-01-31T23:59:59.999+08:00", "2026-01-31T15:59:59Z"),
    (Timestamp(C), "2026-01-31 16:00:00Z", "2026-01-31T16:00:00Z"),
    (Timestamp(C), "2026-01-31 16:00:00", ODD),
    (Timestamp(C), "0001-01-01T00:00:00+08:00", ODD),
    (Timestamp(C), 1_769_875_200_000, ODD),
    (LOCAL, "2026-02-01 00:00:00", "2026-01-31T16:00:00Z"),
    # There was summer time in China; in the hour that came twice, and in the one that never
    # was, standard time counts.
    (LOCAL, "1988-07-01 12:00:00", "1988-07-01T03:00:00Z"),
    (LOCAL, "1988-09-11 01:30:00", "1988-09-10T17:30:00Z"),
    (LOCAL, "1988-04-17 02:30:00", "1988-04-16T18:30:00Z"),
    (LOCAL, "0000-00-00 00:00:00", ODD),
    (WAN, "12.345678", "123456.78"),
    (WAN, Decimal("0.0000005"), "0.01"),
    (WAN, Decimal("-0.0000001"), "0.00"),
    (WAN, 100_000_000_000, "1000000000000000.00"),
    (WAN, Decimal("1e23"), ODD),
    (WAN, Decimal("NaN"), ODD),
    (WAN, "12,5", ODD),
    (WAN, True, ODD),
    (WAN, "", None),
    (Amount(C), Decimal("9999999999999999.99"), "9999999999999999.99"),
    (DecimalColumn(C, 4), 0.125, "0.1250"),
    (Integer(C), "5.5", 6),
    (Integer(C), -2.5, -3),
    (Integer(C), 2**63, ODD),
    (Integer(C), "many", ODD),
    (Flag(C), True, True),
    (Flag(C, ("1",)), 1, True),
    (Flag(C, ("1",)), "0", False),
    (Flag(C), None, None),
    (CODE, "01", "A"),
    (CODE, 2, "B"),
    (CODE, "99", None),
    (TextList(C), ["a", None, 3], ["a", None, "3"]),
    (TextList(C), '["a"]', ["a"]),
    (TextList(C), "a,b", ODD),
    (TextList(C), [["a"]], ODD),
    (CODES, ["2", "99", None, "01"], ["B", "A"]),
    (CODES, "[2]", ["B"]),
    (CODES, "", None),
    (PART, [{"k": "x"}, {}, 7, {"k": None}], ["x", None, None, None]),
    (PART, {"k": "x"}, ODD),
    (MONEY, [{"k": "1.5"}, {}], ["15000.00", None]),
    (MONEY, [{"k": "much"}], ODD),
    (Part(C, "k", {"1": "ONE"}), [{"k": 1}, {"k": 2}], ["ONE", None]),
    (Constant("NONE"), None, "NONE"),
]


@pytest.mark.parametrize(("column", "native", "shown"), SHOWN)
def test_native_value_is_shown_as_its_form_says(column: Column, native: Any, shown: Any) -> None:
    found = reader(column, itemgetter)({C: native})
    assert found == shown
    assert type(found) is type(shown)


def test_several_columns_of_codes_are_one_list() -> None:
    read = reader(CodeColumns(("a", "b", "c"), {"1": "ONE", "2": "TWO"}), itemgetter)
    assert read({"a": "2", "b": None, "c": "9"}) == ["TWO"]


MAPPING = KindMapping(
    RecordKind.ADMINISTRATIVE_LICENCE,
    "records",
    "id",
    "code",
    {RECORD_ID: Text("id"), "meta.decidedOn": DateColumn("day"), "validTo": DateColumn("to")},
)
FIRM = "91410199MA9REF01XX"


def _record(record_id: str | None, **values: Any) -> dict[str, Any]:
    return {"id": record_id, "code": FIRM, "day": "2026-01-31", "to": None, **values}


def test_records_with_odd_shown_values_are_withheld_and_counted() -> None:
    table = LocalTable(MAPPING, FIRM, itemgetter)
    records = [_record("a", day="2026-02-30"), _record("b"), _record("c", to="2026-02-30")]
    selection = whole(MAPPING.kind, fields=(RECORD_ID, "meta.decidedOn"), count=True)
    batch = table.answer(records, RecordRequest("p", selection, (FIRM,)))
    assert batch.groups == [[["b", "2026-01-31"], ["c", "2026-01-31"]]]
    assert (batch.totals, batch.withheld) == ([3], 1)


def test_odd_values_that_are_only_compared_count_as_missing() -> None:
    table = LocalTable(MAPPING, FIRM, itemgetter)
    records = [_record("a", to="2026-02-30"), _record("b", to="2026-02-28")]
    selection = whole(MAPPING.kind, fields=(RECORD_ID,), predicate=IsNull("validTo"))
    assert table.answer(records, RecordRequest("p", selection, (FIRM,))).groups == [[["a"]]]


@pytest.mark.parametrize(
    "record", [_record(None), _record(""), _record("x", code="91 ' OR"), _record("x", code=[])]
)
def test_records_without_a_usable_id_or_key_are_withheld(record: dict[str, Any]) -> None:
    table = LocalTable(MAPPING, FIRM, itemgetter)
    batch = table.answer([record], RecordRequest("p", whole(MAPPING.kind), None))
    assert batch.groups == [[]]
    assert batch.withheld == 1
