"""PostgreSQL for authors: a stand with the fixture, tables of a real database, stored records."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import asyncpg

from gateway.conformance.proxy import PostgresStatements, SourceProxy
from gateway.contract import AdapterSettings
from gateway.demo.postgres import EmbeddedPostgres, EmbeddedPostgresError, RunningPostgres
from gateway.scaffold.errors import ScaffoldError
from gateway.scaffold.fixture_sql import fixture_sql, insert_sql
from gateway.scaffold.invented import InventedTable
from gateway.scaffold.native import NativeColumn, NativeRecord, NativeTable
from gateway.scaffold.package import AuthorPackage
from gateway.scaffold.proxied import ProxiedControl
from gateway.scaffold.stands import Stand, stoppable
from gateway.sources.mapping import KindMapping
from gateway.sources.postgres.columns import identifier
from gateway.store.connect import postgres_url

T = TypeVar("T")
FIXTURE = "fixture.sql"
DATABASE = "source"
_TIMEOUT_S = 10.0
_MOST_CODES = 40
_CODE_LENGTH = 24
_SHOWN_RECORDS = 200

_TABLES = """
SELECT n.nspname || '.' || c.relname AS name, coalesce(obj_description(c.oid), '') AS comment,
       c.oid AS oid
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'v', 'm', 'p', 'f') AND n.nspname NOT LIKE 'pg\\_%'
  AND n.nspname <> 'information_schema' AND has_table_privilege(c.oid, 'SELECT')
ORDER BY 1
"""
_COLUMNS = """
SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS native,
       coalesce(col_description(a.attrelid, a.attnum), '') AS comment,
       EXISTS (SELECT FROM pg_index i WHERE i.indrelid = a.attrelid AND i.indisprimary
               AND i.indnatts = 1 AND a.attnum = i.indkey[0]) AS is_key
