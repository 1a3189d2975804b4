"""Row conditions as rule files write them, and their change into predicates.

A condition is a table: `{all = [...]}`, `{any = [...]}`, `{not = {...}}`, `{field = "...",
OPERATOR = VALUE}` with one operator, or `{per-kind = {KIND = {...}}}`, which holds for records
of the kinds named that satisfy their condition.

On a date field the value can be `"today"`, or with `at-least` and `below` a period before today:
`"today - 5 years"`, or `"today - @NAME"` for a period of the disclosure clock. `at-least` holds
while the period that began on the field's day has not ended, `below` once it has. These stay in
the predicate as words, with the clock's periods in place of their names; `settling` replaces them
for each day, and what a source cannot compare, `meta.nature` and `meta.recordKind`, for each kind.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from policies.disclosure.loader import packaged_clock
from policies.disclosure.periods import ChangingPeriod, parse_period
from policies.settling import BEFORE_TODAY, KIND, NATURE, TODAY
from schema.classification import Origin
from schema.codes import RecordKind
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
    both,
)

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


def read_row(
    value: Any,
    kinds: Sequence[KindModel],
    fail: Fail,
    periods: Mapping[str, ChangingPeriod] | None = None,
) -> Predicate:
    """Return the predicate that a row condition states.

    Args:
        value: the condition as TOML gives it.
        kinds: record kinds that the rule covers; each must have every field named.
        fail: makes the error to raise from what was found and what was expected.
        periods: of the disclosure clock, by name; None for the clock that comes with the gateway.
    """
    known = packaged_clock().periods if periods is None else periods
    return _RowReader(fail, known).read(value, kinds)


class _RowReader:
    """Reads conditions; refuses what it does not understand exactly."""

    def __init__(self, fail: Fail, periods: Mapping[str, ChangingPeriod]) -> None:
        self._fail = fail
        self._periods = periods

    def read(self, value: Any, kinds: Sequence[KindModel]) -> Predicate:
        if not isinstance(value, dict):
            raise self._fail(
                f"`{value}`", "a table with `all`, `any`, `not`, `per-kind` or `field`"
            )
        for key, junction in (("all", And), ("any", Or)):
            if key in value:
                parts = value[key]
                if len(value) != 1 or not isinstance(parts, list) or not parts:
                    raise self._fail(f"`{value}`", f"`{key}` alone, with a list of conditions")
                return junction(tuple(self.read(part, kinds) for part in parts))
        if "not" in value:
            if len(value) != 1:
                raise self._fail(f"`{value}`", "`not` alone, with one condition")
            return Not(self.read(value["not"], kinds))
        if "per-kind" in value:
            return self._per_kind(value, kinds)
        return self._test(value, kinds)

    def _per_kind(self, value: dict[str, Any], kinds: Sequence[KindModel]) -> Predicate:
        conditions = value["per-kind"]
        if len(value) != 1 or not isinstance(conditions, dict) or not conditions:
            raise self._fail(f"`{value}`", "`per-kind` alone, with a condition for each kind")
        known = {kind.value for kind in RecordKind}
        for name in conditions:
            if name not in known:
                raise self._fail(f"kind `{name}`", f"one of {', '.join(sorted(known))}")
        choices = [
            both(
                Comparison(KIND, Operator.EQ, kind.kind.value),
                self.read(conditions[kind.kind.value], [kind]),
            )
            for kind in kinds
            if kind.kind.value in conditions
        ]
        return choices[0] if len(choices) == 1 else Or(tuple(choices))

    def _test(self, value: dict[str, Any], kinds: Sequence[KindModel]) -> Predicate:
        name = value.get("field")
        operators = [key for key in value if key != "field"]
        if not isinstance(name, str) or len(operators) != 1 or operators[0] not in _OPERATORS:
            raise self._fail(f"`{value}`", f"`field` and one of {', '.join(_OPERATORS)}")
        fields = []
        for kind in kinds:
            field = kind.by_name.get(name)
            if field is None:
                raise self._fail(f"field `{name}`", f"a field of `{kind.type_name}`")
            fields.append(field)
        is_ours = fields[0].declaration.origin is not Origin.SOURCE
        if is_ours and name not in (NATURE, KIND):
            expected = f"a field that departments supply, `{NATURE}` or `{KIND}`"
            raise self._fail(f"field `{name}`, which the gateway fills", expected)
        if fields[0].value_type is ValueType.DATE and str(value[operators[0]]).startswith(
            BEFORE_TODAY
        ):
            return self._before_today(name, operators[0], value[operators[0]])
        return _test(fields[0], operators[0], value[operators[0]], self._fail)

    def _before_today(self, name: str, operator: str, operand: str) -> Predicate:
        if operator not in ("at-least", "below"):
            raise self._fail(f"`{operator}` with `{operand}`", "`at-least` or `below`")
        text = operand.removeprefix(BEFORE_TODAY)
        if text.startswith("@"):
            period = self._periods.get(text[1:])
            if period is None:
                known = ", ".join(f"@{other}" for other in self._periods)
                raise self._fail(f"period `{text}`", f"one of {known}")
            if name != period.runs_from:
                expected = f"`{period.runs_from}`, from which that period runs"
                raise self._fail(f"`{operand}` on `{name}`", expected)
            text = str(period)
        else:
            try:
                parse_period(text)
            except ValueError:
                raise self._fail(f"`{operand}`", "`today - 5 years` or `today - @NAME`") from None
        return Comparison(name, _COMPARISONS[operator], BEFORE_TODAY + text)


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
    ValueType.DATE: 'a date `"YYYY-MM-DD"`, `"today"` or a period before it',
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
                return operand not in ("", TODAY) and not operand.startswith(BEFORE_TODAY)
    except ValueError:
        return False
