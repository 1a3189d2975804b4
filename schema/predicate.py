"""Conditions on one record, as data: the closed language of filters and row rules.

One syntax tree serves everywhere: `matches` decides in Python, the source kits translate it
to their query language, and a property test holds the two equal. Logic is two-valued: a
comparison with a missing value is false, and `Not` turns it around. Text compares by code
point, dates and times by their wire form, money and decimals by their number.
"""

from __future__ import annotations

import operator as operator_module
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Any

from schema.model import KindModel, ValueType

WireScalar = str | int | bool
WireValue = WireScalar | Sequence[WireScalar | None] | None

NUMERIC_TEXT = frozenset({ValueType.MONEY, ValueType.DECIMAL})


class Operator(Enum):
    """Comparison of a field with a constant."""

    EQ = "="
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="


@dataclass(frozen=True, slots=True)
class Comparison:
    field: str
    operator: Operator
    value: WireScalar


@dataclass(frozen=True, slots=True)
class OneOf:
    """The field is one of the values; an empty tuple matches nothing."""

    field: str
    values: tuple[WireScalar, ...]


@dataclass(frozen=True, slots=True)
class StartsWith:
    """The text begins with the prefix, taken literally."""

    field: str
    prefix: str


@dataclass(frozen=True, slots=True)
class Includes:
    """The list field contains the value."""

    field: str
    value: WireScalar


@dataclass(frozen=True, slots=True)
class IsNull:
    field: str


@dataclass(frozen=True, slots=True)
class Not:
    part: Predicate


@dataclass(frozen=True, slots=True)
class And:
    parts: tuple[Predicate, ...]


@dataclass(frozen=True, slots=True)
class Or:
    parts: tuple[Predicate, ...]


Predicate = Comparison | OneOf | StartsWith | Includes | IsNull | Not | And | Or

ALWAYS: Predicate = And(())
NEVER: Predicate = Or(())


def both(first: Predicate, second: Predicate) -> Predicate:
    """Conjunction without needless nesting."""
    parts: list[Predicate] = []
    for predicate in (first, second):
        parts.extend(predicate.parts if isinstance(predicate, And) else (predicate,))
    return parts[0] if len(parts) == 1 else And(tuple(parts))


def fields_of(predicate: Predicate) -> frozenset[str]:
    """Names of all fields that the predicate reads."""
    match predicate:
        case And(parts) | Or(parts):
            return frozenset[str]().union(*(fields_of(part) for part in parts))
        case Not(part):
            return fields_of(part)
        case _:
            return frozenset({predicate.field})


def matches(predicate: Predicate, row: Mapping[str, WireValue], kind: KindModel) -> bool:
    """Whether a record satisfies the predicate.

    Args:
        row: wire values by field name; must hold every field that the predicate reads.
        kind: tells which text fields are numbers.
    """
    match predicate:
        case And(parts):
            return all(matches(part, row, kind) for part in parts)
        case Or(parts):
            return any(matches(part, row, kind) for part in parts)
        case Not(part):
            return not matches(part, row, kind)
        case IsNull(field):
            return row[field] is None
        case Comparison(field, operator, value):
            return _compare(row[field], operator, value, _is_numeric(kind, field))
        case OneOf(field, values):
            numeric = _is_numeric(kind, field)
            return any(_compare(row[field], Operator.EQ, value, numeric) for value in values)
        case StartsWith(field, prefix):
            found = row[field]
            return isinstance(found, str) and found.startswith(prefix)
        case Includes(field, value):
            members = row[field]
            return isinstance(members, list | tuple) and value in members


_COMPARE: dict[Operator, Callable[[Any, Any], bool]] = {
    Operator.EQ: operator_module.eq,
    Operator.LT: operator_module.lt,
    Operator.LE: operator_module.le,
    Operator.GT: operator_module.gt,
    Operator.GE: operator_module.ge,
}


def _is_numeric(kind: KindModel, field: str) -> bool:
    model = kind.by_name.get(field)
    return model is not None and model.value_type in NUMERIC_TEXT


def _compare(found: WireValue, operator: Operator, value: WireScalar, numeric: bool) -> bool:
    if found is None:
        return False
    left: Any = Decimal(str(found)) if numeric else found
    right: Any = Decimal(str(value)) if numeric else value
    return _COMPARE[operator](left, right)
