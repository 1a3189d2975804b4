"""Whether a record satisfies a row rule or a filter: own reading of both.

A row rule is a tree of `schema.predicate`; a filter is the GraphQL argument in wire form. Both
compare by code point, wire form of dates and times, number of amounts; a missing value satisfies
no comparison.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from schema import predicate as tree
from schema.model import FieldModel, KindModel, ValueType
from schema.predicate import Predicate, WireValue
from tests.oracle.periods import BEFORE_TODAY, is_running

Values = Mapping[str, WireValue]
_SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda left, right: left == right,
    "lt": lambda left, right: left < right,
    "le": lambda left, right: left <= right,
    "gt": lambda left, right: left > right,
    "ge": lambda left, right: left >= right,
}
_SIGN_OF = {
    tree.Operator.EQ: "eq",
    tree.Operator.LT: "lt",
    tree.Operator.LE: "le",
    tree.Operator.GT: "gt",
    tree.Operator.GE: "ge",
}
_TODAY = "today"
_KIND_KNOWS: dict[str, Callable[[KindModel], str]] = {
    "meta.nature": lambda kind: kind.declaration.nature.value,
    "meta.recordKind": lambda kind: kind.kind.value,
}


def comparable(field: FieldModel, value: Any) -> Any:
    """A wire value in a form whose Python order is that of the page; never called with None."""
    if field.value_type in (ValueType.MONEY, ValueType.DECIMAL):
        return Decimal(value)
    return value


def row_holds(predicate: Predicate, values: Values, kind: KindModel, today: str) -> bool:
    """Whether a record satisfies a row rule.

    Args:
        values: all wire values of the record; a field that is not supplied reads as missing.
        today: date in wire form that the word `today` of rules stands for.
    """
    match predicate:
        case tree.And():
            return all(row_holds(part, values, kind, today) for part in predicate.parts)
        case tree.Or():
            return any(row_holds(part, values, kind, today) for part in predicate.parts)
        case tree.Not():
            return not row_holds(predicate.part, values, kind, today)
    field = kind.by_name[predicate.field]
    found = _KIND_KNOWS[field.name](kind) if field.name in _KIND_KNOWS else values.get(field.name)
    if found is None:
        return isinstance(predicate, tree.IsNull)
    match predicate:
        case tree.Comparison(value=str() as words) if words.startswith(BEFORE_TODAY):
            assert isinstance(found, str)
            is_wanted = predicate.operator is tree.Operator.GE
            return is_running(words, found, today) is is_wanted
        case tree.Comparison():
            is_day = field.value_type is ValueType.DATE and predicate.value == _TODAY
            wanted = today if is_day else predicate.value
            return _satisfies(field, _SIGN_OF[predicate.operator], found, wanted)
        case tree.OneOf():
            return _satisfies(field, "in", found, predicate.values)
        case tree.StartsWith():
            return _satisfies(field, "startsWith", found, predicate.prefix)
        case tree.Includes():
            return _satisfies(field, "includes", found, predicate.value)
    return False


def filter_holds(wire_filter: Mapping[str, Any], values: Values, kind: KindModel) -> bool:
    """Whether a record satisfies every condition of a filter in wire form."""
    return all(
        _satisfies(kind.by_name[name], sign, values.get(name), wanted)
        for name, conditions in field_conditions(wire_filter)
        for sign, wanted in conditions.items()
    )


def field_conditions(wire_filter: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Field name with its conditions, the members of `meta` flattened."""
    for name, member in wire_filter.items():
        if name == "meta":
            yield from ((f"meta.{inner}", conditions) for inner, conditions in member.items())
        else:
            yield name, member


def filter_fields(wire_filter: Mapping[str, Any] | None, kind: KindModel) -> list[FieldModel]:
    """Fields that a filter reads, in the order in which the schema declares the kind's fields."""
    named = {name for name, _ in field_conditions(wire_filter or {})}
    return [field for field in kind.fields if field.name in named]


def _satisfies(field: FieldModel, sign: str, found: WireValue, wanted: Any) -> bool:
    if sign == "isNull":
        return bool((found is None) == wanted)
    if found is None:
        return False
    if sign == "in":
        return any(_satisfies(field, "eq", found, member) for member in wanted)
    if sign == "startsWith":
        assert isinstance(found, str)
        return bool(found[: len(wanted)] == wanted)
    if sign == "includes":
        assert isinstance(found, list | tuple)
        return wanted in found
    return _SIGNS[sign](comparable(field, found), comparable(field, wanted))
