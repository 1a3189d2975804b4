"""A city as its departments keep it: native rows by table, which can be changed and kept again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg

from gateway.conformance import ReferenceAdapter, ReferenceRecord
from gateway.contract import Adapter, Manifest
from gateway.sources.mapping import KindMapping, Text
from plugins.courts.manifest import MANIFEST as COURTS
from plugins.courts.mapping import MAPPINGS as COURTS_MAPPINGS
from plugins.market.manifest import MANIFEST as MARKET
from plugins.market.mapping import MAPPINGS as MARKET_MAPPINGS
from plugins.tax.manifest import MANIFEST as TAX
from plugins.tax.mapping import MAPPINGS as TAX_MAPPINGS
from schema.predicate import WireValue
from schema.records import MODEL
from tests.oracle.records import PERSON, Department, Record
from tests.oracle.tables import department_of

_MOST_EACH = 7
Row = Mapping[str, Any]
Rows = tuple[Row, ...]
SOURCES: tuple[tuple[Manifest, Sequence[KindMapping]], ...] = (
    (MARKET, MARKET_MAPPINGS),
    (TAX, TAX_MAPPINGS),
    (COURTS, COURTS_MAPPINGS),
)


@dataclass(frozen=True)
class Table:
    """One mapped table of one department."""

    manifest: Manifest
    mapping: KindMapping

    @property
    def name(self) -> str:
        return self.mapping.table

    @property
    def slug(self) -> str:
        return self.manifest.slug


TABLES = tuple(Table(manifest, mapping) for manifest, mappings in SOURCES for mapping in mappings)


@dataclass(frozen=True)
class Natives:
    """All rows of a city by table name; table names are unique over departments."""

    rows: Mapping[str, Rows]

    def departments(self) -> tuple[Department, ...]:
        """The departments as the oracle's world holds them."""
        return tuple(
            department_of(
                manifest, mappings, {each.table: self.rows[each.table] for each in mappings}
            )
            for manifest, mappings in SOURCES
        )

    def thinned(self, firms: int) -> Natives:
        """The same city with the subjects that have records in most tables, and a few of each."""
        kept = self._telling(firms)
        return Natives({table.name: tuple(self._few(table, kept)) for table in TABLES})

    def _few(self, table: Table, kept: set[str | None]) -> Iterator[Row]:
        """The first records of each subject that is kept."""
        counts: Counter[str | None] = Counter()
        for row in self.rows[table.name]:
            key = subject_key(table, row)
            counts[key] += 1
            if key in kept and counts[key] <= _MOST_EACH:
                yield row

    def with_numbers(self) -> Natives:
        """The same city with a telephone number in the prose of every fourth record."""
        return Natives(
            {
                table.name: tuple(
                    _with_number(table, row, number) if number % 4 == 0 else row
                    for number, row in enumerate(self.rows[table.name])
                )
                for table in TABLES
            }
        )

    def _telling(self, firms: int) -> set[str | None]:
        found: dict[str, set[str]] = {}
        for table in TABLES:
            for row in self.rows[table.name]:
                key = subject_key(table, row)
                if key is not None:
                    found.setdefault(key, set()).add(table.name)
        ordered = sorted(found, key=lambda key: (-len(found[key]), key))
        codes = [key for key in ordered if not key.startswith(PERSON)]
        shops = [key for key in codes if key.startswith("92")]
        persons = [key for key in ordered if key.startswith(PERSON)]
        return {*codes[:firms], *shops[: firms // 4], *persons[: firms // 4], None}


def _with_number(table: Table, row: Row, number: int) -> Row:
    """The row with a telephone number at the end of each text that is scrubbed on its way out."""
    made = dict(row)
    for name, column in table.mapping.columns.items():
        is_prose = MODEL.kinds[table.mapping.kind].by_name[name].declaration.free_text
        if is_prose and isinstance(column, Text) and row[column.column]:
            made[column.column] = f"{row[column.column]}，电话138{number:08}"
    return made


def subject_key(table: Table, row: Row) -> str | None:
    """Subject key of a row."""
    code: str | None = row[table.mapping.organisation]
    if code:
        return code
    reference: str | None = row[table.mapping.person] if table.mapping.person else None
    return PERSON + reference if reference else None


async def read_natives(urls: Mapping[str, str]) -> Natives:
    """Read every mapped table whole; `urls` by slug."""
    rows: dict[str, Rows] = {}
    for manifest, mappings in SOURCES:
        connection = await asyncpg.connect(urls[manifest.slug])
        try:
            for mapping in mappings:
                found = await connection.fetch(f"SELECT * FROM {mapping.table}")
                rows[mapping.table] = tuple(dict(row) for row in found)
        finally:
            await connection.close()
    return Natives(rows)


async def write_natives(urls: Mapping[str, str], natives: Natives) -> None:
    """Put these rows, in this order, in the place of whatever the databases hold."""
    for manifest, mappings in SOURCES:
        connection = await asyncpg.connect(urls[manifest.slug])
        try:
            for mapping in mappings:
                await _replace(connection, mapping.table, natives.rows[mapping.table])
            await connection.execute("ANALYZE")
        finally:
            await connection.close()


async def _replace(connection: asyncpg.Connection, table: str, rows: Rows) -> None:
    schema, name = table.split(".")
    await _make_plain(connection, table)
    await connection.execute(f"TRUNCATE {table}")
    found = await connection.fetch(
        "SELECT column_name AS name, is_generated = 'ALWAYS' AS is_made"
        " FROM information_schema.columns WHERE table_schema = $1 AND table_name = $2",
        schema,
        name,
    )
    for column in found:
        if column["is_made"]:  # what stands in the rows is what shall stand there
            await connection.execute(
                f"ALTER TABLE {table} ALTER COLUMN {column['name']} DROP EXPRESSION"
            )
    columns = [column["name"] for column in found]
    await connection.copy_records_to_table(
        name,
        schema_name=schema,
        columns=columns,
        records=[tuple(row[column] for column in columns) for row in rows],
    )


async def _make_plain(connection: asyncpg.Connection, table: str) -> None:
    """Turn a view into a table of the same columns, so that rows can be put into it."""
    is_view = await connection.fetchval(
        "SELECT relkind = 'v' FROM pg_class WHERE oid = $1::regclass", table
    )
    if is_view:
        await connection.execute(f"CREATE TABLE pg_temp.kept AS SELECT * FROM {table} LIMIT 0")
        await connection.execute(f"DROP VIEW {table}")
        await connection.execute(f"CREATE TABLE {table} (LIKE pg_temp.kept)")
        await connection.execute("DROP TABLE pg_temp.kept")


def memory_adapters(departments: Iterable[Department]) -> dict[str, Adapter]:
    """The departments as reference adapters in memory."""
    return {
        each.slug: ReferenceAdapter(each.manifest, _reference_records(each)) for each in departments
    }


def _reference_records(department: Department) -> Iterator[ReferenceRecord]:
    for kind, records in department.records.items():
        for record in records:
            yield ReferenceRecord(kind, record.record_id, record.key, _with_parts(record))


def _with_parts(record: Record) -> Mapping[str, WireValue]:
    """Values in which all leaves of a list of parts are of one length, as sources give them."""
    made = dict(record.values)
    leaves = [leaf for leaf in MODEL.kinds[record.kind].fields if leaf.nested_list is not None]
    for leaf in leaves:
        lengths = [
            len(value)
            for other in leaves
            if other.nested_list == leaf.nested_list
            and isinstance(value := record.values.get(other.name), list)
        ]
        if lengths and made.get(leaf.name) is None:
            made[leaf.name] = [None] * lengths[0]
    return made
