"""Changes single rows of a table in ways that a caller cannot tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from random import Random
from typing import Any

from gateway.sources import mapping as forms
from schema.codes import RecordKind
from tests.oracle.columns import wire_value
from tests.oracle.records import Department, Record
from tests.oracle.tables import record_of
from tests.oracle.world import World
from tests.twoworlds.natives import Natives, Row, Rows, Table, subject_key
from tests.twoworlds.nudges import is_parts, nudged
from tests.twoworlds.seen import STATE, Eyes, Glimpse, View

_TRIES = 3


@dataclass(frozen=True)
class City:
    """A world with the native rows that it is read from."""

    natives: Natives
    world: World


@dataclass
class Pen:
    """Changes rows of one table, as far as the caller cannot tell."""

    random: Random
    city: City
    table: Table
    eyes: Eyes
    made: Counter[str]
    _copies: int = 0

    @property
    def may_come_and_go(self) -> bool:
        """Whether records may be there or not; that a code is registered is no secret."""
        return self.table.mapping.kind is not RecordKind.REGISTRATION

    @cached_property
    def department(self) -> Department:
        return next(each for each in self.city.world.departments if each.slug == self.table.slug)

    @cached_property
    def rows(self) -> Rows:
        return self.city.natives.rows[self.table.name]

    @cached_property
    def hidden_rows(self) -> Rows:
        return tuple(row for row in self.rows if self.is_hidden(row))

    @cached_property
    def fed(self) -> Mapping[str, frozenset[str]]:
        """Which fields each native column feeds; columns that name and place a row are left out."""
        mapping = self.table.mapping
        fed: dict[str, set[str]] = {name: set() for name in (self.rows[0] if self.rows else ())}
        for name, column in mapping.columns.items():
            for native in _columns(column):
                fed[native].add(name)
        for fixed in (mapping.record_id, mapping.organisation, mapping.person):
            fed.pop(fixed or "", None)
        return {name: frozenset(fields) for name, fields in fed.items()}

    def record(self, row: Row) -> Record:
        return record_of(self.table.mapping, self.table.manifest.department_code, row)

    def where(self, row: Row) -> tuple[str, RecordKind, str]:
        """Slug, kind and record id."""
        return self.table.slug, self.table.mapping.kind, str(row[self.table.mapping.record_id])

    def is_hidden(self, row: Row) -> bool:
        return not any(self._glimpse(row, frozenset()))

    def changed(self, row: Row) -> Row:
        """A record that is seen, with everything about it changed that is not."""
        views = self.eyes.views(self.record(row), self.department)
        made = dict(row)
        for column, fields in self.fed.items():
            if not may_change(views, fields):
                continue
            found = self._tried(made, column, fields)
            if found is not made:
                is_masked = any(name in view.looks for view in views for name in fields)
                self.made["masked value" if is_masked else "denied value"] += 1
                made = found
        return made

    def _tried(self, row: dict[str, Any], column: str, fields: frozenset[str]) -> dict[str, Any]:
        """The row with another value in this column, if that can be done unseen."""
        before = self._glimpse(row, fields)
        for number in range(_TRIES):
            is_near = number > 0 or is_parts(row[column])
            value = nudged(self.random, row[column]) if is_near else self._donated(column)
            if value == row[column]:
                continue
            candidate = {**row, column: value}
            if self._glimpse(candidate, fields) == before:
                return candidate
        return row

    def _glimpse(self, row: Row, fields: frozenset[str]) -> Glimpse:
        """What is seen of some fields; only they, and what decides about the record, are read."""
        names = fields | self.deciding
        columns = self.table.mapping.columns
        values = {name: wire_value(columns[name], row) for name in names if name in columns}
        key, record_id = subject_key(self.table, row), self.where(row)[2]
        kind, code = self.table.mapping.kind, self.table.manifest.department_code
        return self.eyes.glimpse(
            Record(kind, code, key, record_id, values), self.department, fields
        )

    @cached_property
    def deciding(self) -> frozenset[str]:
        """Fields that decide whether any record of the table is seen."""
        keys = {subject_key(self.table, row): row for row in self.rows}
        views = [
            view
            for row in keys.values()
            for view in self.eyes.views(self.record(row), self.department)
        ]
        return frozenset[str]().union(*(view.row_fields for view in views))

    def changed_hidden(self, row: Row) -> Row:
        """A record that is not seen, with anything about it changed, as long as it stays unseen."""
        made = dict(row)
        for column in self.fed:
            if self.random.random() < 0.6:
                candidate = {**made, column: self._donated(column)}
                if self.is_hidden(candidate):
                    made = candidate
        if self.may_come_and_go and self.random.random() < 0.3:
            candidate = {**made, **self._other_subject()}
            if self.is_hidden(candidate):
                made = candidate
                self.made["hidden record of another subject"] += 1
        if made != row:
            self.made["hidden record changed"] += 1
        return made

    def copied(self, row: Row) -> Row:
        """The row under a new record id that stands elsewhere in the natural order."""
        self._copies += 1
        record_id = str(row[self.table.mapping.record_id])
        cut = self.random.randrange(len(record_id) + 1)
        sign = self.random.choice("0Zz号")
        made = f"{record_id[:cut]}{sign}{record_id[cut:]}{self._copies}"
        return {**row, self.table.mapping.record_id: made, **self._of_record_id(made)}

    def _of_record_id(self, record_id: str) -> dict[str, Any]:
        column = self.table.mapping.columns.get("meta.recordId")
        names = _columns(column) if column is not None else ()
        return dict.fromkeys(names, record_id)

    def buried(self, row: Row) -> Row:
        """The row with the life cycle of one that is not seen, if there is such."""
        if not self.hidden_rows:
            return row
        donor = self.random.choice(self.hidden_rows)
        columns = [column for column, fields in self.fed.items() if fields & self.deciding]
        return {**row, **{column: donor[column] for column in columns}}

    def is_seen_by_state(self, row: Row) -> bool:
        """Whether the caller sees the record because of its state, and so not once it is ended."""
        views = self.eyes.views(self.record(row), self.department)
        return all(STATE in view.row_fields for view in views if view.is_open)

    def _other_subject(self) -> dict[str, Any]:
        mapping = self.table.mapping
        donor = self.random.choice(self.rows)
        names = [mapping.organisation, *([mapping.person] if mapping.person else [])]
        return {name: donor[name] for name in names}

    def _donated(self, column: str) -> Any:
        return self.random.choice(self.rows)[column]


def may_change(views: tuple[View, ...], fields: frozenset[str]) -> bool:
    """Whether a column that feeds these fields is at most seen masked, scrubbed or in part."""
    clear = frozenset[str]().union(*(view.clear for view in views if view.is_open))
    return not fields or not fields <= clear


def _columns(column: forms.Column) -> tuple[str, ...]:
    """Native columns that a mapped column reads."""
    if isinstance(column, forms.Constant):
        return ()
    if isinstance(column, forms.CodeColumns):
        return column.columns
    return (column.column,)
