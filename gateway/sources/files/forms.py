"""SQL that turns text of a file into wire values, and finds the text that cannot be turned.

The forms are those of `gateway.sources.mapping`. In a file everything is text, so that a form says
what the text must mean; a department's spreadsheet may write a date in several ways, but every one
of them has one meaning only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gateway.sources.files.engine import identifier, literal
from gateway.sources.files.refusals import Rule
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

MOST_CHARACTERS = 32_767
"""Longest value of a cell: what a spreadsheet can hold."""
_LARGEST = "1e15"
"""Money and decimals have fifteen digits before the point at most."""
_NUMBER = r"^[-+]?([0-9]{1,15}|[0-9]{1,3}(,[0-9]{3}){1,4})(\.[0-9]{1,10})?$"
_INTEGER = r"^[-+]?[0-9]{1,18}(\.0+)?$"
_SCIENTIFIC = r"^[-+]?[0-9](\.[0-9]+)?[eE][-+]?[0-9]+$"
_CONTROL = r"[\x{00}-\x{08}\x{0B}\x{0C}\x{0E}-\x{1F}\x{7F}\x{FFFD}]"
_DAY = r"^([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?( 0{1,2}:00(:00)?)?$"
_TIME = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?"
_SEPARATORS = "[;；|\n]"

Cell = Callable[[str], str]
"""From a native column name to its SQL."""


@dataclass(frozen=True, slots=True)
class Defect:
    """What may be wrong with a cell: the condition under which it is, and the column's name."""

    rule: Rule
    item: str
    condition: str


@dataclass(frozen=True, slots=True)
class Form:
    """SQL of one field.

    Attributes:
        value: of the type `type`; null where the cell is empty or defective.
        type: DuckDB type of the value in the index.
        prepared: columns of `r` that value and defects read beside those of the file: name and SQL.
            What is read many times is worked out once.
    """

    value: str
    type: str
    defects: tuple[Defect, ...] = ()
    prepared: tuple[tuple[str, str], ...] = ()


def columns_of(column: Column) -> tuple[str, ...]:
    """Native columns that a form reads."""
    match column:
        case Constant():
            return ()
        case CodeColumns(names, _):
            return names
        case _:
            return (column.column,)


def form_of(column: Column, cell: Cell) -> Form:
    """SQL of a mapped column."""
    match column:
        case Text(name):
            return Form(cell(name), "VARCHAR", _text_defects(name, cell(name)))
        case DateColumn(name) | TextDate(name):
            return _date(name, cell(name))
        case Timestamp(name):
            return _time(name, cell(name), None)
        case LocalTimestamp(name, zone):
            return _time(name, cell(name), zone)
        case Amount(name, yuan_per_unit):
            return _number(name, cell(name), 2, yuan_per_unit)
        case DecimalColumn(name, decimals):
            return _number(name, cell(name), decimals, 1)
        case Integer(name):
            return _integer(name, cell(name))
        case Flag(name, true_values):
            members = ", ".join(literal(value) for value in true_values)
            return Form(f"({cell(name)} IN ({members}))", "BOOLEAN")
        case Code(name, translation):
            value = _translated(cell(name), translation)
            return Form(value, "VARCHAR", (_unknown(name, cell(name), value),))
        case TextList(name):
            return _list(name, cell(name), None)
        case CodeList(name, translation):
            return _list(name, cell(name), translation)
        case CodeColumns(names, translation):
            return _code_columns(names, translation, cell)
        case Part():
            return _part(column, cell(column.column))
        case Constant():
            return _constant(column.value)


def _constant(value: str | int | bool) -> Form:
    if isinstance(value, bool):
        return Form("true" if value else "false", "BOOLEAN")
    if isinstance(value, int):
        return Form(f"{value:d}::BIGINT", "BIGINT")
    return Form(f"{literal(value)}::VARCHAR", "VARCHAR")


def _text_defects(name: str, raw: str) -> tuple[Defect, ...]:
    return (
        Defect(Rule.FORMULA, name, f"starts_with({raw}, '=') AND length({raw}) > 1"),
        Defect(Rule.PRECISION_LOST, name, _is_scientific(raw)),
        Defect(Rule.BAD_CHARACTER, name, f"regexp_matches({raw}, {literal(_CONTROL)})"),
        Defect(Rule.VALUE_TOO_LONG, name, f"length({raw}) > {MOST_CHARACTERS:d}"),
    )


