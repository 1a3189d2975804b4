"""The page on front-end databases and file drops, followed step by step.

A PostgreSQL stands in as the front-end database, filled by the page's own job from its export.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import io
import re
import subprocess
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from gateway.conformance.department import context, whole
from gateway.contract import Adapter, RecordRequest, RowBatch
from gateway.demo.postgres import PostgresAddress, RunningPostgres
from gateway.sources.files import FilesAdapter, FilesSource
from gateway.sources.files.exchange import take_up
from gateway.sources.files.refusals import Rule
from gateway.sources.mapping import Amount, Code, DateColumn, KindMapping, Text
from gateway.sources.postgres import PostgresAdapter, PostgresSource
from gateway.store.connect import postgres_url
from schema.codes import RecordKind
from tests.docs.sources import ROOT
from tests.support.awkward_department import manifest_for

PAGE = ROOT / "docs" / "how-to" / "front-end-database.md"
FIRM = "91410199MA9DEM028G"
MAPPING = KindMapping(
    RecordKind.ADMINISTRATIVE_PENALTY,
    "qzk.xzcf",
    "jlbh",
    "shxydm",
    {
        "meta.decidedOn": DateColumn("jdrq"),
        "meta.disclosureState": Code("zt", {"公示": "PUBLISHED"}),
        "counterpartName": Text("xdrmc"),
        "documentNo": Text("wsh"),
        "fineAmount": Amount("fkje", yuan_per_unit=10_000),
    },
)
DROPPED = KindMapping(MAPPING.kind, "xzcf", MAPPING.record_id, "shxydm", MAPPING.columns)


def blocks(language: str) -> list[str]:
    text = PAGE.read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


async def answered(make: Callable[[], Adapter]) -> list[tuple[object, ...]]:
    adapter = make()
    await adapter.open()
    try:
        fields = ("documentNo", "fineAmount", "meta.disclosureState")
        selection = whole(MAPPING.kind, fields=fields)
        (batch,) = await adapter.fetch([RecordRequest("r", selection, (FIRM,))], context())
    finally:
        await adapter.aclose()
    assert isinstance(batch, RowBatch)
    return [tuple(row) for row in batch.groups[0]]


EXPECTED = [("郑罚〔2026〕2号", None, "PUBLISHED"), ("郑罚〔2026〕1号", "12000.00", "PUBLISHED")]


@pytest.fixture
async def front_end(
    embedded_postgres: RunningPostgres, fresh_database: PostgresAddress
) -> AsyncIterator[tuple[asyncpg.Connection, str]]:
    """A database for the department, and the URL of the login that the page makes."""
    address = replace(embedded_postgres.superuser, database=fresh_database.database)
    superuser = await asyncpg.connect(**address.connect_arguments())
    url = postgres_url(
        host=address.host,
        port=address.port,
        database=address.database,
        user="gateway_reader",
        password="choose one",
    )
    try:
        yield superuser, url
    finally:
        await superuser.execute("DROP OWNED BY gateway_reader; DROP ROLE gateway_reader")
        await superuser.close()


async def load(connection: asyncpg.Connection, export: str, new: str, exchange: str) -> None:
    await connection.execute(new)
    await connection.copy_to_table(
        "xzcf_new", schema_name="qzk", source=io.BytesIO(export.encode()), format="csv", header=True
    )
    await connection.execute(exchange)


async def test_front_end_database_is_made_filled_and_read_as_the_page_says(
    front_end: tuple[asyncpg.Connection, str],
) -> None:
    connection, url = front_end
    tables, login, new, exchange = blocks("sql")
    (export,) = blocks("csv")
    await connection.execute(tables)
    await connection.execute(login)
    await load(connection, export, new, exchange)
    source = PostgresSource(url, pool_size=1)

    def make() -> PostgresAdapter:
        return PostgresAdapter(manifest_for("front"), [MAPPING], source)

    assert await answered(make) == EXPECTED
    await load(connection, export.replace("1.20", "3.5"), new, exchange)
    assert (await answered(make))[1][1] == "35000.00"
    reader = await asyncpg.connect(url)
    try:
        with pytest.raises(asyncpg.PostgresError):
            await reader.execute("DELETE FROM qzk.xzcf")
    finally:
        await reader.close()


async def test_drop_is_written_as_the_page_says(tmp_path: Path) -> None:
    (export,), (script,) = blocks("csv"), blocks("sh")
    (tmp_path / "xzcf.csv").write_text(export, encoding="utf-8")
    done = await asyncio.to_thread(
        subprocess.run,
        ["bash", "-eu", "-c", script],
        cwd=tmp_path,
        check=False,
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr
    source = FilesSource(tmp_path / "exchange", tmp_path / "index", tmp_path / "returned")

    def make() -> FilesAdapter:
        return FilesAdapter(manifest_for("drops"), [DROPPED], source, {})

    state = take_up(make().recipe, lambda: dt.datetime(2026, 11, 3, tzinfo=dt.UTC))
    assert state.refused == ()
    assert await answered(make) == EXPECTED


def test_every_rule_is_on_the_page_on_drops() -> None:
    text = (ROOT / "docs" / "reference" / "file-drops.md").read_text(encoding="utf-8")
    assert [rule.value for rule in Rule if f"`{rule.value}`" not in text] == []
