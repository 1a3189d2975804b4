"""One call of one adapter: deadline, circuit, chunks of keys, and the outcome instead of errors."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import structlog

from gateway.contract import (
    Adapter,
    Batch,
    FetchContext,
    MappingFailed,
    RecordRequest,
    StatisticsAdapter,
    StatisticsBatch,
    StatisticsRequest,
)
from gateway.fetching.circuit import Circuit, CircuitLimits
from gateway.fetching.types import SourceOutcome

log = structlog.get_logger()
T = TypeVar("T")

Observe = Callable[[str, SourceOutcome, float], None]


@dataclass(frozen=True, slots=True)
class CallLimits:
    """
    Attributes:
        adapter_timeout_s: longest wait for one adapter.
        circuit: see `CircuitLimits`.
    """

    adapter_timeout_s: float = 2.0
    circuit: CircuitLimits = field(default_factory=CircuitLimits)


class Departments:
    """Calls adapters; whatever happens there becomes an outcome."""

    def __init__(
        self,
        adapters: Mapping[str, Adapter],
        limits: CallLimits,
        observe: Observe,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._adapters = adapters
        self._limits = limits
        self._observe = observe
        self._clock = clock
        self._circuits = {slug: Circuit(limits.circuit, clock) for slug in adapters}

    async def fetch(
        self, slug: str, requests: Sequence[RecordRequest], context: FetchContext
    ) -> Sequence[Batch] | SourceOutcome:
        """Batches in the order of the requests, or how the department failed."""
        adapter = self._adapters.get(slug)
        if adapter is None:
            return SourceOutcome.DOWN
        return await self._call(slug, adapter.fetch(requests, context), context)

    async def statistics(
        self, slug: str, requests: Sequence[StatisticsRequest], context: FetchContext
    ) -> Sequence[StatisticsBatch] | SourceOutcome:
        """Statistics in the order of the requests, or how the department failed."""
        adapter = self._adapters.get(slug)
        if not isinstance(adapter, StatisticsAdapter):
            return SourceOutcome.DOWN
        return await self._call(slug, adapter.statistics(requests, context), context)

    async def _call(
        self, slug: str, call: Coroutine[Any, Any, Sequence[T]], context: FetchContext
    ) -> Sequence[T] | SourceOutcome:
        circuit = self._circuits[slug]
        if circuit.is_open:
            call.close()
            return SourceOutcome.DOWN
        started = self._clock()
        deadline = min(context.deadline, started + self._limits.adapter_timeout_s)
        answer: Sequence[T] | SourceOutcome
        try:
            async with asyncio.timeout(deadline - started), circuit.places:
                answer = await call
        except TimeoutError:
            answer = SourceOutcome.TIMED_OUT
        except MappingFailed as error:
            answer = self._log_failure(slug, SourceOutcome.MALFORMED, error)
        except Exception as error:
            answer = self._log_failure(slug, SourceOutcome.DOWN, error)
        finally:
            call.close()
        if isinstance(answer, SourceOutcome):
            circuit.failed()
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
