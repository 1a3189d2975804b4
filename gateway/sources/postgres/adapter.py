"""PostgresAdapter: an adapter from a manifest and mappings, over PostgreSQL.

All requests of one call are answered by one statement, whatever the number of keys or rows.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import asyncpg
import orjson

from gateway.contract import (
    Batch,
    ChangesBatch,
    ChangesRequest,
    FetchContext,
    FieldSummary,
    Health,
    JsonBatch,
    KindQuality,
    Manifest,
    MappingFailed,
    NotSupported,
    QualityRequest,
    RecordRequest,
    RecordSelection,
    RowBatch,
    SourceRejected,
    SourceTimedOut,
    SourceUnavailable,
    StatisticsBatch,
    StatisticsRequest,
)
from gateway.sources.mapping import KindMapping
from gateway.sources.measuring import TERMS
from gateway.sources.postgres.changes import changes_batch, changes_statement
from gateway.sources.postgres.quality import QualitySql, quality_of
from gateway.sources.postgres.sharing import MOST_KEYS_OF_ONE, SharedCalls
from gateway.sources.postgres.statement import (
    MOST_ANSWER_BYTES,
    KeyGroups,
    Statement,
    StatementBuilder,
    key_groups,
)
from gateway.sources.postgres.statistics import (
    has_odd_sum,
    statistics_batch,
    statistics_statement,
    withheld_statement,
)
from gateway.store.connect import StoreAddress, connector
from gateway.store.pool import CONNECTION_ERRORS, LightPool, NoConnectionError
from schema.codes import RecordKind
from schema.model import ValueType
from schema.records import MODEL

STATEMENTS_KEPT = 1024
_PATIENCE_S = 0.5
"""Time for a statement beyond what the server gives it; then the way to the server is broken."""
_SOON_S = 0.25
"""Within this, a connection that is lost has been so before it was asked."""
_UNAVAILABLE = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.TooManyConnectionsError,
)


class _LostError(Exception):
    """A connection ended before the answer had come."""


class OddValueError(SourceRejected):
    """The statement came upon a stored value that cannot be shown."""


@dataclass(frozen=True, slots=True)
class PostgresSource:
    """Where the department's database is.

    Attributes:
        url: PostgreSQL URL of a read-only login; never printed.
        pool_size: most connections open at a time for look-ups by key; half as many for lists.
        statement_timeout_ms: the server ends a statement after this.
        settle_s: transactions that write are committed within this; changes are told after it.
    """

    url: str = field(repr=False)
    pool_size: int = 8
    statement_timeout_ms: int = 2_000
    settle_s: float = 5.0


class PostgresAdapter:
    """Answers for one department from its own PostgreSQL database."""

    def __init__(
        self, manifest: Manifest, mappings: Sequence[KindMapping], source: PostgresSource
    ) -> None:
        self._manifest = manifest
        self._mappings: Mapping[RecordKind, KindMapping] = {
            mapping.kind: mapping for mapping in mappings
        }
        self._builder = StatementBuilder(manifest.department_code, self._mappings)
        address = StoreAddress(
            source.url,
            application_name=f"credit-gateway-{manifest.slug}",
            statement_timeout_ms=source.statement_timeout_ms,
        )
        self._address = address
        # Planning a look-up by keys costs more than running it, so it is planned once for all
        # keys; lists over all subjects are planned for the values of their filters.
        generic = replace(address, plan_cache_mode="force_generic_plan")
        self._keyed = LightPool(connector(generic), source.pool_size)
        self._listing = LightPool(connector(address), max(2, source.pool_size // 2))
        self._shared = SharedCalls(source.statement_timeout_ms / 1_000 + _PATIENCE_S)
        self._settle_s = source.settle_s
        self._prepared: OrderedDict[tuple[object, ...], tuple[Statement, object]] = OrderedDict()

    @property
    def manifest(self) -> Manifest:
        return self._manifest

    async def open(self) -> None:
        """Nothing to do: connections open when first needed, so a dead source stops no start."""

    async def aclose(self) -> None:
        await self._keyed.aclose()
        await self._listing.aclose()

    async def health(self) -> Health:
        try:
            async with self._keyed.connection() as connection:
                await connection.fetchval("SELECT 1")
        except (*CONNECTION_ERRORS, asyncpg.PostgresError, NoConnectionError):
            return Health(is_up=False, as_of=None)
        return Health(is_up=True, as_of=None)

    async def fetch(
        self, requests: Sequence[RecordRequest], context: FetchContext
    ) -> Sequence[Batch]:
        groups = key_groups(requests)
        try:
            return await self._fetch(requests, groups, context)
        except OddValueError:
            return await self._fetch_carefully(requests, groups, context)

    async def _fetch_carefully(
        self, requests: Sequence[RecordRequest], groups: KeyGroups, context: FetchContext
    ) -> Sequence[Batch]:
        """Once more, without the records that hold a value which cannot be shown."""
        statement = self._builder.build(requests, is_careful=True)
        arguments = statement.arguments(groups.keys, context.fetched_at)
        rows = await self._run(self._listing, statement.text, arguments)
        batches = _batches([request.selection for request in requests], [row[:-1] for row in rows])
        withheld = {row[0]: row[-1] for row in rows}
        return [
            replace(batch, withheld=int(withheld[index])) for index, batch in enumerate(batches)
        ]

    async def _fetch(
        self, requests: Sequence[RecordRequest], groups: KeyGroups, context: FetchContext
    ) -> Sequence[Batch]:
        if _may_share(groups):
            return await self._share(requests, groups, context.fetched_at)
        statement = self._statement(requests, groups)
        arguments = statement.arguments(groups.keys, context.fetched_at)
        pool = self._listing if None in groups.numbers else self._keyed
        rows = await self._run(pool, statement.text, arguments)
        return _batches([request.selection for request in requests], rows)

    async def _share(
        self, requests: Sequence[RecordRequest], groups: KeyGroups, fetched_at: str
    ) -> Sequence[Batch]:
        """Answer a look-up of few keys, together with others that differ in their keys only."""
        statement = self._statement(requests, groups)
        selections = [request.selection for request in requests]

        async def run(keys: Sequence[str]) -> Sequence[Batch]:
            arguments = statement.arguments((keys,), fetched_at)
            return _batches(selections, await self._run(self._keyed, statement.text, arguments))

        shape = (id(statement), fetched_at if statement.shows_time else "")
        try:
            return await self._shared.fetch(shape, groups.keys[0], run)
        except TimeoutError as error:
            raise SourceUnavailable("the database does not answer") from error

    async def statistics(
        self, requests: Sequence[StatisticsRequest], context: FetchContext
    ) -> Sequence[StatisticsBatch]:
        return [await self._statistics(request) for request in requests]

    async def _statistics(self, request: StatisticsRequest) -> StatisticsBatch:
        mapping = self._mappings[request.kind]
        try:
            rows = await self._run(self._listing, *statistics_statement(request, mapping))
            batch = statistics_batch(request, rows)
            if not has_odd_sum(batch):
                return batch
        except OddValueError:
            pass
        careful = statistics_statement(request, mapping, is_careful=True)
        batch = statistics_batch(request, await self._run(self._listing, *careful))
        (counted,) = await self._run(self._listing, *withheld_statement(request, mapping))
        return replace(batch, withheld=counted[0])

    async def quality(
        self, requests: Sequence[QualityRequest], context: FetchContext
    ) -> Sequence[KindQuality]:
        """Measure kinds one after the other, on one connection that has until the deadline."""
        left_ms = max(1, int((context.deadline - time.monotonic()) * 1_000))
        address = replace(self._address, statement_timeout_ms=left_ms)
        pool = LightPool(connector(address), 1)
        try:
            return [await self._quality(pool, request) for request in requests]
        finally:
            await pool.aclose()

    async def _quality(self, pool: LightPool, request: QualityRequest) -> KindQuality:
        sql = QualitySql(self._mappings[request.kind], request)
        (row,) = await self._run(pool, sql.counts(), ())
        lags = []
        for begun, done in TERMS:
            text = sql.lags(begun, done)
            lags.append([] if text is None else await self._run(pool, text, ()))
        return quality_of(request, sql, row, *lags)

    async def changes(self, request: ChangesRequest, context: FetchContext) -> ChangesBatch:
        """Tell the next changes of a table whose mapping names a change column."""
        mapping = self._mappings.get(request.kind)
        if mapping is None:
            raise NotSupported(f"no mapping for record kind `{request.kind.value}`")
        statement = changes_statement(request, mapping, self._settle_s)
        return changes_batch(request, await self._run(self._listing, *statement))

    def explain(self, requests: Sequence[RecordRequest]) -> str:
        """The statement that `fetch` would send."""
        return self._builder.build(requests).text

    def _statement(self, requests: Sequence[RecordRequest], groups: KeyGroups) -> Statement:
        if not groups.is_unpaged:
            return self._builder.build(requests)
        shape: tuple[object, ...] = (
            groups.numbers,
            groups.modes,
            *[id(request.selection) for request in requests],
        )
        found = self._prepared.get(shape)
        if found is not None:
            self._prepared.move_to_end(shape)
            return found[0]
        statement = self._builder.build(requests)
        # The selections are kept beside the statement: while they live, their ids are theirs.
        self._prepared[shape] = (statement, tuple(request.selection for request in requests))
        if len(self._prepared) > STATEMENTS_KEPT:
            self._prepared.popitem(last=False)
        return statement

    async def _run(self, pool: LightPool, text: str, arguments: Sequence[object]) -> Sequence[Any]:
        # Connections may all have died while they were idle, which each tells as soon as it is
        # used; one that is lost later was at work, and somebody may have ended it.
        attempts, began = pool.idle_count + 1, time.monotonic()
        while True:
            try:
                return await self._run_once(pool, text, arguments)
            except _LostError as error:
                attempts -= 1
                if attempts < 0 or time.monotonic() - began > _SOON_S:
                    raise SourceUnavailable("the connection to the database was lost") from error

    async def _run_once(
        self, pool: LightPool, text: str, arguments: Sequence[object]
    ) -> Sequence[Any]:
        try:
            async with pool.connection() as connection:
                return await connection.fetch(text, *arguments)
        except (asyncpg.ConnectionDoesNotExistError, ConnectionError) as error:
            raise _LostError from error
        except asyncpg.QueryCanceledError as error:
            raise SourceTimedOut("the database ended the statement before it was done") from error
        except asyncpg.DataError as error:
            raise OddValueError(f"a stored value is out of its range: {error.sqlstate}") from error
        except asyncpg.PostgresError as error:
            if isinstance(error, _UNAVAILABLE):
                raise SourceUnavailable("the database is going away") from error
            raise SourceRejected(f"the database refused the statement: {error.sqlstate}") from error
        except (*CONNECTION_ERRORS, NoConnectionError) as error:
            raise SourceUnavailable("the database cannot be reached or does not answer") from error


def _may_share(groups: KeyGroups) -> bool:
    """Whether all requests are about the same few keys."""
    return (
        len(groups.keys) == 1
        and len(groups.keys[0]) <= MOST_KEYS_OF_ONE
        and None not in groups.numbers
        and groups.is_unpaged
    )


def _batches(selections: Sequence[RecordSelection], rows: Sequence[Any]) -> Sequence[Batch]:
    """Batches in the order of the requests, whose numbers the rows carry."""
    by_request = {row[0]: row for row in rows}
    return [_batch(selection, by_request[index]) for index, selection in enumerate(selections)]


def _batch(selection: RecordSelection, row: Any) -> Batch:
    _, payloads, counts, totals, summary, beside = row
    if payloads is None:
        raise MappingFailed(f"records of more than {MOST_ANSWER_BYTES} bytes for one request")
    found_totals = totals if selection.count else None
    if selection.json is None:
        return RowBatch(orjson.loads(payloads[0]), found_totals)
    return JsonBatch(
        [payload or b"" for payload in payloads],
        counts,
        found_totals,
        _NO_SUMMARY if summary is None else _summary(selection.kind, selection.checked, summary),
        beside=orjson.loads(beside) if selection.beside else None,
    )


_NO_SUMMARY: Mapping[str, FieldSummary] = MappingProxyType({})


@lru_cache(maxsize=8_192)
def _summary(
    kind: RecordKind, checked: tuple[str, ...], summary: str
) -> Mapping[str, FieldSummary]:
    """A summary as the statement gave it; few different ones come, and come often."""
    by_name = MODEL.kinds[kind].by_name
    made: dict[str, FieldSummary] = {}
    for name, (least, greatest, missing) in zip(checked, orjson.loads(summary), strict=True):
        model = by_name[name]
        if model.value_type is ValueType.ENUM:
            bits = least or 0
            missing = bits >> len(model.enum_values)
            made[name] = FieldSummary(None, None, _members(model.enum_values, bits), missing)
        elif model.value_type is ValueType.BOOLEAN and least is not None:
            made[name] = FieldSummary(bool(least), bool(greatest), None, missing)
        else:
            made[name] = FieldSummary(least, greatest, None, missing)
    return MappingProxyType(made)


@lru_cache(maxsize=4_096)
def _members(values: tuple[str, ...], bits: int) -> frozenset[str]:
    return frozenset(member for bit, member in enumerate(values) if bits >> bit & 1)
