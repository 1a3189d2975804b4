"""Reads rules from TOML files. Strict: what is not understood exactly is refused.

One file per area; the rule `public-arrears` of `tax.toml` has the id `tax.public-arrears`.
`groups.toml` beside them names lists that many rules use (`@government`), in the tables
`purposes`, `subjects`, `coordinates` and `rows`. A list that means any value is written `["*"]`.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Iterable
from enum import Enum
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from policies.engine import PolicySet
from policies.errors import PolicyLoadError
from policies.model import CallerClass, Condition, Effect, Purpose, Rule, Use
from policies.rows import read_row
from policies.scope import Scope
from schema.classification import FieldClass, MaskKind, SubjectKind
from schema.model import CreditModel
from schema.predicate import Predicate

RULES = Path(__file__).parent / "rules"
GROUPS = "groups.toml"

_REQUIRED = ("name", "effect", "who", "purposes", "uses", "basis", "intent")
_OPTIONAL = ("classes", "coordinates", "subjects", "organisations", "when", "mask")
_CONDITIONS = ("consent", "grant", "is-self", "is-source")
_GROUP_TABLES = ("purposes", "subjects", "coordinates", "rows")
_KIND_USES = frozenset({Use.READ, Use.COUNT, Use.AGGREGATE})
_FIELD_USES = frozenset({Use.READ, Use.FILTER, Use.ORDER, Use.AGGREGATE})

_E = TypeVar("_E", bound=Enum)


def load_policies(
    model: CreditModel, today: dt.date, directories: Iterable[Path] = (RULES,)
) -> PolicySet:
    """Read all rule files and make them ready to decide on the given day.

    Raises:
        PolicyLoadError: a file, rule or key that is wrong, with what was expected.
    """
    return PolicySet(load_rules(model, directories), model, today)


def load_rules(model: CreditModel, directories: Iterable[Path] = (RULES,)) -> tuple[Rule, ...]:
    """Read the rules of all `*.toml` files, in the order of file names.

    Raises:
        PolicyLoadError: a file, rule or key that is wrong, with what was expected.
    """
    scope = Scope(model)
    rules: dict[str, Rule] = {}
    for directory in directories:
        groups = _read_groups(directory / GROUPS)
        for path in sorted(directory.glob("*.toml")):
            if path.name == GROUPS:
                continue
            for rule in _FileReader(path, groups, scope).rules():
                if rule.id in rules:
                    file, _, name = rule.id.partition(".")
                    raise PolicyLoadError(
                        f"{file}.toml", name, "name", f"`{name}` twice", "a name used once"
                    )
                rules[rule.id] = rule
    if not rules:
        raise PolicyLoadError("-", "-", "-", "no rule file", "at least one")
    return tuple(rules.values())


def _parse(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PolicyLoadError(path.name, "-", "-", f"`{error}`", "a TOML file") from error


def _read_groups(path: Path) -> dict[str, dict[str, Any]]:
    if not path.exists():
        return {}
    tables = _parse(path)
    for name, table in tables.items():
        if name not in _GROUP_TABLES or not isinstance(table, dict):
            expected = f"one of the tables {', '.join(_GROUP_TABLES)}"
            raise PolicyLoadError(path.name, "-", name, f"`{name}`", expected)
    return tables


class _FileReader:
    """Reads the rules of one file."""

    def __init__(self, path: Path, groups: dict[str, dict[str, Any]], scope: Scope) -> None:
        self._path = path
        self._groups = groups
        self._scope = scope

    def rules(self) -> list[Rule]:
        tables = _parse(self._path)
        for key in tables:
            if key != "rule":
                raise PolicyLoadError(self._path.name, "-", key, f"`{key}`", "`rule` only")
        entries = tables.get("rule")
        is_tables = isinstance(entries, list) and all(isinstance(e, dict) for e in entries)
        if not is_tables or not entries:
            raise PolicyLoadError(self._path.name, "-", "rule", "no rule", "`[[rule]]` tables")
        return [
            _RuleReader(self._path, entry, self._groups, self._scope).rule() for entry in entries
        ]


class _RuleReader:
    """Reads one rule table; every method that reads a key refuses what it does not know."""

    def __init__(
        self, path: Path, entry: dict[str, Any], groups: dict[str, dict[str, Any]], scope: Scope
    ) -> None:
        self._path = path
        self._entry = entry
        self._groups = groups
        self._scope = scope
        name = entry.get("name")
        self._name = name if isinstance(name, str) and name else "-"

    def rule(self) -> Rule:
        self._check_keys()
        coordinates = self._coordinates()
        classes = self._members("classes", FieldClass, optional=True)
        if not coordinates and not classes:
            self._fail("coordinates", "neither classes nor coordinates", "at least one of them")
        rule = Rule(
            id=f"{self._path.stem}.{self._name}",
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
        )
        self._check_rule(rule)
        return rule

    def _fail(self, key: str, found: str, expected: str) -> NoReturn:
        raise PolicyLoadError(self._path.name, self._name, key, found, expected)

    def _check_keys(self) -> None:
        for key in self._entry:
            if key not in _REQUIRED and key not in _OPTIONAL:
                self._fail(key, "an unknown key", f"one of {', '.join(_REQUIRED + _OPTIONAL)}")
        for key in _REQUIRED:
            if key not in self._entry:
                self._fail(key, "nothing", "a value: the key is required")
        if not self._name.replace("-", "").isalnum() or self._name != self._name.lower():
            self._fail("name", f"`{self._entry['name']}`", "lower-case words joined by hyphens")

    def _text(self, key: str) -> str:
        value = self._entry[key]
        if not isinstance(value, str) or not value.strip():
            self._fail(key, f"`{value}`", "a text that is not empty")
        return value.strip()

    def _strings(self, key: str) -> list[str]:
        """The list under the key with groups put in place of their names."""
        value = self._entry.get(key, [])
        if not isinstance(value, list) or not all(isinstance(member, str) for member in value):
            self._fail(key, f"`{value}`", "a list of texts")
        members: list[str] = []
        for member in value:
            if not member.startswith("@"):
                members.append(member)
                continue
            group = self._groups.get(key, {}).get(member[1:])
            is_names = isinstance(group, list) and all(isinstance(name, str) for name in group)
            if not is_names or not group:
                self._fail(key, f"group `{member}`", f"a group of the table `{key}` in {GROUPS}")
            members.extend(group)
        return members

    def _members(self, key: str, kind: type[_E], *, optional: bool = False) -> tuple[_E, ...]:
        """Enum members; the empty tuple, which means any, is written `["*"]`."""
        names = self._strings(key)
        if names == ["*"] or (optional and key not in self._entry):
            return ()
        if not names:
            self._fail(key, "an empty list", 'at least one value, or `["*"]` for any')
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
            if not any(True for _ in self._scope.matching(name)):
                self._fail("coordinates", f"`{name}`", "a coordinate of the schema")
        return tuple(dict.fromkeys(names))

    def _organisations(self) -> tuple[str, ...]:
        return tuple(self._strings("organisations"))

    def _mask(self) -> MaskKind | None:
        if "mask" not in self._entry:
            return None
        mask = self._member("mask", self._entry["mask"], MaskKind)
        if self._entry["effect"] != Effect.MASK.value or mask is MaskKind.NONE:
            self._fail("mask", f"`{mask.value}`", "a mask that hides, in a rule of effect `mask`")
        return mask

    def _condition(self, coordinates: tuple[str, ...]) -> Condition:
        when = self._entry.get("when", {})
        if not isinstance(when, dict):
            self._fail("when", f"`{when}`", f"a table of {', '.join(_CONDITIONS)}, row")
        for key, value in when.items():
            if key != "row" and (key not in _CONDITIONS or value is not True):
                expected = f"row, or one of {', '.join(_CONDITIONS)} set to true"
                self._fail("when", f"`{key} = {value}`", expected)
        return Condition(
            consent="consent" in when,
            grant="grant" in when,
            is_self="is-self" in when,
            is_source="is-source" in when,
            row=self._row(when["row"], coordinates) if "row" in when else None,
        )

    def _row(self, value: Any, coordinates: tuple[str, ...]) -> Predicate:
        places = [place for text in coordinates for place in self._scope.matching(text)]
        if not places or not all(place.is_kind for place in places):
            self._fail("when", "a row condition", "names of record kinds only in `coordinates`")
        if isinstance(value, str):
            group = self._groups.get("rows", {}).get(value[1:]) if value[:1] == "@" else None
            if group is None:
                self._fail("when", f"row `{value}`", f"a group of the table `rows` in {GROUPS}")
            value = group
        kinds = [self._scope.model.by_type_name[place.type_name] for place in places]

        def fail(found: str, expected: str) -> PolicyLoadError:
            return PolicyLoadError(self._path.name, self._name, "when", found, expected)

        return read_row(value, kinds, fail)

    def _check_rule(self, rule: Rule) -> None:
        covered = list(self._scope.covered(rule))
        if not covered:
            self._fail("coordinates", "a rule that covers nothing", "a field of its classes")
        for use in rule.uses:
            if not any(use in (_KIND_USES if p.is_kind else _FIELD_USES) for p, _ in covered):
                self._fail("uses", f"`{use.value}`", "a use that its coordinates have")
        if rule.effect is not Effect.MASK:
            return
        if rule.uses != (Use.READ,):
            self._fail("uses", "other uses than read", "`read` only: masks are for reading")
        for place, subject_kind in covered:
            if place.is_kind or (rule.mask is None and place.masks[subject_kind] is MaskKind.NONE):
                found = f"`{place.coordinate}`, which declares no mask"
                self._fail("coordinates", found, "fields that declare a mask, or `mask`")
