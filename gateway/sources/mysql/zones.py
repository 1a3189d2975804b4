"""Offsets of a time zone as SQL: servers know named zones only where somebody loaded the tables."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from gateway.sources.local.values import offset_of

_FIRST, _LAST = dt.datetime(1900, 1, 1), dt.datetime(2040, 1, 1)
_STEADY = dt.datetime(2010, 1, 1)
_STEP, _SECOND = dt.timedelta(days=10), dt.timedelta(seconds=1)


class Piece(NamedTuple):
    """From this local time on, the offset in seconds; the first begins with all times."""

    since: dt.datetime
    offset_s: int


@lru_cache(maxsize=32)
def pieces(zone: str) -> tuple[Piece, ...]:
    """Offsets of a zone over its local times, newest first.

    Where a local time came twice, or never, standard time counts, as everywhere in the gateway.

    Raises:
        ValueError: the zone still changes its offset; a view must then give times in UTC.
    """
    info = ZoneInfo(zone)
    found = [Piece(dt.datetime.min, _seconds(_FIRST, info))]
    day = _FIRST
    while day < _LAST:
        following = day + _STEP
        # No zone has begun and ended summer time within a step.
        if _seconds(following, info) != found[-1].offset_s:
            found.append(_change(day, following, info))
        day = following
    if found[-1].since > _STEADY:
        raise ValueError(f"time zone `{zone}` has summer time: map a view with times in UTC")
    return tuple(reversed(found))


def _change(before: dt.datetime, after: dt.datetime, zone: ZoneInfo) -> Piece:
    offset = _seconds(before, zone)
    while after - before > _SECOND:
        middle = before + (after - before) / 2
        middle = middle.replace(microsecond=0)
        if _seconds(middle, zone) == offset:
            before = middle
        else:
            after = middle
    return Piece(after, _seconds(after, zone))


def _seconds(local: dt.datetime, zone: ZoneInfo) -> int:
    return int(offset_of(local, zone).total_seconds())


def offset_sql(local: str, zone: str) -> str:
    """SQL of the offset in seconds at the local time that an expression gives."""
    newest, *older = pieces(zone)
    if not older:
        return str(newest.offset_s)
    cases = " ".join(
        f"WHEN {local} >= '{piece.since:%Y-%m-%d %H:%M:%S}' THEN {piece.offset_s:d}"
        for piece in (newest, *older[:-1])
    )
    return f"(CASE {cases} ELSE {older[-1].offset_s:d} END)"
