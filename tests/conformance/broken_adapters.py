"""Adapters that break one promise each, over a source in memory that the kit controls."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial

from gateway.conformance import Department, ReferenceAdapter, ReferenceRecord
from gateway.contract import (
    RECORD_ID,
    Adapter,
    After,
    Batch,
    FetchContext,
    Manifest,
    RecordRequest,
    RowBatch,
    SourceUnavailable,
)
from schema.codes import RecordKind
from schema.predicate import IsNull, Not, Or, Predicate, WireValue, fields_of
from tests.support.awkward_department import (
    FIRM,
    PERSON,
    SHOP,
    UNKNOWN,
    awkward_records,
    manifest_for,
)

KIND = RecordKind.TAXPAYER_CREDIT
RECORDS = 14
KEYS = (FIRM, SHOP, PERSON)
_FULL = replace(manifest_for(), entries=tuple(e for e in manifest_for().entries if e.kind is KIND))


@dataclass
class MemorySource:
    """Records that every adapter of a department reads, and what the kit does to them."""

    records: list[ReferenceRecord] = field(
        default_factory=lambda: [r for r in awkward_records(3) if r.kind is KIND][:RECORDS]
    )
    sent: list[str] = field(default_factory=list)
    open_connections: int = 0
    generation: int = 0
    opened: int = 0
    flowing: bool = True

    def round_trips(self) -> int:
        return len(self.sent)

    def statements(self) -> Sequence[str]:
        return tuple(self.sent)

    def connections(self) -> int:
        return self.open_connections

    def restart(self) -> None:
        self.generation += 1

    @contextmanager
    def stalled(self) -> Iterator[None]:
        self.flowing = False
        try:
            yield
        finally:
            self.flowing = True

    def add_records(self, kind: RecordKind, count: int) -> bool:
        for number in range(len(self.records), len(self.records) + count):
            day = {"meta.decidedOn": "2030-01-01"}
            self.records.append(ReferenceRecord(kind, f"added-{number}", FIRM, day))
        return True

    async def answer(self, statement: str) -> None:
        """Take a question; answer it when the source answers anything."""
        self.sent.append(statement)
        while not self.flowing:  # noqa: ASYNC110 - the kit turns it from another thread too
            await asyncio.sleep(0.01)
        await asyncio.sleep(0)


class MemoryAdapter:
    """Keeps every promise: one question per call, a connection that is made anew when it broke."""

    def __init__(self, source: MemorySource) -> None:
        self.source = source
        self.generation: int | None = None

    @property
    def manifest(self) -> Manifest:
        return _FULL

    @property
    def reference(self) -> ReferenceAdapter:
        return ReferenceAdapter(_FULL, self.source.records)

    async def open(self) -> None:
        self.source.opened += 1

    async def aclose(self) -> None:
        if self.generation is not None:
            self.source.open_connections -= 1
            self.generation = None

    async def health(self) -> object:
        return await self.reference.health()

    async def connect(self) -> None:
        if self.generation is None:
            self.source.open_connections += 1
        elif self.generation != self.source.generation:
            self.generation = self.source.generation
            raise SourceUnavailable("the connection broke")
        self.generation = self.source.generation

    async def ask(self, requests: Sequence[RecordRequest]) -> None:
        await self.source.answer("SELECT * FROM records WHERE remark <> 'update'")

    async def fetch(
        self, requests: Sequence[RecordRequest], context: FetchContext
    ) -> Sequence[Batch]:
        await self.connect()
        await self.ask(requests)
        return self.changed(requests, await self.reference.fetch(requests, context))

    async def statistics(self, requests: object, context: FetchContext) -> object:
        return await self.reference.statistics(requests, context)  # type: ignore[arg-type]

    def changed(
        self, requests: Sequence[RecordRequest], batches: Sequence[Batch]
    ) -> Sequence[Batch]:
        """What a broken adapter does to good answers."""
        return batches


def each_row(
    change: Callable[[RecordRequest, str, list[WireValue]], list[WireValue]],
) -> type[MemoryAdapter]:
    """An adapter that changes each row; given request, key, and the row."""

    class Changed(MemoryAdapter):
        def changed(
            self, requests: Sequence[RecordRequest], batches: Sequence[Batch]
        ) -> Sequence[Batch]:
            made: list[Batch] = []
            for request, batch in zip(requests, batches, strict=True):
                if not isinstance(batch, RowBatch):
                    made.append(batch)
                    continue
                keys = request.keys or ("",)
                groups = [
                    [change(request, key, list(row)) for row in rows]
                    for key, rows in zip(keys, batch.groups, strict=True)
                ]
                made.append(replace(batch, groups=groups))
            return made

    return Changed


class DropsABatch(MemoryAdapter):
    """BATCHING: answers the first request only where there are several."""

    def changed(
        self, requests: Sequence[RecordRequest], batches: Sequence[Batch]
    ) -> Sequence[Batch]:
        return batches[:1]


def _add_a_field(request: RecordRequest, key: str, row: list[WireValue]) -> list[WireValue]:
    return [*row, "not asked for"]


def _wrong_type(request: RecordRequest, key: str, row: list[WireValue]) -> list[WireValue]:
    fields = request.selection.fields
    return [
        f"{value} 00:00:00" if name == "evaluatedOn" and value is not None else value
        for name, value in zip(fields, row, strict=True)
    ]


class MixesSubjects(MemoryAdapter):
    """KEYS: records of one subject stand in the group of another too."""

    def changed(
        self, requests: Sequence[RecordRequest], batches: Sequence[Batch]
    ) -> Sequence[Batch]:
        made: list[Batch] = []
        for request, batch in zip(requests, batches, strict=True):
            if isinstance(batch, RowBatch) and request.keys and set(request.keys) >= {FIRM, SHOP}:
                firm, shop = (request.keys.index(key) for key in (FIRM, SHOP))
                groups = list(batch.groups)
                groups[shop] = [*groups[shop], *groups[firm][:1]]
                batch = replace(batch, groups=groups)
            made.append(batch)
        return made


class NewIdsWhenOpened(MemoryAdapter):
    """STABLE_IDS: record ids hold the number of the opening."""

    @property
    def reference(self) -> ReferenceAdapter:
        number = self.source.opened
        renamed = [replace(r, record_id=f"{number}/{r.record_id}") for r in self.source.records]
        return ReferenceAdapter(_FULL, renamed)


class NullsFirst(MemoryAdapter):
    """NULLS: missing values come first, as MySQL has them."""

    async def fetch(
        self, requests: Sequence[RecordRequest], context: FetchContext
    ) -> Sequence[Batch]:
        return [await self._one(request, context) for request in requests]

    async def _one(self, request: RecordRequest, context: FetchContext) -> Batch:
        selection = request.selection
        if not selection.order or selection.json is not None:
            return (await super().fetch([request], context))[0]
        wider = replace(
            selection, fields=(*selection.fields, selection.order[0].field), first=10_000
        )
        most = selection.first + selection.lookahead
        (batch,) = await super().fetch([request._replace(selection=wider)], context)
        assert isinstance(batch, RowBatch)
        groups = [
            [row[:-1] for row in sorted(rows, key=lambda row: row[-1] is not None)][:most]
            for rows in batch.groups
        ]
        return replace(batch, groups=groups)


class ThreeValuedLogic(MemoryAdapter):
    """PREDICATES: as in plain SQL, what is not equal to a value is not missing either."""

    async def fetch(
        self, requests: Sequence[RecordRequest], context: FetchContext
    ) -> Sequence[Batch]:
        made = [
            r._replace(selection=replace(r.selection, predicate=_sql(r.selection.predicate)))
            for r in requests
        ]
        return await super().fetch(made, context)


def _sql(predicate: Predicate) -> Predicate:
    match predicate:
        case Not(IsNull()):
            return predicate
        case Not(part):
            unknown = tuple(IsNull(name) for name in sorted(fields_of(part)))
            return Not(Or((part, *unknown)))
        case _:
            return predicate


class IgnoresFirst(MemoryAdapter):
    """LIMITS: one record more than was asked for."""

    async def fetch(
        self, requests: Sequence[RecordRequest], context: FetchContext
    ) -> Sequence[Batch]:
        made = [
            r._replace(selection=replace(r.selection, first=r.selection.first + 1))
            for r in requests
        ]
        return await super().fetch(made, context)


class PagesByNumber(MemoryAdapter):
    """STABLE_PAGING: goes on behind the number of the last record instead of its place."""

    def __init__(self, source: MemorySource) -> None:
        super().__init__(source)
        self.numbers: dict[object, int] = {}

    async def fetch(
        self, requests: Sequence[RecordRequest], context: FetchContext
    ) -> Sequence[Batch]:
        made: list[Batch] = []
        for request in requests:
            number = self.numbers.get(_list_of(request, request.after))
            if number is None or request.after is None:
                (batch,) = await super().fetch([request], context)
            else:
                whole = request._replace(
                    after=None,
                    selection=replace(request.selection, first=10_000),
                )
                (batch,) = await super().fetch([whole], context)
                assert isinstance(batch, RowBatch)
                first = number + request.selection.first + request.selection.lookahead
                batch = replace(batch, groups=[rows[number:first] for rows in batch.groups])
            if number is not None or request.after is None:
                self._remember(request, batch, number or 0)
            made.append(batch)
        return made

    def _remember(self, request: RecordRequest, batch: Batch, number: int) -> None:
        """Where the next page begins, if the kit asks behind the last record of this one."""

        fields, order = request.selection.fields, request.selection.order
        if not isinstance(batch, RowBatch) or not request.keys or len(request.keys) != 1:
            return
        rows = batch.groups[0]
        if not rows or request.selection.first > 10 or RECORD_ID not in fields:
            return
        row = dict(zip(fields, rows[-1], strict=True))
        values = tuple(row.get(key.field) for key in order)
        after = After(values, _FULL.department_code, str(row[RECORD_ID]))  # type: ignore[arg-type]
        self.numbers[_list_of(request, after)] = number + len(rows)


def _list_of(request: RecordRequest, after: object) -> object:
    selection = request.selection
    return (request.keys, selection.order, selection.predicate, after)


class WaitsOn(MemoryAdapter):
    """DEADLINE: does not end when it is given up."""

    async def ask(self, requests: Sequence[RecordRequest]) -> None:
        work = asyncio.ensure_future(super().ask(requests))
        while not work.done():
            try:
                await asyncio.shield(work)
            except asyncio.CancelledError:
                continue


class NeverReconnects(MemoryAdapter):
    """RECONNECT: keeps a connection that broke."""

    async def connect(self) -> None:
        if self.generation is not None and self.generation != self.source.generation:
            raise SourceUnavailable("the connection broke")
        await super().connect()


class WritesALog(MemoryAdapter):
    """READ_ONLY: notes each reading in the department's database."""

    async def ask(self, requests: Sequence[RecordRequest]) -> None:
        await super().ask(requests)
        await self.source.answer("INSERT INTO readings VALUES (now())")


