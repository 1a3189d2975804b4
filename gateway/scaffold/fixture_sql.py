"""A fixture as SQL for PostgreSQL: tables, invented rows, indexes. The gateway never runs it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from gateway.scaffold.invented import InventedTable, Native
from gateway.sources.postgres.columns import identifier, literal

_SQL_TYPES = {"numeric": "numeric(18, 4)", "text": 'text COLLATE "C"'}


def fixture_sql(tables: Sequence[InventedTable]) -> str:
    """Statements that make the tables in an empty database."""
    lines = [
        "-- 样例数据：虚构的企业和记录，仅用于测试。Invented data for tests only.",
        "-- Made from the mapping by `credit-gateway adapter fixtures`.",
    ]
    for table in tables:
        lines += ["", *_table(table)]
    return "\n".join(lines) + "\n"


def _table(table: InventedTable) -> Iterator[str]:
    name = table.mapping.table
    schema, _, _ = name.rpartition(".")
    if schema:
        yield f"CREATE SCHEMA IF NOT EXISTS {identifier(schema)};"
    yield f"CREATE TABLE {identifier(name)} ("
    columns = list(table.types.items())
    for number, (column, native) in enumerate(columns):
        key = " PRIMARY KEY" if column == table.mapping.record_id else ""
        comma = "," if number + 1 < len(columns) else ""
        yield f"    {identifier(column)} {_SQL_TYPES.get(native, native)}{key}{comma}"
    yield ");"
    yield f"INSERT INTO {identifier(name)} VALUES"
    for number, row in enumerate(table.rows):
        values = ", ".join(_literal(row[column], native) for column, native in columns)
        yield f"    ({values}){',' if number + 1 < len(table.rows) else ';'}"
    yield f"CREATE INDEX ON {identifier(name)} ({identifier(table.mapping.organisation)});"


def insert_sql(table: InventedTable) -> str:
    """One statement that adds the rows of a table."""
    columns = list(table.types.items())
    names = ", ".join(identifier(column) for column, _ in columns)
    rows = ", ".join(
        "(" + ", ".join(_literal(row[column], native) for column, native in columns) + ")"
        for row in table.rows
    )
    name = identifier(table.mapping.table)
    return f"INSERT INTO {name} ({names}) VALUES {rows}"  # noqa: S608 - quoted, and of our making


def _literal(value: Native, native: str) -> str:
    if value is None:
        return "NULL"
    if native == "jsonb":
        return literal(json.dumps(value, ensure_ascii=False))
    if isinstance(value, list):
        inner = ", ".join(literal(str(item)) for item in value)
        return f"ARRAY[{inner}]::text[]"
    return str(value) if isinstance(value, int) else literal(value)
