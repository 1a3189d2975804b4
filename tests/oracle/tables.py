"""Reads a department's complete native tables into records."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import asyncpg

from gateway.contract import Manifest
from gateway.sources.mapping import KindMapping
from schema.codes import RecordKind
from tests.oracle.columns import NativeRow, wire_value
from tests.oracle.records import PERSON, Department, Record


def record_of(mapping: KindMapping, department: str, row: NativeRow) -> Record:
    """One native row as a record."""
    return Record(
        mapping.kind,
        department,
        _subject_key(mapping, row),
        row[mapping.record_id],
        {name: wire_value(column, row) for name, column in mapping.columns.items()},
    )


def department_of(
    manifest: Manifest,
    mappings: Sequence[KindMapping],
    tables: dict[str, Iterable[NativeRow]],
) -> Department:
    """A department from its native rows by table name."""
    records: dict[RecordKind, tuple[Record, ...]] = {}
    for mapping in mappings:
        made = (record_of(mapping, manifest.department_code, row) for row in tables[mapping.table])
        records[mapping.kind] = (*records.get(mapping.kind, ()), *made)
    return Department(manifest, records)


async def read_department(
    connection: asyncpg.Connection, manifest: Manifest, mappings: Sequence[KindMapping]
) -> Department:
    """Read every mapped table whole, without any condition."""
    tables: dict[str, Iterable[NativeRow]] = {}
    for mapping in mappings:
        rows = await connection.fetch(f"SELECT * FROM {mapping.table}")
        tables[mapping.table] = [dict(row) for row in rows]
    return department_of(manifest, mappings, tables)


def _subject_key(mapping: KindMapping, row: NativeRow) -> str | None:
    organisation: str | None = row[mapping.organisation]
    if organisation:
        return organisation
    reference: str | None = row[mapping.person] if mapping.person else None
    return PERSON + reference if reference else None
