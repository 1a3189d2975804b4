"""The State Council's yearly announcements: from the installed library, and from files.

A file in the folder `years` adds a year, or stands in place of what the library says of it. It
holds `year` and `days`, a list of `{"name", "date", "isOffDay"}`; `isOffDay` false is a day of a
weekend that is worked. Other keys are left alone. An empty list means that the year is not
announced, not that it has no holidays.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import chinese_calendar  # type: ignore[import-untyped]

from policies.disclosure.errors import DisclosureLoadError

YEARS = Path(__file__).parent / "years"


@dataclass(frozen=True, slots=True)
class Schedule:
    """What the State Council announced for one year.

    Attributes:
        year: the year that the announcement is for.
        days: each day that it names, which may belong to a neighbouring year, to whether it is
            worked. Other days of the year are worked from Monday to Friday.
    """

    year: int
    days: Mapping[dt.date, bool]

    @property
    def is_announced(self) -> bool:
        """Whether this is an announcement at all; one without National Day is not."""
        return dt.date(self.year, 10, 1) in self.days


def installed_schedules() -> tuple[Schedule, ...]:
    """Return the announcements of the installed library, then those of the folder `years`.

    Raises:
        DisclosureLoadError: a file that is no schedule, with what was expected.
    """
    days: dict[int, dict[dt.date, bool]] = {}
    for table, is_worked in ((chinese_calendar.holidays, False), (chinese_calendar.workdays, True)):
        for day in table:
            days.setdefault(day.year, {})[day] = is_worked
    added = map(read_schedule, sorted(YEARS.glob("*.json")))
    return (*(Schedule(year, days[year]) for year in sorted(days)), *added)


def read_schedule(path: Path) -> Schedule:
    """Read one year's file.

    Raises:
        DisclosureLoadError: a file that is no schedule, with what was expected.
    """

    def fail(key: str, found: str, expected: str) -> DisclosureLoadError:
        return DisclosureLoadError(path.name, key, found, expected)

    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise fail("-", f"`{error}`", "a JSON file") from error
    if not isinstance(content, dict):
        raise fail("-", "no object", "an object with `year` and `days`")
    year, entries = content.get("year"), content.get("days")
    if type(year) is not int or not 1949 <= year <= 9998:
        raise fail("year", f"`{year}`", "a year, such as 2027")
    if not isinstance(entries, list):
        raise fail("days", f"`{entries}`", "a list of days")
    days: dict[dt.date, bool] = {}
    for position, entry in enumerate(entries):
        try:
            day, is_worked = _read_day(entry, year)
        except (KeyError, TypeError, ValueError) as error:
            expected = f'`{{"date": "YYYY-MM-DD", "isOffDay": true or false}}` of about {year}'
            raise fail(f"days[{position}]", f"`{entry}`", expected) from error
        if days.setdefault(day, is_worked) != is_worked:
            raise fail(f"days[{position}]", f"`{day}` worked and not worked", "one of them")
    schedule = Schedule(year, days)
    if days and not schedule.is_announced:
        raise fail("days", f"no `{year}-10-01`", "the whole year's schedule, or an empty list")
    return schedule


def _read_day(entry: Any, year: int) -> tuple[dt.date, bool]:
    day = dt.date.fromisoformat(entry["date"])
    if abs(day.year - year) > 1 or type(entry["isOffDay"]) is not bool:
        raise ValueError(entry)
    return day, not entry["isOffDay"]
