"""Since when what is on record must be kept: so many years back, by the calendar of China."""

from __future__ import annotations

import calendar
from datetime import datetime, timedelta, timezone

_CHINA = timezone(timedelta(hours=8))


def kept_since(now: datetime, years: int) -> datetime:
    """Return the moment before which entries need not be kept any more.

    Source: 民法典 第二百零二条: a period of years ends on the corresponding day, or on the last day
    of the month where there is none.

    Args:
        now: with zone.
    """
    today = now.astimezone(_CHINA).date()
    year = today.year - years
    day = min(today.day, calendar.monthrange(year, today.month)[1])
    return datetime(year, today.month, day, tzinfo=_CHINA)
