"""Fetched records to the bytes of `data`, a column at a time.

For each place the values of all keys are made together, and then put into the byte template of
the object around them. Lists that a source built as JSON are spliced; rows go through generated
functions. A subject is written once per place and key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

import orjson

from gateway.answering.compile import (
    PersonReference,
    WriteRows,
    compile_writer,
    scrub_value,
)
from gateway.answering.free_text import has_suspect
from gateway.authorization.plan import AuthorizedPlan
from gateway.authorization.types import Stream
from gateway.contract import PERSON_KEY_PREFIX, RECORD_ID, SUBJECT_KEY, Row
from gateway.fetching.cursors import cursor_context
from gateway.fetching.types import (
    EVERYBODY,
    NO_RECORDS,
    FetchResults,
    PlaceRecords,
    Records,
    RowPart,
)
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
Column = list[bytes]


@lru_cache(maxsize=4_096)
def template(keys: tuple[str, ...]) -> bytes:
    """Bytes with a place for each member's value: `{"a":%b,"b":%b}`."""
    members = (orjson.dumps(key).replace(b"%", b"%%") + b":%b" for key in keys)
    return b"{" + b",".join(members) + b"}"


def filled(form: bytes, columns: Sequence[Column], size: int) -> Column:
    """The template filled once per row of the columns."""
    if not columns:
        return [form] * size
    return [form % values for values in zip(*columns, strict=True)]


class Forms:
    """Templates of one plan's objects, made when first needed; kept with the plan."""

    def __init__(self) -> None:
        self._connections: dict[ConnectionNode, bytes] = {}
        self._prose: dict[RecordNode, tuple[str, ...]] = {}

    @staticmethod
    def of(plan: AuthorizedPlan) -> Forms:
        found: Forms | None = plan.kept.get(Forms)
        if found is None:
            found = plan.kept[Forms] = Forms()
        return found

    def prose(self, place: RecordPlace, node: RecordNode) -> tuple[str, ...]:
        """Response keys of the node's leaves that hold free text."""
        found = self._prose.get(node)
        if found is None:
            found = self._prose[node] = free_text_keys(place, node)
        return found

    def connection(self, node: ConnectionNode) -> bytes:
        found = self._connections.get(node)
        if found is None:
            found = self._connections[node] = template(tuple(node.members))
        return found


