"""Working days of the State: which days they are, and deadlines counted in them.

The State Council announces each year's holidays and moved days around November of the year
before. A year that is not announced is reckoned with its statutory holidays, and whatever falls
into it is provisional. Where announcements come from is `schedules`' part.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import holidays

from policies.disclosure.schedules import Schedule, installed_schedules, read_schedule

_ONE_DAY = dt.timedelta(days=1)
_SATURDAY = 5
# The next year's announcement moves days of the last week before it, such as 2018-12-29.
_LAST_SURE_DAY = (12, 23)


@dataclass(frozen=True, slots=True)
class Deadline:
    """The last day on which something is in time; it ends at 24:00.

    Attributes:
        date: the day.
        provisional: whether a day was counted whose year is not announced; reckon again when
            it is.
    """

    date: dt.date
    provisional: bool


class WorkingCalendar:
    """Which days are worked. A later schedule of a year stands over an earlier one.

    Source: 全国年节及纪念日放假办法, and the State Council's yearly notices made by it.
    """

    def __init__(self, schedules: Iterable[Schedule]) -> None:
        years: dict[int, Schedule] = {}
        for schedule in schedules:
            if schedule.is_announced:
                years[schedule.year] = schedule
        self._announced = frozenset(years)
        self._days: dict[dt.date, bool] = {}
        for _, schedule in sorted(years.items()):
            self._days.update(schedule.days)

    @property
    def announced_years(self) -> frozenset[int]:
        """Years whose schedule is known."""
        return self._announced

    def is_working_day(self, day: dt.date) -> bool:
        """Tell whether the day is worked; for a day that is not sure, as the statute has it."""
        known = self._days.get(day)
        if known is not None:
            return known
        if day.weekday() >= _SATURDAY:
            return False
        return day.year in self._announced or day not in _statutory_holidays(day.year)

    def is_sure(self, day: dt.date) -> bool:
        """Tell whether no announcement to come can change the day."""
        if day.year not in self._announced:
            return False
        return (day.month, day.day) <= _LAST_SURE_DAY or day.year + 1 in self._announced

    def add_working_days(self, start: dt.date, count: int) -> Deadline:
        """Return the deadline of so many working days; the day of the event is not counted.

        Args:
            start: the day of the event, worked or not.
            count: 0 or more; 0 gives the start itself.

        Raises:
            ValueError: a negative count.

        Source: 民法典 第二百零一条, 第二百零三条.
        """
        if count < 0:
            raise ValueError(f"found {count} working days, expected 0 or more")
        day, provisional = start, False
        while count:
            if day == dt.date.max:
                return Deadline(day, provisional=True)
            day += _ONE_DAY
            provisional = provisional or not self.is_sure(day)
            count -= self.is_working_day(day)
        return Deadline(day, provisional)

    def move_to_working_day(self, day: dt.date) -> Deadline:
        """Return the end of a term in calendar days, months or years that ends on the day.

        A last day that is not worked moves to the working day after.

        Source: 民法典 第二百零三条.
        """
        if self.is_working_day(day):
            return Deadline(day, provisional=not self.is_sure(day))
        moved = self.add_working_days(day, 1)
        return Deadline(moved.date, moved.provisional or not self.is_sure(day))


def add_working_days(start: dt.date, count: int) -> Deadline:
    """Return the deadline by the schedules that are installed with the gateway.

    Raises:
        ValueError: a negative count.
    """
    return installed_calendar().add_working_days(start, count)


@cache
def installed_calendar() -> WorkingCalendar:
    """Return the calendar of the years that are installed with the gateway."""
    return WorkingCalendar(installed_schedules())


def load_calendar(paths: Iterable[Path]) -> WorkingCalendar:
    """Return the installed calendar with the files' years added or put in place of its own.

    Raises:
        DisclosureLoadError: a file that is no schedule, with what was expected.
    """
    return WorkingCalendar((*installed_schedules(), *(read_schedule(path) for path in paths)))


@cache
def _statutory_holidays(year: int) -> frozenset[dt.date]:
    """Holidays that the statute itself fixes; none where the library does not know the year."""
    return frozenset(holidays.country_holidays("CN", years=year))
