"""Predicates, orders and page positions as SQL, two-valued as `schema.predicate` defines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from gateway.contract import PERSON_KEY_PREFIX, RECORD_ID, SUBJECT_KEY, After, OrderKey
from gateway.sources.mapped_table import OBJECTION_MARK, MappedTable
from gateway.sources.mapping import (
    Code,
    CodeColumns,
    CodeList,
    KindMapping,
    Text,
    TextList,
)
from gateway.sources.mysql.columns import (
    ColumnSql,
    as_bytes,
    column_name,
    column_sql,
    hexadecimal,
    sure_hexadecimal,
)
from schema.classification import SubjectKind
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

_MEMBER_LENGTH = 255


@dataclass(frozen=True)
class TableSql(MappedTable):
    """SQL of one mapping's fields, with record effects in place.

    Attributes:
        marked: ids of records under objection whatever the source says.
    """

    mapping: KindMapping
    marked: tuple[str, ...] = ()

    @cached_property
    def record_id(self) -> str:
        return as_bytes(column_name(self.mapping.record_id))

    @cached_property
    def subject(self) -> str:
        """Bytes of the key of the subject; null for nobody."""
        organisation = f"NULLIF({as_bytes(column_name(self.mapping.organisation))}, '')"
        if self.mapping.person is None:
            return organisation
        person = f"NULLIF({as_bytes(column_name(self.mapping.person))}, '')"
        return f"COALESCE({organisation}, CONCAT({sure_hexadecimal(PERSON_KEY_PREFIX)}, {person}))"

    def column(self, name: str) -> ColumnSql:
        if name == RECORD_ID:
            return ColumnSql(self.record_id, lambda value: hexadecimal(str(value)), str)
        mapped = self.mapping.columns.get(name)
        if name == OBJECTION_MARK and self.marked:
            ids = ", ".join(sure_hexadecimal(record_id) for record_id in self.marked)
            base = column_sql(mapped).compared if mapped is not None else "NULL"
            marked = f"({self.record_id} IN ({ids}) OR {base})"
            return ColumnSql(
                marked, lambda value: str(int(bool(value))), lambda found: found == "1"
            )
        return column_sql(mapped or self.missing_part(name))


def condition_sql(predicate: Predicate, table: TableSql) -> str:
    """SQL boolean of a predicate; true exactly where the predicate holds, else false or null."""
    match predicate:
        case And(parts):
            return _joined(parts, " AND ", "TRUE", table)
        case Or(parts):
            return _joined(parts, " OR ", "FALSE", table)
        case Not(part):
            return f"(({condition_sql(part, table)}) IS NOT TRUE)"
        case IsNull(name):
            return f"({table.column(name).compared} IS NULL)" if table.supplies(name) else "TRUE"
        case _ if not table.supplies(predicate.field):
            return "FALSE"
        case Comparison(name, Operator.EQ, value):
            return _one_of(name, (value,), table)
        case Comparison(name, operator, value):
            column = table.column(name)
            parameter = column.parameter(value)
            if parameter is None:
                return "FALSE"
            return f"({column.compared} {operator.value} {parameter})"
        case OneOf(name, values):
            return _one_of(name, values, table)
        case StartsWith(name, prefix):
            beginning = hexadecimal(prefix)
            if beginning is None:
                return "FALSE"
            compared = table.column(name).compared
            return f"(LEFT({compared}, {len(prefix.encode()):d}) = {beginning})"
        case Includes(name, value):
            return _includes(name, value, table)


def _joined(parts: Sequence[Predicate], joiner: str, empty: str, table: TableSql) -> str:
    if not parts:
        return empty
    return "(" + joiner.join(condition_sql(part, table) for part in parts) + ")"


def _one_of(name: str, values: tuple[WireScalar, ...], table: TableSql) -> str:
    mapped = table.mapped(name)
    if isinstance(mapped, Code):
        return _native_one_of(mapped.column, _natives(mapped.translation, values))
    column = table.column(name)
    parameters = [column.parameter(value) for value in values]
    present = [parameter for parameter in parameters if parameter is not None]
    if not present:
        return "FALSE"
    exact = f"{column.compared} IN ({', '.join(present)})"
    if isinstance(mapped, Text) and all(str(value).isascii() for value in values):
        return f"({near(mapped.column, map(str, values))} AND {exact})"
    return f"({exact})"


def near(name: str, values: Iterable[str]) -> str:
    """Condition that an index serves and that holds wherever a column equals one of the values.

    It compares by the collation of the column, for which more may be equal.

    Args:
        values: of ASCII, which every character set of a column has.
    """
    listed = ", ".join(f"_utf8mb4 {sure_hexadecimal(value)}" for value in values)
    return f"{column_name(name)} IN ({listed})"


def _native_one_of(column: str, natives: Sequence[str]) -> str:
    if not natives:
        return "FALSE"
    codes = ", ".join(sure_hexadecimal(code) for code in natives)
    return f"({as_bytes(column_name(column))} IN ({codes}))"


def _natives(translation: Mapping[str, str], members: Sequence[WireScalar]) -> list[str]:
    return [native for native, member in translation.items() if member in members]


def _includes(name: str, value: WireScalar, table: TableSql) -> str:
    match table.mapped(name):
        case CodeColumns(columns, translation):
            natives = _natives(translation, (value,))
            return "(" + " OR ".join(_native_one_of(column, natives) for column in columns) + ")"
        case CodeList(column, translation):
            return _json_includes(column, _natives(translation, (value,)))
        case TextList(column):
            return _json_includes(column, [str(value)])
        case _:
            return "FALSE"


def _json_includes(column: str, members: Sequence[str]) -> str:
    """A JSON array holds one of the texts; a number in it counts as its text.

    The array is read as a table, since JSON_CONTAINS of MariaDB tells `"\\u7801"` from `"码"`.
    """
    literals = [literal for literal in map(hexadecimal, members) if literal is not None]
    if not literals:
        return "FALSE"
    raw = f"CONVERT({column_name(column)} USING utf8mb4)"
    array = f"IF(JSON_VALID({raw}), {raw}, '[]')"
    listed = f"JSON_TABLE({array}, '$[*]' COLUMNS (v VARCHAR({_MEMBER_LENGTH:d}) PATH '$')) j"
    return f"EXISTS (SELECT 1 FROM {listed} WHERE {as_bytes('j.v')} IN ({', '.join(literals)}))"


def odd_sql(names: Iterable[str], table: TableSql) -> str:
    """SQL boolean: one of the fields holds a value that cannot be shown. False, not null, else."""
    tests = [table.column(name).odd for name in dict.fromkeys(names) if name != SUBJECT_KEY]
    found = [f"({test}) IS TRUE" for test in tests if test]
    return "(" + " OR ".join(found) + ")" if found else "FALSE"


def order_sql(order: Sequence[OrderKey], table: TableSql) -> str:
    """ORDER BY list: the keys, missing values last, then the record id."""
    keys = []
    for key in order:
        compared = table.column(key.field).compared
        # Missing values are the least to the server, so that they come last by themselves.
        keys.append(f"{compared} DESC" if key.descending else f"({compared} IS NULL), {compared}")
    keys.append(table.record_id)
    return ", ".join(keys)


def after_sql(after: After, order: Sequence[OrderKey], own_department: str, table: TableSql) -> str:
    """Condition: behind the position in the order over all departments."""
    alternatives: list[str] = []
    equal: list[str] = []
    for key, value in zip(order, after.values, strict=True):
        column = table.column(key.field)
        if value is None:
            equal.append(f"{column.compared} IS NULL")
            continue
        parameter = column.parameter(value)
        if not table.supplies(key.field) or parameter is None:
            alternatives.append(" AND ".join([*equal, "TRUE"]))
            equal.append("FALSE")
            continue
        sign = "<" if key.descending else ">"
        behind = f"({column.compared} {sign} {parameter} OR {column.compared} IS NULL)"
        alternatives.append(" AND ".join([*equal, behind]))
        equal.append(f"{column.compared} = {parameter}")
    alternatives.append(" AND ".join([*equal, _tie(after, own_department, table)]))
    return "(" + " OR ".join(f"({alternative})" for alternative in alternatives) + ")"


def _tie(after: After, own_department: str, table: TableSql) -> str:
    if own_department != after.department:
        return "TRUE" if own_department > after.department else "FALSE"
    return f"{table.record_id} > {sure_hexadecimal(after.record_id)}"


def subject_conditions(table: TableSql, kinds: frozenset[SubjectKind] | None) -> list[str]:
    """Conditions: the subject is of one of the kinds; a record about nobody is in no list."""
    if kinds is None:
        return []
    subject, shop = table.subject, sure_hexadecimal("92")
    person = sure_hexadecimal(PERSON_KEY_PREFIX)
    alternatives = {
        SubjectKind.ORGANISATION: f"LEFT({subject}, 2) NOT IN ({person}, {shop})",
        SubjectKind.INDIVIDUAL_BUSINESS: f"LEFT({subject}, 2) = {shop}",
        SubjectKind.NATURAL_PERSON: f"LEFT({subject}, 2) = {person}",
    }
    chosen = [sql for kind, sql in alternatives.items() if kind in kinds]
    return ["(" + " OR ".join(chosen) + ")"] if chosen else ["FALSE"]
