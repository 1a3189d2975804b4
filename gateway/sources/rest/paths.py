"""Paths into JSON: member names joined by dots."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def at_path(path: str) -> Callable[[Any], object]:
    """What reads the value at a path; None where an object on the way or the member is missing."""
    names = path.split(".")
    if len(names) == 1:
        name = names[0]
        return lambda record: record.get(name)

    def read(record: Any) -> object:
        found = record
        for name in names:
            if not isinstance(found, dict):
                return None
            found = found.get(name)
        return found

    return read
