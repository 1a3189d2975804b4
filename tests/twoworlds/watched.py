"""Adapters and a recorder that note what passes, so that what an answer cost can be compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from gateway.audit.types import AuditEntry
from gateway.contract import (
    Adapter,
    Batch,
    FetchContext,
    Health,
    Manifest,
    RecordRequest,
    StatisticsAdapter,
    StatisticsBatch,
    StatisticsRequest,
)
from gateway.entitlements.types import ClientTerms, Entitlements
from gateway.sources.postgres import PostgresAdapter


class WatchedAdapter:
    """An adapter that notes what it is asked for, as far as that does not name what is hidden."""

    def __init__(self, inner: Adapter, notes: list[object]) -> None:
        self._inner = inner
        self._notes = notes

    @property
    def manifest(self) -> Manifest:
        return self._inner.manifest

    async def open(self) -> None:
        await self._inner.open()

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def health(self) -> Health:
        return await self._inner.health()

    async def fetch(
        self, requests: Sequence[RecordRequest], context: FetchContext
    ) -> Sequence[Batch]:
        self._notes.append((self.manifest.slug, *map(_note, requests)))
        return await self._inner.fetch(requests, context)

    async def statistics(
        self, requests: Sequence[StatisticsRequest], context: FetchContext
    ) -> Sequence[StatisticsBatch]:
        self._notes.append(
            (self.manifest.slug, *((each.kind, each.group_by, each.sums) for each in requests))
        )
        assert isinstance(self._inner, StatisticsAdapter)
        return await self._inner.statistics(requests, context)


def _note(request: RecordRequest) -> tuple[object, ...]:
    """What is asked for. The predicate is left out: it may name records hidden by an effect."""
    asked = request.selection
    return (
        request.path,
        request.keys,
        request.after,
        asked.kind,
        asked.order,
        asked.first,
        asked.lookahead,
        asked.count,
        asked.subject_kinds,
    )


def count_statements(adapter: Adapter, counts: Counter[str]) -> None:
    """Count the statements of an adapter over PostgreSQL, under its slug."""
    if isinstance(adapter, PostgresAdapter):
        run, slug = adapter._run, adapter.manifest.slug

        async def counted(*given: Any) -> Sequence[Any]:
            counts[slug] += 1
            return await run(*given)

        adapter._run = counted  # type: ignore[assignment,method-assign]


@dataclass
class KeptEntries:
    """A recorder that keeps entries in memory."""

    entries: list[AuditEntry] = field(default_factory=list)

    async def commit(self, entry: AuditEntry) -> None:
        """Keep one entry."""
        self.entries.append(entry)


@dataclass(frozen=True)
class StandingClients:
    """Every client stands as it always did, and nothing is to be read anew."""

    entitlements: Entitlements

    def client(self, client_id: str) -> ClientTerms:
        """The same for every client."""
        return ClientTerms((f"client:{client_id}", 0))

    def repeating(self, repeat_key: bytes) -> Entitlements:
        """What every query has."""
        return self.entitlements

    async def refresh(self, areas: Collection[str]) -> None:
        """Nothing has changed."""
