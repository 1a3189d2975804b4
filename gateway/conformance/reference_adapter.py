"""A complete adapter over records in memory: the contract in plain Python.

It is the example for whoever writes an adapter, the first that passes the kit, and a real
department for the gateway's own tests. It has no speed to speak of.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cmp_to_key

import orjson

from gateway.conformance.ordering import Position, compare_positions, is_behind, position_of
from gateway.contract import (
    FETCHED_AT,
    PERSON_KEY_PREFIX,
    RECORD_ID,
    SUBJECT_KEY,
    Batch,
    FetchContext,
    FieldSummary,
    Health,
    JsonBatch,
    JsonConstant,
    JsonField,
    JsonNode,
    Manifest,
    RecordRequest,
    RecordSelection,
    RowBatch,
    StatisticsBatch,
    StatisticsGroup,
    StatisticsRequest,
)
from schema.classification import SubjectKind
from schema.codes import RecordKind
from schema.model import KindModel, ValueType
from schema.predicate import NUMERIC_TEXT, WireScalar, WireValue, matches
from schema.records import MODEL

OBJECTION_MARK = "meta.objectionMark"


@dataclass(frozen=True, slots=True)
class ReferenceRecord:
    """One record.

    Attributes:
        record_id: stable and unique within department and kind.
        subject_key: key of the subject; None for a record that names none.
        values: wire values by field name; a field that is not there has no value.
    """

    kind: RecordKind
    record_id: str
    subject_key: str | None
    values: Mapping[str, WireValue]


class ReferenceAdapter:
    """Answers for one department from records in memory."""

    def __init__(self, manifest: Manifest, records: Iterable[ReferenceRecord]) -> None:
        self._manifest = manifest
        self._records: dict[RecordKind, list[ReferenceRecord]] = defaultdict(list)
        for record in records:
            self._records[record.kind].append(record)

    @property
    def manifest(self) -> Manifest:
        return self._manifest

    async def open(self) -> None:
        """Nothing to open."""

    async def aclose(self) -> None:
        """Nothing to close."""

    async def health(self) -> Health:
        return Health(is_up=True, as_of=None)

    async def fetch(
        self, requests: Sequence[RecordRequest], context: FetchContext
    ) -> Sequence[Batch]:
        return [self._answer(request, context) for request in requests]

    async def statistics(
        self, requests: Sequence[StatisticsRequest], context: FetchContext
    ) -> Sequence[StatisticsBatch]:
        return [self._count(request) for request in requests]

    def _answer(self, request: RecordRequest, context: FetchContext) -> Batch:
        selection = request.selection
        kind = MODEL.kinds[selection.kind]
        rows = [_values(record, kind, selection.marked) for record in self._of(selection)]
        rows = [row for row in rows if matches(selection.predicate, row, kind)]
        groups = (
            [rows]
            if request.keys is None
            else [[row for row in rows if row[SUBJECT_KEY] == key] for key in request.keys]
        )
        totals = [len(group) for group in groups] if selection.count else None
        pages = [self._page(group, request, kind) for group in groups]
        if selection.json is None:
            return RowBatch(
                [[[row[name] for name in selection.fields] for row in page] for page in pages],
                totals,
            )
        return _json_batch(pages, totals, selection, selection.json, kind, context)

    def _of(self, selection: RecordSelection) -> list[ReferenceRecord]:
        kinds = selection.subject_kinds
        return [
            record
            for record in self._records[selection.kind]
            if _is_about(record.subject_key, kinds)
        ]

    def _page(
        self, rows: list[Mapping[str, WireValue]], request: RecordRequest, kind: KindModel
    ) -> list[Mapping[str, WireValue]]:
        selection = request.selection
        department = self._manifest.department_code

        def position(row: Mapping[str, WireValue]) -> Position:
            return position_of(row, str(row[RECORD_ID]), department, selection.order)

        if request.after is not None:
            after = request.after
            rows = [row for row in rows if is_behind(position(row), after, selection.order, kind)]

        def compare(first: Mapping[str, WireValue], second: Mapping[str, WireValue]) -> int:
            return compare_positions(position(first), position(second), selection.order, kind)

        return sorted(rows, key=cmp_to_key(compare))[: selection.first + selection.lookahead]

    def _count(self, request: StatisticsRequest) -> StatisticsBatch:
        kind = MODEL.kinds[request.kind]
        groups: dict[tuple[WireValue, ...], list[Mapping[str, WireValue]]] = defaultdict(list)
        for record in self._records[request.kind]:
            row = _values(record, kind, request.marked)
            if not _is_about(record.subject_key, request.subject_kinds):
                continue
            if matches(request.predicate, row, kind):
                groups[tuple(row[name] for name in request.group_by)].append(row)
        made = [
            StatisticsGroup(
                values,  # type: ignore[arg-type]
                len(rows),
                tuple(_sum(rows, name) for name in request.sums),
                len({row[SUBJECT_KEY] for row in rows}) if request.subjects else None,
            )
            for values, rows in groups.items()
        ]
        most = request.max_groups
        return StatisticsBatch(made[:most], is_complete=len(made) <= most)


def _is_about(key: str | None, kinds: frozenset[SubjectKind] | None) -> bool:
    """Whether a subject is of one of the kinds; a record about nobody is in no list."""
    return kinds is None or _subject_kind(key) in kinds


def _subject_kind(key: str | None) -> SubjectKind | None:
    if key is None:
        return None
    if key.startswith(PERSON_KEY_PREFIX):
        return SubjectKind.NATURAL_PERSON
    return SubjectKind.INDIVIDUAL_BUSINESS if key.startswith("92") else SubjectKind.ORGANISATION


def _values(
    record: ReferenceRecord, kind: KindModel, marked: Sequence[str]
) -> Mapping[str, WireValue]:
    """Every field of the kind, record effects in place."""
    row: dict[str, WireValue] = {field.name: record.values.get(field.name) for field in kind.fields}
    row[RECORD_ID] = record.record_id
    row[SUBJECT_KEY] = record.subject_key
    if record.record_id in marked:
        row[OBJECTION_MARK] = True
    return row


def _sum(rows: Sequence[Mapping[str, WireValue]], name: str) -> str | None:
    present = [Decimal(str(row[name])) for row in rows if row[name] is not None]
    return format(sum(present, Decimal(0)), "f") if present else None


def _json_batch(
    pages: Sequence[Sequence[Mapping[str, WireValue]]],
    totals: Sequence[int] | None,
    selection: RecordSelection,
    shape: JsonNode,
    kind: KindModel,
    context: FetchContext,
) -> JsonBatch:
    texts = [
        b",".join(orjson.dumps(_shaped(row, shape, context)) for row in page[: selection.first])
        for page in pages
    ]
    rows = [row for page in pages for row in page]
    summary = {name: _summary(rows, name, kind) for name in selection.checked}
    beside = [
        [[row[name] for name in selection.beside] for row in page[: selection.first]]
        for page in pages
    ]
    found = beside if selection.beside else None
    return JsonBatch(texts, [len(page) for page in pages], totals, summary, beside=found)


def _shaped(
    row: Mapping[str, WireValue], shape: JsonNode, context: FetchContext
) -> dict[str, object]:
    made: dict[str, object] = {}
    for key, entry in shape.entries:
        match entry:
            case JsonField(field):
                made[key] = row[field]
            case JsonConstant(value):
                made[key] = context.fetched_at if value == FETCHED_AT else value
            case JsonNode():
                made[key] = _shaped(row, entry, context)
    return made


def _summary(rows: Sequence[Mapping[str, WireValue]], name: str, kind: KindModel) -> FieldSummary:
    field = kind.by_name[name]
    present: list[WireScalar] = [value for row in rows if isinstance(value := row[name], str | int)]
    missing = len(rows) - len(present)
    if field.value_type is ValueType.ENUM:
        return FieldSummary(None, None, frozenset(map(str, present)), missing)
    if not present:
        return FieldSummary(None, None, None, missing)
    if field.value_type in NUMERIC_TEXT:
        return FieldSummary(min(present, key=_number), max(present, key=_number), None, missing)
    return FieldSummary(min(present), max(present), None, missing)


def _number(value: WireScalar) -> Decimal:
    return Decimal(str(value))
