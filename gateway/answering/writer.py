"""Fetched records to the bytes of `data`: templates of bytes with values in between.

Lists that a source built as JSON are spliced; rows go through generated functions. A subject is
written once per key, wherever it stands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import orjson

from gateway.answering.compile import WriteRows, compile_writer
from gateway.answering.free_text import has_suspect, scrub
from gateway.authorization.authorize import AuthorizedPlan
from gateway.authorization.types import Stream
from gateway.contract import PERSON_KEY_PREFIX, RECORD_ID, SUBJECT_KEY, Row
from gateway.fetching.cursors import cursor_context
from gateway.fetching.executor import EVERYBODY
from gateway.fetching.types import FetchResults, PlaceRecords, Records
from gateway.opaque import CursorPosition, OpaqueCodec
from gateway.planning.types import (
    ConnectionNode,
    EdgesNode,
    LeafNode,
    Made,
    PageInfoNode,
    PageMember,
    RecordNode,
    RecordPlace,
    SubjectMember,
    SubjectPlace,
    TotalCount,
)
from schema.records import MODEL

NULL = b"null"
ReadPart = Callable[[Any], bytes]


@dataclass(frozen=True, slots=True)
class Template:
    """An object with its members in order: the bytes before each value, and the end."""

    before: tuple[bytes, ...]
    members: tuple[Any, ...]

    @staticmethod
    def of(members: Mapping[str, Any]) -> Template:
        before = []
        for position, key in enumerate(members):
            before.append((b"{" if position == 0 else b",") + orjson.dumps(key) + b":")
        return Template(tuple(before), tuple(members.values()))


class Writers:
    """Templates and generated functions, kept while the plans and streams they are for live."""

    def __init__(self, opaque: OpaqueCodec) -> None:
        self.opaque = opaque
        self._rows: WeakKeyDictionary[Stream, dict[RecordNode, WriteRows]] = WeakKeyDictionary()
        self._templates: WeakKeyDictionary[Any, Template] = WeakKeyDictionary()

    def rows(self, stream: Stream, node: RecordNode) -> WriteRows:
        by_node = self._rows.get(stream)
        if by_node is None:
            by_node = self._rows[stream] = {}
        found = by_node.get(node)
        if found is None:
            found = by_node[node] = compile_writer(stream, node, self.opaque)
        return found

    def connection(self, node: ConnectionNode) -> Template:
        found = self._templates.get(node)
        if found is None:
            found = self._templates[node] = Template.of(node.members)
        return found


class DataWriter:
    """Writes the places of one operation."""

    def __init__(
        self,
        plan: AuthorizedPlan,
        variables: Mapping[str, Any],
        results: FetchResults,
        writers: Writers,
    ) -> None:
        self._plan = plan
        self._variables = variables
        self._results = results
        self._writers = writers
        self._subjects: dict[tuple[SubjectPlace, str], bytes] = {}
        self._templates: dict[tuple[SubjectPlace, bool], Template] = {}

    def subjects(self, place: SubjectPlace, is_list: bool) -> bytes:
        """The subjects asked for by a root field."""
        standing = self._results.subjects[place]
        written = [
            NULL if key in standing.unknown else self.subject(place, key)
            for key in standing.positions
        ]
        return b"[" + b",".join(written) + b"]" if is_list else written[0]

    def listing(self, place: RecordPlace) -> bytes:
        """Records over all subjects, or the one record of `node`."""
        return self._place(place, EVERYBODY)

    def subject(self, place: SubjectPlace, key: str) -> bytes:
        """One subject, each key at a place once."""
        written = self._subjects.get((place, key))
        if written is None:
            written = self._subjects[place, key] = self._write_subject(place, key)
        return written

    def _write_subject(self, place: SubjectPlace, key: str) -> bytes:
        is_person = key.startswith(PERSON_KEY_PREFIX)
        template = self._templates.get((place, is_person))
        if template is None:
            template = Template.of(place.person if is_person else place.organisation)
            self._templates[place, is_person] = template
        if not template.members:
            return b"{}"
        pieces: list[bytes] = []
        for before, member in zip(template.before, template.members, strict=True):
            pieces.append(before)
            pieces.append(self._subject_member(member, key, is_person))
        pieces.append(b"}")
        return b"".join(pieces)

    def _subject_member(self, member: SubjectMember, key: str, is_person: bool) -> bytes:
        if isinstance(member, RecordPlace):
            return self._place(member, key)
        if member is Made.USCC:
            return b'"' + key.encode() + b'"'
        if member is Made.ID:
            return b'"' + self._writers.opaque.subject_id(key).encode() + b'"'
        return b'"Person"' if is_person else b'"Organisation"'

    def _place(self, place: RecordPlace, key: str) -> bytes:
        found = self._results.places[place]
        records = found.by_key.get(key)
        if records is None or _is_null(found, records):
            return NULL
        content = place.content
        if isinstance(content, RecordNode):
            nodes = self._nodes(place, content, records)
            return nodes[1:-1] or NULL
        return self._connection(place, content, key, records)

    def _connection(
        self, place: RecordPlace, content: ConnectionNode, key: str, records: Records
    ) -> bytes:
        template = self._writers.connection(content)
        if not template.members:
            return b"{}"
        pieces: list[bytes] = []
        for before, member in zip(template.before, template.members, strict=True):
            pieces.append(before)
            if isinstance(member, RecordNode):
                pieces.append(self._nodes(place, member, records))
            elif isinstance(member, SubjectPlace):
                pieces.append(self._subject_nodes(member, records))
            elif isinstance(member, EdgesNode):
                pieces.append(self._edges(place, member, key, records))
            elif isinstance(member, PageInfoNode):
                pieces.append(orjson.dumps(self._page_info(place, member, key, records)))
            elif member is TotalCount.TOTAL_COUNT:
                pieces.append(NULL if records.total is None else str(records.total).encode())
            else:
                pieces.append(orjson.dumps(content.type_name))
        pieces.append(b"}")
        return b"".join(pieces)

    def _nodes(self, place: RecordPlace, node: RecordNode, records: Records) -> bytes:
        if records.json is not None:
            return b"[" + self._scrubbed(place, node, records.json) + b"]"
        return orjson.dumps(self._written(node, records.rows))

    def _written(
        self, node: RecordNode, rows: Sequence[tuple[Stream, Row]]
    ) -> list[dict[str, Any]]:
        """Records of rows in their order; runs of rows of one stream are written together."""
        written: list[dict[str, Any]] = []
        start = 0
        while start < len(rows):
            stream = rows[start][0]
            end = start + 1
            while end < len(rows) and rows[end][0] is stream:
                end += 1
            run = [row for _, row in rows[start:end]]
            write = self._writers.rows(stream, node)
            written += write(run, self._results.fetched_at, self._subject_fragment)
            start = end
        return written

    def _subject_fragment(self, place: SubjectPlace, key: str | None) -> Any:
        return None if key is None else orjson.Fragment(self.subject(place, key))

    def _scrubbed(self, place: RecordPlace, node: RecordNode, json: bytes) -> bytes:
        """JSON of a source, with suspect free text scrubbed; untouched if nothing is suspect."""
        names = free_text_keys(place, node)
        if not names or not has_suspect(json):
            return json
        records = orjson.loads(b"[" + json + b"]")
        for record in records:
            for name in names:
                record[name] = scrub(record[name])
        return orjson.dumps(records)[1:-1]

    def _subject_nodes(self, place: SubjectPlace, records: Records) -> bytes:
        keys = (row[stream.columns[SUBJECT_KEY]] for stream, row in records.rows)
        return b"[" + b",".join(self.subject(place, str(key)) for key in keys) + b"]"

    def _edges(self, place: RecordPlace, node: EdgesNode, key: str, records: Records) -> bytes:
        columns: dict[str, list[Any]] = {}
        for name, member in node.members.items():
            if isinstance(member, RecordNode):
                columns[name] = list(self._written(member, records.rows))
            elif isinstance(member, SubjectPlace):
                columns[name] = [
                    self._subject_fragment(member, str(row[stream.columns[SUBJECT_KEY]]))
                    for stream, row in records.rows
                ]
            elif member is Made.CURSOR:
                columns[name] = [self._cursor(place, key, records, item) for item in records.rows]
            else:
                columns[name] = [node.type_name] * len(records.rows)
        return orjson.dumps(
            [
                {name: column[position] for name, column in columns.items()}
                for position in range(len(records.rows))
            ]
        )

    def _page_info(
        self, place: RecordPlace, node: PageInfoNode, key: str, records: Records
    ) -> dict[str, Any]:
        page: dict[str, Any] = {}
        for name, member in node.members.items():
            match member:
                case PageMember.HAS_NEXT_PAGE:
                    page[name] = records.has_next
                case PageMember.HAS_PREVIOUS_PAGE:
                    page[name] = place.arguments.after.resolve(self._variables) is not None
                case PageMember.START_CURSOR:
                    page[name] = self._end_cursor(place, key, records, 0)
                case PageMember.END_CURSOR:
                    page[name] = self._end_cursor(place, key, records, -1)
                case PageMember.TYPENAME:
                    page[name] = "PageInfo"
        return page

    def _end_cursor(
        self, place: RecordPlace, key: str, records: Records, position: int
    ) -> str | None:
        if not records.rows:
            return None
        return self._cursor(place, key, records, records.rows[position])

    def _cursor(
        self, place: RecordPlace, key: str, records: Records, item: tuple[Stream, Row]
    ) -> str:
        stream, row = item
        position = CursorPosition(
            tuple(row[stream.columns[order.field]] for order in place.arguments.order),
            stream.provider.code,
            str(row[stream.columns[RECORD_ID]]),
            tuple(sorted(set(records.answered))),
        )
        context = cursor_context(place, key, self._plan.caller)
        return self._writers.opaque.cursor(position, context)


def _is_null(found: PlaceRecords, records: Records) -> bool:
    """Whether nothing can be said: the cursor was refused, or everybody asked has failed."""
    return found.refused or (bool(records.failed) and not records.answered)


def free_text_keys(place: RecordPlace, node: RecordNode) -> tuple[str, ...]:
    """Response keys of the node's leaves that hold free text."""
    kind = MODEL.kinds[place.kind]
    return tuple(
        key
        for key, member in node.members.items()
        if isinstance(member, LeafNode) and kind.by_name[member.field].declaration.free_text
    )
