"""Days between an event and what had to follow, held against a term in working days."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from importlib import resources

from gateway.contract import Lag
from gateway.quality.types import Timeliness
from policies.disclosure.clock import Clock
from policies.disclosure.types import Facts
from policies.disclosure.working_days import Deadline, WorkingCalendar
from schema.codes import Nature, RecordKind

Term = Callable[[dt.date], Deadline]
"""From the day of the event to its deadline."""


@cache
def check_working_days() -> int:
    """Working days in which received data are checked.

    Source: 河南省社会信用条例, article 17; the number stands in `limits.toml`.
    """
    text = resources.files("gateway.quality").joinpath("limits.toml").read_text("utf-8")
    return int(tomllib.loads(text)["check"]["working_days"])


def check_timeliness(lags: Sequence[Lag], calendar: WorkingCalendar, today: dt.date) -> Timeliness:
    """From the report to the check: the clock that runs against the platform."""
    days = check_working_days()
    return _judged(lags, days, lambda begun: calendar.add_working_days(begun, days), today)


def publication_timeliness(
    lags: Sequence[Lag], kind: RecordKind, nature: Nature, clock: Clock, today: dt.date
) -> Timeliness:
    """From the decision to the publication, by the version of the law for each decision."""
    version = clock.version_for(today)
    days = version.publish_otherwise_working_days
    if kind in version.act_kinds:
        days = min(days, version.publish_working_days)

    def deadline(begun: dt.date) -> Deadline:
        answer = clock.publication_deadline(Facts(begun, kind, nature))
        return Deadline(answer.date or dt.date.max, answer.provisional)

    return _judged(lags, days, deadline, today)


def _judged(lags: Sequence[Lag], days: int, term: Term, today: dt.date) -> Timeliness:
    counted: Counter[str] = Counter()
    deadlines: dict[str, Deadline] = {}
    due: list[dt.date] = []
    is_provisional = False
    for lag in lags:
        deadline = deadlines.get(lag.begun)
        if deadline is None:
            deadline = deadlines[lag.begun] = term(dt.date.fromisoformat(lag.begun))
        if lag.done is not None:
            is_in_time = lag.done <= deadline.date.isoformat()
            counted["in_time" if is_in_time else "late"] += lag.records
        elif today <= deadline.date:
            counted["waiting"] += lag.records
            due.append(deadline.date)
            is_provisional = is_provisional or deadline.provisional
        else:
            counted["overdue"] += lag.records
    next_due = min(due).isoformat() if due else None
    return Timeliness(
        days,
        counted["in_time"],
        counted["late"],
        counted["waiting"],
        counted["overdue"],
        next_due,
        is_provisional,
    )
