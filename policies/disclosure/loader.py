"""Reads the clock's numbers, one TOML file for each state of the law. Strict.

Every number is a table `{ value, rule, source, confidence }`; a number without its source is
refused, and so are keys that are not known. Each file is complete: it says what went from its
day on, whether it changed or not.
"""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Callable, Iterable
from enum import Enum
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from policies.disclosure.clock import LEVELS, Clock
from policies.disclosure.errors import DisclosureLoadError
from policies.disclosure.periods import Period, parse_period
from policies.disclosure.types import (
    Confidence,
    LevelPeriods,
    PublicationStart,
    Reference,
    Regime,
    Version,
)
from policies.disclosure.working_days import WorkingCalendar, installed_calendar
from schema.codes import RecordKind

VERSIONS = Path(__file__).parent / "versions"

_HEAD = ("title", "in-force-from", "for-earlier-decisions")
_NUMBERS = (
    "publish",
    "publish-otherwise",
    "withdraw",
    "act-kinds",
    "court-kinds",
    "unlevelled-kinds",
    "public-persons",
    "start",
    "ends",
    "corrected",
    "outer-limit",
    "outer-start",
    "listed",
    "repair",
    "archive",
    "good",
)
_ENTRY = ("value", "rule", "source", "confidence")
_AT_ONCE = "at once"
_WORKING_DAYS = re.compile(r"([1-9][0-9]?) working days\Z")
_OUTER_START = "END_OF_CONDUCT_OR_DECISION"

_E = TypeVar("_E", bound=Enum)
_T = TypeVar("_T")


@cache
def packaged_clock() -> Clock:
    """Return the clock of the versions that come with the gateway."""
    return load_clock(VERSIONS, installed_calendar())


def load_clock(directory: Path, calendar: WorkingCalendar) -> Clock:
    """Read all versions of a folder.

    Raises:
        DisclosureLoadError: a file or key that is wrong, with what was expected.
    """
    versions = sorted(map(read_version, directory.glob("*.toml")), key=lambda v: v.since)
    if not versions:
        raise DisclosureLoadError("-", "-", f"no file in `{directory.name}`", "at least one")
    for earlier, later in pairwise(versions):
        if earlier.since == later.since:
            raise DisclosureLoadError(
                f"{later.name}.toml",
                "in-force-from",
                f"`{later.since}`, which `{earlier.name}.toml` has too",
                "a day of its own",
            )
    return Clock(tuple(versions), calendar)


