"""Last days of deadlines: spans counted on one another, less the days on which they stood still."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.lifecycle.terms import Span, parse_span
from policies.disclosure.working_days import Deadline, WorkingCalendar

CHINA = dt.timezone(dt.timedelta(hours=8))
_ONE_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Pause:
    """Days that do not count: those after `since`, up to and including `until`.

    The day on which a clock is stopped still counts, as does no day of an event.
    """

    since: dt.date
    until: dt.date

    def covers(self, day: dt.date) -> bool:
        return self.since < day <= self.until


def china_day(at: dt.datetime) -> dt.date:
    """Return the day in China, where the law's days are counted.

    Raises:
        ValueError: a time without zone.
    """
    if at.tzinfo is None:
        raise ValueError("found a time without zone, expected one with its zone")
    return at.astimezone(CHINA).date()


def reckon(
    start: dt.date, spans: Sequence[Span], pauses: Sequence[Pause], calendar: WorkingCalendar
) -> Deadline:
    """Return the last day of spans that follow one another.

    Args:
        start: day of the event, which is not counted.

    Source: 民法典 第二百零一条至第二百零三条; 河南省社会信用条例 第四十一条 (time that does not
    count).
    """
    day, provisional = start, False
    for span in spans:
        if span.period is None:
            end = _working_days(day, span.working_days, pauses, calendar)
        else:
            end = _calendar_days(day, span.period.after(day), pauses, calendar)
        day, provisional = end.date, provisional or end.provisional
    return Deadline(day, provisional)


def _working_days(
    day: dt.date, count: int, pauses: Sequence[Pause], calendar: WorkingCalendar
) -> Deadline:
    provisional = False
    while count:
        if day == dt.date.max:
            return Deadline(day, provisional=True)
        day += _ONE_DAY
        if any(pause.covers(day) for pause in pauses):
            continue
        provisional = provisional or not calendar.is_sure(day)
        count -= calendar.is_working_day(day)
    return Deadline(day, provisional)


def _calendar_days(
    start: dt.date, end: dt.date, pauses: Sequence[Pause], calendar: WorkingCalendar
) -> Deadline:
    left = (end - start).days
    day = start
    while left and day < dt.date.max:
        day += _ONE_DAY
        left -= not any(pause.covers(day) for pause in pauses)
    return calendar.move_to_working_day(day)


def due_day(
    started_on: dt.date,
    spans: Sequence[str],
    paused_since: Sequence[dt.date],
    paused_until: Sequence[dt.date],
    calendar: WorkingCalendar,
) -> Deadline:
    """Reckon a deadline from what its row keeps."""
    pauses = [Pause(*days) for days in zip(paused_since, paused_until, strict=True)]
    return reckon(started_on, [parse_span(span) for span in spans], pauses, calendar)
