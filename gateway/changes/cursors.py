"""Cursors in the gateway's own database, and who may move them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from gateway.changes.types import CursorLine
from gateway.errors import GatewayError
from gateway.store.pool import Connection
from schema.codes import RecordKind

CHANNEL = "credit_gateway_changes"
"""Told with department and kind whenever changes have been committed, for whoever keeps anything
of a source."""

_LOCK = "SELECT pg_try_advisory_lock(hashtextextended('credit-gateway changes of ' || $1, 0))"
_READ = "SELECT cursor FROM change_cursor WHERE department = $1 AND record_kind = $2"
_BEGIN = """
INSERT INTO change_cursor (department, record_kind, cursor) VALUES ($1, $2, $3)
ON CONFLICT DO NOTHING RETURNING 1
"""
_MOVE = """
UPDATE change_cursor SET cursor = $4, asked_at = now(), moved_at = now(), applied = applied + $5
WHERE department = $1 AND record_kind = $2 AND cursor = $3 RETURNING 1
"""
_ASKED = """
UPDATE change_cursor SET asked_at = now() WHERE department = $1 AND record_kind = $2
    AND asked_at < now() - interval '1 minute'
"""
_FAILED = """
INSERT INTO change_failure (department, record_kind, reason) VALUES ($1, $2, $3)
ON CONFLICT (department, record_kind) DO UPDATE SET failed_at = now(), reason = $3
"""
_MENDED = "DELETE FROM change_failure WHERE department = $1 AND record_kind = $2"
_LINES = """
SELECT coalesce(c.department, f.department), coalesce(c.record_kind, f.record_kind), c.asked_at,
    c.moved_at, coalesce(c.applied, 0), f.failing_since, f.reason
FROM change_cursor c FULL JOIN change_failure f USING (department, record_kind) ORDER BY 1, 2
"""


class CursorMovedError(GatewayError):
    """Somebody else has moved a cursor meanwhile; what was applied is undone."""


async def take_turn(connection: Connection, department: str) -> bool:
    """Whether this connection follows the department from now on, until it is closed."""
    taken: bool = await connection.fetchval(_LOCK, department)
    return taken


async def read_cursor(connection: Connection, department: str, kind: RecordKind) -> str | None:
    """The cursor; None if the department's records of this kind were never followed."""
    found: str | None = await connection.fetchval(_READ, department, kind.value)
    return found


async def move_cursor(
    connection: Connection,
    department: str,
    kind: RecordKind,
    cursors: tuple[str | None, str],
    applied: int,
) -> None:
    """Move from one cursor to the next, in the transaction that applied what lies between.

    Raises:
        CursorMovedError: it does not stand where it stood.
    """
    before, after = cursors
    if before is None:
        moved = await connection.fetchval(_BEGIN, department, kind.value, after)
    else:
        moved = await connection.fetchval(_MOVE, department, kind.value, before, after, applied)
    if moved is None:
        raise CursorMovedError(f"the cursor of `{department}` was moved by somebody else")
    await connection.execute("SELECT pg_notify($1, $2)", CHANNEL, f"{department} {kind.value}")


async def note_asked(connection: Connection, department: str, kind: RecordKind) -> None:
    """Note that there was nothing new, once a minute."""
    await connection.execute(_ASKED, department, kind.value)


async def note_failure(
    connection: Connection, department: str, kind: RecordKind, reason: str
) -> None:
    """Note what keeps it from being followed; a name, never a text of others."""
    await connection.execute(_FAILED, department, kind.value, reason)


async def note_mended(connection: Connection, department: str, kind: RecordKind) -> None:
    """Note that nothing does any more."""
    await connection.execute(_MENDED, department, kind.value)


async def read_lines(connection: Connection) -> Sequence[CursorLine]:
    """How far everything is followed, ordered by department and kind."""
    rows = await connection.fetch(_LINES)
    return [
        CursorLine(department, kind, _wire(asked), _wire(moved), applied, _wire(failing), reason)
        for department, kind, asked, moved, applied, failing, reason in map(tuple, rows)
    ]


def _wire(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
