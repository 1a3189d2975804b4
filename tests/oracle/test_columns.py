"""The oracle's reading of native columns, against values worked out by hand."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from gateway.sources import mapping as forms
from tests.oracle.columns import wire_value

_CODES = {"1": "A", "2": "B"}


@pytest.mark.parametrize(
    ("column", "native", "shown"),
    [
        (forms.Text("c"), "郑州", "郑州"),
        (forms.Text("c"), "", None),
        (forms.DateColumn("c"), dt.date(2026, 9, 2), "2026-09-02"),
        (forms.TextDate("c"), "20260902", "2026-09-02"),
        (forms.TextDate("c"), "20261302", None),
        (forms.TextDate("c"), "2026", None),
        (
            forms.Timestamp("c"),
            dt.datetime(2026, 9, 2, 8, 0, 1, 999, dt.timezone(dt.timedelta(hours=8))),
            "2026-09-02T00:00:01Z",
        ),
        (forms.LocalTimestamp("c"), dt.datetime(2026, 9, 2, 8, 0, 1), "2026-09-02T00:00:01Z"),
        (forms.Amount("c", 10_000), Decimal("1.234567"), "12345.67"),
        (forms.Amount("c"), Decimal("0.005"), "0.01"),
        (forms.Amount("c"), Decimal("-0.005"), "-0.01"),
        (forms.DecimalColumn("c", 4), Decimal("0.5"), "0.5000"),
        (forms.Integer("c"), 7, 7),
        (forms.Flag("c"), True, True),
        (forms.Flag("c", ("Y",)), "N", False),
        (forms.Code("c", _CODES), "2", "B"),
        (forms.Code("c", _CODES), "9", None),
        (forms.CodeList("c", _CODES), ["2", "9", "1"], ["B", "A"]),
        (forms.TextList("c"), ["x"], ["x"]),
        (forms.Part("c", "k"), '[{"k": "x"}, {}]', ["x", None]),
        (forms.Part("c", "k", yuan_per_unit=10_000), '[{"k": 1.5}]', ["15000.00"]),
        (forms.Part("c", "k", translation=_CODES), '[{"k": "1"}, {"k": "7"}]', ["A", None]),
        (forms.Constant("x"), None, "x"),
    ],
)
def test_column_shows_what_its_form_says(column: forms.Column, native: Any, shown: Any) -> None:
    assert wire_value(column, {"c": native}) == shown


def test_missing_native_value_is_missing() -> None:
    assert wire_value(forms.Amount("c"), {"c": None}) is None


def test_code_columns_are_one_list_in_the_order_of_the_columns() -> None:
    column = forms.CodeColumns(("a", "b", "c"), _CODES)
    assert wire_value(column, {"a": "2", "b": None, "c": "1"}) == ["B", "A"]
