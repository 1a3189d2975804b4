"""Deadlines that a department keeps itself, and clocks that act when they have passed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class OpenDeadline:
    """A deadline that runs or stands still.

    Attributes:
        machine: name of the life cycle. clock: name of the deadline in it.
        whose: the party that has to act.
        due_on: last day; None while it stands still.
        is_provisional: it was counted over days that are not announced yet.
        failure: why the clock could not act on it; None where it did not have to.
    """

    case_no: str
    machine: str
    clock: str
    whose: str
    due_on: dt.date | None
    is_provisional: bool
    failure: str | None


@dataclass(frozen=True, slots=True)
class DeadlineChange:
    """A last day that another calendar moved, or made sure."""

    case_no: str
    machine: str
    clock: str
    whose: str
    before: dt.date
    after: dt.date
    is_provisional: bool


@dataclass(frozen=True, slots=True)
class YearSchedule:
    """A year's working days as the State Council announced them.

    Attributes:
        days: days that the announcement names, to whether they are worked.
    """

    year: int
    days: Mapping[dt.date, bool]


@dataclass(frozen=True, slots=True)
class DueWork:
    """What was done of what was due: acts of clocks, and those that could not be done."""

    done: int
    failed: int


@runtime_checkable
class ClockedAdapter(Protocol):
    """Adapter of a department that keeps deadlines."""

    async def deadlines(
        self, until: dt.date, whose: str | None, most: int
    ) -> Sequence[OpenDeadline]:
        """Tell open deadlines up to a last day, the most urgent first; those that stand still,
        last."""
        ...

    async def take_schedule(self, schedule: YearSchedule) -> Sequence[DeadlineChange]:
        """Reckon by a year that was announced from now on; tell what it changed."""
        ...

    async def do_due_work(self) -> DueWork:
        """Do what is due now. May be called on several workers at once, at any time."""
        ...
