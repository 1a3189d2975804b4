"""Lists that many rules use, from `groups.toml` beside the rule files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from policies.errors import PolicyLoadError
from policies.files import read_toml
from policies.model import CallerClass, Purpose
from policies.scope import Scope
from schema.classification import FieldClass, SubjectKind

GROUPS = "groups.toml"
OTHERS = "others"

_TABLES = ("purposes", "subjects", "coordinates", "rows", "gates", "needs")
_NEEDS = ("consent", "grant", "is-self", "is-source")
_CONSENTED = "-consented"


class Groups:
    """The groups of one folder. Members of purposes, subjects and coordinates are known words.

    Attributes:
        file: name of the file, for errors.
    """

    def __init__(self, tables: Mapping[str, Mapping[str, Any]], scope: Scope) -> None:
        """
        Raises:
            PolicyLoadError: a table or group that cannot be used.
        """
        self.file = GROUPS
        self._tables = tables
        for name, table in tables.items():
            if name not in _TABLES or not isinstance(table, dict):
                self._fail(name, f"`{name}`", f"one of the tables {', '.join(_TABLES)}")
        self._check_names("purposes", {purpose.value for purpose in Purpose}.__contains__)
        self._check_names("subjects", {subject.value for subject in SubjectKind}.__contains__)
        self._check_names("coordinates", lambda name: bool(scope.matching(name)))
        self._check_gates(scope)
        self._check_needs()

    def names(self, table: str, group: str) -> list[str] | None:
        """Members of a group; None if there is none of this name."""
        found: list[str] | None = self._tables.get(table, {}).get(group)
        return found

    def row(self, group: str) -> Any | None:
        """A row condition as the file has it; None if there is none of this name."""
        return self._tables.get("rows", {}).get(group)

    def gate(self, type_name: str, caller_class: CallerClass, consented: bool) -> str | None:
        """Group of rows to which a department's own rules are held for such callers.

        Args:
            consented: the rule asks for the subject's consent.
        """
        gates = self._tables.get("gates", {})
        names = [caller_class.value, OTHERS]
        if consented:
            names.insert(0, caller_class.value + _CONSENTED)
        for table in (gates.get(type_name, {}), gates):
            for name in names:
                if name in table:
                    return str(table[name])
        return None

    def need(self, field_class: FieldClass, caller_class: CallerClass) -> str | None:
        """The key of `when` that a department's own rule must state for such callers."""
        needs = self._tables.get("needs", {}).get(field_class.value, {})
        found: str | None = needs.get(caller_class.value)
        return found

    def _check_names(self, table: str, is_known: Callable[[str], bool]) -> None:
        for group, names in self._tables.get(table, {}).items():
            key = f"{table}.{group}"
            if not isinstance(names, list) or not names:
                self._fail(key, f"`{names}`", "a list of texts that is not empty")
            for name in names:
                if not isinstance(name, str) or not is_known(name):
                    self._fail(key, f"`{name}`", f"a member of {table} that the gateway knows")

    def _check_gates(self, scope: Scope) -> None:
        classes = [member.value for member in CallerClass]
        callers = {OTHERS, *classes, *(name + _CONSENTED for name in classes)}
        for name, gate in self._tables.get("gates", {}).items():
            is_kind = isinstance(gate, dict) and name in scope.model.by_type_name
            if not is_kind and name not in callers:
                self._fail(f"gates.{name}", f"`{name}`", "a caller class, `others` or a kind")
            for caller, row in gate.items() if is_kind else ((name, gate),):
                key = f"gates.{caller}"
                if caller not in callers:
                    self._fail(key, f"`{caller}`", "a caller class, or `others`")
                if not isinstance(row, str) or self.row(row) is None:
                    self._fail(key, f"`{row}`", "the name of a group of the table `rows`")

    def _check_needs(self) -> None:
        classes = {member.value for member in FieldClass}
        callers = {member.value for member in CallerClass}
        for name, needs in self._tables.get("needs", {}).items():
            if name not in classes or not isinstance(needs, dict):
                self._fail(f"needs.{name}", f"`{name}`", f"one of {', '.join(sorted(classes))}")
            for caller, need in needs.items():
                key = f"needs.{name}.{caller}"
                if caller not in callers:
                    self._fail(key, f"`{caller}`", "a caller class")
                if need not in _NEEDS:
                    self._fail(key, f"`{need}`", f"one of {', '.join(_NEEDS)}")

    def _fail(self, key: str, found: str, expected: str) -> None:
        raise PolicyLoadError(self.file, "-", key, found, expected)


def read_groups(folder: Path, scope: Scope) -> Groups:
    """Read the groups of a folder; none if it has no such file.

    Raises:
        PolicyLoadError: the file, a table or a group cannot be used.
    """
    path = folder / GROUPS
    return Groups(read_toml(path) if path.exists() else {}, scope)
