"""Loading a backup into a database: everything of it or nothing, and not yet declared.

The tables are made by the migrations that the backup names and then brought to this version. What
stood in the database before is put aside, not deleted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from gateway.errors import InternalError
from gateway.recovery.backup import Backup, check_files
from gateway.store.migrate import migrate, shipped_migrations
from gateway.store.pool import Connection

_OTHERS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
    AND application_name LIKE 'credit-gateway%'
"""
_IS_EMPTY = """
SELECT NOT EXISTS (SELECT FROM pg_class AS c
    WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r')
"""
_SCHEMA = "SELECT current_schema()"
_REFERENCES = """
SELECT c.conrelid::regclass::text AS referring, c.confrelid::regclass::text AS referred
FROM pg_constraint AS c
WHERE c.contype = 'f' AND c.connamespace = current_schema()::regnamespace
"""
_NEXT_NUMBERS = """
SELECT a.attrelid::regclass::text AS name, a.attname AS column
FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
WHERE a.attidentity <> '' AND c.relkind = 'r'
    AND c.relnamespace = current_schema()::regnamespace
"""
_PENDING = """
INSERT INTO store_restore (begun_at, point_size, made_at)
SELECT $1, h.tree_size, $2 FROM audit_log_head AS h
"""


async def load_backup(
    connection: Connection, backup: Backup, now: datetime, *, sets_aside: bool
) -> str | None:
    """Load a backup; what is in the database then serves nobody until it is declared.

    Args:
        connection: whose statements may take as long as they take.
        sets_aside: whether what stands in the database is renamed; otherwise it must be empty.

    Returns:
        The schema under which what stood there before is kept; None if the database was empty.

    Raises:
        InternalError: the backup is damaged or of another version, or the database is in use or
            not empty; nothing was changed.
    """
    others = await connection.fetchval(_OTHERS)
    if others:
        raise InternalError(
            f"{others} connections of the gateway are open to this database, expected none: stop "
            "all workers and sequencers first"
        )
    await asyncio.to_thread(check_files, backup)
    shipped = {each.number: each for each in shipped_migrations()}
    for number, checksum in backup.migrations.items():
        if number not in shipped or shipped[number].sha256 != checksum:
            raise InternalError(
                f"the backup has migration {number} in a form that this version does not know: "
                "restore it with the version that made it"
            )
    async with connection.transaction():
        aside = await _make_room(connection, now, sets_aside=sets_aside)
        await migrate(connection, [shipped[number] for number in sorted(backup.migrations)])
        await _fill(connection, backup)
        await migrate(connection, shipped_migrations())
        await connection.execute(_PENDING, now, backup.made_at)
    return aside


async def _make_room(connection: Connection, now: datetime, *, sets_aside: bool) -> str | None:
    if await connection.fetchval(_IS_EMPTY):
        return None
    if not sets_aside:
        raise InternalError(
            "the database is not empty: name an empty one in the settings, or let what is there be "
            "put aside with `--set-aside`"
        )
    schema = await connection.fetchval(_SCHEMA)
    aside = f"before_restore_{now.astimezone(UTC):%Y%m%d_%H%M%S}"
    await connection.execute(f'ALTER SCHEMA "{schema}" RENAME TO "{aside}"')
    await connection.execute(f'CREATE SCHEMA "{schema}"')
    return aside


async def _fill(connection: Connection, backup: Backup) -> None:
    """Replace the rows of all tables, without what triggers would make of them."""
    by_name = {table.name: table for table in backup.tables}
    names = _referred_first(by_name, await connection.fetch(_REFERENCES))
    listed = ", ".join(f'"{name}"' for name in names)
    for name in names:
        await connection.execute(f'ALTER TABLE "{name}" DISABLE TRIGGER USER')
    await connection.execute(f"TRUNCATE {listed}")
    for name in names:
        table = by_name[name]
        status = await connection.copy_to_table(
            name, source=backup.file(table), columns=table.columns
        )
        if int(status.rpartition(" ")[2]) != table.rows:
            raise InternalError(f"table `{name}` of the backup has not the rows that it should")
    for name in names:
        await connection.execute(f'ALTER TABLE "{name}" ENABLE TRIGGER USER')
    for row in await connection.fetch(_NEXT_NUMBERS):
        largest = f'SELECT coalesce(max("{row["column"]}"), 0) + 1 FROM {row["name"]}'  # noqa: S608
        await connection.execute(
            f"SELECT setval(pg_get_serial_sequence($1, $2), ({largest}), false)",
            row["name"],
            row["column"],
        )


def _referred_first(
    tables: Mapping[str, object], references: Sequence[Mapping[str, str]]
) -> list[str]:
    """Order tables so that each comes after those that it refers to."""
    ordered: list[str] = []
    waiting = sorted(tables)
    needs = {
        name: {each["referred"] for each in references if each["referring"] == name} - {name}
        for name in waiting
    }
    while waiting:
        ready = [name for name in waiting if needs[name] <= set(ordered)]
        if not ready:
            raise InternalError(f"tables {', '.join(waiting)} refer to each other in a circle")
        ordered += ready
        waiting = [name for name in waiting if name not in ready]
    return ordered
