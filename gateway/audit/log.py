"""Reading the audit log: the newest entries, one request's entry, the decisions it names."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg

from gateway.store.pool import LightPool

_LAST = "SELECT entry_no, entry FROM audit_entry ORDER BY entry_no DESC LIMIT $1"
_OF_REQUEST = "SELECT entry_no, entry FROM audit_entry WHERE request_id = $1 ORDER BY entry_no"
_DECISIONS = "SELECT json FROM audit_decisions WHERE sha256 = $1"


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """An entry as it is stored.

    Attributes:
        entry_no: order of insertion.
        entry: canonical bytes; `docs/audit-events.md` lists their members.
    """

    entry_no: int
    entry: bytes

    def members(self) -> Mapping[str, Any]:
        """Return the members of the entry."""
        members: Mapping[str, Any] = json.loads(self.entry)
        return members


class AuditLog:
    """Reads entries; writing is the recorder's."""

    def __init__(self, pool: LightPool) -> None:
        self._pool = pool

    async def last(self, count: int) -> Sequence[StoredEntry]:
        """Return the newest entries, the oldest of them first."""
        async with self._pool.connection() as connection:
            rows = await connection.fetch(_LAST, count)
        return [_stored(row) for row in reversed(rows)]

    async def of_request(self, request_id: str) -> Sequence[StoredEntry]:
        """Return the entries of a request: one, unless a client's id came twice."""
        async with self._pool.connection() as connection:
            rows = await connection.fetch(_OF_REQUEST, request_id)
        return [_stored(row) for row in rows]

    async def decisions(self, sha256: str) -> Sequence[Mapping[str, Any]]:
        """Return the decisions that an entry names; empty if there are none of this digest."""
        async with self._pool.connection() as connection:
            found = await connection.fetchval(_DECISIONS, bytes.fromhex(sha256))
        decisions: Sequence[Mapping[str, Any]] = [] if found is None else json.loads(found)
        return decisions


def _stored(row: asyncpg.Record) -> StoredEntry:
    return StoredEntry(row["entry_no"], bytes(row["entry"]))
