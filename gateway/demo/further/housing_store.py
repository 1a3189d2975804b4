"""The construction bureau's own MariaDB or MySQL database: its tables with a city in them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from importlib.resources import files
from typing import Any

import aiomysql

from gateway.demo.city.generate import subject
from gateway.demo.city.settings import CitySettings
from gateway.demo.city.subjects import random_of
from gateway.demo.errors import DemoError
from gateway.demo.further.environment_store import city_version
from gateway.demo.further.housing_rows import Row, housing_rows
from gateway.sources.mysql.settings import source_of

TABLES = ("jz_xk", "jz_cf", "jz_jl", "jz_cn", "jz_ht")
_ROWS_PER_STATEMENT = 500
_MARKER = "CREATE TABLE IF NOT EXISTS city_marker (version VARCHAR(32) NOT NULL)"


async def prepare_housing(url: str, settings: CitySettings) -> int | None:
    """Fill the database unless it holds this city; return the number of rows written.

    Args:
        url: `mysql://` URL of a login that may make tables; the database is empty, or was filled
            by this before.

    Raises:
        DemoError: it cannot be reached, or has tables that are not ours.
    """
    version = city_version(settings)
    try:
        async with _connected(url) as connection:
            found = await _strings(connection, "SHOW TABLES")
            if "city_marker" in found:
                if await _strings(connection, "SELECT version FROM city_marker") == {version}:
                    return None
            elif found & set(TABLES):
                raise DemoError(
                    "the database of department `housing` has its tables already, expected an"
                    " empty database"
                )
            await _define(connection)
            rows = await _fill(connection, settings)
            await connection.query(f"INSERT INTO city_marker VALUES ('{version}')")  # noqa: S608
            return rows
    except (aiomysql.MySQLError, OSError, ValueError) as error:
        # The text of the error can hold the address, and with it a login.
        raise DemoError(
            "the database of department `housing` cannot be reached or refuses the login"
            f" ({type(error).__name__}), expected a mysql:// URL whose login may create tables"
        ) from error


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[Any]:
    source = source_of(url)
    connection = await aiomysql.connect(
        host=source.host,
        port=source.port,
        user=source.user,
        password=source.password,
        db=source.database,
        charset="utf8mb4",
        autocommit=True,
        connect_timeout=10,
    )
    try:
        yield connection
    finally:
        connection.close()


async def _strings(connection: Any, statement: str) -> set[str]:
    await connection.query(statement)
    return {row[0] for row in connection._result.rows or ()}


async def _define(connection: Any) -> None:
    ddl = (files("plugins") / "housing" / "ddl.sql").read_text(encoding="utf-8")
    lines = [line.partition("--")[0] for line in ddl.splitlines()]
    for table in TABLES:
        await connection.query(f"DROP TABLE IF EXISTS {table}")
    for statement in "\n".join(lines).split(";"):
        if statement.strip():
            await connection.query(statement)
    await connection.query(_MARKER)
    await connection.query("DELETE FROM city_marker")


async def _fill(connection: Any, settings: CitySettings) -> int:
    waiting: dict[str, list[Row]] = {table: [] for table in TABLES}
    count = 0
    for table, row in _rows(settings):
        waiting[table].append(row)
        count += 1
        if len(waiting[table]) == _ROWS_PER_STATEMENT:
            await _insert(connection, table, waiting[table])
            waiting[table].clear()
    for table, rows in waiting.items():
        if rows:
            await _insert(connection, table, rows)
    return count


def _rows(settings: CitySettings) -> Iterator[tuple[str, Row]]:
    for index in range(settings.subjects):
        who = subject(settings, index)
        yield from housing_rows(who, random_of(settings, index, "housing"), settings.today)


async def _insert(connection: Any, table: str, rows: Iterable[Mapping[str, str | None]]) -> None:
    listed = list(rows)
    names = ", ".join(listed[0])
    values = ", ".join(
        "(" + ", ".join(_literal(connection, cell) for cell in row.values()) + ")" for row in listed
    )
    await connection.query(f"INSERT INTO {table} ({names}) VALUES {values}")  # noqa: S608


def _literal(connection: Any, cell: str | None) -> str:
    return "NULL" if cell is None else str(connection.escape(cell))
