"""Sends the log's entries to a receiver, in the order of the tree, at least once.

One process at a time exports to a receiver: it holds a lock on its connection to the store. At most
one batch is in memory; what waits, waits in the store.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import structlog

from gateway.store.lending import Lending
from gateway.store.pool import Connection
from gateway.syslog.message import Origin, is_alarm, message_of
from gateway.syslog.transport import Transport

BATCH = 200
"""Most entries that are read and sent at a time."""
_REST_S = 1.0
_AGAIN_AFTER_S = 5.0

_LOCK = "SELECT pg_try_advisory_lock(hashtext('credit_gateway_syslog'), hashtext($1))"
_UNLOCK = "SELECT pg_advisory_unlock(hashtext('credit_gateway_syslog'), hashtext($1))"
_CURSOR = "SELECT next_leaf FROM syslog_cursor WHERE receiver = $1"
_MOVE = """
INSERT INTO syslog_cursor AS c (receiver, next_leaf) VALUES ($1, $2)
ON CONFLICT (receiver) DO UPDATE SET next_leaf = EXCLUDED.next_leaf, moved_at = now()
WHERE c.next_leaf < EXCLUDED.next_leaf
"""
_LEAVES = """
SELECT r.first_leaf + e.entry_no - r.first_entry_no AS leaf, e.entry
FROM audit_run AS r
JOIN audit_entry AS e
    ON e.entry_no >= r.first_entry_no AND e.entry_no < r.first_entry_no + r.length
WHERE r.first_leaf >= coalesce((SELECT max(b.first_leaf) FROM audit_run AS b
        WHERE b.first_leaf <= $1), 0)
    AND r.first_leaf + e.entry_no - r.first_entry_no >= $1
ORDER BY r.first_leaf, e.entry_no LIMIT $2
"""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Export:
    """What is sent to whom.

    Attributes:
        receiver: name of the receiver, by which the cursor stands in the store.
        is_alarms_only: send what somebody should look at, and pass the rest over.
    """

    receiver: str
    origin: Origin
    connect: Callable[[], Awaitable[Transport]]
    is_alarms_only: bool = False


class SyslogExporter:
    """Exports in the background from `open` to `aclose`."""

    def __init__(self, lending: Lending, export: Export) -> None:
        self._lending = lending
        self._export = export
        self._task: asyncio.Task[None] | None = None
        self._transport: Transport | None = None
        # first leaf of the batch that was sent last, which a broken connection may have lost
        self._last_sent: int | None = None
        self._is_broken = False
        self.is_failing = False

    async def open(self) -> None:
        """Start exporting."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def aclose(self) -> None:
        """Stop; what was not sent is sent by the next who exports."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        await self._hang_up()

    async def export_once(self, connection: Connection) -> int:
        """Send one batch and move the cursor; returns how many entries it went over.

        After a connection broke, the batch that was sent last over it is sent again: what its
        receiver had taken and not read yet is lost, and nothing tells of that.

        Raises:
            OSError, TimeoutError: the receiver cannot be reached; the cursor stands where it was.
        """
        export = self._export
        if self._transport is not None and not self._transport.is_alive:
            await self._hang_up()
        first = await connection.fetchval(_CURSOR, export.receiver) or 0
        if self._is_broken and self._last_sent is not None:
            first = min(first, self._last_sent)
        rows = await connection.fetch(_LEAVES, first, BATCH)
        if not rows:
            return 0
        messages = [
            message_of(bytes(row["entry"]), row["leaf"], export.origin)
            for row in rows
            if not export.is_alarms_only or is_alarm(bytes(row["entry"]))
        ]
        await self._send(messages)
        self._last_sent, self._is_broken = first, False
        await connection.execute(_MOVE, export.receiver, rows[-1]["leaf"] + 1)
        return len(rows)

    async def _send(self, messages: Sequence[bytes]) -> None:
        if not messages:
            return
        if self._transport is None:
            self._transport = await self._export.connect()
        await self._transport.send(messages)

    async def _run(self) -> None:
        while True:
            rest_s = _REST_S
            try:
                async with self._lending.connection() as connection:
                    if await connection.fetchval(_LOCK, self._export.receiver):
                        try:
                            while await self.export_once(connection):
                                self.is_failing = False
                        finally:
                            await connection.execute(_UNLOCK, self._export.receiver)
            # INVARIANT: whatever goes wrong, the cursor has not moved and it is tried again.
            except Exception as error:
                await self._hang_up()
                if not self.is_failing:
                    _log.error(
                        "syslog_not_sent",
                        receiver=self._export.receiver,
                        error=type(error).__name__,
                    )
                self.is_failing = True
                rest_s = _AGAIN_AFTER_S
            await asyncio.sleep(rest_s)

    async def _hang_up(self) -> None:
        transport, self._transport = self._transport, None
        if transport is not None:
            self._is_broken = True
            with suppress(OSError):
                await transport.aclose()