def _is_scientific(raw: str) -> str:
    """SQL boolean; long texts are no numbers, and are not looked at."""
    matches = f"regexp_matches({raw}, {literal(_SCIENTIFIC)})"
    return f"(CASE WHEN strlen({raw}) < 25 THEN {matches} ELSE false END)"


def day_sql(raw: str) -> str:
    """SQL of a date; null where the text is none that exists."""
    digits = f"regexp_matches({raw}, '^[0-9]{{8}}$')"
    plain = f"{raw}[1:4] || '-' || {raw}[5:6] || '-' || {raw}[7:8]"
    written = rf"regexp_replace({raw}, {literal(_DAY)}, '\1-\2-\3')"
    text = f"CASE WHEN {digits} THEN {plain} WHEN {_is_day(raw)} THEN {written} END"
    general = f"TRY_CAST({text} AS DATE)"
    # The usual form needs no pattern: a date that is written back as it was read.
    cast = f"TRY_CAST({raw} AS DATE)"
    is_usual = f"strlen({raw}) = 10 AND {cast}::VARCHAR = replace({raw}, '/', '-')"
    usual = f"CASE WHEN {is_usual} THEN {cast} END"
    return f"coalesce({usual}, {general})"


def _is_day(raw: str) -> str:
    return f"regexp_matches({raw}, {literal(_DAY)})"


def _date(name: str, raw: str) -> Form:
    alias = _alias("day", name)
    value = f"CASE WHEN r.{alias} >= DATE '0001-01-01' THEN r.{alias}::VARCHAR END"
    bad = _lost(Rule.BAD_DATE, name, raw, value)
    return Form(value, "VARCHAR", (bad,), ((alias, day_sql(raw)),))


def _time(name: str, raw: str, zone: str | None) -> Form:
    """A time in UTC; without a zone of its own where the mapping names one, else only with it."""
    written = f"replace(replace({raw}, '/', '-'), 'T', ' ')"
    if zone is None:
        has_zone = rf"regexp_matches({raw}, {literal(_TIME + r'(Z|[-+][0-9]{2}:?[0-9]{2})$')})"
        moment = f"TRY_CAST(CASE WHEN {has_zone} THEN {raw} END AS TIMESTAMPTZ)"
        prepared = f"timezone('UTC', {moment})"
    else:
        is_local = f"regexp_matches({raw}, {literal(_TIME.replace('-[', '[-/][') + '$')})"
        general = f"TRY_CAST(CASE WHEN {is_local} THEN {written} END AS TIMESTAMP)"
        cast = f"TRY_CAST({raw} AS TIMESTAMP)"
        is_usual = f"strlen({raw}) = 19 AND {cast}::VARCHAR = {written}"
        prepared = f"coalesce(CASE WHEN {is_usual} THEN {cast} END, {general})"
    alias = _alias("time", name, zone or "")
    in_utc = f"r.{alias}" if zone is None else _in_utc(f"r.{alias}", zone)
    fits = f"{in_utc} >= TIMESTAMP '0001-01-01' AND {in_utc} < TIMESTAMP '10000-01-01'"
    whole = f"date_trunc('second', {in_utc})::VARCHAR"
    value = f"CASE WHEN {fits} THEN replace({whole}, ' ', 'T') || 'Z' END"
    bad = Defect(Rule.BAD_TIME, name, f"{raw} IS NOT NULL AND ({fits}) IS NOT TRUE")
    return Form(value, "VARCHAR", (bad,), ((alias, prepared),))


def _alias(*parts: str) -> str:
    """Name of a prepared column, quoted; the same for the same parts."""
    return identifier(":".join(parts))


def _in_utc(local: str, zone: str) -> str:
    """SQL of the time in UTC; China's clocks have not been moved since 1991."""
    general = f"timezone('UTC', timezone({literal(zone)}, {local}))"
    if zone != "Asia/Shanghai":
        return general
    is_recent = f"{local} >= TIMESTAMP '1992-01-01'"
    return f"(CASE WHEN {is_recent} THEN {local} - INTERVAL 8 HOURS ELSE {general} END)"


def _number(name: str, raw: str, decimals: int, factor: int) -> Form:
    is_number = f"regexp_matches({raw}, {literal(_NUMBER)})"
    digits = f"CASE WHEN {is_number} THEN replace({raw}, ',', '') END"
    exact = f"(TRY_CAST({digits} AS DECIMAL(28, 10)) * {factor:d})"
    fits = f"abs({exact}) < {_LARGEST}"
    value = f"CASE WHEN {fits} THEN TRY_CAST({exact} AS DECIMAL(30, {decimals:d})) END"
    return Form(value, f"DECIMAL(30, {decimals:d})", _number_defects(name, raw, value))


