"""Working days: the announced years, the years to come, and deadlines counted in them."""

from __future__ import annotations

import datetime as dt

import chinese_calendar  # type: ignore[import-untyped]
import holidays
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.disclosure.schedules import Schedule, installed_schedules
from policies.disclosure.working_days import (
    Deadline,
    WorkingCalendar,
    add_working_days,
    installed_calendar,
)

DAYS = st.dates(dt.date(2004, 1, 1), dt.date(2040, 12, 31))
NEXT_YEAR = Schedule(
    2027,
    {
        dt.date(2026, 12, 27): True,
        dt.date(2026, 12, 31): False,
        dt.date(2027, 1, 1): False,
        dt.date(2027, 10, 1): False,
    },
)


@pytest.mark.parametrize(
    ("start", "count", "deadline"),
    [
        ("2026-03-02", 7, "2026-03-11"),
        ("2026-02-11", 7, "2026-02-27"),
        ("2026-02-13", 7, "2026-03-02"),
        ("2026-04-29", 3, "2026-05-07"),
        ("2026-09-22", 7, "2026-10-09"),
        ("2026-09-30", 1, "2026-10-08"),
        ("2026-09-30", 7, "2026-10-15"),
        ("2026-10-03", 7, "2026-10-15"),
        ("2025-09-26", 7, "2025-10-13"),
        ("2025-12-31", 3, "2026-01-06"),
    ],
)
def test_deadline_over_announced_days_is_exact(start: str, count: int, deadline: str) -> None:
    found = installed_calendar().add_working_days(dt.date.fromisoformat(start), count)
    assert found == Deadline(dt.date.fromisoformat(deadline), provisional=False)


def test_deadline_into_unannounced_year_is_provisional() -> None:
    calendar = WorkingCalendar(s for s in installed_schedules() if s.year <= 2026)
    found = calendar.add_working_days(dt.date(2026, 12, 24), 7)
    assert found == Deadline(dt.date(2027, 1, 5), provisional=True)


def test_deadline_at_year_end_waits_for_the_next_announcement() -> None:
    """2018-12-29, a Saturday, was worked by the notice for 2019."""
    before = WorkingCalendar(s for s in installed_schedules() if s.year <= 2018)
    assert before.add_working_days(dt.date(2018, 12, 20), 1).provisional is False
    assert before.add_working_days(dt.date(2018, 12, 28), 1).provisional is True
    after = installed_calendar().add_working_days(dt.date(2018, 12, 28), 1)
    assert after == Deadline(dt.date(2018, 12, 29), provisional=False)


def test_added_year_makes_deadline_sure() -> None:
    calendar = WorkingCalendar((*installed_schedules(), NEXT_YEAR))
    found = calendar.add_working_days(dt.date(2026, 12, 24), 2)
    assert found == Deadline(dt.date(2026, 12, 27), provisional=False)


def test_schedule_of_a_year_reaches_into_the_neighbouring_year() -> None:
    calendar = WorkingCalendar((*installed_schedules(), NEXT_YEAR))
    assert calendar.is_working_day(dt.date(2026, 12, 27))
    assert not calendar.is_working_day(dt.date(2026, 12, 31))


def test_later_schedule_of_a_year_replaces_the_earlier_one() -> None:
    other = Schedule(2026, {dt.date(2026, 10, 1): False})
    calendar = WorkingCalendar((*installed_schedules(), other))
    assert calendar.is_working_day(dt.date(2026, 10, 2))


@pytest.mark.parametrize("days", [{}, {dt.date(2027, 1, 1): False}])
def test_empty_or_partial_year_is_unannounced(days: dict[dt.date, bool]) -> None:
    calendar = WorkingCalendar((*installed_schedules(), Schedule(2027, days)))
    assert 2027 not in calendar.announced_years
    assert calendar.add_working_days(dt.date(2027, 1, 1), 1).provisional


def test_statutory_holidays_stand_in_for_an_unannounced_year() -> None:
    calendar = WorkingCalendar(s for s in installed_schedules() if s.year <= 2026)
    assert not calendar.is_working_day(dt.date(2027, 10, 1))
    assert calendar.is_working_day(dt.date(2027, 10, 8))


def test_installed_years_agree_with_both_libraries() -> None:
    calendar = installed_calendar()
    statutory = holidays.country_holidays("CN", years=range(2024, 2027))
    day = dt.date(2024, 1, 1)
    while day.year < 2027:
        assert calendar.is_working_day(day) == chinese_calendar.is_workday(day), day
        assert calendar.is_working_day(day) == statutory.is_working_day(day), day
        day += dt.timedelta(days=1)


def test_negative_count_is_refused() -> None:
    with pytest.raises(ValueError, match="0 or more"):
        add_working_days(dt.date(2026, 3, 2), -1)


def test_no_year_crashes() -> None:
    for day in (dt.date.min, dt.date(1949, 10, 1), dt.date(2150, 1, 1), dt.date(9999, 12, 30)):
        assert add_working_days(day, 20).provisional


@settings(deadline=None)
@given(DAYS, st.integers(0, 40))
def test_deadline_is_worked_and_counts_exactly(start: dt.date, count: int) -> None:
    calendar = installed_calendar()
    found = calendar.add_working_days(start, count)
    span = (found.date - start).days
    days = [start + dt.timedelta(days=n + 1) for n in range(span)]
    assert sum(calendar.is_working_day(day) for day in days) == count
    assert count == 0 or calendar.is_working_day(found.date)
    assert found.provisional == any(not calendar.is_sure(day) for day in days)


@settings(deadline=None)
@given(DAYS)
def test_term_in_calendar_days_moves_to_a_working_day_only(day: dt.date) -> None:
    calendar = installed_calendar()
    moved = calendar.move_to_working_day(day)
    assert calendar.is_working_day(moved.date)
    between = [day + dt.timedelta(days=n) for n in range((moved.date - day).days)]
    assert not any(calendar.is_working_day(other) for other in between)
