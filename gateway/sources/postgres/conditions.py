"""Predicates and page positions as SQL. Two-valued as `schema.predicate` defines: a comparison
with a missing value is false, and `Not` turns that around.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from gateway.contract import RECORD_ID, SUBJECT_KEY, After, OrderKey
from gateway.sources.mapped_table import OBJECTION_MARK, MappedTable
from gateway.sources.mapping import Code, CodeList, Constant, KindMapping, Text
from gateway.sources.postgres.columns import ColumnSql, column_sql, identifier, literal
from schema.predicate import (
    And,
    Comparison,
    Includes,
    IsNull,
    Not,
    OneOf,
    Operator,
    Or,
    Predicate,
    StartsWith,
    WireScalar,
)


@dataclass
class Parameters:
    """Values of the statement's parameters, numbered as they are added."""

    values: list[object] = field(default_factory=list)

    def add(self, value: object) -> str:
        self.values.append(value)
        return f"${len(self.values)}"


@dataclass
class TableSql(MappedTable):
    """SQL of one mapping's fields, with record effects in place.

    Attributes:
        parameters: of the statement; marked record ids are added when they are first needed.
        marked: ids of records under objection whatever the source says.
        is_careful: comparisons fail at no stored value.
    """

    mapping: KindMapping
    parameters: Parameters
    marked: tuple[str, ...] = ()
    is_careful: bool = False
    _marked_parameter: str | None = None

    def column(self, name: str) -> ColumnSql:
        if name == RECORD_ID:
            raw = self._record_id()
            return ColumnSql(raw, f'{raw} COLLATE "C"', None)
        mapped = self.mapping.columns.get(name) or self.missing_part(name)
        made = column_sql(mapped, self.is_careful)
        if name == OBJECTION_MARK and self.marked:
            if self._marked_parameter is None:
                self._marked_parameter = self.parameters.add(list(self.marked))
            raw = self._record_id()
            base = made.shown if name in self.mapping.columns else "NULL::boolean"
            sql = f"({raw} = ANY({self._marked_parameter}::text[]) OR {base})"
            return ColumnSql(sql, sql, "::boolean")
        return made

    def _record_id(self) -> str:
        raw = f"r.{identifier(self.mapping.record_id)}"
        return raw if self.mapping.has_text_id else f"({raw})::text"


def condition_sql(predicate: Predicate, table: TableSql, parameters: Parameters) -> str:
    """SQL boolean of a predicate; true exactly where the predicate holds, else false or null."""
    match predicate:
        case And(parts):
            return _joined(parts, " AND ", "true", table, parameters)
        case Or(parts):
            return _joined(parts, " OR ", "false", table, parameters)
        case Not(part):
            return f"(({condition_sql(part, table, parameters)}) IS NOT TRUE)"
        case IsNull(name):
            return f"({_presence(name, table)} IS NULL)" if table.supplies(name) else "true"
        case _ if not table.supplies(predicate.field):
            return "false"
        case Comparison(name, operator, value):
            return _comparison(name, operator, value, table, parameters)
        case OneOf(name, values):
            return _one_of(name, values, table, parameters)
        case StartsWith(name, prefix):
            if not _is_storable(prefix):
                return "false"
            return f"starts_with({table.column(name).shown}, {parameters.add(prefix)}::text)"
        case Includes(name, value):
            return _includes(name, value, table, parameters)


def _presence(name: str, table: TableSql) -> str:
    """An expression that is null where the value is missing, and fails at no odd value."""
    column = table.column(name)
    return column.in_json if column.odd is None else column.compared


def odd_sql(names: Iterable[str], table: TableSql) -> str:
    """SQL boolean: one of the fields holds a value that cannot be shown. False, not null, else."""
    tests = [table.column(name).odd for name in dict.fromkeys(names) if name != SUBJECT_KEY]
    return (
        "(" + " OR ".join(f"({test}) IS TRUE" for test in tests if test) + ")"
        if any(tests)
        else "false"
    )


def _joined(
    parts: Sequence[Predicate], joiner: str, empty: str, table: TableSql, parameters: Parameters
) -> str:
    if not parts:
        return empty
    return "(" + joiner.join(condition_sql(part, table, parameters) for part in parts) + ")"


