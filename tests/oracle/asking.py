"""The lists of one operation, each made once, by the arguments of its field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import GraphQLSchema

from schema.classification import SubjectKind
from schema.codes import RecordKind
from tests.oracle.access import Access
from tests.oracle.arguments import (
    field_names,
    kind_member,
    list_arguments,
    one_record,
)
from tests.oracle.ids import person_key
from tests.oracle.links import LINKS
from tests.oracle.lists import RecordList, subject_list, whole_list
from tests.oracle.nodes import RecordNode, SubjectNode
from tests.oracle.statistics import Statistics, statistics

WITH_CODE = (SubjectKind.ORGANISATION, SubjectKind.INDIVIDUAL_BUSINESS)
_BY_ID = ["id"]


@dataclass
class Asking:
    """What an operation asks, answered from memory."""

    schema: GraphQLSchema
    access: Access
    _made: dict[str, RecordList] = field(default_factory=dict)

    def of_subject(self, subject: SubjectNode, name: str, coerced: Mapping[str, Any]) -> RecordList:
        """The records that a field of a subject leads to."""
        link = LINKS[name]
        arguments = (
            list_arguments(self.schema, link.kind, coerced)
            if link.is_list
            else one_record(link.kind)
        )
        coordinate = f"{subject.type_name}.{name}"
        key = f"{subject.key} {coordinate} {arguments!r}"
        if key not in self._made:
            self._made[key] = subject_list(self.access, coordinate, subject.key, arguments)
        return self._made[key]

    def search(self, coerced: Mapping[str, Any]) -> RecordList:
        """`searchSubjects`."""
        arguments = list_arguments(self.schema, RecordKind.REGISTRATION, coerced)
        return self._whole("Query.searchSubjects", WITH_CODE, arguments)

    def of_kind(self, coerced: Mapping[str, Any]) -> RecordList:
        """`records`, and the records that `recordStatistics` counts."""
        kind = RecordKind[coerced["kind"]]
        arguments = list_arguments(
            self.schema,
            kind,
            {
                **coerced,
                "filter": kind_member(kind, coerced.get("filter")),
                "orderBy": kind_member(kind, coerced.get("orderBy")),
            },
        )
        return self._whole("Query.records", tuple(SubjectKind), arguments)

    def statistics(self, coerced: Mapping[str, Any]) -> Statistics:
        """`recordStatistics`."""
        kind = RecordKind[coerced["kind"]]
        groups, sums = (
            field_names(self.schema, kind, kind_member(kind, coerced.get(name)))
            for name in ("groupBy", "sum")
        )
        return statistics(self.of_kind(coerced), self.access, groups, sums)

    def is_known(self, key: str) -> bool:
        """Whether a code is known: section 3."""
        world = self.access.world
        providers = world.providers(RecordKind.REGISTRATION)
        if key.startswith("P:") or any(each.slug in world.failures for each in providers):
            return True
        return any(each.by_key.get((RecordKind.REGISTRATION, key)) for each in providers)

    def person(self, reference: str) -> SubjectNode:
        """The person whom a reference of this caller stands for."""
        key = person_key(self.access.world.sealing, self.access.caller, reference)
        assert key is not None, "operations name persons by their caller's references"
        return SubjectNode(self.access, key)

    def by_id(self, text: str) -> SubjectNode | RecordList | None:
        """What an id names: a subject, known or not, or a list of the one record."""
        if text.startswith("p."):
            return self.person(text)
        match self.access.world.sealing.open(text, _BY_ID):
            case ["S", str(key)]:
                return SubjectNode(self.access, key)
            case ["R", str(kind), str(department), str(record_id)]:
                return self._one(RecordKind[kind], department, record_id)
        return None

    def _one(self, kind: RecordKind, department: str, record_id: str) -> RecordList:
        """The list of everything that could be the record: asked of its department only."""
        arguments = one_record(kind)
        every = whole_list(self.access, "Query.node", tuple(SubjectKind), arguments)
        return every.only(department, record_id)

    def _whole(self, coordinate: str, kinds: tuple[SubjectKind, ...], arguments: Any) -> RecordList:
        key = f"{coordinate} {arguments!r}"
        if key not in self._made:
            self._made[key] = whole_list(self.access, coordinate, kinds, arguments)
        return self._made[key]


def record_nodes(listed: RecordList) -> list[tuple[int, RecordNode]]:
    """The records of the page with the number of the column each was found in."""
    if listed.is_null:
        return []
    return [
        (
            listed.columns.index(found.column),
            RecordNode(listed.access, found.record, found.provider, found.column.profile),
        )
        for found in listed.page[0]
    ]
