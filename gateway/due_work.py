"""DueWorker: has departments that keep deadlines do what is due, on every worker.

Nothing is kept here: what is due stands at the department, where workers do not take it twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import structlog

from gateway.contract import Adapter, ClockedAdapter

_log = structlog.get_logger(__name__)
_PAUSE_S = 5.0


class DueWorker:
    """Asks each such department again and again.

    Args:
        pause_s: between two times.
    """

    def __init__(self, adapters: Mapping[str, Adapter], pause_s: float = _PAUSE_S) -> None:
        self._clocked = clocked_adapters(adapters)
        self._pause_s = pause_s
        self._tasks: list[asyncio.Task[None]] = []

    async def open(self) -> None:
        """Go on until `aclose`."""
        create_task = asyncio.get_running_loop().create_task
        self._tasks = [create_task(self._keep_doing(*each)) for each in self._clocked.items()]

    async def aclose(self) -> None:
        """Stop; work that is not committed is undone."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _keep_doing(self, slug: str, adapter: ClockedAdapter) -> None:
        while True:
            try:
                work = await adapter.do_due_work()
            except Exception as error:
                # Whatever it was, what is due stands where it stood.
                _log.warning("due_work_interrupted", department=slug, error=type(error).__name__)
            else:
                if work.done or work.failed:
                    counts = {"done": work.done, "failed": work.failed}
                    _log.info("due_work", department=slug, **counts)
            await asyncio.sleep(self._pause_s)


def clocked_adapters(adapters: Mapping[str, Adapter]) -> Mapping[str, ClockedAdapter]:
    """Return the adapters that keep deadlines."""
    return {slug: each for slug, each in adapters.items() if isinstance(each, ClockedAdapter)}
