"""Generated functions that turn a stream's rows into JSON-ready records.

One function per (stream, record node): every decision has been taken, so a record is one dict
display. Denied leaves are constants, masks are calls, the rest are positions in the row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from gateway.answering.free_text import scrub
from gateway.answering.mask import mask_function
from gateway.authorization.types import Stream
from gateway.contract import PERSON_KEY_PREFIX, RECORD_ID, SUBJECT_KEY, Row
from gateway.opaque import OpaqueCodec
from gateway.planning.leaves import SUBJECT_ID, part_leaves
from gateway.planning.types import (
    LeafNode,
    Made,
    MetaNode,
    PartsNode,
    RecordNode,
    SubjectPlace,
)
from gateway.rowcode import function_from
from policies.model import Outcome
from schema.classification import Origin
from schema.model import ValueType
from schema.records import MODEL


def scrub_value(value: Any) -> Any:
    """Free text, or a list of it, with personal numbers hidden; what is no text as it is."""
    if isinstance(value, list | tuple):
        return [scrub_value(member) for member in value]
    return scrub(value) if isinstance(value, str) else value


class SubjectJson(Protocol):
    """Gives the JSON of the subject that stands at a place under a key."""

    def __call__(self, place: SubjectPlace, key: str | None) -> Any: ...


PersonReference = Callable[[str], str]
"""The reference that the caller may use for the person with a subject key."""

WriteRows = Callable[[Sequence[Row], str, SubjectJson, PersonReference], list[dict[str, Any]]]
"""Rows, time of the fetch, subjects, persons → records, in row order."""


def compile_writer(stream: Stream, node: RecordNode, opaque: OpaqueCodec) -> WriteRows:
    """Generate the function for one stream and node."""
    source = _Source(stream, opaque)
    record = source.record(node)
    made: WriteRows = function_from(
        "write",
        f"def write(rows, fetched_at, subject, person):\n return [{record} for r in rows]\n",
        source.names,
    )
    return made


class _Source:
    """Source text of one function, and the names it refers to."""

    def __init__(self, stream: Stream, opaque: OpaqueCodec) -> None:
        self._stream = stream
        self._kind = MODEL.kinds[stream.place.kind]
        self.names: dict[str, object] = {
            "record_id": opaque.record_id,
            "scrub": scrub_value,
            "person_ref": _person_ref,
            "subject_id": _subject_id,
        }

    def _bound(self, value: object) -> str:
        name = f"N{len(self.names)}"
        self.names[name] = value
        return name

    def record(self, node: RecordNode) -> str:
        members = ", ".join(
            f"{key!r}: {self._member(member, node)}" for key, member in node.members.items()
        )
        return f"{{{members}}}"

    def _member(self, member: object, node: RecordNode) -> str:
        if isinstance(member, LeafNode):
            return self._leaf(member.field)
        if isinstance(member, MetaNode):
            return self._meta(member)
        if isinstance(member, PartsNode):
            return self._parts(member)
        if isinstance(member, SubjectPlace):
            return self._subject(member)
        if member is Made.ID:
            kind, department = self._kind.kind.value, self._stream.provider.code
            return f"record_id({kind!r}, {department!r}, {self._column(RECORD_ID)})"
        return repr(node.type_name)

    def _column(self, name: str) -> str:
        return f"r[{self._stream.columns[name]}]"

    def _leaf(self, name: str) -> str:
        field = self._kind.by_name[name]
        decision = self._stream.cell.leaves[name]
        if decision.outcome is Outcome.DENIED:
            return "None"
        if name == SUBJECT_ID:
            value = f"subject_id({self._column(SUBJECT_KEY)}, person)"
        elif name == "meta.fetchedAt":
            value = "fetched_at"
        elif field.declaration.origin is Origin.SOURCE:
            value = self._column(name)
        else:
            value = repr(self._stream.provider.gateway_value(name, self._kind))
        return self._shown(name, value)

    def _shown(self, name: str, value: str) -> str:
        """The expression with the mask of the field, and scrubbed where it is free text."""
        decision = self._stream.cell.leaves[name]
        if self._kind.by_name[name].value_type is ValueType.PERSON:
            value = f"person_ref({value}, person)"
        if decision.outcome is Outcome.MASKED:
            value = f"{self._bound(mask_function(decision.mask))}({value})"
        if self._kind.by_name[name].declaration.free_text:
            value = f"scrub({value})"
        return value

    def _meta(self, node: MetaNode) -> str:
        members = []
        for key, leaf in node.members.items():
            value = self._leaf(leaf.field) if isinstance(leaf, LeafNode) else "'RecordMeta'"
            members.append(f"{key!r}: {value}")
        return f"{{{', '.join(members)}}}"

    def _parts(self, node: PartsNode) -> str:
        leaves = [
            name
            for name in dict.fromkeys(part_leaves(node))
            if self._stream.cell.leaves[name].outcome is not Outcome.DENIED
        ]
        if not leaves:
            return "None"
        variables = {name: f"v{number}" for number, name in enumerate(leaves)}
        members = ", ".join(
            f"{key!r}: {self._part(leaf, node, variables)}" for key, leaf in node.members.items()
        )
        columns = ", ".join(self._column(name) for name in leaves)
        names = ", ".join(variables.values())
        first = self._column(leaves[0])
        return (
            f"(None if {first} is None else "
            f"[{{{members}}} for {names}, in zip({columns}, strict=True)])"
        )

    def _part(self, leaf: LeafNode | Made, node: PartsNode, variables: Mapping[str, str]) -> str:
        if not isinstance(leaf, LeafNode):
            return repr(node.type_name)
        variable = variables.get(leaf.field)
        return "None" if variable is None else self._shown(leaf.field, variable)

    def _subject(self, place: SubjectPlace) -> str:
        if self._stream.cell.leaves[SUBJECT_ID].outcome is Outcome.DENIED:
            return "None"
        return f"subject({self._bound(place)}, {self._column(SUBJECT_KEY)})"


def _subject_id(key: str | None, person: PersonReference) -> str | None:
    if key is None or not key.startswith(PERSON_KEY_PREFIX):
        return key
    return person(key)


def _person_ref(identity: str | None, person: PersonReference) -> str | None:
    return None if identity is None else person(PERSON_KEY_PREFIX + identity)
