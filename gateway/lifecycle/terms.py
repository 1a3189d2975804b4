"""Terms of law by name, one TOML file for each state of the law. Strict, like all numbers of law.

    title = "…"
    in-force-from = 2026-04-01

    [terms.objection-decision]
    value = "7 working days"       # or `5 years`, `3 months`, `30 days`
    rule = "OBJ-3"
    source = "河南省社会信用条例 第四十一条"
    confidence = "READ"

A case keeps the version of the day on which a clock began.
"""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.lifecycle.errors import LifecycleDeclarationError
from policies.disclosure.periods import Period, parse_period
from policies.disclosure.types import Confidence, Reference

_KEYS = frozenset({"value", "rule", "source", "confidence"})
_HEAD = frozenset({"title", "in-force-from", "terms"})
_WORKING_DAYS = re.compile(r"([1-9][0-9]{0,2}) working days?\Z")


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time: working days, or a calendar period. One of the two is set."""

    working_days: int = 0
    period: Period | None = None

    def __str__(self) -> str:
        if self.period is not None:
            return str(self.period)
        return f"{self.working_days} working day{'' if self.working_days == 1 else 's'}"


@dataclass(frozen=True, slots=True)
class Term:
    """A span with its source."""

    span: Span
    reference: Reference


@dataclass(frozen=True, slots=True)
class TermsVersion:
    """All terms as they stand from a day on."""

    name: str
    title: str
    since: dt.date
    terms: Mapping[str, Term]


class Terms:
    """All versions; each is complete.

    Raises:
        LifecycleDeclarationError: no version, or two of one day.
    """

    def __init__(self, versions: Iterable[TermsVersion]) -> None:
        self.versions = tuple(sorted(versions, key=lambda version: version.since))
        if not self.versions:
            raise LifecycleDeclarationError("there is no version of terms, expected at least one")
        if len({version.since for version in self.versions}) != len(self.versions):
            raise LifecycleDeclarationError("two versions of terms are in force from one day")

    def on(self, day: dt.date) -> TermsVersion:
        """The version in force on the day; before the first one, the first."""
        found = self.versions[0]
        for version in self.versions:
            if version.since <= day:
                found = version
        return found

    def require(self, names: Iterable[str]) -> None:
        """Refuse to go on without a term.

        Raises:
            LifecycleDeclarationError: a version lacks one.
        """
        for version in self.versions:
            missing = sorted(set(names) - set(version.terms))
            if missing:
                raise LifecycleDeclarationError(
                    f"`{version.name}` has no term `{missing[0]}`, expected every term of every"
                    " clock in every version"
                )


def parse_span(text: str) -> Span:
    """Read `7 working days`, `5 years`, `3 months` or `30 days`.

    Raises:
        ValueError: any other form.
    """
    found = _WORKING_DAYS.match(text)
    return Span(int(found[1])) if found else Span(period=parse_period(text))


def load_terms(directory: Path) -> Terms:
    """Read all versions of a folder.

    Raises:
        LifecycleDeclarationError: a file or key that is wrong, with what was expected.
    """
    return Terms(read_terms(path) for path in sorted(directory.glob("*.toml")))


def read_terms(path: Path) -> TermsVersion:
    """Read one version.

    Raises:
        LifecycleDeclarationError: a key that is wrong, with what was expected.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise LifecycleDeclarationError(f"{path.name}: found `{error}`, expected TOML") from error
    if set(table) != _HEAD or not isinstance(table["terms"], dict):
        raise _wrong(path, "-", "other keys", "`title`, `in-force-from` and the table `terms`")
    if type(table["in-force-from"]) is not dt.date:
        raise _wrong(path, "in-force-from", "no date", "a date without quotes")
    terms = {name: _read_term(path, name, entry) for name, entry in table["terms"].items()}
    return TermsVersion(path.stem, str(table["title"]), table["in-force-from"], terms)


def _read_term(path: Path, name: str, entry: Any) -> Term:
    key = f"terms.{name}"
    if not isinstance(entry, dict) or set(entry) != _KEYS:
        raise _wrong(path, key, "other keys", ", ".join(sorted(_KEYS)))
    for part in sorted(_KEYS):
        if not isinstance(entry[part], str) or not entry[part].strip():
            raise _wrong(path, f"{key}.{part}", "nothing", "a text that is not empty")
    try:
        span = parse_span(entry["value"])
        confidence = Confidence(entry["confidence"])
    except ValueError as error:
        expected = "a span such as `7 working days`, and a confidence such as READ"
        raise _wrong(path, key, str(error), expected) from error
    return Term(span, Reference(entry["rule"], entry["source"], confidence))


def _wrong(path: Path, key: str, found: str, expected: str) -> LifecycleDeclarationError:
    return LifecycleDeclarationError(f"{path.name}: {key}: found {found}, expected {expected}")
