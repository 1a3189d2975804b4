"""Suites about what a source builds itself: JSON, and counts and sums."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from decimal import Decimal

import orjson

from gateway.conformance.department import (
    FETCHED_AT as FETCHED_AT_TIME,
)
from gateway.conformance.department import (
    Department,
    Values,
    context,
    read,
    read_json,
    source_fields,
    whole,
)
from gateway.conformance.promises import proves
from gateway.contract import (
    FETCHED_AT,
    RECORD_ID,
    SUBJECT_KEY,
    Adapter,
    FieldSummary,
    JsonConstant,
    JsonField,
    JsonNode,
    RecordRequest,
    RecordSelection,
    StatisticsAdapter,
    StatisticsRequest,
)
from schema.codes import RecordKind
from schema.model import ValueType
from schema.predicate import NUMERIC_TEXT, Not, OneOf, WireScalar, WireValue
from schema.records import MODEL

_DECIDED = "meta.decidedOn"

OBJECTION_MARK = "meta.objectionMark"
SUMMED = NUMERIC_TEXT | {ValueType.INTEGER}
CONSTANTS: dict[str, WireScalar | None] = {"a": "文\"'\\%", "b": 7, "c": True, "d": None}


def _shape(kind: RecordKind) -> JsonNode:
    """Every plain field, some inside a node, with constants."""
    names = [field.name for field in source_fields(kind) if field.nested_list is None]
    inner = JsonNode(
        (*((f"m{n}", JsonField(name)) for n, name in enumerate(names[::5])), ("__t", _fetched()))
    )
    fields = tuple((f"f{number}", JsonField(name)) for number, name in enumerate(names))
    constants = tuple((key, JsonConstant(value)) for key, value in CONSTANTS.items())
    return JsonNode((*fields, ("meta", inner), *constants))


def _fetched() -> JsonConstant:
    return JsonConstant(FETCHED_AT)


def _built(row: Values, shape: JsonNode) -> dict[str, object]:
    made: dict[str, object] = {}
    for key, entry in shape.entries:
        if isinstance(entry, JsonField):
            made[key] = row[entry.field]
        elif isinstance(entry, JsonNode):
            made[key] = _built(row, entry)
        else:
            made[key] = FETCHED_AT_TIME if entry.value == FETCHED_AT else entry.value
    return made


class JsonConformance:
    """JSON that a source builds is the rows, byte for byte as the gateway would write them."""

    @proves("JSON")
    def test_built_json_equals_the_rows(self, department: Department) -> None:
        async def check(adapter: Adapter) -> None:
            keys = (*department.keys, department.unknown_key)
            for kind in _json_kinds(adapter):
                shape = _shape(kind)
                rows = await read(adapter, RecordRequest("rows", whole(kind), keys))
                for first, lookahead in ((1_000, False), (1, True), (0, True)):
                    selection = _selection(kind, shape, first=first, lookahead=lookahead)
                    batch = await read_json(adapter, RecordRequest("json", selection, keys))
                    assert [bytes(group) for group in batch.groups] == [
                        b",".join(orjson.dumps(_built(row, shape)) for row in group[:first])
                        for group in rows
                    ]
                    counts = [min(len(group), first + lookahead) for group in rows]
                    assert list(batch.counts) == counts

        department.run(check)

    @proves("JSON")
    def test_built_json_heeds_predicate_and_counts(self, department: Department) -> None:
        async def check(adapter: Adapter) -> None:
            for kind in _json_kinds(adapter):
                keys = department.keys
                rows = await read(adapter, RecordRequest("rows", whole(kind), keys))
                hidden = tuple(str(row[RECORD_ID]) for group in rows for row in group[:1])
                shape = JsonNode((("id", JsonField(RECORD_ID)),))
                selection = _selection(
                    kind, shape, first=2, count=True, predicate=Not(OneOf(RECORD_ID, hidden))
                )
                batch = await read_json(adapter, RecordRequest("json", selection, keys))
                assert batch.totals is not None
                assert list(batch.totals) == [max(len(group) - 1, 0) for group in rows]
                for group, found in zip(rows, batch.groups, strict=True):
                    wanted = [{"id": row[RECORD_ID]} for row in group[1:3]]
                    assert orjson.loads(b"[" + found + b"]") == wanted

        department.run(check)

    @proves("JSON")
    def test_rows_beside_built_json_are_of_its_records(self, department: Department) -> None:
        async def check(adapter: Adapter) -> None:
            keys = (*department.keys, department.unknown_key)
            shape = JsonNode((("id", JsonField(RECORD_ID)), ("on", JsonField(_DECIDED))))
            for kind in _json_kinds(adapter):
                for first, lookahead in ((1_000, False), (1, True), (0, True)):
                    selection = _selection(
                        kind,
                        shape,
                        first=first,
                        lookahead=lookahead,
                        beside=(RECORD_ID, _DECIDED),
                    )
                    batch = await read_json(adapter, RecordRequest("json", selection, keys))
                    built = [orjson.loads(b"[" + bytes(group) + b"]") for group in batch.groups]
                    assert batch.beside is not None, kind.value
                    assert [[list(row) for row in rows] for rows in batch.beside] == [
                        [[record["id"], record["on"]] for record in records] for records in built
                    ]

        department.run(check)

    @proves("JSON")
    def test_summary_tells_the_bounds_of_what_was_built(self, department: Department) -> None:
        async def check(adapter: Adapter) -> None:
            for kind in _json_kinds(adapter):
                fields = [field for field in source_fields(kind) if not field.is_list]
                names = tuple(field.name for field in fields if field.name != RECORD_ID)
                shape = JsonNode((("t", JsonConstant("x")),))
                selection = _selection(kind, shape, checked=names)
                batch = await read_json(adapter, RecordRequest("sum", selection, department.keys))
                groups = await read(adapter, RecordRequest("all", whole(kind), department.keys))
                rows = [row for group in groups for row in group]
                for name in names:
                    _holds(kind, name, [row[name] for row in rows], batch.summary[name])

        department.run(check)


def _json_kinds(adapter: Adapter) -> list[RecordKind]:
    return [entry.kind for entry in adapter.manifest.entries if entry.json]


def _selection(kind: RecordKind, shape: JsonNode, **changes: object) -> RecordSelection:
    return replace(whole(kind, **changes), fields=(), json=shape)


def _holds(kind: RecordKind, name: str, values: list[WireValue], summary: FieldSummary) -> None:
    field = MODEL.kinds[kind].by_name[name]
    least, greatest, seen, missing = summary
    present = [value for value in values if value is not None]
    assert (missing > 0) == (len(present) < len(values)), f"{kind.value} {name}"
    if field.value_type is ValueType.ENUM:
        assert seen == frozenset(present), f"{kind.value} {name}"
        return
    numbers = field.value_type in NUMERIC_TEXT
    ordered = sorted(present, key=lambda v: Decimal(str(v)) if numbers else v)  # type: ignore[arg-type, return-value]
    bounds = (ordered[0], ordered[-1]) if ordered else (None, None)
    assert (least, greatest) == bounds, f"{kind.value} {name}"


class StatisticsConformance:
    """Counts and sums are those of the rows."""

    @proves("STATISTICS")
    def test_groups_count_and_sum_the_rows(self, department: Department) -> None:
        async def check(adapter: Adapter) -> None:
            for entry in adapter.manifest.entries:
                if entry.statistics:
                    assert isinstance(adapter, StatisticsAdapter), "the manifest offers statistics"
                    await _counts_alike(adapter, department, entry.kind)

        department.run(check)

    @proves("STATISTICS")
    def test_marked_records_are_counted_as_under_objection(self, department: Department) -> None:
        async def check(adapter: Adapter) -> None:
            for entry in adapter.manifest.entries:
                if entry.statistics:
                    await _counts_marks(adapter, department, entry.kind)

        department.run(check)


async def _counts_marks(adapter: Adapter, department: Department, kind: RecordKind) -> None:
    groups = await read(adapter, RecordRequest("all", whole(kind), department.keys))
    rows = [row for group in groups for row in group]
    ids = tuple(str(row[RECORD_ID]) for row in rows)
    marked = ids[::2]
    request = StatisticsRequest(
        "m", kind, OneOf(RECORD_ID, ids), (OBJECTION_MARK,), (), 10, marked=marked
    )
    assert isinstance(adapter, StatisticsAdapter)
    (batch,) = await adapter.statistics([request], context())
    counted = {group.values: group.count for group in batch.groups}
    wanted = Counter((row[RECORD_ID] in marked or row[OBJECTION_MARK],) for row in rows)
    assert counted == wanted, kind.value


async def _counts_alike(adapter: Adapter, department: Department, kind: RecordKind) -> None:
    groups = await read(adapter, RecordRequest("all", whole(kind), department.keys))
    rows = [row for group in groups for row in group]
    within = OneOf(RECORD_ID, tuple(str(row[RECORD_ID]) for row in rows))
    fields = MODEL.kinds[kind].comparable
    sums = tuple(field.name for field in fields if field.value_type in SUMMED)[:3]
    for field in fields:
        request = StatisticsRequest(
            "s", kind, within, (field.name,), sums, len(rows) + 1, subjects=True
        )
        assert isinstance(adapter, StatisticsAdapter)
        (batch,) = await adapter.statistics([request], context())
        assert batch.is_complete
        counted = {group.values: group.count for group in batch.groups}
        assert counted == Counter((row[field.name],) for row in rows), f"{kind.value} {field.name}"
        for group in batch.groups:
            mine = [row for row in rows if (row[field.name],) == group.values]
            assert _numbers(group.sums) == [_total(mine, name) for name in sums]
            subjects = len({row[SUBJECT_KEY] for row in mine})
            assert group.subjects == subjects, f"{kind.value} {field.name}: subjects"


def _total(rows: list[Values], name: str) -> Decimal | None:
    present = [Decimal(str(row[name])) for row in rows if row[name] is not None]
    return sum(present, Decimal(0)) if present else None


def _numbers(sums: tuple[str | None, ...]) -> list[Decimal | None]:
    return [None if text is None else Decimal(text) for text in sums]