FROM pg_attribute a WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum
"""
_FORMS = (
    (re.compile(r"(character|char|text|varchar|bpchar)[^\[]*"), "text"),
    (re.compile(r"date"), "date"),
    (re.compile(r"timestamp(\(\d\))? with time zone"), "timestamp"),
    (re.compile(r"timestamp(\(\d\))? without time zone"), "local-time"),
    (re.compile(r"(smallint|integer|bigint)"), "integer"),
    (re.compile(r"(numeric|double|real|money)[^\[]*"), "number"),
    (re.compile(r"boolean"), "boolean"),
    (re.compile(r"(character varying|text|varchar)[^\[]*\[\]"), "list"),
    (re.compile(r"jsonb"), "json"),
)


def fixture_files(tables: Sequence[InventedTable]) -> Mapping[str, str]:
    """The fixture as one file of SQL."""
    return {FIXTURE: fixture_sql(tables)}


@contextmanager
def embedded() -> Iterator[RunningPostgres]:
    """A server of our own whose data go away with the block.

    Raises:
        ScaffoldError: it cannot start here.
    """
    with stoppable(), tempfile.TemporaryDirectory(prefix="credit-gateway-") as name:
        # The server may run as another account, which has to reach its data.
        folder = Path(name)
        folder.chmod(0o711)
        try:
            with EmbeddedPostgres(folder / "postgres").start() as server:
                yield server
        except EmbeddedPostgresError as error:
            raise ScaffoldError(str(error)) from error


@contextmanager
def stand(package: AuthorPackage) -> Iterator[Stand]:
    """A server that holds the package's fixture, with a reader's login behind a proxy."""
    with embedded() as server, stand_on(server, package) as made:
        yield made


@contextmanager
def stand_on(server: RunningPostgres, package: AuthorPackage) -> Iterator[Stand]:
    """The same on a server that runs."""
    declared = package.declared()
    mappings = [sheet.mapping for sheet in declared.sheets]
    owner = asyncio.run(server.administration.create_database(DATABASE, "source_owner"))
    owner_url = postgres_url(**owner.connect_arguments())
    path = package.fixtures / FIXTURE
    try:
        _execute(owner_url, path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ScaffoldError(f"fixture `{path}` cannot be read: {error.strerror}") from error
    schemas = {mapping.table.rpartition(".")[0] or "public" for mapping in mappings}
    for schema in sorted(schemas):
        reader = asyncio.run(
            server.administration.create_reader("source_reader", DATABASE, "source_owner", schema)
        )
    arguments = reader.connect_arguments()
    proxy = SourceProxy(lambda: _unix(arguments["host"], arguments["port"]), PostgresStatements)
    try:
        through = arguments | {"host": "127.0.0.1", "port": proxy.port}
        url = postgres_url(**through)
        control = ProxiedControl(
            proxy, declared, lambda table: _execute(owner_url, insert_sql(table))
        )
        yield Stand(AdapterSettings({"url": url}), control)
    finally:
        proxy.close()
        asyncio.run(server.administration.drop_database(DATABASE))


def _unix(folder: str, port: int) -> socket.socket:
    made = socket.socket(socket.AF_UNIX)
    made.connect(f"{folder}/.s.PGSQL.{port}")
    return made


def _execute(url: str, sql: str) -> None:
    async def run() -> None:
        connection = await asyncpg.connect(url)
        try:
            await connection.execute(sql)
        finally:
            await connection.close()

    try:
        asyncio.run(run())
    except asyncpg.PostgresError as error:
        raise ScaffoldError(f"the fixture cannot be loaded: {error}") from error


def read_tables(url: str) -> Sequence[NativeTable]:
    """Tables and views that the login may read, with distinct values of columns like codes.

    Raises:
        ScaffoldError: the database cannot be reached or refuses.
    """

    async def run(connection: asyncpg.Connection) -> list[NativeTable]:
        found = []
        for table in await connection.fetch(_TABLES):
            columns = [
                await _column(connection, table["name"], row)
                for row in await connection.fetch(_COLUMNS, table["oid"])
            ]
            found.append(NativeTable(table["name"], columns, table["comment"]))
        return found

    return _ask(url, run)


async def _column(connection: asyncpg.Connection, table: str, row: Any) -> NativeColumn:
    form = next((form for pattern, form in _FORMS if pattern.fullmatch(row["native"])), "other")
    samples: tuple[str, ...] = ()
    if form == "text":
        samples = await _samples(connection, table, row["name"])
    return NativeColumn(row["name"], row["native"], form, row["comment"], row["is_key"], samples)


async def _samples(connection: asyncpg.Connection, table: str, column: str) -> tuple[str, ...]:
    """Distinct values among some rows, where they are few, short and repeat: a code list."""
    name = identifier(column)
    rows = await connection.fetch(
        f"SELECT {name} AS v, count(*) AS n FROM (SELECT {name} FROM {identifier(table)} "  # noqa: S608
        f"LIMIT 5000) t WHERE {name} IS NOT NULL GROUP BY 1 LIMIT {_MOST_CODES + 1}"
    )
    values = [row["v"] for row in rows]
    repeats = sum(row["n"] for row in rows) > len(rows)
    is_list = len(values) <= _MOST_CODES and all(len(v) <= _CODE_LENGTH for v in values)
    return tuple(sorted(values)) if is_list and repeats else ()


def read_records(
    settings: AdapterSettings, mapping: KindMapping, subject: str
) -> Sequence[NativeRecord]:
    """A subject's stored records, every value as text.

    Raises:
        ScaffoldError: the database cannot be reached or refuses.
    """

    async def run(connection: asyncpg.Connection) -> list[NativeRecord]:
        rows = await connection.fetch(
            f"SELECT to_jsonb(r)::text AS record FROM {identifier(mapping.table)} r "  # noqa: S608
            f"WHERE upper(trim(r.{identifier(mapping.organisation)}::text)) = $1 "
            f"LIMIT {_SHOWN_RECORDS}",
            subject,
        )
        return [_as_text(row["record"]) for row in rows]

    return _ask(settings.values.get("url", ""), run)


def _as_text(record: str) -> NativeRecord:
    return dict(json.loads(record, parse_float=str, parse_int=str))


def _ask(url: str, run: Callable[[asyncpg.Connection], Awaitable[Sequence[T]]]) -> Sequence[T]:
    async def opened() -> Sequence[T]:
        connection = await asyncpg.connect(url, timeout=_TIMEOUT_S, command_timeout=_TIMEOUT_S)
        try:
            return await run(connection)
        finally:
            await connection.close()

    try:
        return asyncio.run(opened())
    except (OSError, TimeoutError, ValueError, asyncpg.InterfaceError) as error:
        raise ScaffoldError(f"the database cannot be reached: {type(error).__name__}") from error
    except asyncpg.PostgresError as error:
        raise ScaffoldError(f"the database refused: {error.sqlstate}") from error