def _comparison(
    name: str, operator: Operator, value: WireScalar, table: TableSql, parameters: Parameters
) -> str:
    if operator is Operator.EQ:
        return _one_of(name, (value,), table, parameters)
    column = table.column(name)
    return f"({column.compared} {operator.value} {_value(column, value, parameters)})"


def _value(column: ColumnSql, value: WireScalar, parameters: Parameters) -> str:
    return f"{parameters.add(value)}{column.parameter or '::text'}"


def _one_of(
    name: str, values: tuple[WireScalar, ...], table: TableSql, parameters: Parameters
) -> str:
    values = tuple(value for value in values if _is_storable(value))
    mapped = table.mapped(name)
    if isinstance(mapped, Constant):
        return "true" if mapped.value in values else "false"
    if isinstance(mapped, Code):
        # Native codes come from the mapping, so they can stand in the text of the statement.
        natives = ", ".join(literal(code) for code in _natives(mapped.translation, values))
        return f"(r.{identifier(mapped.column)}::text IN ({natives}))" if natives else "false"
    if isinstance(mapped, Text):
        present = [value for value in values if value != ""]
        return f"(r.{identifier(mapped.column)} = ANY({parameters.add(present)}::text[]))"
    column = table.column(name)
    # One parameter, however many values: a statement has 32,767 at most.
    cast = (column.parameter or "::text").replace("::", "[]::").removeprefix("[]") + "[]"
    return f"({column.compared} = ANY({parameters.add(list(values))}{cast}))"


def _is_storable(value: WireScalar) -> bool:
    """Whether a text column can hold the value: PostgreSQL refuses the character NUL."""
    return not (isinstance(value, str) and "\x00" in value)


def _natives(translation: Mapping[str, str], members: Sequence[WireScalar]) -> list[str]:
    return [native for native, member in translation.items() if member in members]


def _includes(name: str, value: WireScalar, table: TableSql, parameters: Parameters) -> str:
    mapped = table.mapped(name)
    if isinstance(mapped, CodeList):
        natives = _natives(mapped.translation, (value,))
        return f"(r.{identifier(mapped.column)} && {parameters.add(natives)}::text[])"
    if not _is_storable(value):
        return "false"
    return f"({parameters.add(value)}::text = ANY({table.column(name).shown}))"


def order_sql(order: Sequence[OrderKey], table: TableSql) -> str:
    """ORDER BY list: the keys, missing values last, then the record id."""
    keys = [
        f"{table.column(key.field).compared} {'DESC' if key.descending else 'ASC'} NULLS LAST"
        for key in order
    ]
    keys.append(f"{table.column(RECORD_ID).compared} ASC")
    return ", ".join(keys)


def after_sql(
    after: After,
    order: Sequence[OrderKey],
    own_department: str,
    table: TableSql,
    parameters: Parameters,
) -> str:
    """Condition: behind the position in the order over all departments."""
    alternatives: list[str] = []
    equal: list[str] = []
    for key, value in zip(order, after.values, strict=True):
        column = table.column(key.field)
        if value is None:
            equal.append(f"{column.compared} IS NULL")
            continue
        if not table.supplies(key.field):
            alternatives.append(" AND ".join([*equal, "true"]))
            equal.append("false")
            continue
        sign = "<" if key.descending else ">"
        text = _value(column, value, parameters)
        behind = f"({column.compared} {sign} {text} OR {column.compared} IS NULL)"
        alternatives.append(" AND ".join([*equal, behind]))
        equal.append(f"{column.compared} = {text}")
    alternatives.append(" AND ".join([*equal, _tie(after, own_department, table, parameters)]))
    return "(" + " OR ".join(f"({alternative})" for alternative in alternatives) + ")"


def _tie(after: After, own_department: str, table: TableSql, parameters: Parameters) -> str:
    if own_department != after.department:
        return "true" if own_department > after.department else "false"
    return f"{table.column(RECORD_ID).compared} > {parameters.add(after.record_id)}::text"
