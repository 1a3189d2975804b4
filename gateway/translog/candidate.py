"""SequencerCandidate: tries to be the sequencer, and is it while it holds the lock.

Every worker may run one. The lock is PostgreSQL's, held by the session of one connection: when a
sequencer dies, its connection ends, and another candidate has the lock at its next try.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

import structlog

from gateway.errors import GatewayError, InternalError
from gateway.store.pool import CONNECTION_ERRORS, Connect, Connection
from gateway.translog.sequencer import LogDamagedError, Sequencer, Step
from gateway.translog.signers import Signer
from gateway.translog.types import LogIdentity

LOCK_KEY = 0x6175_6469_746C_6F67
_LOCK = "SELECT pg_try_advisory_lock($1)"
_UNLOCK = "SELECT pg_advisory_unlock_all()"

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class CandidateTimes:
    """How often what is tried, in seconds.

    Attributes:
        lock_every_s: together with a step it stays below the second within which another
            sequencer takes over.
        step_every_s: together with a step it stays below the second by which a checkpoint may be
            behind; shorter where many entries come.
        retry_after_s: rest after a failure that time alone does not mend.
    """

    lock_every_s: float = 0.3
    step_every_s: float = 0.4
    retry_after_s: float = 5.0
    step_timeout_s: float = 10.0
    closing_timeout_s: float = 2.0


def _nothing() -> None:
    """Nobody to tell."""


async def _unguarded(_connection: Connection) -> None:
    """Nothing is kept elsewhere."""


class SequencerCandidate:
    """Runs in the background from `open` to `aclose`."""

    def __init__(
        self,
        connect: Connect,
        identity: LogIdentity,
        signer: Signer,
        extended: Callable[[], None] = _nothing,
        guard: Callable[[Connection], Awaitable[object]] = _unguarded,
        times: CandidateTimes = CandidateTimes(),
    ) -> None:
        """
        Args:
            connect: opens a connection to the gateway's own database.
            extended: called after the log was extended.
            guard: raises LogDamagedError if the store does not continue what is kept elsewhere;
                then this candidate signs nothing, since it would sign a second log of one name.
        """
        self._connect = connect
        self._identity = identity
        self._signer = signer
        self._extended = extended
        self._guard = guard
        self._times = times
        self._task: asyncio.Task[None] | None = None
        self._is_sequencer = False
        self._refusal: str | None = None

    @property
    def is_sequencer(self) -> bool:
        """Whether it holds the lock now."""
        return self._is_sequencer

    @property
    def refusal(self) -> str | None:
        """Why it does not extend the log although it could have the lock; None if it does."""
        return self._refusal

    async def open(self) -> None:
        """Start trying."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def aclose(self) -> None:
        """Cover what is committed, as far as it can be done at once, and give the lock back."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            try:
                connection = await self._connect()
            except CONNECTION_ERRORS as error:
                _log.warning("audit_log_no_connection", error=type(error).__name__)
                await asyncio.sleep(self._times.lock_every_s)
                continue
            try:
                await self._try_on(connection)
            # INVARIANT: whatever goes wrong with one connection, the next one is tried.
            except Exception as error:
                self._failed(error)
                is_ours = isinstance(error, GatewayError)
                rest_s = self._times.retry_after_s if is_ours else self._times.lock_every_s
            else:  # pragma: no cover - it ends by an error or by being cancelled
                rest_s = self._times.lock_every_s
            finally:
                self._is_sequencer = False
                connection.terminate()
            await asyncio.sleep(rest_s)

    def _failed(self, error: Exception) -> None:
        if isinstance(error, InternalError):
            self._refusal = str(error)
        kind = "audit_log_damaged" if isinstance(error, LogDamagedError) else "audit_log_stopped"
        text = str(error) if isinstance(error, InternalError) else ""
        _log.error(kind, error=type(error).__name__, text=text)

    async def _try_on(self, connection: Connection) -> None:
        # PostgreSQL tells nobody that a lock is free without a statement that waits for it, and one
        # that waits keeps old rows from being cleared away
        while not await connection.fetchval(_LOCK, LOCK_KEY):  # noqa: ASYNC110
            await asyncio.sleep(self._times.lock_every_s)
        sequencer = Sequencer(connection, self._identity, self._signer)
        async with asyncio.timeout(self._times.step_timeout_s):
            await self._guard(connection)
            await sequencer.resume()
        self._is_sequencer, self._refusal = True, None
        _log.info("audit_log_sequencer", tree_size=sequencer.size)
        try:
            while True:
                step = await self._step(sequencer)
                await asyncio.sleep(self._rest_s(step))
        except asyncio.CancelledError:
            with suppress(Exception):
                async with asyncio.timeout(self._times.closing_timeout_s):
                    await sequencer.resume()
                    await self._step(sequencer)
                    await connection.execute(_UNLOCK)
            raise

    async def _step(self, sequencer: Sequencer) -> Step:
        async with asyncio.timeout(self._times.step_timeout_s):
            step = await sequencer.step()
        if step.leaves:
            self._extended()
        return step

    def _rest_s(self, step: Step) -> float:
        """The more came, the sooner it is looked again, so that few wait at any time."""
        if step.is_behind:
            return 0
        usual = self._times.step_every_s
        return usual if step.leaves < 400 else usual * 400 / step.leaves
