"""EntitlementsCache: this worker's copy of clients, consents, grants and effects, kept fresh.

A connection of its own listens for changes and asks the store at short intervals whether it is
still there. Whenever it had to be opened anew, everything is read again. While the store has not
confirmed for `max_age_s` that nothing changed, the copy is not fresh and gives no consents.

The copy only decides what is fetched; the fence compares what was relied on with the store itself
when the answer's audit entry is committed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from gateway.entitlements.holdings import CONSUMERS, effect_area, grant_area
from gateway.entitlements.store_copy import StoreCopy
from gateway.entitlements.types import (
    ClientTerms,
    ConsentTerms,
    Entitlements,
    Granted,
    Mark,
    PolicyRelease,
    RecordEffects,
)
from gateway.errors import InternalError
from gateway.store.pool import CONNECTION_ERRORS, Connect, Connection
from policies.model import Caller
from schema.codes import RecordKind

CHANNEL = "credit_gateway_entitlements"

_log = structlog.get_logger(__name__)


class EntitlementsCache:
    """Answers from memory; see `gateway.entitlements.types.Entitlements`."""

    def __init__(
        self,
        connect: Connect,
        clock: Callable[[], float],
        monotonic: Callable[[], float],
        *,
        max_age_s: float = 1.0,
        heartbeat_s: float = 0.25,
        retry_s: float = 0.25,
    ) -> None:
        """
        Args:
            connect: opens the connection that listens.
            clock: seconds since the epoch, for periods of validity.
            monotonic: seconds that never go back, for freshness.
            max_age_s: longest time without confirmation by the store.
            heartbeat_s: time between confirmations.
            retry_s: pause before a lost connection is opened again.
        """
        self._connect = connect
        self._clock = clock
        self._monotonic = monotonic
        self._max_age_s = max_age_s
        self._heartbeat_s = heartbeat_s
        self._retry_s = retry_s
        self._copy = StoreCopy()
        self._released = asyncio.Event()
        self._confirmed_at = float("-inf")
        self._changed: set[str] = set()
        self._refreshing: list[asyncio.Future[None]] = []
        self._wake = asyncio.Event()
        self._connection: Connection | None = None
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Read everything, then follow changes until `aclose`.

        Raises:
            InternalError: the store cannot be read.
        """
        try:
            self._connection = await self._start_listening()
        except CONNECTION_ERRORS as error:
            raise InternalError("entitlements cannot be read from the store") from error
        self._task = asyncio.get_running_loop().create_task(self._keep_fresh())

    async def aclose(self) -> None:
        """Stop following changes; the copy is not fresh any more."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        self._hang_up()
        self._confirmed_at = float("-inf")

    @property
    def is_fresh(self) -> bool:
        """Whether the store confirmed this copy within the last `max_age_s`."""
        return self._monotonic() - self._confirmed_at <= self._max_age_s

    @property
    def version(self) -> int:
        """Raised by every change to grants or effects that this worker has read."""
        return self._copy.version

    @property
    def policy_release(self) -> PolicyRelease:
        """The newest change of rules that this worker has heard of."""
        return self._copy.release

    async def policy_release_after(self, epoch: int) -> PolicyRelease:
        """Wait for a change of rules later than this epoch. For one task only."""
        while self._copy.release.epoch <= epoch:
            self._released.clear()
            await self._released.wait()
        return self._copy.release

    def client(self, client_id: str) -> ClientTerms:
        """Return what is known of a client."""
        return self._copy.clients.find(client_id)

    def consents(self, caller: Caller, subject_keys: Sequence[str]) -> Mapping[str, ConsentTerms]:
        """Return active consents by subject key; none at all while the copy is not fresh."""
        return self.consents_of_query(caller, subject_keys, None)

    def consents_of_query(
        self, caller: Caller, subject_keys: Sequence[str], repeat_key: bytes | None
    ) -> Mapping[str, ConsentTerms]:
        """Like `consents`, for a query that may be the repetition of an earlier one."""
        if not self.is_fresh:
            return {}
        return self._copy.consents.find(caller, subject_keys, self._clock(), repeat_key)

    def granted(self, caller: Caller) -> Granted:
        """Return what this caller's grants give that have not ended by now."""
        return self._copy.grants.find(caller, self._clock())

    def effects(self, caller: Caller, department: str, kind: RecordKind) -> RecordEffects:
        """Return effects on the records of a department, given by its slug."""
        return self._copy.effects.find(caller, department, kind)

    def marks(self, caller: Caller, kinds: Iterable[RecordKind]) -> tuple[Mark, ...]:
        """Return what a decision relies on beside consents, as of now."""
        areas = [effect_area(kind) for kind in kinds]
        if caller.caller_class in CONSUMERS and caller.organisation is not None:
            areas.append(grant_area(caller.organisation))
        return tuple((area, self._copy.epoch(area)) for area in areas)

    def repeating(self, repeat_key: bytes) -> Entitlements:
        """Return entitlements of one query that carries an idempotency key."""
        return RepeatableQuery(self, repeat_key)

    async def refresh(self, areas: Collection[str]) -> None:
        """Return when these areas have been read anew."""
        done = asyncio.get_running_loop().create_future()
        self._changed.update(areas)
        self._refreshing.append(done)
        self._wake.set()
        await done

    async def _keep_fresh(self) -> None:
        while True:
            try:
                if self._connection is None:
                    self._connection = await self._start_listening()
                await self._follow(self._connection)
            except CONNECTION_ERRORS as error:
                _log.warning("entitlements_listener_lost", error=type(error).__name__)
                self._hang_up()
                await asyncio.sleep(self._retry_s)

    def _hang_up(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()

    async def _start_listening(self) -> Connection:
        connection = await self._connect()
        try:
            self._changed.clear()
            # INVARIANT: listen before reading, so that no change falls between the two.
            await connection.add_listener(CHANNEL, self._on_change)
            confirmed_at = self._monotonic()
            await self._copy.read_all(connection, self._clock())
        except BaseException:
            connection.terminate()
            raise
        self._confirmed_at = confirmed_at
        waiting, self._refreshing = self._refreshing, []
        self._tell(waiting)
        return connection

    async def _follow(self, connection: Connection) -> None:
        while True:
            try:
                async with asyncio.timeout(self._heartbeat_s):
                    await self._wake.wait()
            except TimeoutError:
                pass
            self._wake.clear()
            confirmed_at = self._monotonic()
            async with asyncio.timeout(self._max_age_s):
                if self._changed:
                    await self._read_changed(connection)
                else:
                    await connection.execute("SELECT")
            if not self._changed:
                self._confirmed_at = confirmed_at

    def _on_change(self, _connection: Any, _pid: int, _channel: str, payload: object) -> None:
        self._changed.add(str(payload))
        self._wake.set()

    async def _read_changed(self, connection: Connection) -> None:
        changed, self._changed = self._changed, set()
        waiting, self._refreshing = self._refreshing, []
        try:
            await self._copy.read(connection, changed, self._clock())
        except BaseException:
            # whoever waits is told once everything has been read on another connection
            self._refreshing += waiting
            raise
        self._tell(waiting)

    def _tell(self, waiting: Iterable[asyncio.Future[None]]) -> None:
        self._released.set()
        for done in waiting:
            if not done.done():
                done.set_result(None)


@dataclass(frozen=True, slots=True)
class RepeatableQuery:
    """Entitlements of one query with an idempotency key: a one-off consent that the same query
    used a short while ago still counts for it.

    Attributes:
        repeat_key: digest of the key, the client and the whole query.
    """

    cache: EntitlementsCache
    repeat_key: bytes

    @property
    def version(self) -> int:
        return self.cache.version

    def consents(self, caller: Caller, subject_keys: Sequence[str]) -> Mapping[str, ConsentTerms]:
        """See `Entitlements.consents`."""
        return self.cache.consents_of_query(caller, subject_keys, self.repeat_key)

    def granted(self, caller: Caller) -> Granted:
        """See `Entitlements.granted`."""
        return self.cache.granted(caller)

    def effects(self, caller: Caller, department: str, kind: RecordKind) -> RecordEffects:
        """See `Entitlements.effects`."""
        return self.cache.effects(caller, department, kind)

    def marks(self, caller: Caller, kinds: Iterable[RecordKind]) -> tuple[Mark, ...]:
        """See `Entitlements.marks`."""
        return self.cache.marks(caller, kinds)
