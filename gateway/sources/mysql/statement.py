"""Statements for one request, and what reads their rows.

One statement per request: MariaDB knows no LATERAL and rows of several kinds have no common
shape, while a second round trip on an open connection costs less than padding would. Records of
several subjects are numbered within each by a window, so that no subject costs another one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from operator import itemgetter
from typing import Any

from gateway.contract import (
    PERSON_KEY_PREFIX,
    RECORD_ID,
    SUBJECT_KEY,
    NotSupported,
    RecordRequest,
    RecordSelection,
    Row,
)
from gateway.sources.local import ODD, Odd, Read, reader
from gateway.sources.local.values import subject_reader, text
from gateway.sources.mapped_table import OBJECTION_MARK
from gateway.sources.mapping import Column, KindMapping
from gateway.sources.mysql.columns import (
    as_bytes,
    column_name,
    identifier,
    selected,
)
from gateway.sources.mysql.conditions import (
    TableSql,
    after_sql,
    condition_sql,
    odd_sql,
    order_sql,
    subject_conditions,
)

KEYS = "\x00keys\x00"
"""Stands in a statement for the condition about the keys; no identifier can hold it."""


@dataclass(frozen=True, slots=True)
class Statements:
    """What is prepared for one selection.

    Attributes:
        readers: per field asked for, over the columns of a row.
        subject: reads the key of the subject, where there are several; None where the key is
            known, or is none.
        rows: statement for the records, or empty where none are wanted.
        counts: statement for the totals, or empty.
        left_out: statement for the number of odd records.
    """

    readers: tuple[Read, ...]
    subject: Read | None
    rows: str
    counts: str
    left_out: str

    def read(self, rows: Sequence[Any]) -> list[tuple[str | None, Row, bool]]:
        """Subject key if it is read, row, and whether a value in it is odd, per record."""
        made = []
        readers = self.readers
        for row in rows:
            key = None if self.subject is None else self.subject(row)
            shown = [read(row) for read in readers]
            is_odd = isinstance(key, Odd) or ODD in shown
            made.append((key if isinstance(key, str) else None, shown, is_odd))
        return made  # type: ignore[return-value]  # rows with an odd value are told apart


class _Columns:
    """The list of what is selected."""

    def __init__(self) -> None:
        self.expressions: list[str] = []

    def get(self, column: Column, name: str) -> Callable[[Any], object]:
        return self.position(selected(column, name))

    def by_name(self, name: str) -> Callable[[Any], object]:
        return self.position(column_name(name))

    def position(self, expression: str) -> Callable[[Any], object]:
        if expression not in self.expressions:
            self.expressions.append(expression)
        return itemgetter(self.expressions.index(expression))


class StatementBuilder:
    """Writes statements for the mapping of one record kind."""

    def __init__(self, department: str, mapping: KindMapping) -> None:
        self._department = department
        self._mapping = mapping
        self._organisation = _key_column(mapping.organisation)
        self._person = None if mapping.person is None else _key_column(mapping.person)

    @property
    def mapping(self) -> KindMapping:
        return self._mapping

    def build(self, request: RecordRequest, is_careful: bool = False) -> Statements:
        """Write the statements.

        Args:
            is_careful: leave out the records that hold a value which cannot be shown.

        Raises:
            NotSupported: JSON is asked for.
        """
        selection = request.selection
        if selection.json is not None:
            raise NotSupported("this source builds no JSON")
        table = TableSql(self._mapping, selection.marked)
        columns = _Columns()
        readers = tuple(self._reader(name, table, columns) for name in selection.fields)
        subject = None
        if request.keys is not None and len(request.keys) > 1:
            subject = subject_reader(self._mapping, columns.by_name)
        where = self._where(request, table)
        source = f"FROM {identifier(self._mapping.table)} r WHERE "
        odd = odd_sql(selection.fields, table)
        counted = f"SELECT {table.subject}, COUNT(*) {source}{where} GROUP BY 1"
        if request.keys is None:
            counted = f"SELECT NULL, COUNT(*) {source}{where}"
        behind = where
        if request.after is not None:
            position = after_sql(request.after, selection.order, self._department, table)
            behind = f"{where} AND {position}"
        left_out = f"SELECT COUNT(*) {source}{behind} AND {odd}"
        if is_careful:
            behind = f"{behind} AND NOT {odd}"
        most = selection.first + selection.lookahead
        rows = _rows_sql(request, columns, f"{source}{behind}", table, most) if most else ""
        return Statements(readers, subject, rows, counted if selection.count else "", left_out)

    def with_keys(self, statement: str, keys: Sequence[str] | None) -> str:
        """The statement about these keys."""
        return statement if keys is None else statement.replace(KEYS, self._key_condition(keys))

    def _where(self, request: RecordRequest, table: TableSql) -> str:
        selection: RecordSelection = request.selection
        conditions = subject_conditions(table, selection.subject_kinds)
        condition = condition_sql(selection.predicate, table)
        if condition != "TRUE" or (request.keys is None and not conditions):
            conditions.append(condition)
        if request.keys is not None:
            conditions.append(KEYS)
        return " AND ".join(conditions)

    def _key_condition(self, keys: Sequence[str]) -> str:
        persons = [key[len(PERSON_KEY_PREFIX) :] for key in keys if key[1:2] == ":"]
        codes = [key for key in keys if key[1:2] != ":"] if persons else keys
        alternatives = [self._organisation.holds(codes)] if codes else []
        if persons and self._person is not None:
            nobody = f"NULLIF({self._organisation.near}, '') IS NULL"
            alternatives.append(f"({self._person.holds(persons)} AND {nobody})")
        return f"({' OR '.join(alternatives)})" if alternatives else "FALSE"

    def _reader(self, name: str, table: TableSql, columns: _Columns) -> Read:
        if name == SUBJECT_KEY:
            return subject_reader(self._mapping, columns.by_name)
        if name == RECORD_ID:
            return self._id_reader(columns)
        mapped = self._mapping.columns.get(name) or table.missing_part(name)
        if mapped is None:
            read = reader(None, columns.position)
        else:
            read = reader(mapped, partial(columns.get, mapped))
        if name == OBJECTION_MARK and table.marked:
            return _marking(read, self._id_reader(columns), frozenset(table.marked))
        return read

    def _id_reader(self, columns: _Columns) -> Read:
        get = columns.position(column_name(self._mapping.record_id))
        return lambda row: text(get(row)) or ODD


@dataclass(frozen=True, slots=True)
class _KeyColumn:
    """SQL of a column that holds keys: itself, and its bytes."""

    near: str
    exact: str

    def holds(self, keys: Sequence[str]) -> str:
        """The column holds one of the keys: near by an index, exact by all bytes."""
        exact = [f"X'{key.encode().hex()}'" for key in keys]
        near = ", _utf8mb4 ".join(exact)
        return f"({self.near} IN (_utf8mb4 {near}) AND {self.exact} IN ({', '.join(exact)}))"


def _key_column(name: str) -> _KeyColumn:
    return _KeyColumn(column_name(name), as_bytes(column_name(name)))


def _marking(read: Read, read_id: Read, marked: frozenset[str]) -> Read:
    return lambda row: True if read_id(row) in marked else read(row)


def _rows_sql(
    request: RecordRequest, columns: _Columns, source: str, table: TableSql, most: int
) -> str:
    order = order_sql(request.selection.order, table)
    expressions = columns.expressions or ["1"]
    if request.keys is None or len(request.keys) == 1:
        chosen = ", ".join(expressions)
        return f"SELECT {chosen} {source} ORDER BY {order} LIMIT {most:d}"
    numbered = f"ROW_NUMBER() OVER (PARTITION BY {table.subject} ORDER BY {order}) AS n"
    named = [f"{sql} AS c{number}" for number, sql in enumerate(expressions)]
    names = ", ".join(f"s.c{number}" for number in range(len(named)))
    return (
        f"SELECT {names} FROM (SELECT {', '.join(named)}, {numbered} {source}) s "
        f"WHERE s.n <= {most:d} ORDER BY s.n"
    )
