"""Scalars take one wire form, or say what they expect."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from graphql import GraphQLError
from hypothesis import given
from hypothesis import strategies as st

from schema.scalars import (
    parse_date_value,
    parse_datetime_value,
    parse_decimal_value,
    parse_money_value,
    parse_uscc_value,
)

GOOD: list[tuple[Callable[[object], str], object, str]] = [
    (parse_money_value, "1200.5", "1200.50"),
    (parse_money_value, "0", "0.00"),
    (parse_money_value, "-0.01", "-0.01"),
    (parse_money_value, "999999999999999.99", "999999999999999.99"),
    (parse_decimal_value, "92.5", "92.5"),
    (parse_decimal_value, "-0.000001", "-0.000001"),
    (parse_date_value, "2024-02-29", "2024-02-29"),
    (parse_date_value, "0001-01-01", "0001-01-01"),
    (parse_datetime_value, "2026-09-22T08:00:00Z", "2026-09-22T08:00:00Z"),
    (parse_datetime_value, "2026-09-22T08:00:00.999999Z", "2026-09-22T08:00:00Z"),
    (parse_datetime_value, "0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
    (parse_uscc_value, "91410199ma9ref013k", "91410199MA9REF013K"),
]


@pytest.mark.parametrize(("parse", "text", "wire"), GOOD)
def test_scalar_is_brought_into_its_wire_form(
    parse: Callable[[object], str], text: object, wire: str
) -> None:
    assert parse(text) == wire


BAD: list[tuple[Callable[[object], str], list[object]]] = [
    (
        parse_money_value,
        ["", "1,000", "1.005", "1e3", "NaN", ".5", "5.", "+1", "１", 5, 5.0, "1\n"],
    ),
    (parse_decimal_value, ["", "1.0000001", "1e3", "Infinity", "1" * 16, 7, True, "1\n"]),
    (
        parse_date_value,
        [
            "2026-02-30",
            "20260922",
            "2026-W05-1",
            "2026-9-22",
            "2026-09-22T",
            20260922,
            "２026-09-22",
        ],
    ),
    (
        parse_datetime_value,
        [
            "2026-09-22T08:00:00",
            "2026-09-22T08:00:00+08:00",
            "2026-09-22 08:00:00Z",
            "2026-02-30T08:00:00Z",
            "2026-09-22T08:00:60Z",
            None,
        ],
    ),
    (parse_uscc_value, ["", "91410199MA9REF0130", "91410199MA9REF013K" * 2, 91410199, None]),
]


@pytest.mark.parametrize(
    ("parse", "value"), [(parse, value) for parse, values in BAD for value in values]
)
def test_scalar_of_another_form_is_refused(parse: Callable[[object], str], value: object) -> None:
    with pytest.raises(GraphQLError):
        parse(value)


@given(st.datetimes())
def test_every_moment_keeps_its_form(moment: object) -> None:
    text = f"{moment.replace(microsecond=0).isoformat()}Z"  # type: ignore[attr-defined]
    assert parse_datetime_value(text) == text
