"""Inputs generated from the model: filters, order keys and field lists of each record kind.

A filter's members are joined by "and". Each generated type is made once and found by kind.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

import strawberry

import schema.codes as code_lists
from schema.codes import RecordKind, code_list
from schema.model import FieldModel, KindModel, ValueType
from schema.records import MODEL
from schema.scalars import Date, DateTime, DecimalNumber, Money, Uscc

_BASES: dict[ValueType, tuple[str, Any]] = {
    ValueType.TEXT: ("Text", str),
    ValueType.USCC: ("Uscc", Uscc),
    ValueType.DATE: ("Date", Date),
    ValueType.DATETIME: ("DateTime", DateTime),
    ValueType.MONEY: ("Money", Money),
    ValueType.DECIMAL: ("Decimal", DecimalNumber),
    ValueType.INTEGER: ("Int", int),
    ValueType.BOOLEAN: ("Boolean", bool),
}
_RANGED = frozenset(
    {
        ValueType.DATE,
        ValueType.DATETIME,
        ValueType.MONEY,
        ValueType.DECIMAL,
        ValueType.INTEGER,
    }
)


@code_list(
    "排序方向 / direction of an order; missing values come last in both", ASC="升序", DESC="降序"
)
class OrderDirection(Enum):
    ASC = "ASC"
    DESC = "DESC"


@dataclass(frozen=True, slots=True)
class KindInputs:
    """Generated GraphQL inputs of one kind.

    Attributes:
        filter: input with a member per filterable field.
        field: enum of comparable fields; each member's value is a field name of the model.
        order: input of one order key.
    """

    filter: Any
    field: Any
    order: Any


def list_of(member: Any) -> Any:
    """The list type of a generated type."""
    return types.GenericAlias(list, (member,))


def input_type(name: str, members: Mapping[str, tuple[Any, str]], description: str) -> Any:
    """Make an input type whose members are all optional.

    Args:
        members: per Python name the member's type and description.
    """
    body: dict[str, Any] = {"__annotations__": {}, "__module__": __name__}
    for member, (member_type, text) in members.items():
        body["__annotations__"][member] = member_type | None
        body[member] = strawberry.field(
            default=strawberry.UNSET, description=text, name=_graphql_name(member)
        )
    made = types.new_class(name, (), exec_body=lambda namespace: namespace.update(body))
    return strawberry.input(made, description=description)


def _graphql_name(member: str) -> str | None:
    return "in" if member == "one_of" else None


def _value_filter(name: str, value: Any, is_ranged: bool, is_text: bool) -> Any:
    members: dict[str, tuple[Any, str]] = {
        "eq": (value, "等于 / equal"),
        "one_of": (list_of(value), "属于 / one of"),
    }
    if is_ranged:
        members |= {
            "lt": (value, "小于 / less than"),
            "le": (value, "小于或等于 / at most"),
            "gt": (value, "大于 / greater than"),
            "ge": (value, "大于或等于 / at least"),
        }
    if is_text:
        members["starts_with"] = (str, "以…开头 / begins with")
    members["is_null"] = (bool, "为空 / true: has no value, false: has one")
    return input_type(name, members, "筛选条件 / conditions on one field, all must hold")


def _made_value_filters() -> dict[ValueType, Any]:
    return {
        value_type: _value_filter(
            f"{name}Filter", base, value_type in _RANGED, value_type is ValueType.TEXT
        )
        for value_type, (name, base) in _BASES.items()
    }


_VALUE_FILTERS = _made_value_filters()
_ENUM_FILTERS: dict[str, Any] = {}
_MADE: dict[tuple[str, ...], Any] = {}


def _enum_class(field: FieldModel) -> Any:
    for candidate in vars(code_lists).values():
        if (
            isinstance(candidate, type)
            and issubclass(candidate, Enum)
            and tuple(candidate.__members__) == field.enum_values
        ):
            return candidate
    raise AssertionError(f"no code list for {field.coordinate}")


def _filter_for(field: FieldModel) -> Any:
    if field.value_type is not ValueType.ENUM:
        return _VALUE_FILTERS[field.value_type]
    enum = _enum_class(field)
    name = f"{enum.__name__}{'List' if field.is_list else ''}Filter"
    if name not in _ENUM_FILTERS:
        if field.is_list:
            members = {
                "includes": (enum, "包含 / contains"),
                "is_null": (bool, "为空 / true: has no value, false: has one"),
            }
            _ENUM_FILTERS[name] = input_type(name, members, "筛选条件 / conditions on a list")
        else:
            _ENUM_FILTERS[name] = _value_filter(name, enum, is_ranged=False, is_text=False)
    return _ENUM_FILTERS[name]


def _kind_filter(kind: KindModel, meta_filter: Any) -> Any:
    members: dict[str, tuple[Any, str]] = {
        "meta": (meta_filter, "记录元数据 / metadata of the record")
    }
    for field in kind.filterable:
        if not field.is_meta:
            members[snake(field.name)] = (_filter_for(field), field.declaration.name_zh)
    return input_type(
        f"{kind.type_name}Filter", members, f"{kind.declaration.name_zh}筛选条件，全部满足"
    )


def _meta_filter() -> Any:
    kind = next(iter(MODEL.kinds.values()))
    members = {
        snake(field.name.removeprefix("meta.")): (_filter_for(field), field.declaration.name_zh)
        for field in kind.filterable
        if field.is_meta
    }
    return input_type("RecordMetaFilter", members, "记录元数据筛选条件，全部满足")


def _field_enum(kind: KindModel) -> Any:
    members = {enum_name(field.name): field.name for field in kind.comparable}
    made: Any = Enum(f"{kind.type_name}Field", members)  # type: ignore[misc]
    strawberry.enum(made, description=f"{kind.declaration.name_zh}可排序、可分组的数据项")
    definition: Any = getattr(made, "__strawberry_definition__")  # noqa: B009 - added by Strawberry
    for value in definition.values:
        value.description = kind.by_name[value.value].declaration.name_zh
    return made


def _order_input(kind: KindModel, field_enum: Any) -> Any:
    body: dict[str, Any] = {
        "__annotations__": {"field": field_enum, "direction": OrderDirection},
        "__module__": __name__,
        "direction": strawberry.field(default=OrderDirection.ASC),
    }
    made = types.new_class(
        f"{kind.type_name}Order", (), exec_body=lambda namespace: namespace.update(body)
    )
    return strawberry.input(made, description=f"{kind.declaration.name_zh}排序")


def snake(name: str) -> str:
    """`decidedOn` → `decided_on`."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def enum_name(field_name: str) -> str:
    """`meta.decidedOn` → `META_DECIDED_ON`."""
    return snake(field_name).replace(".", "_").upper()


