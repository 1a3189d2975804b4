"""Calls of adapters: deadline, circuit, and an outcome instead of errors."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

import structlog

from gateway.contract import (
    Adapter,
    Batch,
    FetchContext,
    MappingFailed,
    RecordRequest,
    SourceTimedOut,
    StatisticsAdapter,
    StatisticsBatch,
    StatisticsRequest,
)
from gateway.fetching.circuit import Circuit, CircuitLimits
from gateway.fetching.types import SourceOutcome

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


class Departments:
    """Calls adapters; whatever happens there becomes an outcome."""

    def __init__(
        self,
        adapters: Mapping[str, Adapter],
        limits: CallLimits,
        observe: Observe,
        clock: Callable[[], float] = time.monotonic,
        observe_withheld: ObserveWithheld = nothing_withheld,
    ) -> None:
        self._adapters = adapters
        self._observe_withheld = observe_withheld
        self._limits = limits
        self._observe = observe
        self._clock = clock
        self._circuits = {slug: Circuit(limits.circuit, clock) for slug in adapters}
        self._looking: set[asyncio.Task[None]] = set()

    async def fetch_all(
        self, calls: Mapping[str, Sequence[RecordRequest]], context: FetchContext
    ) -> Mapping[str, Sequence[Batch] | SourceOutcome]:
        """Ask departments at once: batches in the order of the requests, or how one failed."""
        return await self._all(
            {
                slug: partial(self._adapters[slug].fetch, requests, context)
                for slug, requests in calls.items()
                if self._may_call(slug)
            },
            calls,
            context,
        )

    async def statistics_all(
        self, calls: Mapping[str, Sequence[StatisticsRequest]], context: FetchContext
    ) -> Mapping[str, Sequence[StatisticsBatch] | SourceOutcome]:
        """Ask departments for statistics at once."""
        made: dict[str, Ask[StatisticsBatch]] = {}
        for slug, requests in calls.items():
            adapter = self._adapters.get(slug)
            if isinstance(adapter, StatisticsAdapter) and self._may_call(slug):
                made[slug] = partial(adapter.statistics, requests, context)
        return await self._all(made, calls, context)

    def raise_alarm(self, slug: str) -> None:
        """A department answered, and what it answered does not fit its declaration."""
        log.error("department gave a malformed answer", department=slug)
        self._observe(slug, SourceOutcome.MALFORMED, 0.0)

    def report_withheld(self, slug: str, records: int) -> None:
        """A department left records out that hold a value which does not fit; which is not said."""
        log.warning("records withheld", department=slug, reason=BAD_VALUE, records=records)
        self._observe_withheld(slug, BAD_VALUE, records)

    def _may_call(self, slug: str) -> bool:
        return slug in self._adapters and self._circuits[slug].admits()

    async def _all(
        self,
        calls: Mapping[str, Ask[T]],
        asked: Mapping[str, object],
        context: FetchContext,
    ) -> dict[str, Sequence[T] | SourceOutcome]:
        """Run the calls side by side under one deadline; who was not called is down."""
        answers: dict[str, Sequence[T] | SourceOutcome] = dict.fromkeys(asked, SourceOutcome.DOWN)
        if not calls:
            return answers
        started = self._clock()
        left = min(self._limits.adapter_timeout_s, context.deadline - started)
        create_task = asyncio.get_running_loop().create_task
        tasks = {slug: create_task(self._call(slug, call, started)) for slug, call in calls.items()}
        try:
            _, late = await asyncio.wait(tasks.values(), timeout=max(left, 0.0))
        except asyncio.CancelledError:
            for task in tasks.values():
                task.cancel()
            raise
        for slug, task in tasks.items():
            if task in late:
                answers[slug] = self._give_up(slug, task, started, SourceOutcome.TIMED_OUT)
            elif task.cancelled():  # by the adapter itself: nobody else holds the task
                answers[slug] = self._give_up(slug, task, started, SourceOutcome.DOWN)
            else:
                answers[slug] = task.result()
        return answers

    def _give_up(
        self,
        slug: str,
        task: asyncio.Future[Sequence[T] | SourceOutcome],
        started: float,
        outcome: SourceOutcome,
    ) -> SourceOutcome:
        task.cancel()
        self._note_failure(slug, outcome)
        self._observe(slug, outcome, self._clock() - started)
        return outcome

    def _note_failure(self, slug: str, outcome: SourceOutcome) -> None:
        circuit = self._circuits[slug]
        if outcome is not SourceOutcome.TIMED_OUT:
            circuit.failed()
        elif circuit.timed_out():
            looking = asyncio.get_running_loop().create_task(self._look_after(slug))
            self._looking.add(looking)
            looking.add_done_callback(self._looking.discard)

    async def _look_after(self, slug: str) -> None:
        """Ask a department whose calls time out for a sign of life, and judge it by that."""
        is_up = False
        try:
            async with asyncio.timeout(self._limits.health_timeout_s):
                is_up = (await self._adapters[slug].health()).is_up
        except Exception as error:
            self._log_failure(slug, SourceOutcome.DOWN, error)
        finally:
            self._circuits[slug].judged(is_up)

    async def _call(self, slug: str, ask: Ask[T], started: float) -> Sequence[T] | SourceOutcome:
        circuit = self._circuits[slug]
        answer: Sequence[T] | SourceOutcome
        try:
            async with circuit.places:
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
            self._note_failure(slug, answer)
            self._observe(slug, answer, self._clock() - started)
        else:
            circuit.succeeded()
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
