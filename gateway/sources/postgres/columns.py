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

_SURE_DAY_PATTERN = "^[1-9][0-9]{3}(0[1-9]|1[0-2])(0[1-9]|1[0-9]|2[0-8])$"
_DAY_PATTERN = "^[0-9]{4}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])$"
_NUMBER_PATTERN = r"^-?[0-9]{1,20}(\.[0-9]+)?$"
_LARGEST = "1e27"
"""With as many decimals as a number can have here, 30 digits hold what is below."""
_LARGEST_INTEGER = 2**63 - 1
_UTC_FORM = 'YYYY-MM-DD"T"HH24:MI:SS"Z"'


@dataclass(frozen=True, slots=True)
class ColumnSql:
    """SQL expressions of one field.

    Attributes:
        shown: the wire value as SQL text, integer, boolean or JSON.
        compared: expression of an ordered type, with the collation by code point where it is
            text; equal to `shown` as far as order and equality go.
        json: what stands in built JSON; the same value as `shown`, where there is a cheaper form.
        odd: boolean that is true where the stored value is none that can be shown, such as
            `infinity` or 30 February; `shown` and `json` fail there with an error of class 22,
            so that a statement without odd values pays for no search. None where there are none.
        parameter: cast that turns a text parameter into the compared type; None where a
            parameter of the wire type can be used as it is.
    """

    shown: str
    compared: str
    parameter: str | None
    json: str | None = None
    odd: str | None = None

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


def column_sql(column: Column | None, is_careful: bool = False) -> ColumnSql:
    """SQL of a mapped column; None is a field that the department does not supply.

    Args:
        is_careful: `compared` fails nowhere; an odd value counts as the greatest or as missing.
    """
    match column:
        case None:
            return NULL_COLUMN
        case Text(name):
            shown = f"nullif(r.{identifier(name)}, '')"
            return ColumnSql(shown, f'{shown} COLLATE "C"', None)
        case DateColumn(name):
            return _date(f"r.{identifier(name)}")
        case TextDate(name):
            return _text_date(f"r.{identifier(name)}")
        case Timestamp(name):
            return _time(f"r.{identifier(name)}")
        case LocalTimestamp(name, zone):
            return _time(f"(r.{identifier(name)} AT TIME ZONE {literal(zone)})")
        case Amount(name, yuan_per_unit):
            return _number(f"(r.{identifier(name)} * {yuan_per_unit:d})", 2, is_careful)
        case DecimalColumn(name, decimals):
            return _number(f"r.{identifier(name)}", decimals, is_careful)
        case Integer(name):
            return _integer(f"r.{identifier(name)}", is_careful)
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


def _failing(raw: str) -> str:
    """An expression that fails when it is reached, and not before: it is no constant."""
    return f"('odd ' || {raw}::text)::date"


def _date(raw: str) -> ColumnSql:
    fits = f"{raw} >= '0001-01-01' AND {raw} < '10000-01-01'"
    shown = f"(CASE WHEN {fits} OR {raw} IS NULL THEN {raw} ELSE {_failing(raw)} END)"
    return ColumnSql(f"{shown}::text", raw, "::text::date", json=shown, odd=f"NOT ({fits})")


def _text_date(raw: str) -> ColumnSql:
    year, month, number = f"substr({raw},1,4)", f"substr({raw},5,2)", f"substr({raw},7,2)"
    first = f"make_date({year}::int, {month}::int, 1)"
    last = f"extract(day FROM {first} + interval '1 month - 1 day')"
    exists = f"CASE WHEN {year} = '0000' THEN false ELSE {number}::int <= {last} END"
    text = f"{year} || '-' || {month} || '-' || {number}"
    is_day = f"{raw} ~ '{_DAY_PATTERN}'"
    day = f"CASE WHEN {exists} THEN {text} ELSE {_failing(raw)}::text END"
    shown = f"(CASE WHEN {raw} ~ '{_SURE_DAY_PATTERN}' THEN {text} WHEN {is_day} THEN {day} END)"
    compared = f"(CASE WHEN {is_day} THEN {text} END)"
    odd = f"(CASE WHEN {is_day} THEN NOT ({exists}) ELSE false END)"
    return ColumnSql(shown, f'{compared} COLLATE "C"', None, odd=odd)


def _time(moment: str) -> ColumnSql:
    fits = f"{moment} >= '0001-01-01T00:00:00Z' AND {moment} < '10000-01-01T00:00:00Z'"
    shown = (
        f"(CASE WHEN {fits} THEN to_char({moment} AT TIME ZONE 'UTC', '{_UTC_FORM}') "
        f"WHEN {moment} IS NOT NULL THEN {_failing(moment)}::text END)"
    )
    compared = f"date_trunc('second', {moment})"
    return ColumnSql(shown, compared, "::text::timestamptz", odd=f"NOT ({fits})")


def _number(raw: str, decimals: int, is_careful: bool) -> ColumnSql:
    """A number; one that is too large fails in the cast, NaN does not."""
    fits = f"{raw} > -{_LARGEST} AND {raw} < {_LARGEST}"
    cast = f"::numeric(30,{decimals:d})"
    compared = f"{raw}{cast}"
    is_number = f"{raw} < 'NaN'::numeric"
    shown = (
        f"(CASE WHEN {is_number} OR {raw} IS NULL THEN {compared}::text "
        f"ELSE {_failing(raw)}::text END)"
    )
    if is_careful:
        compared = f"(CASE WHEN {fits} OR {raw} IS NULL THEN {compared} ELSE 'NaN' END)"
    return ColumnSql(shown, compared, "::text::numeric", odd=f"NOT ({fits})")


def _integer(raw: str, is_careful: bool) -> ColumnSql:
    fits = f"{raw}::numeric BETWEEN -{_LARGEST_INTEGER:d} AND {_LARGEST_INTEGER:d}"
    shown = f"{raw}::bigint"
    compared = f"(CASE WHEN {fits} THEN {shown} END)" if is_careful else shown
    return ColumnSql(shown, compared, "::bigint", odd=f"NOT ({fits})")


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
    raw = f"r.{identifier(part.column)}"
    value = f"x.e->>{literal(part.key)}"
    odd: str | None = None
    if part.translation is not None:
        value = _translated(f"({value})", part.translation)
    elif part.yuan_per_unit is not None:
        fits = f"({value}) ~ '{_NUMBER_PATTERN}'"
        odd = f"EXISTS (SELECT FROM jsonb_array_elements({raw}) x(e) WHERE NOT ({fits}))"
        amount = f"(({value})::numeric * {part.yuan_per_unit:d})::numeric(30,2)::text"
        value = (
            f"CASE WHEN {fits} THEN {amount} "
            f"WHEN ({value}) IS NOT NULL THEN {_failing(f'({value})')}::text END"
        )
    shown = (
        f"(CASE WHEN {raw} IS NOT NULL THEN ARRAY(SELECT {value} FROM "
        f"jsonb_array_elements({raw}) WITH ORDINALITY x(e, o) ORDER BY x.o) END)"
    )
    return ColumnSql(shown, shown, None, odd=odd)
