"""Days of the city as numbers, so that many can be computed with quickly.

The city has no clock: everything is dated relative to the day that its settings name.
"""

from __future__ import annotations

import datetime as dt

Day = int
"""Proleptic ordinal of a calendar day, as `datetime.date.toordinal` counts."""

_FIRST = dt.date(1970, 1, 1).toordinal()
_LAST = dt.date(2060, 12, 31).toordinal()
_ISO = [dt.date.fromordinal(day).isoformat() for day in range(_FIRST, _LAST + 1)]

MONTH = 30
YEAR = 365


def iso(day: Day) -> str:
    """ISO form of a day between 1970 and 2060."""
    return _ISO[day - _FIRST]


def day(year: int, month: int = 1, number: int = 1) -> Day:
    """The day with this date."""
    return dt.date(year, month, number).toordinal()


def year_of(value: Day) -> int:
    """Calendar year of a day."""
    return int(_ISO[value - _FIRST][:4])


def years_after(start: Day, years: int) -> Day:
    """The same date some years later; the last day of February stays in February."""
    first = dt.date.fromordinal(start)
    number = min(first.day, 28) if first.month == 2 else first.day
    return dt.date(first.year + years, first.month, number).toordinal()
