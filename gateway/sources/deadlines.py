"""Ends calls that outlive their deadline, without a timer for each: setting one costs more than a
small look-up may.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

_LOOK_EVERY_S = 0.02
"""A call can run this much longer than it may."""


class Deadlines:
    """The deadlines of calls under way."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """
        Args:
            clock: monotonic, that of the deadlines.
        """
        self._clock = clock
        self._running: dict[asyncio.Timeout, float] = {}
        self._timer: asyncio.TimerHandle | None = None

    def until(self, deadline: float) -> Deadline:
        """Limit what runs in an `async with` block.

        Raises:
            TimeoutError: on leaving the block, if it was ended.
        """
        return Deadline(self, deadline)

    def add(self, timeout: asyncio.Timeout, deadline: float) -> None:
        self._running[timeout] = deadline
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_LOOK_EVERY_S, self._look)

    def remove(self, timeout: asyncio.Timeout) -> None:
        del self._running[timeout]

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        now = self._clock()
        for timeout, deadline in self._running.items():
            if deadline <= now and not timeout.expired():
                timeout.reschedule(loop.time())
        # While calls come one after the other, this timer serves them all.
        self._timer = loop.call_later(_LOOK_EVERY_S, self._look) if self._running else None


class Deadline:
    """One block and its deadline, see `Deadlines.until`."""

    __slots__ = ("_deadline", "_deadlines", "_timeout")

    def __init__(self, deadlines: Deadlines, deadline: float) -> None:
        self._deadlines = deadlines
        self._deadline = deadline
        self._timeout = asyncio.timeout(None)

    async def __aenter__(self) -> None:
        await self._timeout.__aenter__()
        self._deadlines.add(self._timeout, self._deadline)

    async def __aexit__(self, *raised: object) -> None:
        self._deadlines.remove(self._timeout)
        await self._timeout.__aexit__(*raised)  # type: ignore[arg-type]
