"""Periods of law in calendar years, months or days, and periods that changed over time."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

_PERIOD = re.compile(r"([1-9][0-9]{0,3}) (year|month|day)s?\Z")


@dataclass(frozen=True, slots=True)
class Period:
    """So many years, months or days; one of the three is set.

    Source: 民法典 第二百零二条: a period of months or years ends on the corresponding day of its
    last month, or on that month's last day where there is none.
    """

    years: int = 0
    months: int = 0
    days: int = 0

    def after(self, start: dt.date) -> dt.date:
        """Return the last day of the period that starts with an event on the day.

        The greatest date where the end would lie behind it.
        """
        months = start.year * 12 + start.month - 1 + self.years * 12 + self.months
        year, month = months // 12, months % 12 + 1
        if year > dt.MAXYEAR:
            return dt.date.max
        day = min(start.day, calendar.monthrange(year, month)[1])
        moved = dt.date(year, month, day)
        days_left = dt.date.max.toordinal() - moved.toordinal()
        return moved + dt.timedelta(days=min(self.days, days_left))

    def earliest_running(self, today: dt.date) -> dt.date:
        """Return the first day whose period has not ended before today.

        Not simply today less the period: 3 months from 28 February end on 28 May, so on 31 May
        that period is over, and the first day whose period runs is 1 March.
        """
        low, high = dt.date.min.toordinal(), today.toordinal()
        # Four days more: periods from the 28th to the 31st may end together.
        guess = high - (self.years * 366 + self.months * 31 + self.days) - 4
        low = max(low, guess)
        while low < high:
            middle = (low + high) // 2
            if self.after(dt.date.fromordinal(middle)) >= today:
                high = middle
            else:
                low = middle + 1
        return dt.date.fromordinal(low)

    def __str__(self) -> str:
        for count, unit in ((self.years, "year"), (self.months, "month"), (self.days, "day")):
            if count:
                return f"{count} {unit}{'' if count == 1 else 's'}"
        return "0 days"


def parse_period(text: str) -> Period:
    """Read `5 years`, `3 months` or `10 days`.

    Raises:
        ValueError: any other form.
    """
    found = _PERIOD.match(text)
    if found is None:
        raise ValueError(f"found `{text}`, expected a period such as `5 years` or `3 months`")
    return Period(**{f"{found[2]}s": int(found[1])})


@dataclass(frozen=True, slots=True)
class Change:
    """A period since a day.

    Attributes:
        since: first day of decisions that it is for.
        for_earlier: whether, once in force, it is also for decisions before that day.
    """

    since: dt.date
    for_earlier: bool
    period: Period


Span = tuple[dt.date | None, dt.date | None]
"""First day and the day after the last; None without end."""


@dataclass(frozen=True, slots=True)
class ChangingPeriod:
    """A period that the law changed, written `3 years, since 2026-04-01 for all 1 year`.

    Attributes:
        changes: by day, at least one; the first is also for whatever was decided before it.
        runs_from: field of a record on whose day it begins; empty if that is not said.
    """

    changes: tuple[Change, ...]
    runs_from: str = ""

    def for_decision(self, decided_on: dt.date, today: dt.date) -> Period:
        """Return the period that today goes for a decision of that day."""
        return self.changes[governing(self.changes, decided_on, today)].period

    def running(self, today: dt.date) -> tuple[Span, ...]:
        """Return the days whose decisions' period has not ended before today."""
        spans: list[Span] = []
        for number, change in enumerate(self.changes):
            first = change.since if number else None
            after = self.changes[number + 1].since if number + 1 < len(self.changes) else None
            decided = first or dt.date.min
            cutoff = self.for_decision(decided, today).earliest_running(today)
            start = cutoff if first is None else max(first, cutoff)
            if after is not None and start >= after:
                continue
            if spans and spans[-1][1] == start:
                spans[-1] = (spans[-1][0], after)
            else:
                spans.append((start, after))
        return tuple(spans)

    def __str__(self) -> str:
        first, *later = self.changes
        if all(change.period == first.period for change in later):
            return str(first.period)
        parts = [str(first.period)]
        for change in later:
            for_all = " for all" if change.for_earlier else ""
            parts.append(f"since {change.since}{for_all} {change.period}")
        return ", ".join(parts)


def governing(changes: Sequence[Change], decided_on: dt.date, today: dt.date) -> int:
    """Return the number of the change that today goes for a decision of that day."""
    chosen = 0
    for number, change in enumerate(changes):
        if change.since <= decided_on or (change.for_earlier and change.since <= today):
            chosen = number
    return chosen


_SINCE = re.compile(r"since ([0-9]{4}-[0-9]{2}-[0-9]{2})( for all)? (.+)\Z")


@lru_cache(maxsize=256)
def parse_changing_period(text: str) -> ChangingPeriod:
    """Read what `str` of a changing period gives, or a plain period.

    Raises:
        ValueError: any other form.
    """
    first, *later = text.split(", ")
    changes = [Change(dt.date.min, False, parse_period(first))]
    for part in later:
        found = _SINCE.match(part)
        if found is None:
            raise ValueError(f"found `{part}`, expected `since YYYY-MM-DD [for all] PERIOD`")
        since = dt.date.fromisoformat(found[1])
        if since <= changes[-1].since:
            raise ValueError(f"found `{part}`, expected a day after {changes[-1].since}")
        changes.append(Change(since, found[2] is not None, parse_period(found[3])))
    return ChangingPeriod(tuple(changes))
