"""Row conditions as rule files write them, and their change into predicates.

A condition is a table: `{all = [...]}`, `{any = [...]}`, `{not = {...}}`, or `{field = "...",
OPERATOR = VALUE}` with one operator. The value `"today"` on a date field stays in the predicate
as written and is replaced by `on_day` for each day.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from schema.model import FieldModel, KindModel, ValueType
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

TODAY = "today"

_DECIMAL = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,6})?\Z")

_COMPARISONS: dict[str, Operator] = {
    "is": Operator.EQ,
    "below": Operator.LT,
    "at-most": Operator.LE,
    "above": Operator.GT,
    "at-least": Operator.GE,
}
_OPERATORS = (*_COMPARISONS, "in", "starts-with", "includes", "absent")
_ORDERED = frozenset(
    {
        ValueType.DATE,
        ValueType.DATETIME,
        ValueType.MONEY,
        ValueType.DECIMAL,
        ValueType.INTEGER,
    }
)
_TEXTS = frozenset({ValueType.TEXT, ValueType.USCC})

Fail = Callable[[str, str], Exception]


def read_row(value: Any, kinds: Sequence[KindModel], fail: Fail) -> Predicate:
    """Return the predicate that a row condition states.

    Args:
        value: the condition as TOML gives it.
        kinds: record kinds that the rule covers; each must have every field named.
        fail: makes the error to raise from what was found and what was expected.
    """
    if not isinstance(value, dict):
        raise fail(f"`{value}`", "a table with `all`, `any`, `not` or `field`")
    for key, junction in (("all", And), ("any", Or)):
        if key in value:
            parts = value[key]
            if len(value) != 1 or not isinstance(parts, list) or not parts:
                raise fail(f"`{value}`", f"`{key}` alone, with a list of conditions")
            return junction(tuple(read_row(part, kinds, fail) for part in parts))
    if "not" in value:
        if len(value) != 1:
            raise fail(f"`{value}`", "`not` alone, with one condition")
        return Not(read_row(value["not"], kinds, fail))
    return _read_test(value, kinds, fail)


def _read_test(value: dict[str, Any], kinds: Sequence[KindModel], fail: Fail) -> Predicate:
    name = value.get("field")
    operators = [key for key in value if key != "field"]
    if not isinstance(name, str) or len(operators) != 1 or operators[0] not in _OPERATORS:
        raise fail(f"`{value}`", f"`field` and one of {', '.join(_OPERATORS)}")
    fields = []
    for kind in kinds:
        field = kind.by_name.get(name)
        if field is None:
            raise fail(f"field `{name}`", f"a field of `{kind.type_name}`")
        fields.append(field)
    return _test(fields[0], operators[0], value[operators[0]], fail)


def _test(field: FieldModel, operator: str, operand: Any, fail: Fail) -> Predicate:
    name = field.name
    if operator == "absent":
        if not isinstance(operand, bool):
            raise fail(f"`{operand}`", "true or false")
        return IsNull(name) if operand else Not(IsNull(name))
    if (operator == "includes") != field.is_list:
        raise fail(f"`{operator}` on `{name}`", "`includes` for lists, and for lists only")
    if operator == "includes":
        return Includes(name, _constant(field, operand, fail))
    if operator == "in":
        if not isinstance(operand, list) or not operand:
            raise fail(f"`{operand}`", "a list of values")
        return OneOf(name, tuple(_constant(field, member, fail) for member in operand))
    if operator == "starts-with":
        if field.value_type not in _TEXTS:
            raise fail(f"`starts-with` on `{name}`", "a text field")
        return StartsWith(name, str(_constant(field, operand, fail)))
    comparison = _COMPARISONS[operator]
    if comparison is not Operator.EQ and field.value_type not in _ORDERED:
        raise fail(f"`{operator}` on `{name}`", "a date, time, number or amount")
    if field.value_type is ValueType.DATE and operand == TODAY:
        return Comparison(name, comparison, TODAY)
    return Comparison(name, comparison, _constant(field, operand, fail))


def _constant(field: FieldModel, operand: Any, fail: Fail) -> WireScalar:
    expected = _FORMS[field.value_type]
    if field.value_type is ValueType.BOOLEAN:
        fits = isinstance(operand, bool)
    elif field.value_type is ValueType.INTEGER:
        fits = isinstance(operand, int) and not isinstance(operand, bool)
    elif field.value_type is ValueType.ENUM:
        fits = operand in field.enum_values
        expected = f"one of {', '.join(field.enum_values)}"
    else:
        fits = isinstance(operand, str) and _is_wire_form(field.value_type, operand)
    if not fits:
        raise fail(f"`{operand}` for `{field.name}`", expected)
    constant: WireScalar = operand
    return constant


_FORMS: dict[ValueType, str] = {
    ValueType.TEXT: "a text",
    ValueType.USCC: "a unified social credit code",
    ValueType.DATE: 'a date `"YYYY-MM-DD"` or `"today"`',
    ValueType.DATETIME: "a UTC time",
    ValueType.MONEY: "an amount as a text, such as `1200.50`",
    ValueType.DECIMAL: "a decimal number as a text",
    ValueType.INTEGER: "a whole number",
    ValueType.BOOLEAN: "true or false",
    ValueType.ENUM: "a value of the code list",
}


def _is_wire_form(value_type: ValueType, operand: str) -> bool:
    try:
        match value_type:
            case ValueType.DATE:
                return dt.date.fromisoformat(operand).isoformat() == operand
            case ValueType.DATETIME:
                return operand.endswith("Z") and dt.datetime.fromisoformat(operand) is not None
            case ValueType.MONEY | ValueType.DECIMAL:
                return _DECIMAL.match(operand) is not None
            case _:
                return operand not in ("", TODAY)
    except ValueError:
        return False


def on_day(predicate: Predicate, today: dt.date) -> Predicate:
    """Return the predicate with `today` replaced by the date."""
    match predicate:
        case And(parts):
            return And(tuple(on_day(part, today) for part in parts))
        case Or(parts):
            return Or(tuple(on_day(part, today) for part in parts))
        case Not(part):
            return Not(on_day(part, today))
        case Comparison(_, _, value) if value == TODAY:
            return replace(predicate, value=today.isoformat())
        case _:
            return predicate
