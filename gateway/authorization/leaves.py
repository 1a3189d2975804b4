"""Which leaves a place selects: walks the members of its records once."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.planning.types import (
    ConnectionNode,
    EdgesNode,
    LeafNode,
    Made,
    MetaNode,
    PageInfoNode,
    PartsNode,
    RecordNode,
    RecordPlace,
    SubjectPlace,
    TotalCount,
)

SUBJECT_ID = "meta.subjectId"


def record_nodes(place: RecordPlace) -> Iterator[RecordNode | SubjectPlace]:
    """The nodes at a place: of `nodes`, of `edges { node }`, or the record itself."""
    content = place.content
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


def selected_leaves(place: RecordPlace) -> tuple[str, ...]:
    """Field names of all leaves selected, each once, probes of nested parts included."""
    names: dict[str, None] = {}
    for node in record_nodes(place):
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


def subject_places(place: RecordPlace) -> tuple[SubjectPlace, ...]:
    """Places of subjects directly below a record place, in document order."""
    found: list[SubjectPlace] = []
    for node in record_nodes(place):
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
