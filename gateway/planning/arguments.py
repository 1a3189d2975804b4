"""Arguments of lists: filter, order, page size, as predicates and order keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

import orjson
from graphql import FieldNode

from gateway.contract import OrderKey
from gateway.planning.errors import PlanError
from gateway.planning.types import ListArguments, RuntimeValue
from schema.model import KindModel
from schema.predicate import (
    And,
    Comparison,
    Includes,
    IsNull,
    Not,
    OneOf,
    Operator,
    Predicate,
    StartsWith,
    WireScalar,
)

MAX_FIRST = 100
DEFAULT_ORDER = (OrderKey("meta.decidedOn", descending=True),)
MAX_ONE_OF = 200
MAX_ORDER_KEYS = 5

_COMPARISONS = {
    "eq": Operator.EQ,
    "lt": Operator.LT,
    "le": Operator.LE,
    "gt": Operator.GT,
    "ge": Operator.GE,
}


def list_arguments(
    kind: KindModel,
    filter_value: Mapping[str, Any] | None,
    order_value: Sequence[Mapping[str, Any]] | None,
    first: int,
    after: RuntimeValue,
) -> ListArguments:
    """Translate coerced arguments.

    Raises:
        PlanError: ARGUMENT_OUT_OF_RANGE for `first`, too many order keys or too many values.
    """
    if not 0 <= first <= MAX_FIRST:
        raise PlanError("ARGUMENT_OUT_OF_RANGE", f"`first` is `{first}`, expected 0 to {MAX_FIRST}")
    wired = wire_filter(filter_value)
    predicate, fields = filter_predicate(kind, wired)
    order = order_keys(order_value)
    return ListArguments(
        filter=predicate,
        filter_fields=fields,
        filter_canonical=orjson.dumps(wired),
        order=order or DEFAULT_ORDER,
        is_default_order=not order,
        first=first,
        after=after,
    )


def runtime_value(field: FieldNode, argument: str, given: Mapping[str, Any]) -> RuntimeValue:
    """The argument as a value to be read at run time.

    A variable anywhere inside a composite literal makes the plan depend on it, so the coerced
    value can be kept then.
    """
    for node in field.arguments or ():
        if node.name.value == argument and node.value.kind == "variable":
            return RuntimeValue(node.value.name.value)  # type: ignore[attr-defined]
    return RuntimeValue(None, given.get(argument))


def order_keys(value: Sequence[Mapping[str, Any]] | None) -> tuple[OrderKey, ...]:
    """Order keys of an `orderBy` argument; a field named twice counts once."""
    if value is not None and len(value) > MAX_ORDER_KEYS:
        raise PlanError(
            "ARGUMENT_OUT_OF_RANGE",
            f"`orderBy` has {len(value)} keys, expected at most {MAX_ORDER_KEYS}",
        )
    keys: dict[str, OrderKey] = {}
    for item in value or ():
        name = item["field"].value
        keys.setdefault(name, OrderKey(name, item["direction"].value == "DESC"))
    return tuple(keys.values())


def filter_predicate(
    kind: KindModel, value: Mapping[str, Any] | None
) -> tuple[Predicate, tuple[str, ...]]:
    """The predicate of a filter argument in wire form, and the fields it reads, in schema order."""
    given = dict(_members(value or {}))
    names = [field.name for field in kind.filterable if field.name in given]
    parts: list[Predicate] = []
    for name in names:
        parts.extend(_conditions(name, given[name]))
    return And(tuple(parts)), tuple(names)


def wire_filter(value: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """A coerced filter argument in wire form, without absent members; None if nothing is left.

    Coercion has put the members in the order in which the schema declares them.
    """
    if value is None:
        return None
    kept: dict[str, Any] = {}
    for name, content in value.items():
        wired = wire_filter(content) if isinstance(content, Mapping) else _wire(content)
        if wired is not None:
            kept[name] = wired
    return kept or None


def _members(value: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    found = [(f"meta.{name}", conditions) for name, conditions in value.get("meta", {}).items()]
    found.extend((name, conditions) for name, conditions in value.items() if name != "meta")
    return found


def _conditions(name: str, conditions: Mapping[str, Any]) -> list[Predicate]:
    made: list[Predicate] = []
    for operator, operand in conditions.items():
        if operator in _COMPARISONS:
            made.append(Comparison(name, _COMPARISONS[operator], operand))
        elif operator == "in":
            made.append(OneOf(name, _one_of(operand)))
        elif operator == "startsWith":
            made.append(StartsWith(name, operand))
        elif operator == "includes":
            made.append(Includes(name, operand))
        else:
            made.append(IsNull(name) if operand else Not(IsNull(name)))
    return made


def _one_of(operand: Sequence[Any]) -> tuple[WireScalar, ...]:
    if len(operand) > MAX_ONE_OF:
        raise PlanError(
            "ARGUMENT_OUT_OF_RANGE",
            f"`in` has {len(operand)} values, expected at most {MAX_ONE_OF}",
        )
    return tuple(operand)


def _wire(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, list | tuple):
        return [_wire(item) for item in value]
    return value
