"""The oracle's order and pages, against lists ordered by hand."""

from __future__ import annotations

from schema.codes import RecordKind
from schema.predicate import WireValue
from schema.records import MODEL
from tests.oracle.pages import Key, Position, page_of
from tests.oracle.records import Record

_KIND = MODEL.kinds[RecordKind.ADMINISTRATIVE_PENALTY]


def _record(name: str, department: str = "11A", **values: WireValue) -> Record:
    return Record(_KIND.kind, department, "91", name, values)


def _page(records: list[Record], key: Key, first: int, after: Position | None = None) -> str:
    page = page_of(records, _KIND, (key,), first, after)
    return "".join(record.record_id for record in page.records) + ("+" if page.has_next else "")


def test_missing_values_come_last_in_both_directions() -> None:
    records = [_record("a"), _record("b", fineAmount="9.00"), _record("c", fineAmount="10.00")]
    assert _page(records, Key("fineAmount", False), 3) == "bca"
    assert _page(records, Key("fineAmount", True), 3) == "cba"


def test_equal_values_order_by_department_then_record_id() -> None:
    records = [_record("b"), _record("a", "11B"), _record("c"), _record("d", "11A")]
    assert _page(records, Key("fineAmount", True), 9) == "bcda"


def test_text_compares_by_code_point_and_booleans_false_first() -> None:
    records = [_record("a", documentNo="Z"), _record("b", documentNo="a"), _record("c")]
    assert _page(records, Key("documentNo", False), 9) == "abc"
    flags = [_record("a", performed=True), _record("b", performed=False)]
    assert _page(flags, Key("performed", False), 9) == "ba"


def test_page_goes_on_behind_a_position_whose_record_is_gone() -> None:
    records = [_record(name, fineAmount=f"{name}.00") for name in "134"]
    after = Position(("2.00",), "11A", "2")
    assert _page(records, Key("fineAmount", False), 1, after) == "3+"
    assert _page(records, Key("fineAmount", True), 5, after) == "1"
    assert _page(records, Key("fineAmount", False), 0, after) == "+"
