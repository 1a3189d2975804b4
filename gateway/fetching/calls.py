"""Calls of adapters: deadline, circuit, and an outcome instead of errors."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import Any, TypeVar

import structlog

from gateway.contract import (
    Adapter,
    Batch,
    ChangesAdapter,
    ChangesBatch,
    ChangesRequest,
    FetchContext,
    MappingFailed,
    RecordRequest,
    SourceTimedOut,
    StatisticsAdapter,
    StatisticsBatch,
    StatisticsRequest,
)
from gateway.fetching.circuit import Capability, Circuit, CircuitLimits, Guard
from gateway.fetching.types import SourceOutcome
from gateway.isolation.types import CallGuards

log = structlog.get_logger()
T = TypeVar("T")

Ask = Callable[[], Awaitable[Sequence[T]]]
"""Calls one adapter; may fail before there is anything to wait for."""

Observe = Callable[[str, SourceOutcome, float], None]
ObserveWithheld = Callable[[str, str, int], None]
"""Takes department, reason and number of records."""
BAD_VALUE = "BAD_VALUE"


def nothing_withheld(_slug: str, _reason: str, _records: int) -> None:
    """Observer of withheld records for callers that measure nothing."""


@dataclass(frozen=True, slots=True)
class CallLimits:
    """
    Attributes:
        adapter_timeout_s: longest wait for one adapter.
        health_timeout_s: longest wait for a sign of life after a call has timed out.
        circuit: see `CircuitLimits`.
    """

    adapter_timeout_s: float = 2.0
    health_timeout_s: float = 1.0
    circuit: CircuitLimits = field(default_factory=CircuitLimits)

    def with_own(self, own: CallGuards) -> CallLimits:
        """These, with what the operator says about one department."""
        usual = self.circuit
        return CallLimits(
            self.adapter_timeout_s if own.deadline_ms is None else own.deadline_ms / 1_000,
            self.health_timeout_s,
            CircuitLimits(
                usual.concurrency if own.concurrency is None else own.concurrency,
                usual.failures if own.failures is None else own.failures,
                usual.pause_s if own.pause_ms is None else own.pause_ms / 1_000,
            ),
        )


class Departments:
    """Calls adapters; whatever happens there becomes an outcome."""

    def __init__(
        self,
        adapters: Mapping[str, Adapter],
        limits: CallLimits,
        observe: Observe,
        clock: Callable[[], float] = time.monotonic,
        observe_withheld: ObserveWithheld = nothing_withheld,
        own: Mapping[str, CallGuards] = MappingProxyType({}),
    ) -> None:
        """
        Args:
            limits: of every department, unless its own say something else.
            own: by slug.
        """
        self._adapters = adapters
        self._observe_withheld = observe_withheld
        self._limits = {
            slug: limits.with_own(own[slug]) if slug in own else limits for slug in adapters
        }
        self._observe = observe
        self._clock = clock
        self._guards = {slug: Guard(self._limits[slug].circuit, clock) for slug in adapters}
        self._looking: set[asyncio.Task[None]] = set()

    async def fetch_all(
        self, calls: Mapping[str, Sequence[RecordRequest]], context: FetchContext
    ) -> Mapping[str, Sequence[Batch] | SourceOutcome]:
        """Ask departments at once: batches in the order of the requests, or how one failed."""
        fetch = Capability.FETCH
        made = {
            slug: partial(self._adapters[slug].fetch, requests, context)
            for slug, requests in calls.items()
            if self._may_call(slug, fetch)
        }
        return await self._all(fetch, made, calls, context)

    async def statistics_all(
        self, calls: Mapping[str, Sequence[StatisticsRequest]], context: FetchContext
    ) -> Mapping[str, Sequence[StatisticsBatch] | SourceOutcome]:
        """Ask departments for statistics at once."""
        made: dict[str, Ask[StatisticsBatch]] = {}
        for slug, requests in calls.items():
            adapter = self._adapters.get(slug)
            may_call = self._may_call(slug, Capability.STATISTICS)
            if may_call and isinstance(adapter, StatisticsAdapter):
                made[slug] = partial(adapter.statistics, requests, context)
        return await self._all(Capability.STATISTICS, made, calls, context)

    async def changes(
        self, slug: str, request: ChangesRequest, context: FetchContext
    ) -> ChangesBatch | SourceOutcome:
        """Ask one department which records changed."""
        adapter, capability = self._adapters.get(slug), Capability.CHANGES
        if not isinstance(adapter, ChangesAdapter) or not self._may_call(slug, capability):
            return SourceOutcome.DOWN
        asked = adapter.changes

        async def ask() -> Sequence[ChangesBatch]:
            return (await asked(request, context),)

        found = (await self._all(capability, {slug: ask}, (slug,), context))[slug]
        return found if isinstance(found, SourceOutcome) else found[0]

    def raise_alarm(self, slug: str) -> None:
        """A department answered, and what it answered does not fit its declaration."""
        log.error("department gave a malformed answer", department=slug)
        self._observe(slug, SourceOutcome.MALFORMED, 0.0)

    def report_withheld(self, slug: str, records: int) -> None:
        """A department left records out that hold a value which does not fit; which is not said."""
        log.warning("records withheld", department=slug, reason=BAD_VALUE, records=records)
        self._observe_withheld(slug, BAD_VALUE, records)

    def _may_call(self, slug: str, capability: Capability) -> bool:
        return slug in self._adapters and self._guards[slug].circuit(capability).admits()

    async def _all(
        self,
        capability: Capability,
        calls: Mapping[str, Ask[T]],
        asked: Iterable[str],
        context: FetchContext,
    ) -> dict[str, Sequence[T] | SourceOutcome]:
        """Run the calls side by side, each until its deadline; who was not called is down."""
        answers: dict[str, Sequence[T] | SourceOutcome] = dict.fromkeys(asked, SourceOutcome.DOWN)
        if not calls:
            return answers
        started = self._clock()
        create_task = asyncio.get_running_loop().create_task
        tasks = {
            slug: create_task(self._call(slug, capability, call, started))
            for slug, call in calls.items()
        }
        try:
            late = await self._wait(tasks, started, context.deadline)
        except asyncio.CancelledError:
            for task in tasks.values():
                task.cancel()
            raise
        for slug, task in tasks.items():
            if task in late:
                outcome = SourceOutcome.TIMED_OUT
                answers[slug] = self._give_up(slug, capability, task, started, outcome)
            elif task.cancelled():  # by the adapter itself: nobody else holds the task
                outcome = SourceOutcome.DOWN
                answers[slug] = self._give_up(slug, capability, task, started, outcome)
            else:
                answers[slug] = task.result()
        return answers

    async def _wait(
        self, tasks: Mapping[str, asyncio.Task[Any]], started: float, deadline: float
    ) -> set[asyncio.Task[Any]]:
        """Wait for the calls, each for as long as its department is given; return the late ones."""
        longest = {self._limits[slug].adapter_timeout_s for slug in tasks}
        late: set[asyncio.Task[Any]] = set()
        for allowed in sorted(longest):
            due = {
                task
                for slug, task in tasks.items()
                if self._limits[slug].adapter_timeout_s == allowed
            }
            left = min(started + allowed, deadline) - self._clock()
            _, pending = await asyncio.wait(due, timeout=max(left, 0.0))
            late |= pending
        return late

    def _give_up(
        self,
        slug: str,
        capability: Capability,
        task: asyncio.Future[Sequence[T] | SourceOutcome],
        started: float,
        outcome: SourceOutcome,
    ) -> SourceOutcome:
        task.cancel()
        self._note_failure(slug, capability, outcome)
        self._observe(slug, outcome, self._clock() - started)
        return outcome

    def _note_failure(self, slug: str, capability: Capability, outcome: SourceOutcome) -> None:
        circuit = self._guards[slug].circuit(capability)
        if outcome is not SourceOutcome.TIMED_OUT:
            circuit.failed()
        elif circuit.timed_out():
            looking = asyncio.get_running_loop().create_task(self._look_after(slug, circuit))
            self._looking.add(looking)
            looking.add_done_callback(self._looking.discard)

    async def _look_after(self, slug: str, circuit: Circuit) -> None:
        """Ask a department whose calls time out for a sign of life, and judge it by that."""
        is_up = False
        try:
            async with asyncio.timeout(self._limits[slug].health_timeout_s):
                is_up = (await self._adapters[slug].health()).is_up
        except Exception as error:
            self._log_failure(slug, SourceOutcome.DOWN, error)
        finally:
            circuit.judged(is_up)

    async def _call(
        self, slug: str, capability: Capability, ask: Ask[T], started: float
    ) -> Sequence[T] | SourceOutcome:
        guard = self._guards[slug]
        answer: Sequence[T] | SourceOutcome
        try:
            async with guard.places:
                answer = await ask()
        except SourceTimedOut as error:
            answer = self._log_failure(slug, SourceOutcome.TIMED_OUT, error)
        except MappingFailed as error:
            answer = self._log_failure(slug, SourceOutcome.MALFORMED, error)
        except Exception as error:
            answer = self._log_failure(slug, SourceOutcome.DOWN, error)
        if _was_given_up():
            return answer
        if isinstance(answer, SourceOutcome):
            self._note_failure(slug, capability, answer)
            self._observe(slug, answer, self._clock() - started)
        else:
            guard.circuit(capability).succeeded()
            self._observe(slug, SourceOutcome.ANSWERED, self._clock() - started)
        return answer

    def _log_failure(self, slug: str, outcome: SourceOutcome, error: Exception) -> SourceOutcome:
        log.warning(
            "department failed",
            department=slug,
            outcome=outcome.value,
            error=type(error).__name__,
            cause=type(error.__cause__).__name__ if error.__cause__ else None,
        )
        return outcome


def _was_given_up() -> bool:
    """Whether the running task was cancelled, and an adapter went on all the same."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
