"""Periods of the disclosure clock, read from its files without any of its code."""

from __future__ import annotations

import datetime as dt
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

VERSIONS = Path(__file__).resolve().parents[2] / "policies" / "disclosure" / "versions"
_DAYS = {"day": 1, "month": 31, "year": 366}


def is_running(name: str, day: str, today: str) -> bool:
    """Whether the period of this name that began on the day has not ended before today."""
    lengths = [_length(version, name) for version in _governing(day, today)]
    return _last_day(dt.date.fromisoformat(day), lengths[-1]) >= dt.date.fromisoformat(today)


def _governing(day: str, today: str) -> list[dict[str, Any]]:
    """Versions that go for a decision of the day, the one that counts last."""
    first, *later = _files()
    return [
        first,
        *(
            file
            for file in later
            if str(file["in-force-from"]) <= day
            or (file["for-earlier-decisions"]["value"] and str(file["in-force-from"]) <= today)
        ),
    ]


@cache
def _files() -> list[dict[str, Any]]:
    files = [tomllib.loads(path.read_text("utf-8")) for path in VERSIONS.glob("*.toml")]
    return sorted(files, key=lambda file: str(file["in-force-from"]))


def _length(version: dict[str, Any], name: str) -> str:
    if name == "outer-limit":
        return str(version["outer-limit"]["value"])
    lengths = [str(regime[name.upper()]["most"]["value"]) for regime in version["levels"].values()]
    return max(lengths, key=_about)


def _about(length: str) -> int:
    count, unit = length.split()
    return int(count) * _DAYS[unit.rstrip("s")]


def _last_day(start: dt.date, length: str) -> dt.date:
    count, unit = length.split()
    if unit.rstrip("s") == "day":
        return start + dt.timedelta(days=int(count))
    months = int(count) * (12 if unit.rstrip("s") == "year" else 1)
    first = dt.date(
        start.year + (start.month - 1 + months) // 12, (start.month - 1 + months) % 12 + 1, 1
    )
    next_first = (first + dt.timedelta(days=31)).replace(day=1)
    return min(first + dt.timedelta(days=start.day - 1), next_first - dt.timedelta(days=1))
