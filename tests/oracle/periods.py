"""Whether a period before today still runs: own reading of what row rules say.

`today - 3 years, since 2026-04-01 for all 3 months` means: three months from the field's day for
whatever happened since that April day, and once that day has come for all; three years before.
"""

from __future__ import annotations

import datetime as dt

BEFORE_TODAY = "today - "


def is_running(words: str, day: str, today: str) -> bool:
    """Whether the period that began on the day has not ended before today."""
    first, *changes = words.removeprefix(BEFORE_TODAY).split(", ")
    length = first
    for change in changes:
        since, _, rest = change.removeprefix("since ").partition(" ")
        is_for_all = rest.startswith("for all ")
        if since <= day or (is_for_all and since <= today):
            length = rest.removeprefix("for all ")
    return _last_day(dt.date.fromisoformat(day), length) >= dt.date.fromisoformat(today)


def _last_day(start: dt.date, length: str) -> dt.date:
    number, unit = length.split(" ")
    count = int(number)
    if unit.startswith("day"):
        return start + dt.timedelta(days=count)
    months = start.month - 1 + count * (12 if unit.startswith("year") else 1)
    year, month = start.year + months // 12, months % 12 + 1
    for day in (start.day, 30, 29, 28):
        try:
            return dt.date(year, month, day)
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")
