"""The gateway's own log as a source of records: the PostgreSQL kit, and what proves the lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from gateway.accesslog.evidence import Evidence, GivesEvidence
from gateway.accesslog.mapping import ENTRY_HASH, LOOK_UPS, MANIFEST, PROOF
from gateway.contract import (
    Batch,
    FetchContext,
    Health,
    Manifest,
    RecordRequest,
    Row,
    RowBatch,
    SourceUnavailable,
)
from gateway.sources.postgres import PostgresAdapter, PostgresSource
from gateway.store.pool import CONNECTION_ERRORS, NoConnectionError
from schema.predicate import WireValue

POOL_SIZE = 2


class AccessLogAdapter:
    """Answers from the view `access_log`; see `gateway.contract.Adapter`."""

    def __init__(self, store_url: str, evidence: GivesEvidence) -> None:
        self._log = PostgresAdapter(MANIFEST, (LOOK_UPS,), PostgresSource(store_url, POOL_SIZE))
        self._evidence = evidence

    @property
    def manifest(self) -> Manifest:
        return self._log.manifest

    async def open(self) -> None:
        await self._log.open()

    async def aclose(self) -> None:
        await self._log.aclose()

    async def health(self) -> Health:
        return await self._log.health()

    async def fetch(
        self, requests: Sequence[RecordRequest], context: FetchContext
    ) -> Sequence[Batch]:
        """Answer each request; lines whose proof is asked for are proven."""
        batches = await self._log.fetch(requests, context)
        return [
            await self._proven(request.selection.fields, batch)
            for request, batch in zip(requests, batches, strict=True)
        ]

    async def _proven(self, fields: Sequence[str], batch: Batch) -> Batch:
        wanted = {name: fields.index(name) for name in (ENTRY_HASH, PROOF) if name in fields}
        if not wanted or not isinstance(batch, RowBatch):
            return batch
        column = next(iter(wanted.values()))
        entry_nos = {int(str(row[column])) for rows in batch.groups for row in rows}
        try:
            evidence = await self._evidence.of(entry_nos)
        except (*CONNECTION_ERRORS, NoConnectionError) as error:
            raise SourceUnavailable("the log cannot be reached or does not answer") from error
        groups = [[_with(row, wanted, evidence) for row in rows] for rows in batch.groups]
        return replace(batch, groups=groups)


def _with(row: Row, wanted: Mapping[str, int], evidence: Mapping[int, Evidence]) -> Row:
    filled: list[WireValue] = list(row)
    for name, column in wanted.items():
        found = evidence[int(str(row[column]))]
        filled[column] = found.proof if name == PROOF else found.entry_hash
    return filled
