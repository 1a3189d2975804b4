"""FilesAdapter: an adapter from a manifest and mappings, over drops on an exchange folder."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from zoneinfo import ZoneInfo

import duckdb
import structlog

from gateway.contract import (
    RECORD_ID,
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
    RowBatch,
    SourceUnavailable,
    StatisticsBatch,
    StatisticsGroup,
    StatisticsRequest,
)
from gateway.sources.files.changing import changes_batch
from gateway.sources.files.engine import open_index
from gateway.sources.files.exchange import has_news, usable, wire_time
from gateway.sources.files.forms import form_of
from gateway.sources.files.indexing import Recipe
from gateway.sources.files.judging import index_fields
from gateway.sources.files.lending import IndexOpener, OpenIndex
from gateway.sources.files.measuring import kind_quality
from gateway.sources.files.process import IndexingFailedError, take_up_apart
from gateway.sources.files.source import FilesSource
from gateway.sources.files.state import STATE_NAME, State, read_state
from gateway.sources.files.statement import (
    Query,
    Types,
    count_query,
    record_query,
    statistics_query,
)
from gateway.sources.mapping import KindMapping, Part, Text

_GLANCE_S = 1.0
"""Between two looks at the state, which another worker may have changed."""
_LONGEST_PAUSE_S = 3_600.0
_LOCAL = ZoneInfo("Asia/Shanghai")
_log = structlog.get_logger("credit_gateway.sources.files")


class FilesAdapter:
    """Answers for one department from the newest good drop on its exchange folder."""

    def __init__(
        self,
        manifest: Manifest,
        mappings: Sequence[KindMapping],
        source: FilesSource,
        required: Mapping[str, tuple[str, ...]],
        opener: IndexOpener = open_index,
    ) -> None:
        """
        Args:
            required: fields that every record must have, by record kind.
            opener: opens the file of an index.
        """
        self._manifest = manifest
        self._source = source
        self._opener = opener
        self.recipe = Recipe(manifest, tuple(mappings), required, source)
        self._types = {mapping.kind: _types(mapping) for mapping in mappings}
        self._index: OpenIndex | None = None
        self._seen: object = None
        self._watching: asyncio.Task[None] | None = None

    @property
    def manifest(self) -> Manifest:
        return self._manifest

    @property
    def state(self) -> State:
        """What became of the drops, as it stands on disk."""
        return read_state(self._source.index)

    async def open(self) -> None:
        """Open the index that is there, and begin to look for drops; needs none of both."""
        self._glance()
        self._watching = asyncio.create_task(self._watch())

    async def aclose(self) -> None:
        if self._watching is not None:
            self._watching.cancel()
            with suppress(asyncio.CancelledError):
                await self._watching
        if self._index is not None:
            self._index.retire()
            self._index, self._seen = None, None

    async def health(self) -> Health:
        """Up as long as some index answers, however old: `as_of` says how old."""
        if self._index is None:
            return Health(is_up=False, as_of=None)
        day = dt.date.fromisoformat(self._index.indexed.as_of)
        begins = dt.datetime.combine(day, dt.time(), _LOCAL)
        return Health(is_up=True, as_of=wire_time(begins))

    async def fetch(
        self, requests: Sequence[RecordRequest], context: FetchContext
    ) -> Sequence[Batch]:
        department = self._manifest.department_code
        asked = []
        for request in requests:
            types = self._types.get(request.selection.kind)
            rows = record_query(request, types, department)
            counts = count_query(request, types or {}) if request.selection.count else None
            asked.append((request, rows, counts))

        def work(connection: duckdb.DuckDBPyConnection) -> Sequence[Batch]:
            return [_batch(connection, request, rows, counts) for request, rows, counts in asked]

        return await self._open_index().run(
            work, context.deadline, self._source.statement_timeout_s
        )

    async def statistics(
        self, requests: Sequence[StatisticsRequest], context: FetchContext
    ) -> Sequence[StatisticsBatch]:
        queries = [
            (request, statistics_query(request, self._types.get(request.kind)))
            for request in requests
        ]

        def work(connection: duckdb.DuckDBPyConnection) -> Sequence[StatisticsBatch]:
            return [_statistics(connection, request, query) for request, query in queries]

        return await self._open_index().run(
            work, context.deadline, self._source.statement_timeout_s
        )

    async def quality(
        self, requests: Sequence[QualityRequest], context: FetchContext
    ) -> Sequence[KindQuality]:
        state, index = self.state, self._open_index()
        asked = [(request, self._types[request.kind]) for request in requests]

        def work(connection: duckdb.DuckDBPyConnection) -> Sequence[KindQuality]:
            return [
                kind_quality(connection, request, types, state, index.indexed)
                for request, types in asked
            ]

        return await index.run(work, context.deadline, context.deadline - time.monotonic())

    async def changes(self, request: ChangesRequest, context: FetchContext) -> ChangesBatch:
        """Tell what the last drops changed."""
        if request.kind not in {mapping.kind for mapping in self.recipe.told}:
            raise NotSupported(f"changes of `{request.kind.value}` are not told")

        def work(connection: duckdb.DuckDBPyConnection) -> ChangesBatch:
            return changes_batch(connection, request)

        return await self._open_index().run(
            work, context.deadline, self._source.statement_timeout_s
        )

    def explain(self, requests: Sequence[RecordRequest]) -> str:
        """The statements that `fetch` would run."""
        department = self._manifest.department_code
        return "\n".join(
            record_query(request, self._types.get(request.selection.kind), department).text
            for request in requests
        )

    def _open_index(self) -> OpenIndex:
        if self._index is None:
            raise SourceUnavailable("no drop has been taken up yet")
        return self._index

    async def _watch(self) -> None:
        """Take up drops as they come, and open what another worker has taken up."""
        pause, next_look = self._source.poll_s, 0.0
        loop = asyncio.get_running_loop()
        while True:
            if loop.time() >= next_look:
                has_failed = await self._look()
                pause = min(pause * 2, _LONGEST_PAUSE_S) if has_failed else self._source.poll_s
                next_look = loop.time() + pause
            self._glance()
            await asyncio.sleep(min(_GLANCE_S, self._source.poll_s))

    async def _look(self) -> bool:
        """Take up the newest drop if there is one; whether that failed on our side."""
        try:
            if await asyncio.to_thread(has_news, self.recipe):
                await take_up_apart(self.recipe)
        except (OSError, IndexingFailedError) as error:
            _log.warning("indexing failed", adapter=self._manifest.slug, error=str(error))
            return True
        return False

    def _glance(self) -> None:
        """Open the index that the state names, if it is another one."""
        try:
            found = (self._source.index / STATE_NAME).stat()
        except OSError:
            return
        seen = (found.st_ino, found.st_mtime_ns, found.st_size)
        if seen == self._seen:
            return
        state = self.state
        self._report(state)
        indexed = usable(self.recipe, state)
        former = self._index
        if indexed is not None and (former is None or former.indexed != indexed):
            source = self._source
            try:
                self._index = OpenIndex(
                    source.index, indexed, source.threads, source.memory_mb, self._opener
                )
            except duckdb.Error as error:
                _log.error(
                    "an index cannot be opened",
                    adapter=self._manifest.slug,
                    kind=type(error).__name__,
                )
                return
            if former is not None:
                former.retire()
        self._seen = seen

    def _report(self, state: State) -> None:
        if state.refused and (state.indexed is None or state.refused[0].drop > state.indexed.drop):
            refused = state.refused[0]
            _log.warning(
                "a drop was refused",
                adapter=self._manifest.slug,
                drop=refused.drop,
                reason=refused.reason,
            )


def _types(mapping: KindMapping) -> Types:
    """Types of the columns of a kind's table."""
    columns = {RECORD_ID: Text(mapping.record_id), **mapping.columns}
    return {
        name: form_of(columns.get(name) or Part("", ""), lambda _: "NULL").type
        for name in index_fields(mapping)
    }


