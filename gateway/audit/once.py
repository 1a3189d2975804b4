"""Forgets proofs that are too old to be used again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from gateway.store.pool import CONNECTION_ERRORS, LightPool, NoConnectionError

FORGET_EVERY_S = 30.0

_FORGOTTEN_AT_ONCE = 5_000
_FORGET = "SELECT forget_used_once($1)"

_log = structlog.get_logger(__name__)


class UsedProofs:
    """Has what is too old forgotten now and then, beside the commits."""

    def __init__(self, pool: LightPool, clock: Callable[[], float]) -> None:
        """
        Args:
            clock: seconds that never go back.
        """
        self._pool = pool
        self._clock = clock
        self._next_at = clock() + FORGET_EVERY_S
        self._task: asyncio.Task[None] | None = None

    def used_some(self) -> None:
        """Take note that a commit remembered proofs; returns at once."""
        if self._clock() >= self._next_at and (self._task is None or self._task.done()):
            self._next_at = self._clock() + FORGET_EVERY_S
            self._task = asyncio.get_running_loop().create_task(self.forget())

    async def forget(self) -> None:
        """Forget what is too old, some at a time."""
        try:
            while True:
                async with self._pool.connection() as connection:
                    forgotten = await connection.fetchval(_FORGET, _FORGOTTEN_AT_ONCE)
                if forgotten < _FORGOTTEN_AT_ONCE:
                    return
        except (NoConnectionError, *CONNECTION_ERRORS) as error:
            # the next time, or another worker, finds them again
            _log.warning("used_proofs_not_forgotten", error=type(error).__name__)

    async def aclose(self) -> None:
        """Stop."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
