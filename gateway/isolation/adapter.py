"""ProcessAdapter: an adapter in a process of its own, kept running.

The process is started when the package is introduced and taken over when the adapter is opened.
One that ends, misbehaves or falls silent is ended and started again, at once the first time and
after longer and longer pauses if it does not last. Meanwhile the department is down, at no cost.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import structlog

from gateway.contract import (
    AdapterError,
    Batch,
    FetchContext,
    Health,
    Manifest,
    RecordRequest,
    SourceUnavailable,
)
from gateway.isolation import answer_form
from gateway.isolation.framing import Frame
from gateway.isolation.link import Link
from gateway.isolation.loading import LoadingFailed
from gateway.isolation.start import (
    AdapterProcess,
    AdapterStart,
    Introduction,
    introduction_of,
    loading_call,
)
from gateway.isolation.words import Word

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Upkeep:
    """When a process is looked after.

    Attributes:
        beat_s: time between two looks.
        most_looks: looks in a row that may find a ping unanswered.
        pause_s, longest_pause_s: before it is started again; doubles while it does not last.
        lasting_s: who ran for so long is started again at once.
    """

    beat_s: float = 1.0
    most_looks: int = 5
    pause_s: float = 0.5
    longest_pause_s: float = 60.0
    lasting_s: float = 60.0
    closing_s: float = 2.0


class ProcessAdapter:
    """What every adapter does, carried out elsewhere; `capabilities` has the rest."""

    def __init__(
        self,
        start: AdapterStart,
        process: AdapterProcess,
        introduction: Introduction,
        upkeep: Upkeep = Upkeep(),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._start = start
        self._first: AdapterProcess | None = process
        self._introduction = introduction
        self._upkeep = upkeep
        self._clock = clock
        self._link: Link | None = None
        self._task: asyncio.Task[None] | None = None
        self.starts = 1
        """How often a process was started."""

    @property
    def manifest(self) -> Manifest:
        return self._introduction.manifest

    @property
    def rules_file(self) -> Path | None:
        """The rule file that the manifest names."""
        return self._introduction.rules

    @property
    def process_id(self) -> int | None:
        """Of the process that answers now; None while there is none."""
        link = self._link
        return None if link is None or link.ended.done() else link.process_id

    def discard(self) -> None:
        """End a process that was never opened."""
        first, self._first = self._first, None
        if first is not None:
            first.end()

    async def open(self) -> None:
        """Open the adapter in its process, and keep that running until `aclose`.

        Raises:
            AdapterError: it cannot be opened.
        """
        first, self._first = self._first, None
        try:
            self._link = await self._opened(first)
        except LoadingFailed as error:
            raise SourceUnavailable(str(error)) from error
        self._task = asyncio.get_running_loop().create_task(self._keep_running(self._link))

    async def aclose(self) -> None:
        """Close the adapter, and end its process."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        link, self._link = self._link, None
        if link is not None:
            with suppress(AdapterError, TimeoutError):
                async with asyncio.timeout(self._upkeep.closing_s):
                    await link.call(Word.CLOSE, None)
            await link.close()
        self.discard()

    async def health(self) -> Health:
        return answer_form.health_of((await self._running().call(Word.HEALTH, None)).body)

    async def fetch(
        self, requests: Sequence[RecordRequest], context: FetchContext
    ) -> Sequence[Batch]:
        reply = await self._running().fetch(requests, context)
        return answer_form.batches_of(reply.body, reply.tail)

    def _running(self) -> Link:
        if self._link is None:
            raise SourceUnavailable("the adapter's process is being started again")
        return self._link

    async def _keep_running(self, link: Link) -> None:
        upkeep, pause_s = self._upkeep, 0.0
        while True:
            started = self._clock()
            reason = await self._watch(link)
            self._link = None
            log.error("adapter process ended", department=self.manifest.slug, reason=reason)
            if self._clock() - started >= upkeep.lasting_s:
                pause_s = 0.0
            link, pause_s = await self._started_again(pause_s)
            self._link = link

    async def _started_again(self, pause_s: float) -> tuple[Link, float]:
        """Try until a process is open; returns it, and how long to wait before the next one."""
        upkeep = self._upkeep
        while True:
            await asyncio.sleep(pause_s)
            pause_s = min(max(pause_s * 2, upkeep.pause_s), upkeep.longest_pause_s)
            try:
                return await self._opened(None), pause_s
            except (LoadingFailed, AdapterError, OSError) as error:
                log.error(
                    "adapter process did not start",
                    department=self.manifest.slug,
                    error=type(error).__name__,
                    next_in_s=pause_s,
                )

    async def _watch(self, link: Link) -> str:
        """Return why a process is of no use any more, once it is not."""
        while True:
            done, _ = await asyncio.wait((link.ended,), timeout=self._upkeep.beat_s)
            if done:
                return link.ended.result()
            if link.is_silent(self._upkeep.most_looks):
                link.break_off("it gave no sign of life")

    async def _opened(self, process: AdapterProcess | None) -> Link:
        """A process with the adapter open in it; one that is given was introduced already."""
        is_new = process is None
        if process is None:
            process = AdapterProcess(self._start)
            self.starts += 1
        link = await Link.connect(process, self._start.limits.answer_kb * 1024)
        try:
            async with asyncio.timeout(self._start.limits.start_s):
                if is_new:
                    await self._load(link)
                await link.call(Word.OPEN, None)
        except TimeoutError as error:
            await link.close()
            raise SourceUnavailable("the adapter's process did not open in time") from error
        except BaseException:
            await link.close()
            raise
        return link

    async def _load(self, link: Link) -> None:
        _, word, body = loading_call(self._start)
        reply = await link.call(word, body)
        found = introduction_of(Frame(0, Word.DONE, reply.body, b""), self._start)
        if found != self._introduction:
            # What it may supply was checked and planned with; another needs a start of the gateway.
            raise LoadingFailed("the package says something else of itself than at the start")
