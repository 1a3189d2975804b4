"""Naive resolvers, attached to a GraphQL schema of their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    GraphQLUnionType,
)

from schema.build import build_schema, core_schema
from tests.oracle.asking import Asking, record_nodes
from tests.oracle.collect import Collector
from tests.oracle.links import LINKS
from tests.oracle.lists import RecordList
from tests.oracle.nodes import RecordNode, SubjectNode
from tests.oracle.records import Record

_Info = GraphQLResolveInfo[Asking]


@dataclass(frozen=True)
class PartNode:
    """A part of a record: its `meta`, or one of a nested list.

    Attributes:
        prefix: what its leaves' field names begin with.
        number: which part of the list; None for `meta`.
    """

    record: RecordNode
    prefix: str
    number: int | None


@dataclass(frozen=True)
class Edge:
    """A node of a connection with what makes its cursor."""

    listed: RecordList
    record: Record
    node: RecordNode | SubjectNode


def attached_schema() -> GraphQLSchema:
    """A schema whose fields resolve naively and whose enums are their names."""
    schema = core_schema(build_schema())
    for name, graphql_type in schema.type_map.items():
        if name.startswith("__"):
            continue
        if isinstance(graphql_type, GraphQLEnumType):
            _by_name(graphql_type)
        elif isinstance(graphql_type, GraphQLInterfaceType | GraphQLUnionType):
            graphql_type.resolve_type = lambda value, *_: str(value.type_name)
        elif isinstance(graphql_type, GraphQLObjectType):
            graphql_type.is_type_of = None
            for field_name, field in graphql_type.fields.items():
                field.resolve = _resolver(name, field_name)
    return schema


def _by_name(enum: GraphQLEnumType) -> None:
    made: Any = enum
    made.coerce_output_value = made.serialize = lambda value: value
    made.coerce_input_value = made.parse_value = lambda value, *_: value
    made.coerce_input_literal = made.parse_literal = lambda node, *_: node.value


def _resolver(type_name: str, field_name: str) -> Callable[..., Any]:
    if type_name == "Query":
        return _root(field_name)

    def resolve(parent: Any, info: _Info, **coerced: Any) -> Any:
        return _member(info.context, parent, field_name, coerced, info)

    return resolve


def _root(field_name: str) -> Callable[..., Any]:
    def resolve(_: Any, info: _Info, **coerced: Any) -> Any:
        asking: Asking = info.context
        match field_name:
            case "subject":
                return _known(asking, coerced["uscc"])
            case "subjects":
                return [_known(asking, code) for code in coerced["usccs"]]
            case "person":
                return asking.person(coerced["reference"])
            case "_entities":
                return [_known(asking, each["uscc"]) for each in coerced["representations"]]
            case "searchSubjects":
                return _unless_null(asking.search(coerced))
            case "records":
                return _unless_null(asking.of_kind(coerced))
            case "recordStatistics":
                made = asking.statistics(coerced)
                return None if made.listed.is_null else made.value()
            case "node":
                return _node(asking, coerced["id"])
        raise AssertionError(f"the oracle does not answer `{field_name}`")

    return resolve


def _known(asking: Asking, key: str) -> SubjectNode | None:
    return SubjectNode(asking.access, key) if asking.is_known(key) else None


def _unless_null(listed: RecordList) -> RecordList | None:
    return None if listed.is_null else listed


def _node(asking: Asking, text: str) -> SubjectNode | RecordNode | None:
    found = asking.by_id(text)
    if isinstance(found, RecordList):
        return next((record for _, record in record_nodes(found)), None)
    return found if found is not None and asking.is_known(found.key) else None


def _member(asking: Asking, parent: Any, name: str, coerced: dict[str, Any], info: _Info) -> Any:
    if isinstance(parent, dict):
        return parent[name]
    if isinstance(parent, SubjectNode):
        return _subject_member(asking, parent, name, coerced)
    if isinstance(parent, RecordNode):
        return _record_member(parent, name, info)
    if isinstance(parent, PartNode):
        value = parent.record.leaf(parent.prefix + name)
        is_listed = parent.number is not None and isinstance(value, list)
        return value[parent.number] if is_listed else value  # type: ignore[index]
    if isinstance(parent, RecordList):
        return _connection_member(parent, name, info)
    assert isinstance(parent, Edge)
    return parent.node if name == "node" else parent.listed.cursor(parent.record)


def _subject_member(
    asking: Asking, subject: SubjectNode, name: str, coerced: dict[str, Any]
) -> Any:
    if name == "id":
        return subject.id
    if name == "uscc":
        return subject.key
    listed = asking.of_subject(subject, name, coerced)
    if listed.is_null or LINKS[name].is_list:
        return _unless_null(listed)
    return next((record for _, record in record_nodes(listed)), None)


def _record_member(record: RecordNode, name: str, info: _Info) -> Any:
    if name == "id":
        return record.id
    if name == "subject":
        return record.subject
    if name == "meta":
        return PartNode(record, "meta.", None)
    if name in record.model.by_name:
        return record.leaf(name)
    numbers = record.parts(name, _selected_leaves(info, name))
    if numbers is None:
        return None
    return [PartNode(record, f"{name}.", number) for number in numbers]


def _selected_leaves(info: _Info, list_name: str) -> list[str]:
    """Field names of the leaves selected of each part."""
    part = info.return_type
    while hasattr(part, "of_type"):
        part = part.of_type
    parts = [
        (node.selection_set, frozenset({0})) for node in info.field_nodes if node.selection_set
    ]
    collector = Collector(info.schema, info.fragments, info.variable_values)
    selected = collector.collect(parts, {0: str(part)})
    return [f"{list_name}.{each.name}" for each in selected if each.name != "__typename"]


def _connection_member(listed: RecordList, name: str, info: _Info) -> Any:
    if name == "totalCount":
        return listed.total
    records = [record for _, record in record_nodes(listed)]
    if name == "pageInfo":
        ends = [listed.cursor(record.record) for record in (records[:1] + records[-1:])]
        return {
            "hasNextPage": listed.page[1].has_next,
            "hasPreviousPage": listed.arguments.after is not None,
            "startCursor": ends[0] if ends else None,
            "endCursor": ends[-1] if ends else None,
        }
    is_search = info.parent_type.name == "OrganisationConnection"
    nodes: list[RecordNode | SubjectNode] = [
        SubjectNode(listed.access, record.record.key or "") if is_search else record
        for record in records
    ]
    if name == "nodes":
        return nodes
    assert name == "edges"
    return [Edge(listed, record.record, node) for record, node in zip(records, nodes, strict=True)]
