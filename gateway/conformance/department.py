"""What a department fills in to run the kit, and how the kit talks to its adapter."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from gateway.conformance.control import SourceControl
from gateway.contract import (
    RECORD_ID,
    SUBJECT_KEY,
    Adapter,
    Batch,
    FetchContext,
    JsonBatch,
    OrderKey,
    RecordRequest,
    RecordSelection,
    RowBatch,
)
from schema.classification import Origin
from schema.codes import RecordKind
from schema.model import FieldModel
from schema.predicate import WireValue
from schema.records import MODEL

LATEST = (OrderKey("meta.decidedOn", descending=True),)
FETCHED_AT = "2026-11-02T08:00:00Z"
PATIENCE_S = 30.0
MOST_ROWS = 1_000
T = TypeVar("T")
Values = Mapping[str, WireValue]


@dataclass(frozen=True)
class Department:
    """A department under test. Its source must not change while the kit runs.

    Attributes:
        make_adapter: a new adapter each time, not open yet.
        keys: subject keys, from a few up to `max_keys`, persons among them if there are any; for
            each record kind of the manifest at least one should have records.
        unknown_key: key of a subject that has no records.
        control: where the source stands under the kit's control; without one the promises about
            restarts, round trips and the like are not asked.
        seed: of the cases that are drawn; the same seed draws the same cases.
    """

    make_adapter: Callable[[], Adapter]
    keys: tuple[str, ...]
    unknown_key: str
    control: SourceControl | None = None
    seed: int = 1

    def run(self, ask: Callable[[Adapter], Awaitable[T]]) -> T:
        """Open an adapter, ask it, close it."""

        async def opened() -> T:
            adapter = self.make_adapter()
            await adapter.open()
            try:
                return await ask(adapter)
            finally:
                await adapter.aclose()

        return asyncio.run(opened())

    def kinds(self) -> tuple[RecordKind, ...]:
        """Record kinds that the manifest offers."""
        return tuple(entry.kind for entry in self.make_adapter().manifest.entries)


def context() -> FetchContext:
    """Context of a call that may take its time."""
    return FetchContext("conformance", time.monotonic() + PATIENCE_S, FETCHED_AT)


async def ask(adapter: Adapter, *requests: RecordRequest) -> Sequence[Batch]:
    """Fetch; the number of batches must be that of the requests."""
    batches = await adapter.fetch(requests, context())
    assert len(batches) == len(requests), "one batch per request"
    return batches


def source_fields(kind: RecordKind) -> tuple[FieldModel, ...]:
    """Fields that a source fills, the record id first."""
    fields = MODEL.kinds[kind].fields
    own = [field for field in fields if field.declaration.origin is Origin.SOURCE]
    return tuple(sorted(own, key=lambda field: field.name != RECORD_ID))


def whole(kind: RecordKind, **changes: object) -> RecordSelection:
    """A selection of every field and the subject, in the default order; changed as asked."""
    fields = (*(field.name for field in source_fields(kind)), SUBJECT_KEY)
    selection = RecordSelection(kind, fields, order=LATEST, first=MOST_ROWS)
    return replace(selection, **changes)  # type: ignore[arg-type]


async def read(adapter: Adapter, request: RecordRequest) -> list[list[Values]]:
    """Rows of one request as values by field name, per key."""
    (batch,) = await ask(adapter, request)
    assert isinstance(batch, RowBatch), "rows were asked for"
    assert len(batch.groups) == (1 if request.keys is None else len(request.keys))
    fields = request.selection.fields
    return [[dict(zip(fields, row, strict=True)) for row in rows] for rows in batch.groups]


async def read_ids(adapter: Adapter, request: RecordRequest) -> list[list[str]]:
    """Record ids of one request, per key."""
    return [[str(row[RECORD_ID]) for row in rows] for rows in await read(adapter, request)]


async def read_json(adapter: Adapter, request: RecordRequest) -> JsonBatch:
    """Built JSON of one request."""
    (batch,) = await ask(adapter, request)
    assert isinstance(batch, JsonBatch), "JSON was asked for"
    return batch