def _number_defects(name: str, raw: str, value: str) -> tuple[Defect, ...]:
    is_scientific = _is_scientific(raw)
    is_formula = f"starts_with({raw}, '=')"
    return (
        Defect(Rule.FORMULA, name, is_formula),
        Defect(Rule.PRECISION_LOST, name, is_scientific),
        Defect(
            Rule.BAD_NUMBER,
            name,
            f"{raw} IS NOT NULL AND {value} IS NULL AND NOT {is_scientific} AND NOT {is_formula}",
        ),
    )


def _integer(name: str, raw: str) -> Form:
    is_whole = f"regexp_matches({raw}, {literal(_INTEGER)})"
    whole = f"CASE WHEN {is_whole} THEN regexp_replace({raw}, '\\.0+$', '') END"
    value = f"TRY_CAST({whole} AS BIGINT)"
    return Form(value, "BIGINT", _number_defects(name, raw, value))


def _translated(raw: str, translation: Mapping[str, str]) -> str:
    cases = " ".join(
        f"WHEN {literal(native)} THEN {literal(member)}" for native, member in translation.items()
    )
    return f"(CASE {raw} {cases} END)" if cases else "NULL::VARCHAR"


def _unknown(name: str, raw: str, value: str) -> Defect:
    return Defect(Rule.UNKNOWN_CODE, name, f"{raw} IS NOT NULL AND {value} IS NULL")


def _lost(rule: Rule, name: str, raw: str, value: str) -> Defect:
    return Defect(rule, name, f"{raw} IS NOT NULL AND ({value}) IS NULL")


def _list(name: str, raw: str, translation: Mapping[str, str] | None) -> Form:
    """A list: a JSON array, or members between semicolons."""
    is_json = f"starts_with({raw}, '[')"
    parts = (
        f"list_transform(regexp_split_to_array({raw}, {literal(_SEPARATORS)}), lambda p: trim(p))"
    )
    members = (
        f"CASE WHEN {is_json} THEN TRY_CAST(TRY_CAST({raw} AS JSON) AS VARCHAR[]) "
        f"WHEN {raw} IS NOT NULL THEN list_filter({parts}, lambda p: p <> '') END"
    )
    bad = _lost(Rule.BAD_LIST, name, raw, members)
    if translation is None:
        return Form(members, "VARCHAR[]", (bad,))
    value = f"list_transform({members}, lambda p: {_translated('p', translation)})"
    unknown = f"list_contains(list_transform({value}, lambda p: p IS NULL), true)"
    return Form(value, "VARCHAR[]", (bad, Defect(Rule.UNKNOWN_CODE, name, unknown)))


def _code_columns(names: tuple[str, ...], translation: Mapping[str, str], cell: Cell) -> Form:
    made = [_translated(cell(name), translation) for name in names]
    value = f"list_filter([{', '.join(made)}], lambda p: p IS NOT NULL)"
    unknown = (_unknown(name, cell(name), one) for name, one in zip(names, made, strict=True))
    return Form(value, "VARCHAR[]", tuple(unknown))


def _part(part: Part, raw: str) -> Form:
    """One leaf of a list of parts; the cell holds a JSON array of objects."""
    objects = f"TRY_CAST(TRY_CAST({raw} AS JSON) AS JSON[])"
    path = literal('$."' + part.key.replace('"', '\\"') + '"')
    leaf = f"json_extract_string(p, {path})" if part.key else "NULL::VARCHAR"
    defects = [_lost(Rule.BAD_LIST, part.column, raw, objects)]
    if part.translation is not None:
        made = _translated(f"({leaf})", part.translation)
        defects.append(_lost_leaf(Rule.UNKNOWN_CODE, part.column, objects, leaf, made))
    elif part.yuan_per_unit is not None:
        amount = _number(part.column, f"({leaf})", 2, part.yuan_per_unit)
        made = f"({amount.value})::VARCHAR"
        defects.append(_lost_leaf(Rule.BAD_NUMBER, part.column, objects, leaf, made))
    else:
        made = leaf
    return Form(f"list_transform({objects}, lambda p: {made})", "VARCHAR[]", tuple(defects))


def _lost_leaf(rule: Rule, name: str, objects: str, leaf: str, made: str) -> Defect:
    lost = f"list_transform({objects}, lambda p: {leaf} IS NOT NULL AND ({made}) IS NULL)"
    return Defect(rule, name, f"list_contains({lost}, true)")