class DataWriter:
    """Writes the places of one operation."""

    def __init__(
        self,
        plan: AuthorizedPlan,
        variables: Mapping[str, Any],
        results: FetchResults,
        opaque: OpaqueCodec,
        person: PersonReference,
    ) -> None:
        self._plan = plan
        self._variables = variables
        self._results = results
        self._opaque = opaque
        self._person = person
        self._forms = Forms.of(plan)
        self._subjects: dict[SubjectPlace, dict[str, bytes]] = {}

    def subjects(self, place: SubjectPlace, is_list: bool) -> bytes:
        """The subjects asked for by a root field; null where nobody was named."""
        standing = self._results.subjects[place]
        written = self._written_subjects(place)
        values = [written.get(key, NULL) for key in standing.positions]
        return b"[" + b",".join(values) + b"]" if is_list else values[0]

    def listing(self, place: RecordPlace) -> bytes:
        """Records over all subjects, or the one record of `node`."""
        return self._place(place, (EVERYBODY,))[0]

    def _written_subjects(self, place: SubjectPlace) -> dict[str, bytes]:
        """Every subject that stands at a place, by key; unknown ones are null."""
        written = self._subjects.get(place)
        if written is None:
            written = self._subjects[place] = {}
            standing = self._results.subjects[place]
            keys = standing.distinct
            persons = tuple(key for key in keys if key.startswith(PERSON_KEY_PREFIX))
            if persons:
                organisations = tuple(key for key in keys if key not in set(persons))
                self._write_subjects(written, place.person, persons, is_person=True)
            else:
                organisations = keys
            self._write_subjects(written, place.organisation, organisations, is_person=False)
            for key in standing.unknown:
                written[key] = NULL
        return written

    def _write_subjects(
        self,
        written: dict[str, bytes],
        members: Mapping[str, SubjectMember],
        keys: Sequence[str],
        is_person: bool,
    ) -> None:
        if not keys:
            return
        columns = [self._member(member, keys, is_person) for member in members.values()]
        written.update(zip(keys, filled(template(tuple(members)), columns, len(keys)), strict=True))

    def _member(self, member: SubjectMember, keys: Sequence[str], is_person: bool) -> Column:
        if isinstance(member, RecordPlace):
            return self._place(member, keys)
        if member is Made.USCC:
            return [b'"' + key.encode() + b'"' for key in keys]
        if member is Made.ID:
            subject_id = self._person if is_person else self._opaque.subject_id
            return [b'"' + subject_id(key).encode() + b'"' for key in keys]
        return [b'"Person"' if is_person else b'"Organisation"'] * len(keys)

    def _place(self, place: RecordPlace, keys: Sequence[str]) -> Column:
        found = self._results.places.get(place)
        if found is None or found.refused or not found.has_values:
            return [NULL] * len(keys)
        content = place.content
        if isinstance(content, RecordNode):
            lists = self._nodes(place, content, found, keys)
            return [nodes[1:-1] or NULL for nodes in lists]
        columns = [
            self._part(place, content, member, found, keys) for member in content.members.values()
        ]
        made = filled(self._forms.connection(content), columns, len(keys))
        valued = found.json.keys() if len(found.json) >= len(keys) else found.valued()
        if not valued >= set(keys):
            made = [value if key in valued else NULL for key, value in zip(keys, made, strict=True)]
        return made

    def _part(
        self,
        place: RecordPlace,
        content: ConnectionNode,
        member: object,
        found: PlaceRecords,
        keys: Sequence[str],
    ) -> Column:
        if isinstance(member, RecordNode):
            return self._nodes(place, member, found, keys)
        if member is TotalCount.TOTAL_COUNT:
            totals = found.totals
            return [b"%d" % totals[key] if key in totals else NULL for key in keys]
        if isinstance(member, SubjectPlace | EdgesNode | PageInfoNode):
            records = found.records()
            return [
                self._of_records(place, member, key, records.get(key, NO_RECORDS), found)
                for key in keys
            ]
        return [orjson.dumps(content.type_name)] * len(keys)

    def _of_records(
        self,
        place: RecordPlace,
        member: SubjectPlace | EdgesNode | PageInfoNode,
        key: str,
        records: Records,
        found: PlaceRecords,
    ) -> bytes:
        if isinstance(member, SubjectPlace):
            return self._subject_nodes(member, records)
        if isinstance(member, EdgesNode):
            return self._edges(place, member, key, records)
        return orjson.dumps(self._page_info(place, member, key, records, key in found.more))

    def _nodes(
        self, place: RecordPlace, node: RecordNode, found: PlaceRecords, keys: Sequence[str]
    ) -> Column:
        """Per key the list of the records as JSON."""
        json = found.json
        names = self._forms.prose(place, node) if json else ()
        if json and not found.parts and not found.merged:
            values = [json.get(key, b"") for key in keys]
            if names:
                values = [_scrubbed(names, value) for value in values]
            return [b"[%b]" % value for value in values]
        made = {key: b"[%b]" % _scrubbed(names, value) for key, value in json.items()}
        for part in found.parts:
            self._write_part(made, node, part)
        for key, records in found.merged.items():
            made[key] = orjson.dumps(self._written(node, records))
        return [made.get(key, b"[]") for key in keys]

    def _write_part(self, made: dict[str, bytes], node: RecordNode, part: RowPart) -> None:
        """Records of one stream: all rows at once, then cut by key."""
        first = part.stream.selection.first
        groups = [rows[:first] for rows in part.groups]
        write = self._rows_writer(part.stream, node)
        rows = list(chain.from_iterable(groups))
        written = write(rows, self._results.fetched_at, self._subject, self._person)
        dumps, start = orjson.dumps, 0
        for key, group in zip(part.keys, groups, strict=True):
            end = start + len(group)
            made[key] = dumps(written[start:end])
            start = end

    def _written(self, node: RecordNode, records: Records) -> list[dict[str, Any]]:
        """Records in their order as JSON-ready objects."""
        fetched_at = self._results.fetched_at
        written: list[dict[str, Any]] = []
        for stream, rows in records.runs:
            write = self._rows_writer(stream, node)
            written += write(rows, fetched_at, self._subject, self._person)
        return written

    def _rows_writer(self, stream: Stream, node: RecordNode) -> WriteRows:
        found: WriteRows | None = stream.kept.get(node)
        if found is None:
            found = stream.kept[node] = compile_writer(stream, node, self._opaque)
        return found

    def _subject(self, place: SubjectPlace, key: str | None) -> Any:
        return None if key is None else orjson.Fragment(self._written_subjects(place)[key])

    def _subject_nodes(self, place: SubjectPlace, records: Records) -> bytes:
        written = self._written_subjects(place)
        keys = (
            str(row[stream.columns[SUBJECT_KEY]]) for stream, rows in records.runs for row in rows
        )
        return b"[" + b",".join(written[key] for key in keys) + b"]"

    def _edges(self, place: RecordPlace, node: EdgesNode, key: str, records: Records) -> bytes:
        rows = [(stream, row) for stream, run in records.runs for row in run]
        columns: dict[str, Sequence[Any]] = {}
        for name, member in node.members.items():
            if isinstance(member, RecordNode):
                columns[name] = self._written(member, records)
            elif isinstance(member, SubjectPlace):
                columns[name] = [
                    self._subject(member, str(row[stream.columns[SUBJECT_KEY]]))
                    for stream, row in rows
                ]
            elif member is Made.CURSOR:
                columns[name] = [self._cursor(place, key, records, item) for item in rows]
            else:
                columns[name] = [node.type_name] * len(rows)
        return orjson.dumps(
            [
                {name: column[position] for name, column in columns.items()}
                for position in range(len(rows))
            ]
        )

    def _page_info(
        self,
        place: RecordPlace,
        node: PageInfoNode,
        key: str,
        records: Records,
        has_more: bool,
    ) -> dict[str, Any]:
        page: dict[str, Any] = {}
        for name, member in node.members.items():
            match member:
                case PageMember.HAS_NEXT_PAGE:
                    page[name] = records.has_next or has_more
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
        if not records.count:
            return None
        stream, rows = records.runs[position]
        return self._cursor(place, key, records, (stream, rows[position]))

    def _cursor(
        self, place: RecordPlace, key: str, records: Records, item: tuple[Stream, Row]
    ) -> str:
        stream, row = item
        position = CursorPosition(
            tuple(row[stream.columns[order.field]] for order in place.arguments.order),
            stream.provider.code,
            str(row[stream.columns[RECORD_ID]]),
            records.answered,
        )
        context = cursor_context(place, key, self._plan.caller)
        return self._opaque.cursor(position, context)


def _scrubbed(names: Sequence[str], json: bytes) -> bytes:
    """JSON of a source, with suspect free text scrubbed; untouched if nothing is suspect."""
    if not names or not has_suspect(json):
        return json
    records = orjson.loads(b"[" + json + b"]")
    for record in records:
        for name in names:
            record[name] = scrub_value(record[name])
    return orjson.dumps(records)[1:-1]


def free_text_keys(place: RecordPlace, node: RecordNode) -> tuple[str, ...]:
    """Response keys of the node's leaves that hold free text."""
    kind = MODEL.kinds[place.kind]
    return tuple(
        key
        for key, member in node.members.items()
        if isinstance(member, LeafNode) and kind.by_name[member.field].declaration.free_text
    )
