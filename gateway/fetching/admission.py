"""Bounds what all operations of a worker hold in memory at a time.

An operation takes as many places as it may bring records, and gives them back when its records
have become bytes. One that finds too few places left waits for its turn; who came first goes first.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from gateway.errors import Unavailable

CAPACITY = 20_000


class Admission:
    """Places for records.

    Args:
        capacity: places in all; no operation may ask for more.
        clock: monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float], capacity: int = CAPACITY) -> None:
        self._clock = clock
        self._free = capacity
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @property
    def free(self) -> int:
        return self._free

    async def take(self, count: int, deadline: float) -> None:
        """Take places; `give_back` must follow.

        Raises:
            Unavailable: WORKER_BUSY, none came free before the deadline.
        """
        if self._waiting or count > self._free:
            await self._wait(count, deadline)
        else:
            self._free -= count

    def give_back(self, count: int) -> None:
        """Give places back; whose turn it is gets them."""
        self._free += count
        if self._waiting:
            self._admit()

    async def _wait(self, count: int, deadline: float) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((count, turn))
        try:
            async with asyncio.timeout(max(0.0, deadline - self._clock())):
                await turn
        except TimeoutError:
            self._leave(count, turn)
            raise Unavailable(
                "WORKER_BUSY",
                "too many large operations are under way; try again, or ask for less at a time",
                headers=(("retry-after", "1"),),
            ) from None
        except asyncio.CancelledError:
            self._leave(count, turn)
            raise

    def _leave(self, count: int, turn: asyncio.Future[None]) -> None:
        """Give up a turn; one that came at the same moment is given back."""
        if turn.done() and not turn.cancelled():
            self._free += count
        else:
            self._waiting = deque(item for item in self._waiting if item[1] is not turn)
        self._admit()

    def _admit(self) -> None:
        while self._waiting and self._waiting[0][0] <= self._free:
            count, turn = self._waiting.popleft()
            if not turn.done():
                self._free -= count
                turn.set_result(None)
