"""By when a grant has to be answered and supplied, and how long its assessment is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone

from gateway.entitlements.grant import GrantRecord
from gateway.entitlements.states import GrantState
from policies.disclosure.working_days import Deadline, add_working_days
from policies.sharing.model import Sharing
from schema.codes import SharingAttribute
from schema.sharing import SharingMode

_CHINA = timezone(timedelta(hours=8))

AddWorkingDays = Callable[[date, int], Deadline]


@dataclass(frozen=True, slots=True)
class GrantTimes:
    """
    Attributes:
        answer_due: last day of the decision.
        is_overdue: it is still not decided on a later day.
        supply_due: last day on which data agreed to are handed over; None where the gateway
            serves them at once.
        assessment_kept_until: first day on which the impact assessment may be destroyed.
    """

    answer_due: Deadline
    is_overdue: bool
    supply_due: Deadline | None
    assessment_kept_until: date | None


class GrantClock:
    """Reckons the times of grants by the version in force when each was requested."""

    def __init__(self, sharing: Sharing, add: AddWorkingDays = add_working_days) -> None:
        self._sharing = sharing
        self._add = add

    def times(self, grant: GrantRecord, now: datetime) -> GrantTimes:
        """Return the times of a grant.

        Source: 政务数据共享条例 (times to decide, to put off, to supply).
        """
        requested = china_day(grant.requested_at)
        version = self._sharing.clock_on(requested)
        is_unconditional = grant.terms.sharing_attribute is SharingAttribute.UNCONDITIONAL
        first = version.unconditional_decision if is_unconditional else version.conditional_decision
        days = first.value + (version.extension.value if grant.extended_at is not None else 0)
        answer_due = self._add(requested, days)
        is_open = grant.state is GrantState.REQUESTED
        assessed = grant.terms.impact_assessed_on
        return GrantTimes(
            answer_due,
            is_open and china_day(now) > answer_due.date,
            self._supply_due(grant, version.supply.value),
            None
            if assessed is None
            else years_later(assessed, version.impact_assessment_years.value),
        )

    def _supply_due(self, grant: GrantRecord, days: int) -> Deadline | None:
        was_agreed = grant.state not in (GrantState.REQUESTED, GrantState.REFUSED)
        if not was_agreed or grant.terms.mode is SharingMode.SERVICE or grant.decided_at is None:
            return None
        return self._add(china_day(grant.decided_at), days)


def china_day(at: datetime) -> date:
    """Return the day in China, where the law's days are counted."""
    return at.astimezone(_CHINA).date()


def years_later(day: date, years: int) -> date:
    """Return the same day of a later year; 29 February becomes 1 March where there is none."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)
