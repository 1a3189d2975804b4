"""Reads the folder's three files: `acts.toml`, `clocks.toml`, `consents.toml`."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar

from policies.model import CallerClass
from policies.sharing.model import (
    Act,
    ActRule,
    ActRules,
    ClockVersion,
    ConsentLimits,
    Number,
    Party,
    Sharing,
)

SHARING = Path(__file__).parent
"""The files that come with the gateway."""

_CONFIDENCES = ("verified", "unverified")
_MOST = 100_000
_E = TypeVar("_E", bound=Enum)


class SharingLoadError(Exception):
    """A file that cannot be used; nothing of the folder takes effect.

    Attributes:
        file: name of the file. key: what in it is wrong, or `-` for the file as a whole.
        found, expected: in words.
    """

    def __init__(self, file: str, key: str, found: str, expected: str) -> None:
        super().__init__(f"{file}: key `{key}`: found {found}, expected {expected}")
        self.file = file
        self.key = key
        self.found = found
        self.expected = expected


def load_sharing(folder: Path = SHARING) -> Sharing:
    """Read a folder.

    Raises:
        SharingLoadError: a file is missing, or something in it is.
    """
    return Sharing(
        _acts(_Table.of_file(folder / "acts.toml")),
        _clocks(_Table.of_file(folder / "clocks.toml")),
        _consents(_Table.of_file(folder / "consents.toml")),
    )


class _Table:
    """One table of a file, each key read once."""

    def __init__(self, file: str, prefix: str, values: Mapping[str, Any]) -> None:
        self._file = file
        self._prefix = prefix
        self._values = dict(values)

    @classmethod
    def of_file(cls, path: Path) -> _Table:
        try:
            return cls(path.name, "", tomllib.loads(path.read_text(encoding="utf-8")))
        except OSError as error:
            raise SharingLoadError(path.name, "-", f"{error.strerror}", "a file") from error
        except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise SharingLoadError(path.name, "-", f"`{error}`", "a TOML file") from error

    def wrong(self, key: str, found: object, expected: str) -> SharingLoadError:
        return SharingLoadError(self._file, self._prefix + key, f"`{found}`", expected)

    def of(self, key: str, kind: type, expected: str) -> Any:
        found = self._values.pop(key, None)
        if type(found) is not kind:
            raise self.wrong(key, "nothing" if found is None else found, expected)
        return found

    def text(self, key: str) -> str:
        found: str = self.of(key, str, "a text")
        if not found.strip():
            raise self.wrong(key, found, "a text")
        return found

    def member(self, key: str, kind: type[_E]) -> _E:
        found = self.text(key)
        try:
            return kind(found)
        except ValueError as error:
            known = ", ".join(str(member.value) for member in kind)
            raise self.wrong(key, found, f"one of {known}") from error

    def date(self, key: str) -> dt.date:
        found: dt.date = self.of(key, dt.date, "a date such as 2025-08-01")
        return found

    def number(self, key: str) -> Number:
        table = self.table(key)
        value = table.of("value", int, "a whole number")
        if not 1 <= value <= _MOST:
            raise table.wrong("value", value, f"a number from 1 to {_MOST}")
        source, confidence = table.text("source"), table.text("confidence")
        if confidence not in _CONFIDENCES:
            raise table.wrong("confidence", confidence, " or ".join(_CONFIDENCES))
        table.finish()
        return Number(value, source, confidence)

    def table(self, key: str) -> _Table:
        return _Table(self._file, f"{self._prefix}{key}.", self.of(key, dict, "a table"))

    def tables(self, key: str) -> list[_Table]:
        found = self.of(key, list, "a list of tables")
        if not found or not all(isinstance(item, dict) for item in found):
            raise self.wrong(key, found, "a list of tables")
        return [
            _Table(self._file, f"{self._prefix}{key}[{position}].", item)
            for position, item in enumerate(found)
        ]

    def finish(self) -> None:
        for key in self._values:
            raise SharingLoadError(self._file, self._prefix + key, "an unknown key", "none")


def _acts(top: _Table) -> ActRules:
    rules: dict[str, ActRule] = {}
    for table in top.tables("rule"):
        name = table.text("name")
        rule = ActRule(
            f"acts.{name}",
            table.member("act", Act),
            table.member("who", CallerClass),
            table.member("party", Party),
            table.text("basis"),
            table.text("intent"),
        )
        if rule.who is CallerClass.PUBLIC:
            raise table.wrong("who", "public", "a caller that has a token")
        if rule.id in rules:
            raise table.wrong("name", name, "a name that no other rule has")
        table.finish()
        rules[rule.id] = rule
    top.finish()
    return ActRules(tuple(rules.values()))


def _clocks(top: _Table) -> tuple[ClockVersion, ...]:
    versions: list[ClockVersion] = []
    for table in top.tables("version"):
        version = ClockVersion(
            table.date("in_force_from"),
            table.number("unconditional_decision"),
            table.number("conditional_decision"),
            table.number("extension"),
            table.number("supply"),
            table.number("impact_assessment_years"),
        )
        if versions and version.in_force_from <= versions[-1].in_force_from:
            raise table.wrong("in_force_from", version.in_force_from, "a later day than before")
        table.finish()
        versions.append(version)
    top.finish()
    return tuple(versions)


def _consents(top: _Table) -> ConsentLimits:
    limits = ConsentLimits(top.number("default_days"), top.number("longest_days"))
    if limits.default_days.value > limits.longest_days.value:
        raise top.wrong("default_days", limits.default_days.value, "no more than `longest_days`")
    top.finish()
    return limits