class AsksPerKey(MemoryAdapter):
    """ROUND_TRIPS: one question for each subject."""

    async def ask(self, requests: Sequence[RecordRequest]) -> None:
        for request in requests:
            for _ in request.keys or ("",):
                await super().ask([request])


class LeavesTasks(MemoryAdapter):
    """LEAKS: a task of each call goes on after the adapter was closed."""

    running: list[asyncio.Task[None]]

    async def open(self) -> None:
        await super().open()
        self.running = []

    async def ask(self, requests: Sequence[RecordRequest]) -> None:
        await super().ask(requests)
        self.running.append(asyncio.create_task(asyncio.sleep(3_600)))


class LeavesFiles(MemoryAdapter):
    """LEAKS: opens a file at each opening and never closes it."""

    files: list[int] = []  # noqa: RUF012 - kept for the test to close

    async def open(self) -> None:
        await super().open()
        LeavesFiles.files.append(os.open("/dev/null", os.O_RDONLY))


class SharesARow(MemoryAdapter):
    """CONCURRENCY: calls at the same time answer with what the last one asked."""

    latest: Sequence[RecordRequest] = ()

    async def fetch(
        self, requests: Sequence[RecordRequest], context: FetchContext
    ) -> Sequence[Batch]:
        self.latest = requests
        await super().fetch(requests, context)
        return await self.reference.fetch(self.latest, context)


