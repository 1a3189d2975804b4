"""Selections on subjects, connections and records, as nodes of the plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from graphql import FieldNode, GraphQLObjectType, GraphQLSchema, get_named_type
from graphql.execution.values import get_argument_values

from gateway.planning.arguments import DEFAULT_ORDER, list_arguments, runtime_value
from gateway.planning.collect import Collector
from gateway.planning.errors import PlanError
from gateway.planning.leaves import record_place, subject_place
from gateway.planning.types import (
    ConnectionNode,
    EdgesNode,
    LeafNode,
    ListArguments,
    Made,
    MetaNode,
    PageInfoNode,
    PageMember,
    PartsNode,
    Path,
    RecordNode,
    RecordPlace,
    RuntimeValue,
    SubjectMember,
    SubjectPlace,
    TotalCount,
)
from schema.codes import RecordKind
from schema.links import LINK, RecordsLink
from schema.predicate import ALWAYS
from schema.records import MODEL
from schema.subject import Organisation, Person

_TYPENAME = "__typename"
_ONE_RECORD = ListArguments(ALWAYS, (), b"null", DEFAULT_ORDER, True, 1, RuntimeValue(None))


def _links(subject_type: Any) -> Mapping[str, RecordsLink]:
    return {
        _camel(field.python_name): field.metadata[LINK]
        for field in subject_type.__strawberry_definition__.fields
        if LINK in field.metadata
    }


def _camel(python_name: str) -> str:
    first, *rest = python_name.split("_")
    return first + "".join(word.capitalize() for word in rest)


RECORD_LINKS: Mapping[str, Mapping[str, RecordsLink]] = {
    "Organisation": _links(Organisation),
    "Person": _links(Person),
}


class SelectionPlanner:
    """Turns selection sets below root fields into nodes."""

    def __init__(self, schema: GraphQLSchema, collector: Collector) -> None:
        self._schema = schema
        self._collector = collector
        self._places: dict[tuple[object, ...], RecordPlace] = {}

    def subjects(
        self,
        path: Path,
        fields: Iterable[FieldNode],
        *,
        organisations: bool = True,
        persons: bool = True,
    ) -> SubjectPlace:
        """The place of subjects; the flags tell who can stand there."""
        fields = list(fields)
        return subject_place(
            path,
            self._subject_members(path, "Organisation", fields) if organisations else {},
            self._subject_members(path, "Person", fields) if persons else {},
            self._collector.keys_below(fields),
        )

    def _subject_members(
        self, path: Path, type_name: str, fields: Sequence[FieldNode]
    ) -> Mapping[str, SubjectMember]:
        subject_type = self._object_type(type_name)
        members: dict[str, SubjectMember] = {}
        for key, nodes in self._collector.below(subject_type, fields).items():
            name = nodes[0].name.value
            if name == _TYPENAME:
                members[key] = Made.TYPENAME
            elif name == "id":
                members[key] = Made.ID
            elif name == "uscc":
                members[key] = Made.USCC
            else:
                link = RECORD_LINKS[type_name][name]
                members[key] = self._shared((*path, key), type_name, link, nodes)
        return members

    def _shared(
        self, path: Path, type_name: str, link: RecordsLink, fields: Sequence[FieldNode]
    ) -> RecordPlace:
        """One place for organisations and persons where the same fields were selected of both."""
        identity = (path, *(id(field) for field in fields))
        if identity not in self._places:
            self._places[identity] = self._linked(path, type_name, link, fields)
        return self._places[identity]

    def _linked(
        self, path: Path, type_name: str, link: RecordsLink, fields: Sequence[FieldNode]
    ) -> RecordPlace:
        name = fields[0].name.value
        if not link.is_list:
            content = self.record(path, fields, link.kind)
            return record_place(path, name, link.kind, _ONE_RECORD, content, is_keyed=True)
        definition = self._object_type(type_name).fields[name]
        given = get_argument_values(definition, fields[0], self._collector.variables)
        try:
            arguments = list_arguments(
                MODEL.kinds[link.kind],
                given.get("filter"),
                given.get("orderBy"),
                given["first"],
                runtime_value(fields[0], "after", given),
            )
        except PlanError as error:
            raise error.located(fields) from error
        connection = self.record_connection(path, fields, link.kind)
        return record_place(path, name, link.kind, arguments, connection, is_keyed=True)

    def record_connection(
        self, path: Path, fields: Sequence[FieldNode], kind: RecordKind
    ) -> ConnectionNode:
        """A connection whose nodes are records of the kind."""
        return self._connection(path, fields, lambda inner, nodes: self.record(inner, nodes, kind))

    def subject_connection(self, path: Path, fields: Sequence[FieldNode]) -> ConnectionNode:
        """The connection of `searchSubjects`."""
        return self._connection(
            path, fields, lambda inner, nodes: self.subjects(inner, nodes, persons=False)
        )

    def _connection(self, path: Path, fields: Sequence[FieldNode], node: Any) -> ConnectionNode:
        connection_type = self._type_of(fields[0], path)
        members: dict[str, Any] = {}
        for key, nodes in self._collector.below(connection_type, fields).items():
            name = nodes[0].name.value
            if name == "nodes":
                members[key] = node((*path, key), nodes)
            elif name == "edges":
                members[key] = self._edges((*path, key), connection_type, nodes, node)
            elif name == "pageInfo":
                members[key] = self._page_info(connection_type, nodes)
            elif name == "totalCount":
                members[key] = TotalCount.TOTAL_COUNT
            else:
                members[key] = Made.TYPENAME
        return ConnectionNode(connection_type.name, members)

    def _edges(
        self,
        path: Path,
        connection_type: GraphQLObjectType,
        fields: Sequence[FieldNode],
        node: Any,
    ) -> EdgesNode:
        edge_type = _inner(connection_type, "edges")
        members: dict[str, Any] = {}
        for key, nodes in self._collector.below(edge_type, fields).items():
            name = nodes[0].name.value
            if name == "node":
                members[key] = node((*path, key), nodes)
            else:
                members[key] = Made.CURSOR if name == "cursor" else Made.TYPENAME
        return EdgesNode(edge_type.name, members)

    def _page_info(
        self, connection_type: GraphQLObjectType, fields: Sequence[FieldNode]
    ) -> PageInfoNode:
        page_type = _inner(connection_type, "pageInfo")
        collected = self._collector.below(page_type, fields)
        return PageInfoNode(
            {key: PageMember(nodes[0].name.value) for key, nodes in collected.items()}
        )

    def record(self, path: Path, fields: Sequence[FieldNode], kind: RecordKind) -> RecordNode:
        """Members selected of a record of the kind."""
        model = MODEL.kinds[kind]
        record_type = self._object_type(model.type_name)
        members: dict[str, Any] = {}
        for key, nodes in self._collector.below(record_type, fields).items():
            name = nodes[0].name.value
            if name == _TYPENAME:
                members[key] = Made.TYPENAME
            elif name == "id":
                members[key] = Made.ID
            elif name == "subject":
                members[key] = self.subjects((*path, key), nodes, persons=True)
            elif name == "meta":
                members[key] = MetaNode(self._leaves(_inner(record_type, name), nodes, "meta"))
            elif name in model.by_name:
                members[key] = LeafNode(name)
            else:
                members[key] = self._parts(record_type, name, nodes, kind)
        return RecordNode(model.type_name, members)

    def _parts(
        self,
        record_type: GraphQLObjectType,
        name: str,
        fields: Sequence[FieldNode],
        kind: RecordKind,
    ) -> PartsNode:
        part_type = _inner(record_type, name)
        probe = next(field.name for field in MODEL.kinds[kind].fields if field.nested_list == name)
        return PartsNode(name, part_type.name, self._leaves(part_type, fields, name), probe)

    def _leaves(
        self, owner: GraphQLObjectType, fields: Sequence[FieldNode], prefix: str
    ) -> Mapping[str, LeafNode | Made]:
        return {
            key: Made.TYPENAME
            if nodes[0].name.value == _TYPENAME
            else LeafNode(f"{prefix}.{nodes[0].name.value}")
            for key, nodes in self._collector.below(owner, fields).items()
        }

    def statistics(self, fields: Sequence[FieldNode]) -> Mapping[str, Any]:
        """Selected members of `recordStatistics`, as nested mappings of names by response key."""
        return self._plain(self._object_type("RecordStatistics"), fields)

    def _plain(self, owner: GraphQLObjectType, fields: Sequence[FieldNode]) -> Mapping[str, Any]:
        members: dict[str, Any] = {}
        for key, nodes in self._collector.below(owner, fields).items():
            name = nodes[0].name.value
            inner = None if name == _TYPENAME else get_named_type(owner.fields[name].type)
            if isinstance(inner, GraphQLObjectType):
                members[key] = (name, self._plain(inner, nodes))
            else:
                members[key] = (name, owner.name if name == _TYPENAME else None)
        return members

    def _object_type(self, name: str) -> GraphQLObjectType:
        return cast(GraphQLObjectType, self._schema.type_map[name])

    def _type_of(self, field: FieldNode, path: Path) -> GraphQLObjectType:
        name = field.name.value
        owner = self._schema.query_type if len(path) == 1 else None
        if owner is None or name not in owner.fields:
            owner = next(
                self._object_type(type_name)
                for type_name, links in RECORD_LINKS.items()
                if name in links
            )
        return cast(GraphQLObjectType, get_named_type(owner.fields[name].type))


def _inner(owner: GraphQLObjectType, name: str) -> GraphQLObjectType:
    return cast(GraphQLObjectType, get_named_type(owner.fields[name].type))
