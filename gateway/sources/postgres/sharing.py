"""Calls of the same shape that come while one is under way share the next statement.

A look-up of one subject costs a round trip, two changes of process and the start of a statement,
and little for the look-up itself. So calls that come in one round of the event loop, or while a
statement of their shape runs, go together as one statement over all their keys. Nothing waits
longer than one statement, a lonely call waits for nothing, and the batches grow with the load by
themselves.

Calls have the same shape only if they were asked with the very same selections: same operation,
same caller, same decisions. Each gets the answer to its own keys and nothing else.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import NamedTuple

from gateway.contract import Batch, JsonBatch, RowBatch, SourceRejected

MOST_SHARED_KEYS = 64
"""Keys of one shared statement, at most."""
MOST_KEYS_OF_ONE = 8
"""A call of more keys is worth a statement of its own, and would hold up the others."""

Run = Callable[[Sequence[str]], Awaitable[Sequence[Batch]]]
"""Runs the statement of a shape for some keys: a batch per request, a group per key."""


class _Waiting(NamedTuple):
    keys: Sequence[str]
    run: Run
    answer: asyncio.Future[Sequence[Batch]]


class SharedCalls:
    """Calls under way and waiting, by shape."""

    def __init__(self, patience_s: float) -> None:
        """
        Args:
            patience_s: after this a statement is given up, so that others of its shape can run.
        """
        self._patience_s = patience_s
        self._waiting: dict[Hashable, deque[_Waiting]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def under_way(self) -> int:
        """Shapes of which a statement runs."""
        return len(self._waiting)

    async def fetch(self, shape: Hashable, keys: Sequence[str], run: Run) -> Sequence[Batch]:
        """Run a call, maybe together with others of its shape.

        Args:
            shape: equal for calls whose statements differ in their keys only.
            keys: up to `MOST_KEYS_OF_ONE`.

        Raises:
            TimeoutError: the statement was given up.
            AdapterError: what `run` raises.
        """
        loop = asyncio.get_running_loop()
        item = _Waiting(keys, run, loop.create_future())
        waiting = self._waiting.get(shape)
        if waiting is None:
            waiting = self._waiting[shape] = deque()
            # It starts in the next round of the loop: who is ready in this one comes along.
            task = loop.create_task(self._run_waiting(shape, waiting))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        waiting.append(item)
        return await item.answer

    async def _run_waiting(self, shape: Hashable, waiting: deque[_Waiting]) -> None:
        try:
            while waiting:
                items = _next(waiting)
                if items:
                    await self._run_together(items)
        finally:
            # Something is left only where the loop is being closed.
            del self._waiting[shape]
            for item in waiting:
                item.answer.cancel()

    async def _run_together(self, items: Sequence[_Waiting]) -> None:
        keys = [key for item in items for key in item.keys]
        try:
            batches = await self._run(items[0].run, keys)
        except SourceRejected as error:
            if len(items) == 1:
                _fail(items[0], error)
            else:
                # A subject whose records break the statement breaks it for who asked for it only.
                for item in items:
                    await self._run_together([item])
            return
        except Exception as error:
            for item in items:
                _fail(item, error)
            return
        if len(items) == 1:
            if not items[0].answer.done():
                items[0].answer.set_result(batches)
            return
        if any(batch.withheld for batch in batches):
            # Whose records were withheld is for who asked for them; a rare case, so each again.
            for item in items:
                await self._run_together([item])
            return
        start = 0
        for item in items:
            end = start + len(item.keys)
            if not item.answer.done():
                item.answer.set_result([_part(batch, start, end) for batch in batches])
            start = end

    async def _run(self, run: Run, keys: Sequence[str]) -> Sequence[Batch]:
        async with asyncio.timeout(self._patience_s):
            return await run(keys)


def _next(waiting: deque[_Waiting]) -> list[_Waiting]:
    """Take who comes next: as many as fit into one statement and still want an answer."""
    taken: list[_Waiting] = []
    size = 0
    while waiting and size + len(waiting[0].keys) <= MOST_SHARED_KEYS:
        item = waiting.popleft()
        if not item.answer.done():
            taken.append(item)
            size += len(item.keys)
    return taken


def _fail(item: _Waiting, error: Exception) -> None:
    if not item.answer.done():
        item.answer.set_exception(error)


def _part(batch: Batch, start: int, end: int) -> Batch:
    """The groups of some of the keys. The summary stays: what all records keep, some keep."""
    totals = None if batch.totals is None else batch.totals[start:end]
    if isinstance(batch, JsonBatch):
        groups, counts = batch.groups[start:end], batch.counts[start:end]
        beside = None if batch.beside is None else batch.beside[start:end]
        return JsonBatch(groups, counts, totals, batch.summary, batch.withheld, beside)
    return RowBatch(batch.groups[start:end], totals, batch.withheld)