def _make_inputs() -> dict[RecordKind, KindInputs]:
    meta_filter = _meta_filter()
    made: dict[RecordKind, KindInputs] = {}
    for kind in MODEL.kinds.values():
        field_enum = _field_enum(kind)
        made[kind.kind] = KindInputs(
            _kind_filter(kind, meta_filter), field_enum, _order_input(kind, field_enum)
        )
    return made


INPUTS: Mapping[RecordKind, KindInputs] = types.MappingProxyType(_make_inputs())


def _per_kind(name: str, description: str, pick: Any) -> Any:
    """Input with one optional member per record kind, named like the kind's type."""
    members = {
        snake(kind.type_name).lstrip("_"): (pick(INPUTS[kind.kind]), kind.declaration.name_zh)
        for kind in MODEL.kinds.values()
    }
    return input_type(name, members, description)


RecordFilter = _per_kind(
    "RecordFilter",
    "筛选条件 / conditions of the asked kind; other members are refused",
    lambda inputs: inputs.filter,
)
RecordOrder = _per_kind(
    "RecordOrder",
    "排序 / order keys of the asked kind; other members are refused",
    lambda inputs: list_of(inputs.order),
)
RecordFields = _per_kind(
    "RecordFields",
    "数据项 / fields of the asked kind; other members are refused",
    lambda inputs: list_of(inputs.field),
)
