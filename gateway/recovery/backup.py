"""A backup: every table of the store as it was at one moment, with the log's segments beside it.

A folder per backup holds a file per table in PostgreSQL's own text form and, written last,
`backup.json`, which says what there is. It depends on no program of a database server and on no
version of one; the segments stand beside the backups, once for all of them, and only grow.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gateway.errors import InternalError
from gateway.store.pool import Connection

FORMAT = 1
MANIFEST = "backup.json"
SEGMENTS = "segments"
"""Folder beside the backups that holds the log's segments."""

_TABLES = """
SELECT c.relname AS name,
    ARRAY(SELECT a.attname::text FROM pg_attribute AS a
          WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
          ORDER BY a.attnum) AS columns
FROM pg_class AS c
WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'
    AND c.relpersistence = 'p' AND c.relname <> 'schema_migration'
ORDER BY c.relname
"""
_MIGRATIONS = "SELECT number, sha256 FROM schema_migration ORDER BY number"
_HEAD = """
SELECT h.origin, h.suite, h.tree_size, c.root
FROM audit_log_head AS h LEFT JOIN audit_checkpoint AS c ON c.tree_size = h.tree_size
"""
_PENDING = "SELECT EXISTS (SELECT FROM store_restore WHERE declared_at IS NULL)"


@dataclass(frozen=True, slots=True)
class BackupTable:
    """One table of a backup."""

    name: str
    columns: tuple[str, ...]
    rows: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Backup:
    """What a backup says of itself.

    Attributes:
        tree_size: leaves of the log in it.
        migrations: checksum per number.
    """

    folder: Path
    made_at: datetime
    origin: str | None
    tree_size: int
    migrations: Mapping[int, str]
    tables: tuple[BackupTable, ...]

    def file(self, table: BackupTable) -> Path:
        return self.folder / f"{table.name}.copy"


async def make_backup(connection: Connection, folder: Path, now: datetime) -> Backup:
    """Write a backup into a new folder.

    Args:
        connection: whose statements may take as long as they take.

    Raises:
        InternalError: the folder is there already, or the store was restored without saying so.
        OSError: the folder cannot be written.
    """
    try:
        await asyncio.to_thread(folder.mkdir, 0o700, True)
    except FileExistsError as error:
        raise InternalError(f"folder `{folder}` is there already, expected a new one") from error
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        if await connection.fetchval(_PENDING):
            raise InternalError(
                "the store was restored and that is not declared: run `credit-gateway restore` "
                "before a backup"
            )
        migrations = dict(await connection.fetch(_MIGRATIONS))
        head = await connection.fetchrow(_HEAD)
        tables = [
            await _copy(connection, folder, row["name"], row["columns"])
            for row in await connection.fetch(_TABLES)
        ]
    assert head is not None
    document = {
        "format": FORMAT,
        "madeAt": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "log": {
            "origin": head["origin"],
            "suite": head["suite"],
            "treeSize": head["tree_size"],
            "root": None if head["root"] is None else b64encode(head["root"]).decode(),
        },
        "migrations": [{"number": number, "sha256": sha} for number, sha in migrations.items()],
        "tables": [
            {"name": each.name, "columns": each.columns, "rows": each.rows, "sha256": each.sha256}
            for each in tables
        ],
    }
    await asyncio.to_thread(_write_whole, folder / MANIFEST, document)
    return read_backup(folder)


async def _copy(
    connection: Connection, folder: Path, name: str, columns: Sequence[str]
) -> BackupTable:
    path = folder / f"{name}.copy"
    status = await connection.copy_from_table(name, output=path, columns=columns)
    await asyncio.to_thread(_sync, path)
    checksum = await asyncio.to_thread(sha256_of, path)
    return BackupTable(name, tuple(columns), int(status.rpartition(" ")[2]), checksum)


def read_backup(folder: Path) -> Backup:
    """Read what a backup says of itself.

    Raises:
        InternalError: it is none, was broken off, or is of another version.
    """
    try:
        document: Any = json.loads((folder / MANIFEST).read_text("utf-8"))
        if document["format"] != FORMAT:
            raise InternalError(
                f"the backup in `{folder}` has format {document['format']}, expected {FORMAT}"
            )
        return Backup(
            folder,
            datetime.fromisoformat(document["madeAt"]),
            document["log"]["origin"],
            int(document["log"]["treeSize"]),
            {int(each["number"]): str(each["sha256"]) for each in document["migrations"]},
            tuple(
                BackupTable(each["name"], tuple(each["columns"]), each["rows"], each["sha256"])
                for each in document["tables"]
            ),
        )
    except FileNotFoundError as error:
        raise InternalError(
            f"folder `{folder}` holds no whole backup: it has no file `{MANIFEST}`"
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise InternalError(f"file `{folder / MANIFEST}` is damaged") from error


def check_files(backup: Backup) -> None:
    """Read every file of a backup again.

    Raises:
        InternalError: one is missing or was altered.
    """
    for table in backup.tables:
        path = backup.file(table)
        if not path.is_file() or sha256_of(path) != table.sha256:
            raise InternalError(f"file `{path}` of the backup is missing or was altered")


def sha256_of(path: Path) -> str:
    """Return the checksum of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write_whole(path: Path, document: object) -> None:
    """Write a file that is there as a whole or not at all."""
    part = path.with_suffix(".part")
    part.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", "utf-8")
    _sync(part)
    part.rename(path)
    _sync(path.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
