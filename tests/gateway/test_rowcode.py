"""Generated checks of rows: types, rules and order."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.conformance.ordering import in_order, position_of
from gateway.contract import RECORD_ID, SUBJECT_KEY, OrderKey
from gateway.rowcode import rows_check, rows_order
from schema.codes import RecordKind
from schema.records import MODEL

PENALTY = MODEL.kinds[RecordKind.ADMINISTRATIVE_PENALTY]
CREDIT = MODEL.kinds[RecordKind.TAXPAYER_CREDIT]
REGISTRATION = MODEL.kinds[RecordKind.REGISTRATION]
PARTS = ("shareholders.name", "shareholders.subscribed")
GOOD: dict[str, list[Any]] = {
    "documentNo": ["", "文", "a\x00"],
    "counterpartUscc": ["91410199MA9REF013K"],
    "decidedOn": ["2026-01-31"],
    "meta.reportedAt": ["2026-01-31T08:00:00Z"],
    "fineAmount": ["0.00", "-12.50", "123456789012345.00"],
    "meta.version": [0, -1, 2**60],
    "performed": [True, False],
    "legalStatus": ["EFFECTIVE"],
    "categories": [[], ["P21"], ["P21", None]],
    RECORD_ID: ["r"],
    SUBJECT_KEY: ["91410199MA9REF013K", "P:" + "5e" * 32],
}
BAD: dict[str, list[Any]] = {
    "documentNo": [1, True, b"x", ["x"], {}],
    "decidedOn": ["2026-1-31", "20260131xx", "2026/01/31", 20260131],
    "meta.reportedAt": ["2026-01-31 08:00:00Z", "2026-01-31T08:00:00", "2026-01-31T08:00:00+"],
    "fineAmount": ["1", "1.5", "1.005", "1e2", "NaN", ".50", "1,000.00", 1, 1.5, "１.00", "1.00\n"],
    "meta.version": ["1", 1.0, True],
    "performed": [0, 1, "true"],
    "legalStatus": ["effective", "", 0],
    "categories": ["P21", ("P21",), ["p21"], [1], [[]], {"P21": 1}],
    RECORD_ID: [None, 1],
    SUBJECT_KEY: ["", "a,b", 'a"b', "a\\", "甲", 7, "P:" + "f" * 99],
}


@pytest.mark.parametrize(("name", "value"), [(n, v) for n, found in GOOD.items() for v in found])
def test_value_of_the_declared_type_is_taken(name: str, value: Any) -> None:
    assert rows_check(PENALTY, (name,))([[value]])


@pytest.mark.parametrize(("name", "value"), [(n, v) for n, found in BAD.items() for v in found])
def test_value_of_another_type_is_refused(name: str, value: Any) -> None:
    assert not rows_check(PENALTY, (name,))([[value]])


@pytest.mark.parametrize("name", [name for name in GOOD if name != RECORD_ID])
def test_missing_value_is_taken_of_everything_but_the_record_id(name: str) -> None:
    assert rows_check(PENALTY, (name,))([[None]])


@pytest.mark.parametrize("value", ["0.5", "-1", "100", "92.50"])
def test_decimals_are_taken(value: str) -> None:
    assert rows_check(CREDIT, ("score",))([[value]])


@pytest.mark.parametrize("value", ["", "1e3", "NaN", "Infinity", 1.5, "1."])
def test_what_is_no_decimal_is_refused(value: Any) -> None:
    assert not rows_check(CREDIT, ("score",))([[value]])


@pytest.mark.parametrize("value", [None, "P:" + "5e" * 32, "", "甲"])
def test_key_of_an_organisation_can_be_needed(value: Any) -> None:
    check = rows_check(PENALTY, (SUBJECT_KEY,), True)
    assert not check([[value]])
    assert check([["91410199MA9REF013K"]])


@pytest.mark.parametrize("row", [[None, None], [[], []], [["甲", None], ["1.00", "2.00"]]])
def test_leaves_of_parts_of_one_length_are_taken(row: list[Any]) -> None:
    assert rows_check(REGISTRATION, PARTS)([row])


@pytest.mark.parametrize("row", [[["甲"], None], [None, ["1.00"]], [[], None], [["甲"], []]])
def test_leaves_of_parts_of_several_lengths_are_refused(row: list[Any]) -> None:
    assert not rows_check(REGISTRATION, PARTS)([row])


@pytest.mark.parametrize("rows", [[["a", "b"]], [[]], [["a"], ["a", "b"]]])
def test_row_of_another_length_is_refused(rows: list[list[str]]) -> None:
    assert not rows_check(PENALTY, ("documentNo",))(rows)


FIELDS = (RECORD_ID, "decidedOn", "fineAmount", "performed", "legalStatus", "meta.version")
ROW = st.tuples(
    st.sampled_from("abcdefgh"),
    st.sampled_from((None, "2026-01-01", "2026-01-02")),
    st.sampled_from((None, "9.00", "10.00", "-1.00", "-0.00", "0.00")),
    st.sampled_from((None, False, True)),
    st.sampled_from((None, "CHANGED", "EFFECTIVE")),
    st.sampled_from((None, 9, 10)),
)
ORDERS = st.lists(
    st.builds(OrderKey, st.sampled_from(FIELDS[1:]), st.booleans()),
    max_size=3,
    unique_by=lambda key: key.field,
)


@given(st.lists(ROW, max_size=5, unique_by=lambda row: row[0]), ORDERS)
def test_rows_are_in_order_exactly_where_sorting_changes_nothing(
    rows: list[tuple[Any, ...]], order: list[OrderKey]
) -> None:
    check = rows_order(order, {name: n for n, name in enumerate(FIELDS)}, PENALTY)
    named = [dict(zip(FIELDS, row, strict=True)) for row in rows]
    positions = [position_of(row, str(row[RECORD_ID]), "114", order) for row in named]
    is_sorted = positions == in_order(positions, order, PENALTY)
    assert check([list(row) for row in rows]) == is_sorted


@given(ROW, ORDERS)
def test_the_same_record_twice_is_never_in_order(
    row: tuple[Any, ...], order: list[OrderKey]
) -> None:
    check = rows_order(order, {name: n for n, name in enumerate(FIELDS)}, PENALTY)
    assert not check([list(row), list(row)])
