"""Loads a city into the departments' databases: tables, rows by COPY, then indexes and marker.

Batches are made and copied by worker processes, which end with this one.
"""

from __future__ import annotations

import asyncio
import io
import os
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import connection as process_connection
from multiprocessing import get_context, parent_process

import asyncpg

from gateway.demo.city.definitions import definitions
from gateway.demo.city.generate import SLUGS, TABLES, batches, make_batch
from gateway.demo.city.marker import marker_of, write_marker
from gateway.demo.city.settings import CitySettings

Report = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and how much there is."""

_WORKERS = 2
_LOAD_SETTINGS = {"synchronous_commit": "off", "maintenance_work_mem": "128MB"}


class CityNotEmptyError(Exception):
    """A database that a city should be loaded into already holds the department's tables."""


async def load_city(urls: Mapping[str, str], settings: CitySettings, report: Report) -> int:
    """Load a city into empty databases.

    Args:
        urls: PostgreSQL URL of the owner, by department.
        report: called from this thread.

    Returns:
        Number of rows loaded.

    Raises:
        CityNotEmptyError: a database has the department's tables already; nothing is changed.
    """
    for slug in SLUGS:
        await _refuse_tables(slug, urls[slug])
    for slug in SLUGS:
        await _define_tables(slug, urls[slug])
    rows = await _copy_batches(urls, settings, report)
    report("indexes", 0, len(SLUGS))
    work = [_finish(slug, urls[slug], settings) for slug in SLUGS]
    for done, finished in enumerate(asyncio.as_completed(work), start=1):
        await finished
        report("indexes", done, len(SLUGS))
    return rows


async def _refuse_tables(slug: str, url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for schema in definitions(slug).schemas:
            if await connection.fetchval("SELECT to_regnamespace($1)", schema) is not None:
                raise CityNotEmptyError(
                    f"database of department `{slug}` already has a schema `{schema}`,"
                    " expected an empty database"
                )
    finally:
        await connection.close()


async def _define_tables(slug: str, url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(definitions(slug).tables)
    finally:
        await connection.close()


async def _copy_batches(urls: Mapping[str, str], settings: CitySettings, report: Report) -> int:
    work = batches(settings)
    rows = done = 0
    loop = asyncio.get_running_loop()
    workers = min(_WORKERS, len(work), os.cpu_count() or 1)
    pool = ProcessPoolExecutor(workers, get_context("spawn"), _end_with_parent)
    try:
        report("records", 0, settings.subjects)
        copy = partial(_copy_batch, dict(urls), settings)
        tasks = [loop.run_in_executor(pool, copy, indices) for indices in work]
        for finished in asyncio.as_completed(tasks):
            subjects, copied = await finished
            done, rows = done + subjects, rows + copied
            report("records", done, settings.subjects)
    finally:
        pool.shutdown(cancel_futures=True)
    return rows


def _end_with_parent() -> None:
    """Let this worker end when its parent does, however that happens."""
    parent = parent_process()
    if parent is None:
        return

    def wait() -> None:
        process_connection.wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def _copy_batch(urls: Mapping[str, str], settings: CitySettings, indices: range) -> tuple[int, int]:
    """Make and copy one batch, in a worker; return its numbers of subjects and rows."""
    made = make_batch(settings, indices)

    async def copy_all() -> None:
        for slug in SLUGS:
            connection = await asyncpg.connect(urls[slug], server_settings=_LOAD_SETTINGS)
            try:
                for kind, table in TABLES[slug].items():
                    await _copy_table(connection, table, kind, made.of(slug).content(kind))
            finally:
                await connection.close()

    asyncio.run(copy_all())
    return len(indices), made.counts()


async def _copy_table(
    connection: asyncpg.Connection, table: str, kind: type[tuple[str | None, ...]], content: bytes
) -> None:
    schema, name = table.split(".")
    await connection.copy_to_table(
        name,
        schema_name=schema,
        columns=list(kind._fields),  # type: ignore[attr-defined]  # every row type is a NamedTuple
        source=io.BytesIO(content),
    )


async def _finish(slug: str, url: str, settings: CitySettings) -> None:
    """Make indexes, let the planner look at the tables, and mark the database as complete."""
    connection = await asyncpg.connect(url, server_settings=_LOAD_SETTINGS)
    try:
        await connection.execute(definitions(slug).indexes)
        await connection.execute("VACUUM (ANALYZE)")
        await connection.execute("SET synchronous_commit = on")
        await write_marker(connection, marker_of(settings))
    finally:
        await connection.close()
