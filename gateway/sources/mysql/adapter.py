"""MySqlAdapter: an adapter from a manifest and mappings, over MySQL or MariaDB."""

from __future__ import annotations

import ssl
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from gateway.contract import (
    AdapterError,
    Batch,
    ChangesBatch,
    ChangesRequest,
    FetchContext,
    Health,
    KindQuality,
    Manifest,
    NotSupported,
    QualityRequest,
    RecordRequest,
    Row,
    RowBatch,
    SourceTimedOut,
    StatisticsBatch,
    StatisticsRequest,
)
from gateway.sources.deadlines import Deadlines
from gateway.sources.mapping import KindMapping
from gateway.sources.measuring import TERMS, quality_of
from gateway.sources.mysql.changes import changes_batch, changes_statement
from gateway.sources.mysql.connection import Rows
from gateway.sources.mysql.pool import MySqlPool
from gateway.sources.mysql.quality import QualitySql, lags_of
from gateway.sources.mysql.source import MySqlSource
from gateway.sources.mysql.statement import KEYS, StatementBuilder, Statements
from gateway.sources.mysql.statistics import (
    has_odd,
    statistics_batch,
    statistics_statement,
    withheld_statement,
)
from schema.codes import RecordKind

STATEMENTS_KEPT = 1024
_PATIENCE_S = 0.5
"""Time for a call beyond what the server gives a statement; then the way to it is broken."""


