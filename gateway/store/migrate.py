"""Brings the gateway's own database to the newest schema, once, whoever starts first.

The numbered files in `migrations/` are applied in order in one transaction under an advisory
lock. A file that was applied must never change: its checksum is compared at every start.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources

from gateway.errors import InternalError
from gateway.store.pool import Connection

_LOCK_KEY = 0x6372_6564_6974
_FILE_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")

_TABLE = """
CREATE TABLE IF NOT EXISTS schema_migration (
    number integer PRIMARY KEY,
    name text NOT NULL,
    sha256 text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)
"""


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered file."""

    number: int
    name: str
    sql: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


def shipped_migrations() -> tuple[Migration, ...]:
    """Return the migrations that belong to this version, in order.

    Raises:
        InternalError: a file name that is no number and name, or a repeated number. Gaps are
            allowed: whoever works on a change takes a number before it is known what else comes.
    """
    found = []
    for file in resources.files("gateway.store.migrations").iterdir():
        if not file.name.endswith(".sql"):
            continue
        match = _FILE_NAME.fullmatch(file.name)
        if match is None:
            raise InternalError(f"migration `{file.name}` is not named `NNNN_words.sql`")
        found.append(Migration(int(match.group(1)), file.name, file.read_text("utf-8")))
    found.sort(key=lambda migration: migration.number)
    numbers = [migration.number for migration in found]
    if len(set(numbers)) != len(numbers):
        raise InternalError(f"migrations are numbered {numbers}, expected each number once")
    return tuple(found)


async def migrate(connection: Connection, migrations: Sequence[Migration]) -> tuple[str, ...]:
    """Apply what is missing; everything or nothing.

    Returns:
        Names of the files applied now, in order.

    Raises:
        InternalError: an applied file has changed since, or the database is newer than this
            version.
    """
    async with connection.transaction():
        await connection.execute("SET LOCAL statement_timeout = 0")
        await connection.execute("SET LOCAL lock_timeout = 0")
        await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK_KEY)
        await connection.execute(_TABLE)
        rows = await connection.fetch("SELECT number, name, sha256 FROM schema_migration")
        applied = {row["number"]: row["sha256"] for row in rows}
        _check_applied(applied, migrations)
        missing = [migration for migration in migrations if migration.number not in applied]
        for migration in missing:
            await connection.execute(migration.sql)
            await connection.execute(
                "INSERT INTO schema_migration (number, name, sha256) VALUES ($1, $2, $3)",
                migration.number,
                migration.name,
                migration.sha256,
            )
    return tuple(migration.name for migration in missing)


def _check_applied(applied: dict[int, str], migrations: Sequence[Migration]) -> None:
    known = {migration.number: migration for migration in migrations}
    for number, checksum in sorted(applied.items()):
        migration = known.get(number)
        if migration is None:
            raise InternalError(
                f"the store has migration {number}, which this version does not know"
            )
        if migration.sha256 != checksum:
            raise InternalError(f"migration `{migration.name}` was changed after it was applied")
