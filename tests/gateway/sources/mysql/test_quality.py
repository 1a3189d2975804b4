"""What the MySQL kit tells of the quality of records."""

from __future__ import annotations

import asyncio
import time

import pytest

from gateway.contract import FetchContext, KindQuality
from gateway.sources.mysql import MySqlAdapter
from tests.support.awkward_department import manifest_for
from tests.support.mariadb import RunningMariaDb
from tests.support.quality_rows import EXPECTED, MAPPING, REQUEST, ROWS, settled

# Starts a server.
pytestmark = pytest.mark.long
TABLE = """CREATE OR REPLACE TABLE cn (id VARCHAR(20) PRIMARY KEY, code VARCHAR(18), decided DATE,
    published DATE, reported DATETIME, verified DATETIME, state VARCHAR(4), until VARCHAR(8),
    text TEXT) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci"""


def _literal(value: str | None) -> str:
    if value is None:
        return "NULL"
    return "'" + (value.replace("T", " ").removesuffix("Z") if value[4:5] == "-" else value) + "'"


def test_mysql_is_measured_as_other_kits_are(mariadb: RunningMariaDb) -> None:
    async def run() -> KindQuality:
        rows = ", ".join("(" + ", ".join(map(_literal, row)) + ")" for row in ROWS)
        await mariadb.execute(TABLE, f"INSERT INTO cn VALUES {rows}")
        adapter = MySqlAdapter(manifest_for("x"), (MAPPING,), mariadb.source())
        try:
            context = FetchContext("q", time.monotonic() + 30, "2026-11-02T08:00:00Z")
            (told,) = await adapter.quality([REQUEST], context)
        finally:
            await adapter.aclose()
        return told

    assert settled(asyncio.run(run())) == settled(EXPECTED)
