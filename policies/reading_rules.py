"""Reads one rule table. Every method that reads a key refuses what it does not know."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import Enum
from typing import Any, NoReturn, TypeVar

from policies.errors import PolicyLoadError
from policies.groups import GROUPS, Groups
from policies.model import (
    CallerClass,
    Condition,
    Effect,
    Purpose,
    Role,
    Rule,
    Use,
    Window,
)
from policies.rows import read_row
from policies.scope import Place, Scope
from schema.classification import FieldClass, MaskKind, SubjectKind
from schema.identifiers import is_uscc
from schema.predicate import Predicate

_REQUIRED = ("name", "effect", "who", "purposes", "uses", "basis", "intent")
_OPTIONAL = (
    "classes",
    "coordinates",
    "subjects",
    "organisations",
    "roles",
    "when",
    "mask",
)
_FACTS = ("consent", "grant", "is-self", "is-source")
_DAYS = ("from", "until")
_KIND_USES = frozenset({Use.READ, Use.COUNT, Use.AGGREGATE})
_FIELD_USES = frozenset({Use.READ, Use.FILTER, Use.ORDER, Use.AGGREGATE})

_E = TypeVar("_E", bound=Enum)


@dataclass(frozen=True, slots=True)
class RuleSource:
    """Where rules are read from.

    Attributes:
        file: its name, for errors. prefix: what stands before names in ids.
    """

    file: str
    prefix: str
    groups: Groups
    scope: Scope

    def rules(self, tables: dict[str, Any]) -> list[Rule]:
        """Read all rules of a file.

        Raises:
            PolicyLoadError: a key or rule that is wrong, with what was expected.
        """
        for key in tables:
            if key != "rule":
                raise PolicyLoadError(self.file, "-", key, f"`{key}`", "`rule` only")
        entries = tables.get("rule")
        is_tables = isinstance(entries, list) and all(isinstance(e, dict) for e in entries)
        if not is_tables or not entries:
            raise PolicyLoadError(self.file, "-", "rule", "no rule", "`[[rule]]` tables")
        return [_RuleReader(self, entry).rule() for entry in entries]


class _RuleReader:
    """Reads the keys of one table."""

    def __init__(self, source: RuleSource, entry: dict[str, Any]) -> None:
        self._source = source
        self._entry = entry
        self._scope = source.scope
        name = entry.get("name")
        self._name = name if isinstance(name, str) and name else "-"

    def rule(self) -> Rule:
        self._check_keys()
        coordinates = self._coordinates()
        classes = self._members("classes", FieldClass, optional=True)
        if not coordinates and not classes:
            self._fail("coordinates", "neither classes nor coordinates", "at least one of them")
        rule = Rule(
            id=f"{self._source.prefix}{self._name}",
            effect=self._member("effect", self._entry["effect"], Effect),
            who=self._members("who", CallerClass),
            purposes=self._members("purposes", Purpose),
            uses=self._members("uses", Use),
            classes=classes,
            coordinates=coordinates,
            subject_kinds=self._members("subjects", SubjectKind, optional=True),
            organisations=self._organisations(),
            condition=self._condition(coordinates),
            mask=self._mask(),
            legal_basis=self._text("basis"),
            intent=self._text("intent"),
            roles=self._members("roles", Role, optional=True),
        )
        self._check_rule(rule)
        return rule

    def _fail(self, key: str, found: str, expected: str) -> NoReturn:
        raise PolicyLoadError(self._source.file, self._name, key, found, expected)

    def _check_keys(self) -> None:
        for key in self._entry:
            if key not in _REQUIRED and key not in _OPTIONAL:
                self._fail(key, "an unknown key", f"one of {', '.join(_REQUIRED + _OPTIONAL)}")
        for key in _REQUIRED:
            if key not in self._entry:
                self._fail(key, "nothing", "a value: the key is required")
        words = self._name.split("-")
        if not all(word.isascii() and word.isalnum() and word == word.lower() for word in words):
            self._fail("name", f"`{self._entry['name']}`", "lower-case words joined by hyphens")

    def _text(self, key: str) -> str:
        value = self._entry[key]
        if not isinstance(value, str) or not value.strip():
            self._fail(key, f"`{value}`", "a text that is not empty")
        return value.strip()

    def _strings(self, key: str) -> list[str]:
        """The list under the key with groups put in place of their names; empty if not given.

        A list that is written but empty is refused: it would mean any.
        """
        value = self._entry.get(key, [])
        if not isinstance(value, list) or not all(isinstance(member, str) for member in value):
            self._fail(key, f"`{value}`", "a list of texts")
        if not value and key in self._entry:
            self._fail(key, "an empty list", 'at least one value, or `["*"]` for any')
        members: list[str] = []
        for member in value:
            if not member.startswith("@"):
                members.append(member)
                continue
            group = self._source.groups.names(key, member[1:])
            if group is None:
                self._fail(key, f"group `{member}`", f"a group of the table `{key}` in {GROUPS}")
            members.extend(group)
        return members

    def _members(self, key: str, kind: type[_E], *, optional: bool = False) -> tuple[_E, ...]:
        """Enum members; the empty tuple, which means any, is written `["*"]`."""
        names = self._strings(key)
        if names == ["*"] or (optional and key not in self._entry):
            return ()
        return tuple(dict.fromkeys(self._member(key, name, kind) for name in names))

    def _member(self, key: str, name: Any, kind: type[_E]) -> _E:
        try:
            return kind(name)
        except ValueError:
            known = ", ".join(str(member.value) for member in kind)
            self._fail(key, f"`{name}`", f"one of {known}")

    def _coordinates(self) -> tuple[str, ...]:
        names = self._strings("coordinates")
        for name in names:
            if not self._scope.matching(name):
                self._fail("coordinates", f"`{name}`", "a coordinate of the schema")
        return tuple(dict.fromkeys(names))

    def _organisations(self) -> tuple[str, ...]:
        codes = self._strings("organisations")
        for code in codes:
            if not is_uscc(code):
                self._fail("organisations", f"`{code}`", "a unified social credit code")
        return tuple(dict.fromkeys(codes))

    def _mask(self) -> MaskKind | None:
        if "mask" not in self._entry:
            return None
        mask = self._member("mask", self._entry["mask"], MaskKind)
        if self._entry["effect"] != Effect.MASK.value or mask is MaskKind.NONE:
            self._fail("mask", f"`{mask.value}`", "a mask that hides, in a rule of effect `mask`")
        return mask

    def _condition(self, coordinates: tuple[str, ...]) -> Condition:
        when = self._entry.get("when", {})
        known = ", ".join((*_FACTS, *_DAYS, "row"))
        if not isinstance(when, dict) or (not when and "when" in self._entry):
            self._fail("when", f"`{when}`", f"a table of {known}")
        for key, value in when.items():
            if key not in ("row", *_DAYS) and (key not in _FACTS or value is not True):
                expected = f"row, a day from or until, or one of {', '.join(_FACTS)} set to true"
                self._fail("when", f"`{key} = {value}`", expected)
        return Condition(
            consent="consent" in when,
            grant="grant" in when,
            is_self="is-self" in when,
            is_source="is-source" in when,
            row=self._row(when["row"], coordinates) if "row" in when else None,
            window=self._window(when),
        )

    def _window(self, when: dict[str, Any]) -> Window | None:
        first, last = (self._day(key, when) for key in _DAYS)
        if first is None and last is None:
            return None
        if first is not None and last is not None and first > last:
            self._fail("when", f"`from = {first}` after `until = {last}`", "days in their order")
        return Window(first, last)

    def _day(self, key: str, when: dict[str, Any]) -> dt.date | None:
        value = when.get(key)
        # A time is a date too as far as Python is concerned, but names no whole day.
        if value is not None and type(value) is not dt.date:
            self._fail("when", f"`{key} = {value}`", "a date such as 2026-07-01, without quotes")
        return value

    def _row(self, value: Any, coordinates: tuple[str, ...]) -> Predicate:
        places = [place for text in coordinates for place in self._scope.matching(text)]
        if not places or not all(place.is_kind for place in places):
            self._fail("when", "a row condition", "names of record kinds only in `coordinates`")
        if isinstance(value, str):
            group = self._source.groups.row(value[1:]) if value[:1] == "@" else None
            if group is None:
                self._fail("when", f"row `{value}`", f"a group of the table `rows` in {GROUPS}")
            value = group
        kinds = [self._scope.model.by_type_name[place.type_name] for place in places]

        def fail(found: str, expected: str) -> PolicyLoadError:
            return PolicyLoadError(self._source.file, self._name, "when", found, expected)

        return read_row(value, kinds, fail)

    def _check_rule(self, rule: Rule) -> None:
        covered = list(self._scope.covered(rule))
        if not covered:
            self._fail("coordinates", "a rule that covers nothing", "a field of its classes")
        for use in rule.uses:
            if not any(use in uses_of(place) for place, _ in covered):
                self._fail("uses", f"`{use.value}`", "a use that its coordinates have")
        if rule.effect is not Effect.MASK:
            return
        if rule.uses != (Use.READ,):
            self._fail("uses", "other uses than read", "`read` only: masks are for reading")
        for place, subject_kind in covered:
            if place.is_kind or (rule.mask is None and place.masks[subject_kind] is MaskKind.NONE):
                found = f"`{place.coordinate}`, which declares no mask"
                self._fail("coordinates", found, "fields that declare a mask, or `mask`")


def uses_of(place: Place) -> frozenset[Use]:
    """Uses that a coordinate has: records are counted, fields are ordered by."""
    return _KIND_USES if place.is_kind else _FIELD_USES
