"""JSON from clients, read strictly: no member twice, none unknown, each of its type and bounded."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import Enum
from typing import Any, TypeVar

MOST_LIST = 200
_MOST_TEXT = 500
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_E = TypeVar("_E", bound=Enum)


class MalformedError(ValueError):
    """What was sent has another shape; the text is one ASCII sentence without values."""


def read_json(text: str) -> Any:
    """Parse JSON that repeats no member and has no number that is none.

    Raises:
        MalformedError: it is no such JSON.
    """
    try:
        return json.loads(text, object_pairs_hook=_without_repetition, parse_constant=_no_number)
    except MalformedError:
        raise
    except (ValueError, RecursionError) as error:
        raise MalformedError("it is no JSON") from error


class StrictObject:
    """One object, each member read once; `finish` refuses what nobody read."""

    def __init__(self, value: object) -> None:
        if not isinstance(value, dict):
            raise MalformedError("it is no object")
        self._members: dict[str, Any] = dict(value)

    def text(self, name: str, most: int = _MOST_TEXT) -> str | None:
        """A text without control characters; None if it is not there."""
        value = self._members.pop(name, None)
        if value is None:
            return None
        if not isinstance(value, str) or not value.strip() or len(value) > most:
            raise MalformedError(f"{name} is no text of 1 to {most} characters")
        if not value.isprintable():
            raise MalformedError(f"{name} holds what is no text")
        return value

    def required(self, name: str, most: int = _MOST_TEXT) -> str:
        """Likewise, but it must be there."""
        value = self.text(name, most)
        if value is None:
            raise MalformedError(f"{name} is missing")
        return value

    def member(self, name: str, kind: type[_E]) -> _E | None:
        """One of a closed list; None if it is not there."""
        value = self.text(name)
        if value is None:
            return None
        try:
            return kind(value)
        except ValueError as error:
            raise MalformedError(f"{name} is unknown") from error

    def texts(
        self, name: str, is_good: Callable[[str], bool], most: int = MOST_LIST
    ) -> tuple[str, ...]:
        """A list of different texts, at least one; empty if it is not there."""
        value = self._members.pop(name, None)
        if value is None:
            return ()
        if not isinstance(value, list) or not 0 < len(value) <= most:
            raise MalformedError(f"{name} is no list of 1 to {most} texts")
        if not all(isinstance(item, str) and is_good(item) for item in value):
            raise MalformedError(f"{name} lists what is not known here")
        if len(set(value)) != len(value):
            raise MalformedError(f"{name} lists something twice")
        return tuple(value)

    def time(self, name: str) -> datetime | None:
        """A time in UTC, to the second; None if it is not there."""
        value = self.text(name)
        if value is None:
            return None
        if not _TIME.fullmatch(value):
            raise MalformedError(f"{name} is no time such as 2027-01-31T16:00:00Z")
        try:
            return datetime.strptime(value, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        except ValueError as error:
            raise MalformedError(f"{name} is no time such as 2027-01-31T16:00:00Z") from error

    def number(self, name: str, most: int) -> int | None:
        """A whole number from 1; None if it is not there."""
        value = self._members.pop(name, None)
        if value is None:
            return None
        if type(value) is not int or not 1 <= value <= most:
            raise MalformedError(f"{name} is no whole number from 1 to {most}")
        return value

    def object(self, name: str) -> StrictObject | None:
        """An object; None if it is not there."""
        value = self._members.pop(name, None)
        return None if value is None else StrictObject(value)

    def finish(self) -> None:
        """Refuse members that nobody read."""
        if self._members:
            raise MalformedError("it has a member that is not known here")


def wire_time(at: datetime) -> str:
    """A time as `StrictObject.time` reads it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _without_repetition(pairs: list[tuple[str, Any]]) -> Mapping[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise MalformedError("it has a member twice")
    return found


def _no_number(_text: str) -> Any:
    raise MalformedError("it is no JSON")
