"""What a selection on records holds: its nodes, leaves, subjects and page information."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from gateway.planning.types import (
    ConnectionNode,
    EdgesNode,
    FetchPlan,
    LeafNode,
    ListArguments,
    Made,
    MetaNode,
    PageInfoNode,
    PartsNode,
    Path,
    RecordIdentity,
    RecordNode,
    RecordPlace,
    RecordsRoot,
    StatisticsRoot,
    SubjectMember,
    SubjectPlace,
    SubjectsRoot,
    TotalCount,
)
from schema.codes import RecordKind

SUBJECT_ID = "meta.subjectId"


def record_kinds(plan: FetchPlan) -> tuple[RecordKind, ...]:
    """Kinds of all records that a plan asks for, each once, in the order of their values."""
    kinds: set[RecordKind] = set()
    for root in plan.roots.values():
        if isinstance(root, SubjectsRoot):
            _collect_kinds(root.place.records, kinds)
        elif isinstance(root, RecordsRoot):
            _collect_kinds((root.place,), kinds)
        elif isinstance(root, StatisticsRoot):
            kinds.add(root.kind)
    return tuple(sorted(kinds, key=lambda kind: kind.value))


def _collect_kinds(places: Iterable[RecordPlace], kinds: set[RecordKind]) -> None:
    for place in places:
        kinds.add(place.kind)
        for below in place.below:
            _collect_kinds(below.records, kinds)


def record_nodes(content: ConnectionNode | RecordNode) -> Iterator[RecordNode | SubjectPlace]:
    """The nodes at a place: of `nodes`, of `edges { node }`, or the record itself."""
    if isinstance(content, RecordNode):
        yield content
        return
    for member in content.members.values():
        if isinstance(member, RecordNode | SubjectPlace):
            yield member
        elif isinstance(member, EdgesNode):
            for inner in member.members.values():
                if isinstance(inner, RecordNode | SubjectPlace):
                    yield inner


def selected_leaves(content: ConnectionNode | RecordNode) -> tuple[str, ...]:
    """Field names of all leaves selected, each once, probes of nested parts included."""
    names: dict[str, None] = {}
    for node in record_nodes(content):
        if isinstance(node, RecordNode):
            for name in _leaves(node):
                names[name] = None
    return tuple(names)


def _leaves(node: RecordNode) -> Iterator[str]:
    for member in node.members.values():
        if isinstance(member, LeafNode):
            yield member.field
        elif isinstance(member, MetaNode):
            yield from (
                leaf.field for leaf in member.members.values() if isinstance(leaf, LeafNode)
            )
        elif isinstance(member, PartsNode):
            yield from part_leaves(member)
        elif isinstance(member, SubjectPlace):
            yield SUBJECT_ID


def part_leaves(node: PartsNode) -> tuple[str, ...]:
    """Leaves selected of nested parts; the probe if there are none."""
    leaves = tuple(leaf.field for leaf in node.members.values() if isinstance(leaf, LeafNode))
    return leaves or (node.probe,)


def subject_places(content: ConnectionNode | RecordNode) -> tuple[SubjectPlace, ...]:
    """Places of subjects directly below, in document order."""
    found: list[SubjectPlace] = []
    for node in record_nodes(content):
        if isinstance(node, SubjectPlace):
            found.append(node)
        else:
            found.extend(
                member for member in node.members.values() if isinstance(member, SubjectPlace)
            )
    return tuple(found)


def wants_count(content: ConnectionNode | RecordNode) -> bool:
    return isinstance(content, ConnectionNode) and any(
        member is TotalCount.TOTAL_COUNT for member in content.members.values()
    )


def page_members(content: ConnectionNode | RecordNode) -> frozenset[str]:
    """Names of the page information selected, `cursor` of edges included."""
    names: set[str] = set()
    if isinstance(content, ConnectionNode):
        for member in content.members.values():
            if isinstance(member, PageInfoNode):
                names.update(item.value for item in member.members.values())
            elif isinstance(member, EdgesNode) and Made.CURSOR in member.members.values():
                names.add("cursor")
    return frozenset(names)


def record_place(
    path: Path,
    field: str,
    kind: RecordKind,
    arguments: ListArguments,
    content: ConnectionNode | RecordNode,
    is_keyed: bool,
    record: RecordIdentity | None = None,
) -> RecordPlace:
    """Make a record place with what follows from its content."""
    below = subject_places(content)
    return RecordPlace(
        path=path,
        field=field,
        kind=kind,
        arguments=arguments,
        content=content,
        is_keyed=is_keyed,
        below=below,
        leaves=selected_leaves(content),
        weight=arguments.first * (1 + sum(place.weight for place in below)),
        record=record,
    )


def subject_place(
    path: Path,
    organisation: Mapping[str, SubjectMember],
    person: Mapping[str, SubjectMember],
    order: tuple[str, ...],
) -> SubjectPlace:
    """Make a subject place with what follows from its members."""
    members = (*organisation.values(), *person.values())
    records = dict.fromkeys(member for member in members if isinstance(member, RecordPlace))
    ordered = sorted(records, key=lambda place: order.index(place.path[-1]))
    weight = sum(place.weight for place in ordered)
    return SubjectPlace(path, organisation, person, order, tuple(ordered), weight)
