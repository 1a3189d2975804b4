"""FetchPlan: what an operation asks for, as frozen data. It knows no caller and no department.

A plan is a tree of places. A *subject place* stands for subjects (one, many, or those of the
records above it); a *record place* for the records of one kind at one response path. Places
compare by identity: later stages keep what they made for a place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from graphql import FieldNode, Source

from gateway.contract import OrderKey
from schema.codes import RecordKind
from schema.predicate import Predicate

Path = tuple[str, ...]


class Made(Enum):
    """Values that need no department: the gateway makes them."""

    TYPENAME = "TYPENAME"
    ID = "ID"
    USCC = "USCC"
    CURSOR = "CURSOR"


@dataclass(frozen=True, slots=True)
class LeafNode:
    """A leaf of a record, by field name."""

    field: str


@dataclass(frozen=True, slots=True, eq=False)
class MetaNode:
    """`meta { … }` with its members by response key."""

    members: Mapping[str, LeafNode | Made]


@dataclass(frozen=True, slots=True, eq=False)
class PartsNode:
    """A list of nested parts with the members selected of each.

    Attributes:
        field: name of the list field.
        probe: leaf that tells how many parts there are where no leaf was selected.
    """

    field: str
    type_name: str
    members: Mapping[str, LeafNode | Made]
    probe: str


@dataclass(frozen=True, slots=True, eq=False)
class RecordNode:
    """Members selected of a record, by response key, in the order of field collection.

    Attributes:
        type_name: of the record, for `__typename`.
    """

    type_name: str
    members: Mapping[str, LeafNode | MetaNode | PartsNode | SubjectPlace | Made]


@dataclass(frozen=True, slots=True, eq=False)
class EdgesNode:
    type_name: str
    members: Mapping[str, RecordNode | SubjectPlace | Made]


class PageMember(Enum):
    HAS_NEXT_PAGE = "hasNextPage"
    HAS_PREVIOUS_PAGE = "hasPreviousPage"
    START_CURSOR = "startCursor"
    END_CURSOR = "endCursor"
    TYPENAME = "__typename"


@dataclass(frozen=True, slots=True, eq=False)
class PageInfoNode:
    members: Mapping[str, PageMember]


class TotalCount(Enum):
    TOTAL_COUNT = "totalCount"


@dataclass(frozen=True, slots=True, eq=False)
class ConnectionNode:
    """Members selected of a connection, by response key."""

    type_name: str
    members: Mapping[str, RecordNode | SubjectPlace | EdgesNode | PageInfoNode | TotalCount | Made]


@dataclass(frozen=True, slots=True)
class RuntimeValue:
    """An argument that the plan does not depend on: a variable, or a constant of the document.

    Attributes:
        variable: name of the variable, or None.
        value: the constant, if there is no variable.
    """

    variable: str | None
    value: Any = None

    def resolve(self, variables: Mapping[str, Any]) -> Any:
        """The value for these coerced variables; None if absent."""
        return self.value if self.variable is None else variables.get(self.variable)


@dataclass(frozen=True, slots=True)
class ListArguments:
    """Arguments of a list, coerced.

    Attributes:
        filter: the filter argument as a predicate.
        filter_fields: fields it reads, in the order in which the schema declares them.
        filter_canonical: the filter argument in wire form, JSON bytes; part of a cursor.
        order: keys asked for, or the default order.
        is_default_order: no key was asked for.
    """

    filter: Predicate
    filter_fields: tuple[str, ...]
    filter_canonical: bytes
    order: tuple[OrderKey, ...]
    is_default_order: bool
    first: int
    after: RuntimeValue


@dataclass(frozen=True, slots=True, eq=False)
class RecordPlace:
    """Records of one kind at one response path.

    Attributes:
        field: name of the GraphQL field; its type is `Query` unless the place is keyed.
        content: a connection, or the record itself where the field leads to one record.
        is_keyed: records of the subjects above; otherwise over all subjects.
        below: places of the subjects of these records, in document order.
        leaves: field names of all leaves selected, each once.
        weight: most records that this place and what is below can bring for one subject.
        record: only this record of this department (`node`).
    """

    path: Path
    field: str
    kind: RecordKind
    arguments: ListArguments
    content: ConnectionNode | RecordNode
    is_keyed: bool
    below: tuple[SubjectPlace, ...]
    leaves: tuple[str, ...]
    weight: int
    record: RecordIdentity | None = None

    @property
    def is_list(self) -> bool:
        return isinstance(self.content, ConnectionNode)

    @property
    def is_search(self) -> bool:
        """Whether the nodes stand for the subjects themselves."""
        return self.field == "searchSubjects" and not self.is_keyed


@dataclass(frozen=True, slots=True)
class RecordIdentity:
    department: str
    record_id: str


SubjectMember = RecordPlace | Made


@dataclass(frozen=True, slots=True, eq=False)
class SubjectPlace:
    """Subjects at one response path, with what is selected of organisations and of persons.

    A record place selected alike of both is one place, found in both mappings.

    Attributes:
        order: response keys in document order, whatever the type.
        records: record places of both, each once, in document order.
        weight: most records that one subject can bring.
    """

    path: Path
    organisation: Mapping[str, SubjectMember]
    person: Mapping[str, SubjectMember]
    order: tuple[str, ...]
    records: tuple[RecordPlace, ...]
    weight: int


@dataclass(frozen=True, slots=True)
class PersonArgument:
    """A person reference that an operation names: only its caller can tell what it stands for.

    Attributes:
        name: under which the subject key is found among the variables of a run.
        reference: the reference, at run time.
        source, positions: where it stands in the document.
    """

    name: str
    reference: RuntimeValue
    source: Source | None
    positions: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class SubjectsRoot:
    """`subject`, `subjects`, `person`, `_entities`, or `node` of a subject.

    Attributes:
        keys: the codes asked for (one or a list), at run time.
        is_list: the answer is a list.
        is_entities: keys are representations.
    """

    place: SubjectPlace
    keys: RuntimeValue
    is_list: bool
    is_entities: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class RecordsRoot:
    """`records`, `searchSubjects`, or `node` of a record."""

    place: RecordPlace


@dataclass(frozen=True, slots=True, eq=False)
class StatisticsRoot:
    """`recordStatistics`.

    Attributes:
        selection: the selection set; the answer is small and built as plain data first.
    """

    path: Path
    kind: RecordKind
    arguments: ListArguments
    group_by: tuple[str, ...]
    sums: tuple[str, ...]
    members: Mapping[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class ResolvedRoot:
    """A field that no department answers: introspection, catalogue, sources, `_service`."""

    fields: tuple[FieldNode, ...]


@dataclass(frozen=True, slots=True)
class NullRoot:
    """`node` with an id that is not one of ours."""


@dataclass(frozen=True, slots=True)
class TypenameRoot:
    """`__typename` of the root."""


Root = SubjectsRoot | RecordsRoot | StatisticsRoot | ResolvedRoot | NullRoot | TypenameRoot


@dataclass(frozen=True, slots=True, eq=False)
class FetchPlan:
    """Roots by response key, in the order of field collection.

    Attributes:
        key: canonical bytes of document, operation and plan-relevant variables.
        persons: references that must be read before the plan runs.
    """

    roots: Mapping[str, Root]
    key: bytes
    persons: tuple[PersonArgument, ...] = ()
