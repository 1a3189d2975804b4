"""MySQL and MariaDB for authors: fixture, a stand where MariaDB is installed, tables, records."""

from __future__ import annotations

import asyncio
import json
import secrets
import socket
import ssl
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiomysql

from gateway.conformance.proxy import MySqlStatements, SourceProxy
from gateway.contract import AdapterSettings
from gateway.demo.mariadb import MariaDb, MariaDbError, find_programs
from gateway.scaffold.errors import ScaffoldError
from gateway.scaffold.invented import InventedTable, Native
from gateway.scaffold.native import NativeColumn, NativeRecord, NativeTable
from gateway.scaffold.package import AuthorPackage
from gateway.scaffold.proxied import ProxiedControl
from gateway.scaffold.stands import Stand, stoppable
from gateway.sources.mapping import KindMapping
from gateway.sources.mysql.settings import mysql_source, source_of
from gateway.sources.mysql.source import MySqlSource

FIXTURE = "fixture.sql"
DATABASE = "source"
_TIMEOUT_S = 10
_MOST_CODES, _CODE_LENGTH, _LOOKED_AT, _SHOWN_RECORDS = 40, 24, 5_000, 200
_TYPES = {
    "text": "VARCHAR(200) COLLATE utf8mb4_bin",
    "date": "DATE",
    "timestamptz": "DATETIME",
    "timestamp": "DATETIME",
    "numeric": "DECIMAL(18, 4)",
    "integer": "INT",
    "bigint": "BIGINT",
    "text[]": "JSON",
    "jsonb": "JSON",
}
_FORMS = {
    "char": "text",
    "varchar": "text",
    "text": "text",
    "mediumtext": "text",
    "longtext": "text",
    "date": "date",
    "datetime": "local-time",
    "timestamp": "timestamp",
    "decimal": "number",
    "double": "number",
    "float": "number",
    "tinyint": "integer",
    "smallint": "integer",
    "int": "integer",
    "bigint": "integer",
    "json": "json",
}


def fixture_files(tables: Sequence[InventedTable]) -> Mapping[str, str]:
    """The fixture as one file of SQL, a statement to a line."""
    lines = ["-- 样例数据：虚构的企业和记录，仅用于测试。Invented data for tests only."]
    for table in tables:
        name, keys = _name(table.mapping.table), (table.mapping.record_id,)
        columns = ", ".join(
            f"{_name(column)} {_TYPES[native]}{' PRIMARY KEY' if column in keys else ''}"
            for column, native in table.types.items()
        )
        index = _name(table.mapping.organisation)
        lines.append(f"CREATE TABLE {name} ({columns}, KEY ({index})) CHARACTER SET utf8mb4;")
        lines.append(f"{_insert(table)};")
    return {FIXTURE: "\n".join(lines) + "\n"}


def _insert(table: InventedTable) -> str:
    columns = list(table.types.items())
    names = ", ".join(_name(column) for column, _ in columns)
    rows = ", ".join(
        "(" + ", ".join(_literal(row[column], native) for column, native in columns) + ")"
        for row in table.rows
    )
    return f"INSERT INTO {_name(table.mapping.table)} ({names}) VALUES {rows}"  # noqa: S608


def _name(name: str) -> str:
    return ".".join("`" + part.replace("`", "``") + "`" for part in name.split("."))


def _literal(value: Native, native: str) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, int):
        return str(int(value))
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, list) else value
    if native == "timestamptz":
        text = text.replace("T", " ").removesuffix("Z")
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


@contextmanager
def stand(package: AuthorPackage) -> Iterator[Stand]:
    """A server that holds the package's fixture, with a reader's login behind a proxy.

    Raises:
        ScaffoldError: MariaDB is not installed here, or does not start.
    """
    programs = find_programs()
    if programs is None:
        raise ScaffoldError("MariaDB (mariadbd, mariadb-install-db) is not installed here")
    with stoppable(), tempfile.TemporaryDirectory(prefix="credit-gateway-") as name:
        password = secrets.token_hex(16)
        statements = (
            f"CREATE DATABASE IF NOT EXISTS {DATABASE} CHARACTER SET utf8mb4",
            f"CREATE OR REPLACE USER owner@'%' IDENTIFIED BY '{password}'",
            f"GRANT ALL ON {DATABASE}.* TO owner@'%'",
            f"CREATE OR REPLACE USER reader@'%' IDENTIFIED BY '{password}'",
            f"GRANT SELECT ON {DATABASE}.* TO reader@'%'",
        )
        try:
            with MariaDb(programs, Path(name) / "mariadb").start(statements) as port:
                owner = MySqlSource("127.0.0.1", port, DATABASE, "owner", password, has_tls=False)
                with _filled(package, owner) as made:
                    yield made
        except MariaDbError as error:
            raise ScaffoldError(str(error)) from error