class MySqlAdapter:
    """Answers for one department from its own MySQL or MariaDB database."""

    def __init__(
        self,
        manifest: Manifest,
        mappings: Sequence[KindMapping],
        source: MySqlSource,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """
        Raises:
            ValueError: the file with certificates cannot be used.
        """
        self._manifest = manifest
        self._mappings: Mapping[RecordKind, KindMapping] = {
            mapping.kind: mapping for mapping in mappings
        }
        self._builders = {
            mapping.kind: StatementBuilder(manifest.department_code, mapping)
            for mapping in mappings
        }
        self._clock = clock
        self._deadlines = Deadlines(clock)
        self._limit_s = source.statement_timeout_ms / 1_000 + _PATIENCE_S
        self._source = source
        self._tls = _tls_context(source)
        self._pool = MySqlPool(source, self._tls)
        self._prepared: OrderedDict[tuple[object, ...], Statements] = OrderedDict()

    @property
    def manifest(self) -> Manifest:
        return self._manifest

    async def open(self) -> None:
        """Nothing to do: connections open when first needed, so a dead source stops no start."""

    async def aclose(self) -> None:
        await self._pool.aclose()

    async def health(self) -> Health:
        try:
            await self._pool.read("SELECT 1")
        except AdapterError:
            return Health(is_up=False, as_of=None)
        return Health(is_up=True, as_of=None)

    async def fetch(
        self, requests: Sequence[RecordRequest], context: FetchContext
    ) -> Sequence[Batch]:
        try:
            async with self._deadlines.until(self._until(context)):
                return [await self._fetch(request) for request in requests]
        except TimeoutError as error:
            raise SourceTimedOut("the database did not answer in time") from error

    async def statistics(
        self, requests: Sequence[StatisticsRequest], context: FetchContext
    ) -> Sequence[StatisticsBatch]:
        try:
            async with self._deadlines.until(self._until(context)):
                return [await self._statistics(request) for request in requests]
        except TimeoutError as error:
            raise SourceTimedOut("the database did not answer in time") from error

    async def quality(
        self, requests: Sequence[QualityRequest], context: FetchContext
    ) -> Sequence[KindQuality]:
        """Measure kinds one after the other, on one connection that has until the deadline."""
        left_ms = max(1, int((context.deadline - self._clock()) * 1_000))
        source = replace(self._source, statement_timeout_ms=left_ms, pool_size=1)
        pool = MySqlPool(source, self._tls)
        try:
            async with self._deadlines.until(context.deadline):
                return [await self._quality(pool, request) for request in requests]
        except TimeoutError as error:
            raise SourceTimedOut("the database did not answer in time") from error
        finally:
            await pool.aclose()

    async def changes(self, request: ChangesRequest, context: FetchContext) -> ChangesBatch:
        """Tell the next changes of a table whose mapping names a change column."""
        mapping = self._builder(request.kind).mapping
        statement = changes_statement(request, mapping, self._source.settle_s)
        try:
            async with self._deadlines.until(self._until(context)):
                return changes_batch(request, await self._pool.read(statement))
        except TimeoutError as error:
            raise SourceTimedOut("the database did not answer in time") from error

    async def _quality(self, pool: MySqlPool, request: QualityRequest) -> KindQuality:
        sql = QualitySql(self._builder(request.kind).mapping, request)
        (row,) = await pool.read(sql.counts())
        lags = []
        for begun, done in TERMS:
            text = sql.lags(begun, done)
            lags.append([] if text is None else lags_of(await pool.read(text)))
        return quality_of(request, sql.counted(row), *lags)

    def explain(self, requests: Sequence[RecordRequest]) -> str:
        """The statements that `fetch` would send, without the keys."""
        made = []
        for request in requests:
            statements = self._builder(request.selection.kind).build(request)
            made += [text for text in (statements.rows, statements.counts) if text]
        return "\n".join(text.replace(KEYS, "<keys>") for text in made)

    async def _fetch(self, request: RecordRequest) -> RowBatch:
        statements = self._statements(request)
        rows = statements.read(await self._rows(request, statements.rows))
        withheld = 0
        if any(is_odd for _, _, is_odd in rows):
            # Once more, without the records that hold a value which cannot be shown.
            statements = self._builder(request.selection.kind).build(request, is_careful=True)
            rows = statements.read(await self._rows(request, statements.rows))
            withheld = _number(await self._rows(request, statements.left_out))
            withheld += sum(is_odd for _, _, is_odd in rows)
        totals = await self._totals(request, statements)
        return RowBatch(_grouped(request, statements, rows), totals, withheld)

    async def _totals(self, request: RecordRequest, statements: Statements) -> list[int] | None:
        if not statements.counts:
            return None
        found = await self._rows(request, statements.counts)
        if request.keys is None:
            return [int(found[0][1])]
        numbers = {row[0].decode(): int(row[1]) for row in found if row[0] is not None}
        return [numbers.get(key, 0) for key in request.keys]

    async def _rows(self, request: RecordRequest, statement: str) -> Rows:
        if not statement or request.keys == ():
            return ()
        builder = self._builder(request.selection.kind)
        return await self._pool.read(builder.with_keys(statement, request.keys))

    async def _statistics(self, request: StatisticsRequest) -> StatisticsBatch:
        mapping = self._builder(request.kind).mapping
        rows = await self._pool.read(statistics_statement(request, mapping))
        if not has_odd(request, rows):
            return statistics_batch(request, mapping, rows)
        rows = await self._pool.read(statistics_statement(request, mapping, is_careful=True))
        withheld = _number(await self._pool.read(withheld_statement(request, mapping)))
        return replace(statistics_batch(request, mapping, rows), withheld=withheld)

    def _statements(self, request: RecordRequest) -> Statements:
        builder = self._builder(request.selection.kind)
        if request.after is not None:
            return builder.build(request)
        is_single = request.keys is not None and len(request.keys) == 1
        # Selections compare by identity, and being part of the key keeps this one alive.
        shape = (request.selection, request.keys is None, is_single)
        found = self._prepared.get(shape)
        if found is not None:
            self._prepared.move_to_end(shape)
            return found
        self._prepared[shape] = made = builder.build(request)
        if len(self._prepared) > STATEMENTS_KEPT:
            self._prepared.popitem(last=False)
        return made

    def _builder(self, kind: RecordKind) -> StatementBuilder:
        found = self._builders.get(kind)
        if found is None:
            raise NotSupported(f"no mapping for record kind `{kind.value}`")
        return found

    def _until(self, context: FetchContext) -> float:
        return min(context.deadline, self._clock() + self._limit_s)


def _grouped(
    request: RecordRequest,
    statements: Statements,
    rows: Sequence[tuple[str | None, Row, bool]],
) -> Sequence[Sequence[Row]]:
    """Rows without odd values by key in key order; one group where there is one key or none."""
    if statements.subject is None:
        good = [row for _, row, is_odd in rows if not is_odd]
        return [good] if request.keys != () else []
    groups: dict[str | None, list[Row]] = {key: [] for key in request.keys or ()}
    for key, row, is_odd in rows:
        group = groups.get(key)
        if group is not None and not is_odd:
            group.append(row)
    return list(groups.values())


def _number(rows: Rows) -> int:
    return int(rows[0][0]) if rows else 0


def _tls_context(source: MySqlSource) -> ssl.SSLContext | None:
    if not source.has_tls:
        return None
    try:
        return ssl.create_default_context(cafile=source.ca_file or None)
    except (OSError, ssl.SSLError) as error:
        raise ValueError("the file with certificates cannot be used") from error
