"""SQL for one mapped column: how it is shown, and how it is compared.

Every form has one definition here, so that what is shown, filtered, ordered and counted is the
same value. `r` is the alias of the table in every statement.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.sources.mapping import (
    Amount,
    Code,
    CodeColumns,
    CodeList,
    Column,
    Constant,
    DateColumn,
    DecimalColumn,
    Flag,
    Integer,
    LocalTimestamp,
    Part,
    Text,
    TextDate,
    TextList,
    Timestamp,
)

_DAY_PATTERN = "^[0-9]{4}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])$"
_UTC_FORM = 'YYYY-MM-DD"T"HH24:MI:SS"Z"'


@dataclass(frozen=True, slots=True)
class ColumnSql:
    """SQL expressions of one field.

    Attributes:
        shown: the wire value as SQL text, integer, boolean or JSON.
        compared: expression of an ordered type, with the collation by code point where it is
            text; equal to `shown` as far as order and equality go.
        json: what stands in built JSON; the same value as `shown`, where there is a cheaper form.
        parameter: cast that turns a text parameter into the compared type; None where a
            parameter of the wire type can be used as it is.
    """

    shown: str
    compared: str
    parameter: str | None
    json: str | None = None

    @property
    def in_json(self) -> str:
        return self.json or self.shown


NULL_COLUMN = ColumnSql("NULL::text", 'NULL::text COLLATE "C"', None)


def literal(value: str) -> str:
    """SQL string literal."""
    return "'" + value.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """Quoted SQL identifier, each dotted part by itself."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in name.split("."))


def column_sql(column: Column | None) -> ColumnSql:
    """SQL of a mapped column; None is a field that the department does not supply."""
    match column:
        case None:
            return NULL_COLUMN
        case Text(name):
            shown = f"nullif(r.{identifier(name)}, '')"
            return ColumnSql(shown, f'{shown} COLLATE "C"', None)
        case DateColumn(name):
            raw = f"r.{identifier(name)}"
            return ColumnSql(f"{raw}::text", raw, "::text::date", json=raw)
        case TextDate(name):
            return _text_date(f"r.{identifier(name)}")
        case Timestamp(name):
            return _time(f"r.{identifier(name)}")
        case LocalTimestamp(name, zone):
            return _time(f"(r.{identifier(name)} AT TIME ZONE {literal(zone)})")
        case Amount(name, yuan_per_unit):
            return _number(f"(r.{identifier(name)} * {yuan_per_unit:d})", 2)
        case DecimalColumn(name, decimals):
            return _number(f"r.{identifier(name)}", decimals)
        case Integer(name):
            raw = f"r.{identifier(name)}::bigint"
            return ColumnSql(raw, raw, "::bigint")
        case Flag(name, true_values):
            members = ", ".join(literal(value) for value in true_values)
            shown = f"(r.{identifier(name)}::text IN ({members}))"
            return ColumnSql(shown, shown, "::boolean")
        case Code(name, translation):
            shown = _translated(f"r.{identifier(name)}::text", translation)
            return ColumnSql(shown, f'{shown} COLLATE "C"', None)
        case TextList(name):
            return ColumnSql(f"r.{identifier(name)}", f"r.{identifier(name)}", None)
        case CodeList(name, translation):
            return _code_list(f"r.{identifier(name)}", translation)
        case CodeColumns(names, translation):
            return _code_columns(names, translation)
        case Part():
            return _part(column)
        case Constant():
            return _constant(column.value)


def _constant(value: str | int | bool) -> ColumnSql:
    if isinstance(value, bool):
        # The cast makes it an expression: a bare constant cannot be ordered by.
        sql = "true::boolean" if value else "false::boolean"
        return ColumnSql(sql, sql, "::boolean")
    if isinstance(value, int):
        return ColumnSql(f"{value:d}::bigint", f"{value:d}::bigint", "::bigint")
    text = f"{literal(value)}::text"
    return ColumnSql(text, f'{text} COLLATE "C"', None)


def _text_date(raw: str) -> ColumnSql:
    shown = (
        f"(CASE WHEN {raw} ~ '{_DAY_PATTERN}' THEN "
        f"substr({raw},1,4) || '-' || substr({raw},5,2) || '-' || substr({raw},7,2) END)"
    )
    return ColumnSql(shown, f'{shown} COLLATE "C"', None)


def _time(moment: str) -> ColumnSql:
    shown = f"to_char({moment} AT TIME ZONE 'UTC', '{_UTC_FORM}')"
    return ColumnSql(shown, f"date_trunc('second', {moment})", "::text::timestamptz")


def _number(raw: str, decimals: int) -> ColumnSql:
    compared = f"{raw}::numeric(30,{decimals:d})"
    return ColumnSql(f"{compared}::text", compared, "::text::numeric")


def _translated(raw: str, translation: Mapping[str, str]) -> str:
    cases = " ".join(
        f"WHEN {literal(native)} THEN {literal(member)}" for native, member in translation.items()
    )
    return f"(CASE {raw} {cases} END)"


def _code_list(raw: str, translation: Mapping[str, str]) -> ColumnSql:
    member = _translated("u.c", translation)
    shown = (
        f"(CASE WHEN {raw} IS NOT NULL THEN ARRAY(SELECT {member} FROM unnest({raw}) "
        f"WITH ORDINALITY u(c, o) WHERE {member} IS NOT NULL ORDER BY u.o) END)"
    )
    return ColumnSql(shown, shown, None)


def _code_columns(names: Sequence[str], translation: Mapping[str, str]) -> ColumnSql:
    members = ", ".join(_translated(f"r.{identifier(name)}::text", translation) for name in names)
    shown = f"array_remove(ARRAY[{members}], NULL)"
    return ColumnSql(shown, shown, None)


def _part(part: Part) -> ColumnSql:
    value = f"x.e->>{literal(part.key)}"
    if part.translation is not None:
        value = _translated(f"({value})", part.translation)
    elif part.yuan_per_unit is not None:
        value = f"(({value})::numeric * {part.yuan_per_unit:d})::numeric(30,2)::text"
    raw = f"r.{identifier(part.column)}"
    shown = (
        f"(CASE WHEN {raw} IS NOT NULL THEN ARRAY(SELECT {value} FROM "
        f"jsonb_array_elements({raw}) WITH ORDINALITY x(e, o) ORDER BY x.o) END)"
    )
    return ColumnSql(shown, shown, None)
