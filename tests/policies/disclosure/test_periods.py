"""Periods of law, and the days whose period still runs."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.disclosure.periods import (
    Change,
    ChangingPeriod,
    Period,
    parse_changing_period,
    parse_period,
)

DAYS = st.dates(dt.date(2000, 1, 1), dt.date(2040, 12, 31))
PERIODS = st.one_of(
    st.builds(Period, years=st.integers(1, 20)),
    st.builds(Period, months=st.integers(1, 40)),
    st.builds(Period, days=st.integers(1, 400)),
)


@st.composite
def changing(draw: st.DrawFn) -> ChangingPeriod:
    later = sorted(draw(st.sets(DAYS, max_size=3)))
    days = [dt.date.min, *later]
    return ChangingPeriod(
        tuple(
            Change(day, n > 0 and draw(st.booleans()), draw(PERIODS)) for n, day in enumerate(days)
        )
    )


@pytest.mark.parametrize(
    ("start", "text", "end"),
    [
        ("2026-01-31", "1 month", "2026-02-28"),
        ("2026-11-30", "3 months", "2027-02-28"),
        ("2024-02-29", "1 year", "2025-02-28"),
        ("2024-02-29", "4 years", "2028-02-29"),
        ("2026-12-25", "10 days", "2027-01-04"),
        ("9998-01-01", "5 years", "9999-12-31"),
        ("9999-12-30", "10 days", "9999-12-31"),
    ],
)
def test_period_ends_on_the_corresponding_day(start: str, text: str, end: str) -> None:
    found = parse_period(text).after(dt.date.fromisoformat(start))
    assert found == dt.date.fromisoformat(end)


@pytest.mark.parametrize("text", ["", "0 days", "5years", "5", "-1 day", "3 weeks", "1 year "])
def test_other_forms_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected a period"):
        parse_period(text)


@pytest.mark.parametrize(
    "text", ["1 year, 2 years", "1 year, since 2026-13-01 2 years", "x, since 2026-01-01 1 year"]
)
def test_other_forms_of_changing_periods_are_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_changing_period(text)


def test_changes_are_in_order_of_their_days() -> None:
    with pytest.raises(ValueError, match="expected a day after"):
        parse_changing_period("1 year, since 2026-02-01 2 years, since 2026-01-01 3 years")


@settings(deadline=None)
@given(DAYS, PERIODS)
def test_earliest_running_is_the_first_day_whose_period_runs(day: dt.date, period: Period) -> None:
    earliest = period.earliest_running(day)
    assert period.after(earliest) >= day
    assert period.after(earliest - dt.timedelta(days=1)) < day


def test_period_longer_than_the_calendar_always_runs() -> None:
    assert Period(years=9000).earliest_running(dt.date(2026, 1, 1)) == dt.date.min


@settings(deadline=None)
@given(changing(), DAYS, DAYS)
def test_running_days_are_those_whose_period_has_not_ended(
    period: ChangingPeriod, today: dt.date, decided_on: dt.date
) -> None:
    is_running = any(
        (first is None or first <= decided_on) and (after is None or decided_on < after)
        for first, after in period.running(today)
    )
    assert is_running == (period.for_decision(decided_on, today).after(decided_on) >= today)


@settings(deadline=None)
@given(changing(), DAYS, DAYS)
def test_text_of_a_changing_period_says_all(
    period: ChangingPeriod, today: dt.date, decided_on: dt.date
) -> None:
    read = parse_changing_period(str(period))
    assert read.for_decision(decided_on, today).after(decided_on) == period.for_decision(
        decided_on, today
    ).after(decided_on)
