"""ChangeFollower: asks departments what changed, and tells listeners.

Each worker runs one. For each department the worker whose connection holds its advisory lock
follows; if that worker dies, its connection ends and another takes the turn. Changes are applied
and the cursor is moved in one transaction on that very connection, so a worker that has lost the
lock cannot commit anything.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from gateway.changes.cursors import (
    move_cursor,
    note_asked,
    note_failure,
    note_mended,
    read_cursor,
    take_turn,
)
from gateway.changes.types import AsksForChanges, ChangeListener, Changes
from gateway.contract import ChangesBatch, ChangesRequest, FetchContext, Manifest, RecordChange
from gateway.contract.changes import MOST_CURSOR
from gateway.fetching.types import SourceOutcome
from gateway.store.pool import CONNECTION_ERRORS, Connect, Connection
from schema.codes import RecordKind

MOST_CHANGES = 500
"""Of one batch; a batch is one transaction."""
_MOST_ID = 1_000
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class FollowingPace:
    """When departments are asked.

    Attributes:
        poll_s: pause after there was nothing more.
        failure_s: pause after a failure.
        turn_s: pause before asking again whether it is this worker's turn.
        patience_s: longest wait for an answer.
    """

    poll_s: float = 5.0
    failure_s: float = 15.0
    turn_s: float = 5.0
    patience_s: float = 10.0


class ListenerFailedError(Exception):
    """A listener raised; the batch is undone and told again."""


class ChangeFollower:
    """Follows every department whose manifest says that it can tell changes."""

    def __init__(
        self,
        connect: Connect,
        departments: AsksForChanges,
        manifests: Sequence[Manifest],
        listeners: Sequence[ChangeListener] = (),
        pace: FollowingPace = FollowingPace(),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._connect = connect
        self._departments = departments
        self._kinds = following_kinds(manifests)
        self._listeners = tuple(listeners)
        self._pace = pace
        self._clock = clock
        self._tasks: list[asyncio.Task[None]] = []

    async def open(self) -> None:
        """Follow until `aclose`."""
        create_task = asyncio.get_running_loop().create_task
        self._tasks = [create_task(self._keep_following(slug)) for slug in self._kinds]

    async def aclose(self) -> None:
        """Stop; a batch that is not committed is undone."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)  # connections that were ended close their sockets

    async def _keep_following(self, slug: str) -> None:
        while True:
            try:
                await self._follow(slug)
            except Exception as error:
                # Whatever it was, the next turn begins with what is committed.
                _log.warning("changes_interrupted", department=slug, error=type(error).__name__)
            await asyncio.sleep(self._pace.turn_s)

    async def _follow(self, slug: str) -> None:
        """Follow a department if it is this worker's turn, for as long as the store is there."""
        connection = await self._connected()
        try:
            if not await take_turn(connection, slug):
                return
            while True:
                pauses = [
                    await self._catch_up(connection, slug, each) for each in self._kinds[slug]
                ]
                await asyncio.sleep(max(pauses))
        finally:
            connection.terminate()

    async def _connected(self) -> Connection:
        """A connection; one that is just being opened when this ends is not left behind."""
        connecting = asyncio.ensure_future(self._connect())
        try:
            return await asyncio.shield(connecting)
        except asyncio.CancelledError:
            (await connecting).terminate()
            raise

    async def _catch_up(self, connection: Connection, slug: str, kind: RecordKind) -> float:
        """Apply what there is; return how long to wait before the next time."""
        is_failing = True  # until it is known that it is not
        while True:
            since = await read_cursor(connection, slug, kind)
            batch = await self._ask(slug, kind, since)
            if isinstance(batch, SourceOutcome):
                await note_failure(connection, slug, kind, batch.value)
                return self._pace.failure_s
            try:
                is_more = await self._apply(connection, slug, kind, since, batch)
            except ListenerFailedError as error:
                _log.error("change_listener_failed", department=slug, error=str(error))
                await note_failure(connection, slug, kind, "LISTENER_FAILED")
                return self._pace.failure_s
            if is_failing:
                await note_mended(connection, slug, kind)
                is_failing = False
            if not is_more:
                return self._pace.poll_s

    async def _ask(
        self, slug: str, kind: RecordKind, since: str | None
    ) -> ChangesBatch | SourceOutcome:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        context = FetchContext("changes", self._clock() + self._pace.patience_s, now)
        batch = await self._departments.changes(
            slug, ChangesRequest(kind, since, MOST_CHANGES), context
        )
        if isinstance(batch, SourceOutcome):
            return batch
        if not _is_sound(batch):
            _log.error("department gave a malformed answer", department=slug)
            return SourceOutcome.MALFORMED
        return batch

    async def _apply(
        self,
        connection: Connection,
        slug: str,
        kind: RecordKind,
        since: str | None,
        batch: ChangesBatch,
    ) -> bool:
        """Tell listeners and move the cursor, or neither; whether there is more to ask for."""
        if batch.cursor == since:
            # An adapter that tells changes and stays where it is would tell them for ever.
            await note_asked(connection, slug, kind)
            return False
        async with connection.transaction():
            if batch.changes:
                changes = Changes(slug, kind, batch.changes)
                for listener in self._listeners:
                    await _tell(listener, connection, changes)
            cursors = (since, batch.cursor)
            await move_cursor(connection, slug, kind, cursors, len(batch.changes))
        return not batch.is_complete


async def _tell(listener: ChangeListener, connection: Connection, changes: Changes) -> None:
    try:
        await listener.apply(connection, changes)
    except CONNECTION_ERRORS:
        if connection.is_closed():
            raise
        raise ListenerFailedError(type(listener).__name__) from None
    except Exception as error:
        raise ListenerFailedError(f"{type(listener).__name__}: {type(error).__name__}") from error


def following_kinds(manifests: Sequence[Manifest]) -> Mapping[str, tuple[RecordKind, ...]]:
    """Record kinds whose changes can be told, by department; departments without any left out."""
    kinds = {
        manifest.slug: tuple(entry.kind for entry in manifest.entries if entry.changes)
        for manifest in manifests
    }
    return {slug: found for slug, found in kinds.items() if found}


def _is_sound(batch: object) -> bool:
    """Whether an adapter answered what it was asked; it may be any code."""
    return (
        isinstance(batch, ChangesBatch)
        and isinstance(batch.cursor, str)
        and 0 < len(batch.cursor) <= MOST_CURSOR
        and type(batch.is_complete) is bool
        and isinstance(batch.changes, list | tuple)
        and len(batch.changes) <= MOST_CHANGES
        and all(
            isinstance(each, RecordChange)
            and _is_id(each.record_id)
            and (each.subject_key is None or _is_id(each.subject_key))
            for each in batch.changes
        )
        and "\0" not in batch.cursor
    )


def _is_id(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _MOST_ID and "\0" not in value
