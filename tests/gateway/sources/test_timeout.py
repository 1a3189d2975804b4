"""A statement that the server ends counts as late, not as gone."""

from __future__ import annotations

import asyncio
import time

import asyncpg
import pytest

from gateway.contract import FetchContext, RecordRequest, RecordSelection, SourceTimedOut
from gateway.sources.mapping import KindMapping
from gateway.sources.postgres import PostgresAdapter, PostgresSource
from tests.gateway.sources.odd_table import PENALTY, PENALTY_COLUMNS, OddSource


def test_statement_that_takes_too_long_is_late(odd: OddSource) -> None:
    mapping = KindMapping(PENALTY, "odd.own", "id", "code", PENALTY_COLUMNS, "person")
    source = PostgresSource(odd.url, 1, statement_timeout_ms=50)
    adapter = PostgresAdapter(odd.own.manifest, [mapping], source)
    request = RecordRequest("p", RecordSelection(kind=PENALTY, fields=("documentNo",)), None)
    context = FetchContext("test", time.monotonic() + 30, "2026-11-02T08:00:00Z")

    async def ask_while_locked() -> None:
        connection = await asyncpg.connect(odd.url)
        try:
            async with connection.transaction():
                await connection.execute("LOCK TABLE odd.own")
                with pytest.raises(SourceTimedOut):
                    await adapter.fetch([request], context)
        finally:
            await connection.close()
            await adapter.aclose()

    asyncio.run(ask_while_locked())
