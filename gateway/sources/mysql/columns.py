"""SQL for one mapped column: what is selected of it, and how it is compared.

Values are shown by `gateway.sources.local`, from the text of what is stored; here stands the
expression that orders and compares exactly as those values do. Text is compared as the bytes of
its UTF-8, which is the order of code points, and unlike every collation of older servers it tells
`a` from `a` with a space behind it.

Constants stand in statements as hexadecimal literals only, so that none can be anything else.
`r` is the alias of the table in every statement.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from gateway.sources.local.values import decimal_of
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
from gateway.sources.mysql.zones import offset_sql
from schema.predicate import WireScalar

_DAY_PATTERN = "^[0-9]{4}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])$"
_NUMBER_PATTERN = "^[+-]?[0-9]{1,30}([.][0-9]{1,30})?$"
_LARGEST = 10**27
_LARGEST_INTEGER = 2**63 - 1
_MOMENT_LENGTH = len("2026-09-22 08:00:00")


@dataclass(frozen=True, slots=True)
class ColumnSql:
    """SQL of one field.

    Attributes:
        compared: expression to order, compare and group by; null exactly where it is missing.
        parameter: a wire value as SQL that `compared` can be compared with; None where the
            column can hold no such value.
        shown: the wire value of what `compared` gives, for groups of statistics.
        odd: boolean that is true where the stored value cannot be shown; None where all can.
    """

    compared: str
    parameter: Callable[[WireScalar], str | None]
    shown: Callable[[str], WireScalar]
    odd: str | None = None


def identifier(name: str) -> str:
    """Quoted SQL identifier, each dotted part by itself."""
    return ".".join("`" + part.replace("`", "``") + "`" for part in name.split("."))


def column_name(name: str) -> str:
    """A column of the table."""
    return f"r.{identifier(name)}"


def hexadecimal(value: str) -> str | None:
    """A text as a literal of bytes; None where it cannot be written as UTF-8."""
    try:
        return f"X'{value.encode().hex()}'"
    except UnicodeEncodeError:
        return None


def sure_hexadecimal(value: str) -> str:
    """The same for a text of the mapping."""
    return f"X'{value.encode().hex()}'"


def as_bytes(expression: str) -> str:
    """An expression as the bytes of its text in UTF-8."""
    return f"CAST(CONVERT({expression} USING utf8mb4) AS BINARY)"


def selected(column: Column, name: str) -> str:
    """What is selected of a native column, as text that `gateway.sources.local` reads."""
    raw = column_name(name)
    # Sessions are in UTC, and a time without offset would be taken for a local one.
    return f"CONCAT(CAST({raw} AS CHAR), 'Z')" if isinstance(column, Timestamp) else raw


def column_sql(column: Column | None) -> ColumnSql:
    """SQL of a mapped column; None is a field that the department does not supply."""
    match column:
        case None:
            return _text("CAST(NULL AS BINARY)")
        case Text(name):
            return _text(f"NULLIF({as_bytes(column_name(name))}, '')")
        case DateColumn(name):
            return _date(column_name(name))
        case TextDate(name):
            return _text_date(f"CONVERT({column_name(name)} USING utf8mb4)")
        case Timestamp(name):
            return _moment(column_name(name), column_name(name))
        case LocalTimestamp(name, zone):
            raw = column_name(name)
            return _moment(f"({raw} - INTERVAL {offset_sql(raw, zone)} SECOND)", raw)
        case Amount(name, yuan_per_unit):
            return _number(column_name(name), yuan_per_unit, 2)
        case DecimalColumn(name, decimals):
            return _number(column_name(name), 1, decimals)
        case Integer(name):
            return _integer(column_name(name))
        case Flag(name, true_values):
            members = ", ".join(sure_hexadecimal(value) for value in true_values)
            return _boolean(f"({as_bytes(column_name(name))} IN ({members}))")
        case Code(name, translation):
            return _text(_translated(column_name(name), translation))
        case TextList(name) | CodeList(name) | Part(name):
            return _json_list(column_name(name))
        case CodeColumns():
            return _text("CAST('' AS BINARY)")
        case Constant(value):
            return _constant(value)


def _text(compared: str) -> ColumnSql:
    return ColumnSql(compared, lambda value: hexadecimal(str(value)), str)


def _boolean(compared: str) -> ColumnSql:
    return ColumnSql(compared, lambda value: str(int(bool(value))), lambda found: found == "1")


def _constant(value: str | int | bool) -> ColumnSql:
    if isinstance(value, bool):
        # A bare number in ORDER BY would be the position of a column.
        return _boolean(f"({int(value)} + 0)")
    if isinstance(value, int):
        return ColumnSql(f"({value:d} + 0)", str, int)
    return _text(f"CAST({sure_hexadecimal(value)} AS BINARY)")


def _odd_day(day: str, text: str) -> str:
    """Whether a day is there and none: month 0, 30 February. `text` is never null by mistake."""
    is_day = (
        f"YEAR({day}) > 0 AND MONTH({day}) > 0 AND "
        f"DAYOFMONTH({day}) BETWEEN 1 AND DAYOFMONTH(LAST_DAY({day}))"
    )
    # `IS NULL` is true for 0000-00-00 in a column that is never null; its text is not null.
    return f"({text} IS NOT NULL AND ({is_day}) IS NOT TRUE)"


def _date(raw: str) -> ColumnSql:
    return ColumnSql(
        raw,
        lambda value: f"CAST({hexadecimal(str(value))} AS CHAR)",
        str,
        _odd_day(raw, f"CAST({raw} AS CHAR)"),
    )


def _text_date(raw: str) -> ColumnSql:
    dashed = f"CONCAT(SUBSTR({raw}, 1, 4), '-', SUBSTR({raw}, 5, 2), '-', SUBSTR({raw}, 7, 2))"
    is_day = f"(CHAR_LENGTH({raw}) = 8 AND {raw} REGEXP '{_DAY_PATTERN}')"
    first = f"CONCAT(SUBSTR({raw}, 1, 4), '-', SUBSTR({raw}, 5, 2), '-01')"
    exists = (
        f"SUBSTR({raw}, 1, 4) <> '0000' AND "
        f"SUBSTR({raw}, 7, 2) + 0 <= DAYOFMONTH(LAST_DAY({first}))"
    )
    made = _text(f"(CASE WHEN {is_day} THEN CAST({dashed} AS BINARY) END)")
    odd = f"({is_day} AND ({exists}) IS NOT TRUE)"
    return ColumnSql(made.compared, made.parameter, made.shown, odd)


def _moment(in_utc: str, raw: str) -> ColumnSql:
    """A time: its text cut to the second orders as the time does."""
    compared = f"CAST(LEFT(CAST({in_utc} AS CHAR), {_MOMENT_LENGTH:d}) AS BINARY)"
    return ColumnSql(
        compared,
        lambda value: hexadecimal(str(value).replace("T", " ").removesuffix("Z")),
        lambda found: found.replace(" ", "T") + "Z",
        _odd_day(raw, f"CAST({raw} AS CHAR)"),
    )


def _number(raw: str, factor: int, decimals: int) -> ColumnSql:
    exact = f"(CAST({raw} AS DECIMAL(65,30)) * {factor:d})"
    return ColumnSql(
        _number_or_null(raw, f"CAST({exact} AS DECIMAL(30,{decimals:d}))"),
        _decimal,
        _plain,
        _odd_number(raw, exact, _LARGEST),
    )


def _integer(raw: str) -> ColumnSql:
    exact = f"CAST(CAST({raw} AS DECIMAL(65,30)) AS DECIMAL(35,0))"
    return ColumnSql(
        _number_or_null(raw, exact),
        _decimal,
        int,
        _odd_number(raw, exact, _LARGEST_INTEGER + 1),
    )


def _number_or_null(raw: str, number: str) -> str:
    """An empty text is a missing number, not 0."""
    return f"(CASE WHEN CONVERT({raw} USING utf8mb4) <> '' THEN {number} END)"


def _odd_number(raw: str, exact: str, limit: int) -> str:
    text = f"CONVERT({raw} USING utf8mb4)"
    return (
        f"({text} <> '' AND ({text} NOT REGEXP '{_NUMBER_PATTERN}' OR ABS({exact}) >= {limit:d}))"
    )


def _decimal(value: WireScalar) -> str | None:
    found = decimal_of(value)
    return None if found is None else format(found, "f")


def _plain(found: str) -> str:
    number = Decimal(found)
    return format(number if number else abs(number), "f")


def _translated(raw: str, translation: Mapping[str, str]) -> str:
    cases = " ".join(
        f"WHEN {sure_hexadecimal(native)} THEN {sure_hexadecimal(member)}"
        for native, member in translation.items()
    )
    return f"(CASE {as_bytes(raw)} {cases} END)" if cases else "CAST(NULL AS BINARY)"


def _json_list(raw: str) -> ColumnSql:
    text = f"CONVERT({raw} USING utf8mb4)"
    present = f"NULLIF(NULLIF({text}, ''), 'null')"
    is_list = f"(CASE WHEN JSON_VALID({text}) THEN JSON_TYPE({text}) = 'ARRAY' ELSE FALSE END)"
    odd = f"({present} IS NOT NULL AND NOT {is_list})"
    made = _text(present)
    return ColumnSql(made.compared, made.parameter, made.shown, odd)