@contextmanager
def _filled(package: AuthorPackage, owner: MySqlSource) -> Iterator[Stand]:
    declared = package.declared()
    path = package.fixtures / FIXTURE
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ScaffoldError(f"fixture `{path}` cannot be read: {error.strerror}") from error
    lines = [line.removesuffix(";") for line in text.splitlines() if not line.startswith("--")]
    _ask(owner, *filter(None, lines))
    proxy = SourceProxy(lambda: socket.create_connection((owner.host, owner.port)), MySqlStatements)
    try:
        url = f"mysql://reader:{owner.password}@127.0.0.1:{proxy.port}/{DATABASE}"
        control = ProxiedControl(proxy, declared, lambda table: _put(owner, table))
        yield Stand(AdapterSettings({"url": url, "tls": "off"}), control)
    finally:
        proxy.close()


def _put(owner: MySqlSource, table: InventedTable) -> None:
    _ask(owner, _insert(table))


_COLUMNS = """
SELECT t.table_name, t.table_comment, c.column_name, c.data_type, c.column_comment,
       c.column_key = 'PRI'
FROM information_schema.tables t
JOIN information_schema.columns c USING (table_schema, table_name)
WHERE t.table_schema = database() ORDER BY t.table_name, c.ordinal_position
"""


def read_tables(url: str) -> Sequence[NativeTable]:
    """Tables and views of the database, with distinct values of columns like codes.

    Raises:
        ScaffoldError: the database cannot be reached or refuses.
    """
    source = _source(url)
    tables: dict[str, list[Any]] = {}
    for row in _ask(source, _COLUMNS):
        tables.setdefault(row[0], []).append(row)
    return [
        NativeTable(name, [_column(source, name, row) for row in rows], rows[0][1] or "")
        for name, rows in tables.items()
    ]


def _column(source: MySqlSource, table: str, row: Any) -> NativeColumn:
    _, _, name, native, comment, is_key = row
    form = _FORMS.get(native.lower(), "other")
    samples = _samples(source, table, name) if form == "text" else ()
    return NativeColumn(name, native, form, comment or "", bool(is_key), samples)


def _samples(source: MySqlSource, table: str, column: str) -> tuple[str, ...]:
    """Distinct values among some rows, where they are few, short and repeat: a code list."""
    name = _name(column)
    rows = _ask(
        source,
        f"SELECT v, COUNT(*) FROM (SELECT {name} AS v FROM {_name(table)} LIMIT {_LOOKED_AT}) t "  # noqa: S608
        f"WHERE v IS NOT NULL GROUP BY v LIMIT {_MOST_CODES + 1}",
    )
    values = [str(row[0]) for row in rows]
    is_list = len(values) <= _MOST_CODES and all(len(value) <= _CODE_LENGTH for value in values)
    return tuple(sorted(values)) if is_list and sum(row[1] for row in rows) > len(rows) else ()


def read_records(
    settings: AdapterSettings, mapping: KindMapping, subject: str
) -> Sequence[NativeRecord]:
    """A subject's stored records, every value as text.

    Raises:
        ScaffoldError: the database cannot be reached or refuses.
    """
    try:
        source = mysql_source("try", settings)
    except ValueError as error:
        raise ScaffoldError(str(error)) from error
    names = [row[0] for row in _ask(source, f"SHOW COLUMNS FROM {_name(mapping.table)}")]
    shown = ", ".join(f"CAST({_name(name)} AS CHAR)" for name in names)
    code = f"UPPER(TRIM(CAST({_name(mapping.organisation)} AS CHAR)))"
    rows = _ask(
        source,
        f"SELECT {shown} FROM {_name(mapping.table)} WHERE {code} = X'{subject.encode().hex()}' "  # noqa: S608
        f"LIMIT {_SHOWN_RECORDS}",
    )
    return [dict(zip(names, row, strict=True)) for row in rows]


def _source(url: str) -> MySqlSource:
    try:
        return source_of(url)
    except ValueError as error:
        raise ScaffoldError(str(error)) from error


def _tls(source: MySqlSource) -> ssl.SSLContext | None:
    return ssl.create_default_context(cafile=source.ca_file or None) if source.has_tls else None


def _ask(source: MySqlSource, *statements: str) -> Sequence[Any]:
    """Run statements; the rows of the last."""

    async def run() -> Sequence[Any]:
        connection = await aiomysql.connect(
            host=source.host,
            port=source.port,
            user=source.user,
            password=source.password,
            db=source.database,
            charset="utf8mb4",
            autocommit=True,
            connect_timeout=_TIMEOUT_S,
            ssl=_tls(source),
        )
        try:
            rows: Sequence[Any] = ()
            async with connection.cursor() as cursor:
                for statement in statements:
                    await cursor.execute(statement)
                    rows = await cursor.fetchall()
            return rows
        finally:
            connection.close()

    try:
        return asyncio.run(run())
    except (OSError, aiomysql.OperationalError) as error:
        raise ScaffoldError(f"the database cannot be reached: {type(error).__name__}") from error
    except aiomysql.MySQLError as error:
        raise ScaffoldError(f"the database refused: {error.args[0]}") from error
