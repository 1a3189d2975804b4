"""Row conditions: what a file may say, and what comes of it for a kind and a day."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.disclosure.loader import packaged_clock
from policies.rows import read_row
from policies.settling import for_kind, on_day
from schema.codes import RecordKind
from schema.predicate import ALWAYS, NEVER, And, Comparison, IsNull, Not, Operator, Or, matches
from schema.records import MODEL

PENALTY = MODEL.kinds[RecordKind.ADMINISTRATIVE_PENALTY]
ENTRY = MODEL.kinds[RecordKind.SERIOUS_VIOLATION_ENTRY]
LICENCE = MODEL.kinds[RecordKind.ADMINISTRATIVE_LICENCE]
TODAY = dt.date(2026, 11, 25)
DAYS = st.dates(dt.date(2015, 1, 1), dt.date(2035, 12, 31))


class RowError(Exception):
    pass


def fail(found: str, expected: str) -> RowError:
    return RowError(f"found {found}, expected {expected}")


def decided(operator: str, operand: str) -> dict[str, Any]:
    return {"field": "meta.decidedOn", operator: operand}


def test_period_before_today_is_settled_for_each_day() -> None:
    row = read_row(decided("at-least", "today - 3 months"), [PENALTY], fail)
    assert on_day(row, TODAY) == Comparison("meta.decidedOn", Operator.GE, "2026-08-25")
    # Three months from 28 February end on 28 May, and so do those from no later day.
    assert on_day(row, dt.date(2026, 5, 31)) == Comparison(
        "meta.decidedOn", Operator.GE, "2026-03-01"
    )


def test_named_period_is_that_of_the_clock_on_the_day() -> None:
    row = read_row(decided("at-least", "today - @minor"), [PENALTY], fail)
    before, after = (on_day(row, dt.date(2026, month, 1)) for month in (3, 4))
    assert before == Comparison("meta.decidedOn", Operator.GE, "2023-03-01")
    assert after == Comparison("meta.decidedOn", Operator.GE, "2026-01-01")


def test_clock_of_another_number_makes_another_predicate() -> None:
    """So that the version of the rules tells the numbers apart."""
    names = ("minor", "general", "outer-limit")
    rows = {read_row(decided("at-least", f"today - @{name}"), [PENALTY], fail) for name in names}
    assert len(rows) == len(names)


@settings(deadline=None)
@given(DAYS, DAYS, st.sampled_from(sorted(packaged_clock().periods)))
def test_named_period_says_what_the_clock_says(
    today: dt.date, decided_on: dt.date, name: str
) -> None:
    period = packaged_clock().periods[name].for_decision(decided_on, today)
    is_running = period.after(decided_on) >= today
    row = {"meta.decidedOn": decided_on.isoformat()}
    for operator, expected in (("at-least", is_running), ("below", not is_running)):
        condition = read_row(decided(operator, f"today - @{name}"), [PENALTY], fail)
        assert matches(on_day(condition, today), row, PENALTY) is expected


@pytest.mark.parametrize("operator", ["at-least", "below"])
def test_missing_date_satisfies_no_period(operator: str) -> None:
    row = read_row(decided(operator, "today - @minor"), [PENALTY], fail)
    assert not matches(on_day(row, TODAY), {"meta.decidedOn": None}, PENALTY)


def test_nature_is_settled_by_the_kind() -> None:
    condition = {"any": [{"field": "meta.nature", "is": "BASIC"}, decided("at-least", "today")]}
    row = read_row(condition, [PENALTY, LICENCE], fail)
    assert for_kind(row, LICENCE) == ALWAYS
    assert for_kind(row, PENALTY) == Comparison("meta.decidedOn", Operator.GE, "today")


def test_condition_per_kind_holds_for_that_kind_only() -> None:
    removed = {"field": "removedOn", "absent": True}
    condition = {"per-kind": {"SERIOUS_VIOLATION_ENTRY": removed}}
    row = read_row(condition, [PENALTY, ENTRY], fail)
    assert for_kind(row, ENTRY) == IsNull("removedOn")
    assert for_kind(row, PENALTY) == NEVER
    assert read_row(condition, [PENALTY], fail) == NEVER


def test_what_the_kind_settles_leaves_no_trace() -> None:
    known = Comparison("meta.nature", Operator.EQ, "DISHONEST")
    mark = Comparison("meta.objectionMark", Operator.EQ, True)
    severe = Comparison("meta.severity", Operator.EQ, "SERIOUS")
    assert for_kind(And((known, And((mark, severe)))), PENALTY) == And((mark, severe))
    assert for_kind(And((Not(known), mark)), PENALTY) == NEVER
    assert for_kind(Or((Not(known), Or((mark, severe)))), PENALTY) == Or((mark, severe))
    assert for_kind(Not(known), LICENCE) == ALWAYS
    assert for_kind(Not(mark), PENALTY) == Not(mark)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (decided("above", "today - 5 years"), "`at-least` or `below`"),
        (decided("at-least", "today - @nothing"), "one of @outer-limit, @minor"),
        (
            {"field": "meta.publishedOn", "at-least": "today - @minor"},
            "`meta.decidedOn`, from which that period runs",
        ),
        (decided("at-least", "today - 5 weeks"), "`today - 5 years` or `today - @NAME`"),
        (decided("at-least", "today - "), "`today - 5 years` or `today - @NAME`"),
        ({"field": "documentNo", "is": "today - 5 years"}, "a text"),
        ({"field": "meta.sourceDepartmentCode", "is": "1"}, "a field that departments supply"),
        ({"per-kind": {}}, "`per-kind` alone"),
        ({"per-kind": []}, "`per-kind` alone"),
        ({"per-kind": {"PENALTY": {}}}, "one of ABNORMAL_OPERATION_ENTRY"),
        (
            {"per-kind": {"ADMINISTRATIVE_PENALTY": {"field": "removedOn", "absent": True}}},
            "a field of `AdministrativePenalty`",
        ),
    ],
)
def test_condition_that_is_not_understood_is_refused(
    condition: dict[str, Any], expected: str
) -> None:
    with pytest.raises(RowError, match=expected):
        read_row(condition, [PENALTY], fail)
