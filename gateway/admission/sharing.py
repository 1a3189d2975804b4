"""Tells the store what this worker let through, and learns what all workers have.

One task, two statements at a time at most, and none while nobody asks. A store that cannot be
told lets nothing more through than one burst per bucket; see `gateway.admission.pace`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

import structlog

from gateway.admission.pace import Buckets, Told
from gateway.admission.sweeps import Counted, Sweeps
from gateway.admission.types import SweepLimits, SweepObserver
from gateway.store.lending import Lending
from gateway.store.pool import CONNECTION_ERRORS, Connection, NoConnectionError

_PACE = "SELECT number, level FROM share_pace($1, $2, $3, $4, $5)"
_SWEEPS = "SELECT number, subjects FROM share_sweeps($1, $2, $3, $4)"
_log = structlog.get_logger(__name__)


class SharedCounts:
    """Buckets and counts of sweeps, kept together with those of other workers from `open` on.

    Args:
        pool: of the gateway's own database.
        every_s: time between two statements, unless a bucket is nearly empty.
        timeout_s: of one time.
    """

    def __init__(
        self,
        pool: Lending,
        limits: SweepLimits,
        observer: SweepObserver,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        *,
        every_s: float = 0.5,
        timeout_s: float = 2.0,
    ) -> None:
        self._pool = pool
        self._every_s = every_s
        self._timeout_s = timeout_s
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.buckets = Buckets(monotonic, self._wake.set)
        self.sweeps = Sweeps(limits, clock, observer)

    async def open(self) -> None:
        """Start telling."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def aclose(self) -> None:
        """Stop telling."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            try:
                async with asyncio.timeout(self._every_s):
                    await self._wake.wait()
            except TimeoutError:
                pass
            self._wake.clear()
            try:
                await self.share()
            # INVARIANT: the task lives on whatever the store does.
            except (NoConnectionError, TimeoutError, *CONNECTION_ERRORS) as error:
                _log.warning("counts_not_shared", error=type(error).__name__)
                await asyncio.sleep(self._every_s)

    async def share(self) -> None:
        """Tell the store what it has not heard, and take over what it says.

        Raises:
            NoConnectionError, TimeoutError, or one of `CONNECTION_ERRORS`: it is told again.
        """
        told, counted = self.buckets.to_tell(), self.sweeps.to_tell()
        if not told and not counted:
            return
        try:
            async with asyncio.timeout(self._timeout_s), self._pool.connection() as connection:
                levels = await _share_pace(connection, told)
                self.buckets.heard(told, levels)
                told = []
                self.sweeps.heard(counted, await _share_sweeps(connection, counted))
        finally:
            self.buckets.unheard(told)


async def _share_pace(connection: Connection, told: Sequence[Told]) -> Sequence[float]:
    if not told:
        return ()
    rows = await connection.fetch(
        _PACE,
        [each.key[0] for each in told],
        [each.key[1] for each in told],
        [float(each.spent) for each in told],
        [each.pace.per_second for each in told],
        [float(each.pace.burst) for each in told],
    )
    levels = {row["number"]: row["level"] for row in rows}
    return [levels[number] for number in range(1, len(told) + 1)]


async def _share_sweeps(connection: Connection, counted: Sequence[Counted]) -> Sequence[int | None]:
    if not counted:
        return ()
    rows = await connection.fetch(
        _SWEEPS,
        [each.client_id for each in counted],
        [each.span for each in counted],
        [each.begins_at for each in counted],
        [each.subjects for each in counted],
    )
    totals = {row["number"]: row["subjects"] for row in rows}
    return [totals.get(number) for number in range(1, len(counted) + 1)]
