"""Arguments of fields in wire form: enum members as names, absent members left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
)

from schema.codes import RecordKind
from schema.model import KindModel
from schema.records import MODEL
from tests.oracle.pages import DEFAULT_ORDER, Key


@dataclass(frozen=True)
class ListArguments:
    """What is asked of a list of records.

    Attributes:
        wire_filter: members in the order of the schema, absent ones left out; None if empty.
        order: the keys asked for; empty for the default order.
        after: cursor text, None if not given.
    """

    kind: RecordKind
    wire_filter: Mapping[str, Any] | None
    order: tuple[Key, ...]
    first: int
    after: str | None

    @property
    def effective_order(self) -> tuple[Key, ...]:
        return self.order or DEFAULT_ORDER

    @property
    def model(self) -> KindModel:
        return MODEL.kinds[self.kind]


def one_record(kind: RecordKind) -> ListArguments:
    """Arguments of a field that leads to one record."""
    return ListArguments(kind, None, (), 1, None)


def list_arguments(
    schema: GraphQLSchema, kind: RecordKind, coerced: Mapping[str, Any]
) -> ListArguments:
    """Arguments of a connection of one kind, as graphql-core coerced them."""
    type_name = MODEL.kinds[kind].type_name
    wire_filter = wire(schema.type_map[f"{type_name}Filter"], coerced.get("filter") or {})
    return ListArguments(
        kind,
        wire_filter or None,
        order_keys(schema, kind, coerced.get("orderBy") or ()),
        coerced.get("first", 20),
        coerced.get("after"),
    )


def kind_member(kind: RecordKind, argument: Mapping[str, Any] | None) -> Any:
    """The member of a RecordFilter, RecordOrder or RecordFields that belongs to the kind."""
    type_name = MODEL.kinds[kind].type_name
    return (argument or {}).get(type_name[0].lower() + type_name[1:])


def order_keys(schema: GraphQLSchema, kind: RecordKind, order_by: Any) -> tuple[Key, ...]:
    """Order keys of a coerced `orderBy`."""
    names = field_names(schema, kind, [key["field"] for key in order_by])
    directions = [key.get("direction", "ASC") == "DESC" for key in order_by]
    return tuple(Key(name, down) for name, down in zip(names, directions, strict=True))


def field_names(schema: GraphQLSchema, kind: RecordKind, members: Any) -> tuple[str, ...]:
    """Field names of the model for members of the kind's field enum."""
    enum = schema.type_map[f"{MODEL.kinds[kind].type_name}Field"]
    assert isinstance(enum, GraphQLEnumType)
    return tuple(str(enum.values[member].value) for member in members or ())


def wire(input_type: Any, value: Any) -> Any:
    """A coerced input value with its members in schema order, null and empty ones left out."""
    if isinstance(input_type, GraphQLNonNull):
        return wire(input_type.of_type, value)
    if isinstance(input_type, GraphQLList):
        return [wire(input_type.of_type, member) for member in value]
    if not isinstance(input_type, GraphQLInputObjectType):
        return value
    made: dict[str, Any] = {}
    for name, member in input_type.fields.items():
        inner = value.get(name)
        if inner is None:
            continue
        shown = wire(member.type, inner)
        if shown != {}:
            made[name] = shown
    return made