class TiresUnderLoad(MemoryAdapter):
    """LOAD: has too few connections for many calls at once, and says so with a wrong answer."""

    busy = 0

    async def fetch(
        self, requests: Sequence[RecordRequest], context: FetchContext
    ) -> Sequence[Batch]:
        self.busy += 1
        try:
            if self.busy > 8:
                return [RowBatch([[] for _ in request.keys or ("",)]) for request in requests]
            return await super().fetch(requests, context)
        finally:
            self.busy -= 1


BROKEN: Mapping[str, tuple[str, type[MemoryAdapter]]] = {
    "drops a batch": ("BATCHING", DropsABatch),
    "one field more": ("FIELDS", each_row(_add_a_field)),
    "a date with a time": ("TYPES", each_row(_wrong_type)),
    "mixes subjects": ("KEYS", MixesSubjects),
    "nulls first": ("NULLS", NullsFirst),
    "ignores first": ("LIMITS", IgnoresFirst),
    "three-valued logic": ("PREDICATES", ThreeValuedLogic),
    "ids of the opening": ("STABLE_IDS", NewIdsWhenOpened),
    "pages by number": ("STABLE_PAGING", PagesByNumber),
    "mixes calls": ("CONCURRENCY", SharesARow),
    "waits on": ("DEADLINE", WaitsOn),
    "never reconnects": ("RECONNECT", NeverReconnects),
    "writes a log": ("READ_ONLY", WritesALog),
    "asks per key": ("ROUND_TRIPS", AsksPerKey),
    "leaves tasks": ("LEAKS", LeavesTasks),
    "leaves files": ("LEAKS", LeavesFiles),
    "tires under load": ("LOAD", TiresUnderLoad),
}


def department_with(adapter: type[MemoryAdapter]) -> Department:
    """A department whose source is in memory and under the kit's control."""
    source = MemorySource()
    make: Callable[[], Adapter] = partial(adapter, source)  # type: ignore[assignment]
    return Department(make, KEYS, UNKNOWN, source, seed=5)


__all__ = ["BROKEN", "LeavesFiles", "MemoryAdapter", "department_with"]
