"""EntitlementsCache: this worker's copy of consents, grants and effects, kept fresh.

A connection of its own listens for changes and asks the store at short intervals whether it is
still there. Whenever it had to be opened anew, everything is read again. While the store has not
confirmed for `max_age_s` that nothing changed, the copy is not fresh and gives no consents.

The copy only decides what is fetched; the fence compares consents with the store itself when the
answer's audit entry is committed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import asyncpg
import structlog

from gateway.entitlements.holdings import ConsentHoldings, EffectHoldings, GrantHoldings
from gateway.entitlements.types import ConsentTerms, PolicyRelease, RecordEffects
from gateway.errors import InternalError
from gateway.store.pool import CONNECTION_ERRORS, Connect, Connection
from policies.model import Caller
from schema.codes import RecordKind

CHANNEL = "credit_gateway_entitlements"

_CONSENTS = """
SELECT c.consent_no, c.version, c.institution, c.purpose, c.subject_key, c.valid_from, c.valid_to,
    ARRAY(SELECT f.coordinate FROM consent_coordinate AS f
          WHERE f.consent_no = c.consent_no) AS coordinates
FROM consent AS c WHERE c.state = 'ACTIVE' AND ($1::text[] IS NULL OR c.consent_no = ANY ($1))
"""
_GRANTS = """
SELECT g.consumer, g.purposes, g.valid_until,
    ARRAY(SELECT f.coordinate FROM grant_coordinate AS f
          WHERE f.grant_no = g.grant_no) AS coordinates
FROM sharing_grant AS g WHERE g.state = 'ACTIVE'
"""
_EFFECTS = "SELECT department, record_kind, record_id, effect, hidden_from FROM record_effect"
_VERSION = "SELECT sum(epoch)::bigint FROM entitlement_epoch WHERE area IN ('grant', 'effect')"
_RELEASE = "SELECT epoch, version FROM policy_release ORDER BY epoch DESC LIMIT 1"

_CONSENT_PREFIX = "consent:"

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
        self._consents = ConsentHoldings()
        self._grants = GrantHoldings(())
        self._effects = EffectHoldings(())
        self._version = 0
        self._release = PolicyRelease()
        self._released = asyncio.Event()
        self._confirmed_at = float("-inf")
        self._changed: set[str] = set()
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
        """Raised by every change to grants or effects; the same on every worker."""
        return self._version

    @property
    def policy_release(self) -> PolicyRelease:
        """The newest change of rules that this worker has heard of."""
        return self._release

    async def policy_release_after(self, epoch: int) -> PolicyRelease:
        """Wait for a change of rules later than this epoch. For one task only."""
        while self._release.epoch <= epoch:
            self._released.clear()
            await self._released.wait()
        return self._release

    def consents(self, caller: Caller, subject_keys: Sequence[str]) -> Mapping[str, ConsentTerms]:
        """Return active consents by subject key; none at all while the copy is not fresh."""
        if not self.is_fresh:
            return {}
        return self._consents.find(caller, subject_keys, self._clock())

    def granted(self, caller: Caller) -> frozenset[str]:
        """Return the coordinates of this caller's grants that have not ended by now."""
        return self._grants.find(caller, self._clock())

    def effects(self, caller: Caller, department: str, kind: RecordKind) -> RecordEffects:
        """Return effects on the records of a department, given by its slug."""
        return self._effects.find(caller, department, kind)

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
            await self._read_all(connection)
        except BaseException:
            connection.terminate()
            raise
        self._confirmed_at = confirmed_at
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
                    changed, self._changed = self._changed, set()
                    await self._read_changed(connection, changed)
                else:
                    await connection.execute("SELECT")
            if not self._changed:
                self._confirmed_at = confirmed_at

    def _on_change(self, _connection: Any, _pid: int, _channel: str, payload: object) -> None:
        self._changed.add(str(payload))
        self._wake.set()

    async def _read_all(self, connection: Connection) -> None:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            rows = await connection.fetch(_CONSENTS, None)
            await self._read_grants_and_effects(connection)
            await self._read_release(connection)
        self._replace_consents(rows)

    async def _read_changed(self, connection: Connection, changed: set[str]) -> None:
        if "policy" in changed:
            await self._read_release(connection)
        if "consent" in changed:
            await self._read_all(connection)
            return
        numbers = [
            payload.removeprefix(_CONSENT_PREFIX)
            for payload in changed
            if payload.startswith(_CONSENT_PREFIX)
        ]
        if numbers:
            rows = await connection.fetch(_CONSENTS, numbers)
            for number in numbers:
                self._consents.remove(number)
            for row in rows:
                self._consents.put(row)
        if not changed.isdisjoint({"grant", "effect"}):
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                await self._read_grants_and_effects(connection)

    async def _read_grants_and_effects(self, connection: Connection) -> None:
        grants = GrantHoldings(await connection.fetch(_GRANTS))
        effects = EffectHoldings(await connection.fetch(_EFFECTS))
        version = await connection.fetchval(_VERSION)
        # INVARIANT: no await between these, so that nobody sees a version with other contents.
        self._grants, self._effects, self._version = grants, effects, int(version)

    async def _read_release(self, connection: Connection) -> None:
        row = await connection.fetchrow(_RELEASE)
        if row is not None:
            self._release = PolicyRelease(row["epoch"], row["version"])
            self._released.set()

    def _replace_consents(self, rows: Sequence[asyncpg.Record]) -> None:
        consents = ConsentHoldings()
        for row in rows:
            consents.put(row)
        self._consents = consents
