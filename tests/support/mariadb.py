"""A MariaDB server for tests, with an owner and a reader, and tables of awkward records in it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiomysql
import pytest

from gateway.conformance import ReferenceRecord
from gateway.conformance.department import source_fields
from gateway.demo.mariadb import MariaDb, find_programs
from gateway.sources.mysql import MySqlSource
from schema.codes import RecordKind
from schema.model import FieldModel, ValueType
from tests.support.native_records import ID, ORGANISATION, PERSON, column_name, native_record

DATABASE = "department"
PASSWORD = "p@ss:w/rd"
_STATEMENTS = (
    f"CREATE DATABASE IF NOT EXISTS {DATABASE}",
    f"CREATE OR REPLACE USER owner@'%' IDENTIFIED BY '{PASSWORD}'",
    f"GRANT ALL ON {DATABASE}.* TO owner@'%'",
    f"CREATE OR REPLACE USER reader@'%' IDENTIFIED BY '{PASSWORD}'",
    f"GRANT SELECT ON {DATABASE}.* TO reader@'%'",
)


@dataclass(frozen=True, slots=True)
class RunningMariaDb:
    """A server that runs."""

    port: int

    def source(self, user: str = "reader", **changes: Any) -> MySqlSource:
        settings = {"has_tls": False, "pool_size": 4, "password": PASSWORD, **changes}
        return MySqlSource("127.0.0.1", self.port, DATABASE, user, **settings)

    async def execute(self, *statements: str) -> None:
        """Run statements as the owner."""
        connection = await aiomysql.connect(
            host="127.0.0.1",
            port=self.port,
            user="owner",
            password=PASSWORD,
            db=DATABASE,
            charset="utf8mb4",
            autocommit=True,
            init_command="SET SESSION sql_mode = '', time_zone = '+00:00'",
        )
        try:
            for statement in statements:
                await connection.query(statement)
        finally:
            connection.close()


@contextmanager
def running_mariadb(
    folder: Path, options: Sequence[str] = (), port: int = 0
) -> Iterator[RunningMariaDb]:
    """Run a server in the folder; skips the test where MariaDB is not installed."""
    programs = find_programs()
    if programs is None:
        pytest.skip("MariaDB (mariadbd, mariadb-install-db) is not installed")
    with MariaDb(programs, folder, options).start(_STATEMENTS, port) as chosen:
        yield RunningMariaDb(chosen)


_TYPES = {
    ValueType.DATE: "DATE",
    ValueType.DATETIME: "DATETIME(3)",
    ValueType.MONEY: "DECIMAL(30,6)",
    ValueType.DECIMAL: "DECIMAL(20,6)",
    ValueType.INTEGER: "BIGINT",
    ValueType.BOOLEAN: "VARCHAR(4) CHARACTER SET gbk",
    # Codes are short, and compare without regard to case in the column itself.
    ValueType.ENUM: "VARCHAR(60) CHARACTER SET gbk COLLATE gbk_chinese_ci",
}


def table_statements(kind: RecordKind, table: str) -> list[str]:
    """Statements that make an empty table for the columns of `native_mapping`."""
    columns = {
        ID: "VARCHAR(64) COLLATE utf8mb4_general_ci NOT NULL PRIMARY KEY",
        ORGANISATION: "CHAR(18) CHARACTER SET ascii",
        PERSON: "CHAR(64) CHARACTER SET ascii",
    }
    for field in source_fields(kind)[1:]:
        columns[column_name(field)] = _type(field)
    listed = ", ".join(f"`{name}` {declared}" for name, declared in columns.items())
    return [
        f"DROP TABLE IF EXISTS `{table}`",
        f"CREATE TABLE `{table}` ({listed}, KEY (`{ORGANISATION}`), KEY (`{PERSON}`))",
    ]


def _type(field: FieldModel) -> str:
    if field.is_list:
        return "JSON"
    return _TYPES.get(field.value_type, "VARCHAR(200) COLLATE utf8mb4_general_ci")


def insert_statement(record: ReferenceRecord, table: str) -> str:
    """Statement that inserts a record."""
    native = native_record(record)
    values = ", ".join(_literal(value) for value in native.values())
    names = ", ".join(f"`{name}`" for name in native)
    return f"INSERT INTO `{table}` ({names}) VALUES ({values})"


def _literal(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, list | dict):
        value = json.dumps(value)
    text = str(value)
    if len(text) == 20 and text.endswith("Z"):
        text = text.replace("T", " ").removesuffix("Z")
    return f"CONVERT(X'{text.encode().hex()}' USING utf8mb4)"
