"""Items of a TOML document, each read once, with errors that name it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date, datetime
from enum import Enum
from typing import TypeVar

from gateway.entitlements.errors import EntitlementRefusedError

_E = TypeVar("_E", bound=Enum)
_T = TypeVar("_T")


class Items:
    """The items of one table, each read once.

    Args:
        what: the document, for messages: `consent`, `request`.
        name: of the table; empty for the whole document.
    """

    def __init__(self, what: str, name: str, values: Mapping[str, object]) -> None:
        self._what = what
        self._prefix = f"{name}." if name else ""
        self._values = dict(values)

    @classmethod
    def of_text(cls, what: str, text: str) -> Items:
        """Read a document.

        Raises:
            EntitlementRefusedError: it is no TOML.
        """
        try:
            return cls(what, "", tomllib.loads(text))
        except tomllib.TOMLDecodeError as error:
            raise EntitlementRefusedError(f"the {what} is no TOML: {error}") from error

    def has(self, item: str) -> bool:
        return item in self._values

    def of(self, item: str, kind: type[_T]) -> _T:
        if item not in self._values:
            raise EntitlementRefusedError(f"the {self._what} lacks `{self._prefix}{item}`")
        value = self._values.pop(item)
        if not isinstance(value, kind):
            raise EntitlementRefusedError(
                f"`{self._prefix}{item}` is no {_KIND_NAMES[kind]}, but {type(value).__name__}"
            )
        return value

    def text(self, item: str) -> str:
        value = self.of(item, str)
        if not value.strip() or "\0" in value:
            raise EntitlementRefusedError(f"`{self._prefix}{item}` is empty or no plain text")
        return value

    def texts(self, item: str) -> tuple[str, ...]:
        values = self.of(item, list)
        if not all(isinstance(value, str) for value in values):
            raise EntitlementRefusedError(f"`{self._prefix}{item}` is no list of texts")
        return tuple(values)

    def time(self, item: str) -> datetime:
        value = self.of(item, datetime)
        if value.tzinfo is None:
            raise EntitlementRefusedError(f"`{self._prefix}{item}` has no offset from UTC")
        return value

    def day(self, item: str) -> date:
        value = self.of(item, date)
        if isinstance(value, datetime):
            raise EntitlementRefusedError(f"`{self._prefix}{item}` is no date, but a time")
        return value

    def member(self, item: str, kind: type[_E]) -> _E:
        return member(f"{self._prefix}{item}", self.text(item), kind)

    def table(self, item: str) -> Items:
        return Items(self._what, item, self.of(item, dict))

    def check_all_read(self) -> None:
        for item in self._values:
            raise EntitlementRefusedError(f"a {self._what} has no item `{self._prefix}{item}`")


_KIND_NAMES: Mapping[type, str] = {
    str: "text",
    bool: "true or false",
    list: "list",
    dict: "table",
    datetime: "time",
    date: "date",
}


def member(item: str, value: str, kind: type[_E]) -> _E:
    try:
        return kind(value)
    except ValueError as error:
        known = ", ".join(str(member.value) for member in kind)
        raise EntitlementRefusedError(f"`{item}` is `{value}`, expected one of {known}") from error
