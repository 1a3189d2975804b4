"""Reading one TOML table strictly: every key is asked for, of one type, and none is left over."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, TypeVar

from gateway.sources.declared.errors import DeclarationError

E = TypeVar("E", bound=Enum)


class Line:
    """One table of a declaration; knows which keys were asked for."""

    def __init__(self, place: str, values: object) -> None:
        if not isinstance(values, dict):
            raise DeclarationError(f"{place}: found no table")
        self._place = place
        self._values: Mapping[str, Any] = values
        self._asked: set[str] = set()

    def has(self, key: str) -> bool:
        return key in self._values

    def raw(self, key: str) -> Any:
        self._asked.add(key)
        return self._values.get(key)

    def text(self, key: str, default: str | None = None) -> str:
        """A text that is not empty.

        Raises:
            DeclarationError: it is missing, empty or no text.
        """
        found = self.raw(key)
        if found is None and default is not None:
            return default
        if not isinstance(found, str) or not found.strip():
            raise self.defect(f"`{key}` is missing, expected a text")
        return found.strip()

    def texts(self, key: str) -> tuple[str, ...]:
        found = self.raw(key)
        good = isinstance(found, list) and found and all(isinstance(t, str) and t for t in found)
        if not good:
            raise self.defect(f"`{key}` is missing, expected a list of texts")
        return tuple(found)

    def number(self, key: str, default: int, most: int) -> int:
        found = self.raw(key)
        if found is None:
            return default
        if type(found) is not int or not 0 <= found <= most:
            raise self.defect(f"`{key}` is no whole number from 0 to {most}")
        return found

    def term(self, key: str, members: type[E]) -> E:
        """A member of a code list, by official term or by name."""
        word = self.text(key)
        terms: Mapping[str, str] = members.terms  # type: ignore[attr-defined]
        for member in members:
            if word in (member.name, terms[member.name]):
                return member
        raise self.defect(f"`{key}` is `{word}`, expected one of {'、'.join(terms.values())}")

    def finish(self) -> None:
        """Refuse keys that nobody asked for."""
        unknown = sorted(self._values.keys() - self._asked)
        if unknown:
            raise self.defect(f"`{unknown[0]}` is unknown")

    def defect(self, text: str) -> DeclarationError:
        return DeclarationError(f"{self._place}: {text}")