def read_version(path: Path) -> Version:
    """Read one version.

    Raises:
        DisclosureLoadError: a file or key that is wrong, with what was expected.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DisclosureLoadError(path.name, "-", f"`{error}`", "a TOML file") from error
    return _VersionReader(path, table).version()


class _VersionReader:
    """Reads one file; every number read leaves its reference behind."""

    def __init__(self, path: Path, table: dict[str, Any]) -> None:
        self._path = path
        self._table = table
        self._references: dict[str, Reference] = {}

    def version(self) -> Version:
        self._only(self._table, (*_HEAD, *_NUMBERS, "levels"), "")
        table = self._table
        levels = self._section(table, "levels", [regime.value for regime in Regime])
        made = Version(
            name=self._path.stem,
            title=self._title(),
            since=self._day(),
            for_earlier=self._entry(table, "for-earlier-decisions", self._flag),
            start=self._entry(
                table, "start", lambda key, v: self._member(key, v, PublicationStart)
            ),
            publish_working_days=self._entry(table, "publish", self._working_days),
            publish_otherwise_working_days=self._entry(
                table, "publish-otherwise", self._working_days
            ),
            withdraw_working_days=self._entry(table, "withdraw", self._working_days),
            act_kinds=self._entry(table, "act-kinds", self._kinds),
            court_kinds=self._entry(table, "court-kinds", self._kinds),
            unlevelled_kinds=self._entry(table, "unlevelled-kinds", self._kinds),
            public_person_kinds=self._entry(table, "public-persons", self._kinds),
            levels={regime: self._levels(levels, regime) for regime in Regime},
            publishes_warnings={
                regime: self._entry(
                    levels[regime.value],
                    "publishes-warnings",
                    self._flag,
                    f"levels.{regime.value}.",
                )
                for regime in Regime
            },
            outer_limit=self._entry(table, "outer-limit", self._period),
            references=self._references,
        )
        self._fixed("ends", "AT_MOST")
        self._fixed("corrected", "ENDS_BY_ITSELF")
        self._fixed("outer-start", _OUTER_START)
        self._fixed("listed", "UNTIL_REMOVAL")
        self._fixed("repair", "AT_ONCE")
        self._fixed("archive", "ON_DEMAND_AFTER_EXPIRY")
        self._fixed("good", "WITHOUT_LIMIT")
        return made

    def _fail(self, key: str, found: str, expected: str) -> NoReturn:
        raise DisclosureLoadError(self._path.name, key, found, expected)

    def _only(self, table: dict[str, Any], keys: Iterable[str], prefix: str) -> None:
        known = tuple(keys)
        for key in table:
            if key not in known:
                self._fail(prefix + key, "an unknown key", f"one of {', '.join(known)}")
        for key in known:
            if key not in table:
                self._fail(prefix + key, "nothing", "a value: the key is required")

    def _title(self) -> str:
        title = self._table["title"]
        if not isinstance(title, str) or not title.strip():
            self._fail("title", f"`{title}`", "a text that is not empty")
        return title

    def _day(self) -> dt.date:
        day = self._table["in-force-from"]
        if type(day) is not dt.date:
            self._fail("in-force-from", f"`{day}`", "a date such as 2026-04-01, without quotes")
        return day

    def _section(self, table: dict[str, Any], key: str, keys: Iterable[str]) -> dict[str, Any]:
        section = table[key]
        if not isinstance(section, dict):
            self._fail(key, f"`{section}`", "a table")
        self._only(section, keys, f"{key}.")
        return section

    def _levels(self, tables: dict[str, Any], regime: Regime) -> dict[Any, LevelPeriods]:
        prefix = f"levels.{regime.value}."
        names = [level.value for level in LEVELS]
        table = tables[regime.value]
        if not isinstance(table, dict):
            self._fail(prefix[:-1], f"`{table}`", "a table")
        self._only(table, (*names, "publishes-warnings"), prefix)
        levels = {}
        for level in LEVELS:
            section = table[level.value]
            inner = f"{prefix}{level.value}"
            if not isinstance(section, dict):
                self._fail(inner, f"`{section}`", "a table with `least` and `most`")
            self._only(section, ("least", "most"), f"{inner}.")
            least = self._entry(section, "least", self._period_or_none, f"{inner}.")
            most = self._entry(section, "most", self._period, f"{inner}.")
            if least is not None and least.after(dt.date(2000, 1, 1)) > most.after(
                dt.date(2000, 1, 1)
            ):
                self._fail(f"{inner}.least", f"`{least}`", f"no more than `most`, `{most}`")
            levels[level] = LevelPeriods(least, most)
        return levels

    def _entry(
        self, table: dict[str, Any], name: str, read: Callable[[str, Any], _T], prefix: str = ""
    ) -> _T:
        key = prefix + name
        entry = table[name]
        if not isinstance(entry, dict):
            self._fail(key, f"`{entry}`", f"a table with {', '.join(_ENTRY)}")
        self._only(entry, _ENTRY, f"{key}.")
        for part in ("rule", "source"):
            if not isinstance(entry[part], str) or not entry[part].strip():
                self._fail(f"{key}.{part}", f"`{entry[part]}`", "a text that is not empty")
        confidence = self._member(f"{key}.confidence", entry["confidence"], Confidence)
        self._references[key] = Reference(entry["rule"], entry["source"], confidence)
        return read(f"{key}.value", entry["value"])

    def _fixed(self, name: str, value: str) -> None:
        """A choice of which the clock knows one answer; it stands here for its source."""

        def read(key: str, found: Any) -> None:
            if found != value:
                self._fail(key, f"`{found}`", f"`{value}`, the only way that the clock knows")

        self._entry(self._table, name, read)

    def _member(self, key: str, value: Any, kind: type[_E]) -> _E:
        try:
            return kind(value)
        except ValueError:
            self._fail(key, f"`{value}`", f"one of {', '.join(m.value for m in kind)}")

    def _flag(self, key: str, value: Any) -> bool:
        if not isinstance(value, bool):
            self._fail(key, f"`{value}`", "true or false")
        return value

    def _kinds(self, key: str, value: Any) -> frozenset[RecordKind]:
        if not isinstance(value, list):
            self._fail(key, f"`{value}`", "a list of kinds of records")
        return frozenset(self._member(key, name, RecordKind) for name in value)

    def _working_days(self, key: str, value: Any) -> int:
        found = _WORKING_DAYS.match(value) if isinstance(value, str) else None
        if found is None:
            self._fail(key, f"`{value}`", "`2 working days` to `99 working days`")
        return int(found[1])

    def _period(self, key: str, value: Any) -> Period:
        try:
            return parse_period(str(value))
        except ValueError:
            self._fail(key, f"`{value}`", "a period such as `5 years` or `3 months`")

    def _period_or_none(self, key: str, value: Any) -> Period | None:
        return None if value == _AT_ONCE else self._period(key, value)
