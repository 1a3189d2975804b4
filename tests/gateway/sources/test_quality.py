"""What kits tell of the quality of records: the same of the same rows."""

from __future__ import annotations

import asyncio
import time

import asyncpg

from gateway.contract import FetchContext, KindQuality
from gateway.sources.local import LocalQuality
from gateway.sources.postgres import PostgresAdapter, PostgresSource
from gateway.sources.rest.paths import at_path
from gateway.store.connect import postgres_url
from tests.support.awkward_department import manifest_for
from tests.support.postgres import DatabaseFactory
from tests.support.quality_rows import COLUMNS, EXPECTED, MAPPING, REQUEST, ROWS, settled

TABLE = """CREATE TABLE cn (id text PRIMARY KEY, code text, decided date, published date,
    reported timestamptz, verified timestamptz, state text, until text, "text" text)"""
CAST = "$1, $2, $3::text::date, $4::text::date, $5::text::timestamptz, $6::text::timestamptz"


def test_records_given_one_after_the_other_are_measured() -> None:
    counted = LocalQuality(MAPPING, REQUEST, at_path)
    counted.add(dict(zip(COLUMNS, row, strict=True)) for row in ROWS)
    assert settled(counted.told()) == settled(EXPECTED)


def test_postgres_is_measured_alike(databases: DatabaseFactory) -> None:
    address = databases.create()

    async def run() -> KindQuality:
        url = postgres_url(**address.connect_arguments())
        connection = await asyncpg.connect(url)
        try:
            await connection.execute(TABLE)
            await connection.executemany(f"INSERT INTO cn VALUES ({CAST}, $7, $8, $9)", ROWS)
        finally:
            await connection.close()
        adapter = PostgresAdapter(manifest_for("x"), (MAPPING,), PostgresSource(url, 2))
        try:
            context = FetchContext("q", time.monotonic() + 30, "2026-11-02T08:00:00Z")
            (told,) = await adapter.quality([REQUEST], context)
        finally:
            await adapter.aclose()
        return told

    told = asyncio.run(run())
    databases.drop(address.database)
    assert settled(told) == settled(EXPECTED)