def _batch(
    connection: duckdb.DuckDBPyConnection,
    request: RecordRequest,
    rows: Query,
    counts: Query | None,
) -> Batch:
    keys = ("",) if request.keys is None else request.keys
    groups: dict[str, list[tuple[object, ...]]] = {key: [] for key in keys}
    found = connection.execute(rows.text, rows.values).fetchall()
    if request.keys is None:
        groups[""] = [row[1:] for row in found]
    else:
        for row in found:
            groups[row[0]].append(row[1:])
    totals = None
    if counts is not None:
        counted = dict(connection.execute(counts.text, counts.values).fetchall())
        totals = [counted.get(key, 0) for key in keys]
    return RowBatch(list(groups.values()), totals)  # type: ignore[arg-type]


def _statistics(
    connection: duckdb.DuckDBPyConnection, request: StatisticsRequest, query: Query
) -> StatisticsBatch:
    rows = connection.execute(query.text, query.values).fetchall()
    width = len(request.group_by)
    end = width + 1 + len(request.sums)
    groups = [
        StatisticsGroup(
            tuple(row[:width]),
            row[width],
            tuple(row[width + 1 : end]),
            row[end] if request.subjects else None,
        )
        for row in rows[: request.max_groups]
        if row[width] > 0
    ]
    return StatisticsBatch(groups, len(rows) <= request.max_groups)
