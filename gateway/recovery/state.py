"""Whether a store may serve: not while it was put back and that is not declared."""

from __future__ import annotations

import asyncio
from pathlib import Path

from gateway.errors import InternalError
from gateway.store.pool import Connection
from gateway.translog.segment_reading import SegmentReader

_PENDING = "SELECT begun_at FROM store_restore WHERE declared_at IS NULL"
_SIZE = "SELECT tree_size FROM audit_log_head"


class UndeclaredRestoreError(InternalError):
    """The store was put back to an earlier state, and the log does not say so."""


async def require_declared(connection: Connection, segments: Path | None) -> None:
    """Let a store pass that was not put back, or of which the log says so.

    Raises:
        UndeclaredRestoreError: it was, and the log does not.
    """
    begun_at = await connection.fetchval(_PENDING)
    if begun_at is not None:
        raise UndeclaredRestoreError(
            f"the store was restored on {begun_at:%Y-%m-%d} and that is not declared, so that "
            "withdrawn consents would be good again: run `credit-gateway restore`"
        )
    if segments is None:
        return
    size = await connection.fetchval(_SIZE)
    held = await asyncio.to_thread(SegmentReader(segments).size)
    if held > size:
        raise UndeclaredRestoreError(
            f"the store's log has {size} entries, its segments {held}: the store was put back "
            "without saying so; run `credit-gateway restore`"
        )
