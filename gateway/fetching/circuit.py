"""Protects the gateway from a department that hangs or fails, and the department from floods."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, slots=True)
class CircuitLimits:
    """
    Attributes:
        concurrency: most calls under way at a time; further ones wait within their deadline.
        failures: consecutive failures after which calls are refused at once.
        pause_s: how long they are refused; then one call is let through as a trial.
    """

    concurrency: int = 32
    failures: int = 5
    pause_s: float = 5.0


class Capability(Enum):
    """What is asked of a department; each fails, and is left alone, by itself."""

    FETCH = "fetch"
    STATISTICS = "statistics"
    CHANGES = "changes"


class Circuit:
    """State of one capability of one department on this worker.

    A call that times out says little: the department may be gone, or the question too costly.
    So timeouts are only noted, and count once the department has been asked something cheap
    and has not answered that either.
    """

    def __init__(self, limits: CircuitLimits, clock: Callable[[], float]) -> None:
        self._limits = limits
        self._clock = clock
        self._failures = 0
        self._timeouts = 0
        self._refused_until = 0.0

    def admits(self) -> bool:
        """Whether a call may be made now; after a pause one is, and others wait for its outcome."""
        if self._failures < self._limits.failures:
            return True
        now = self._clock()
        if now < self._refused_until:
            return False
        self._refused_until = now + self._limits.pause_s
        return True

    def succeeded(self) -> None:
        self._failures = 0

    def timed_out(self) -> bool:
        """Note a timeout; whether the department is to be asked something cheap because of it."""
        self._timeouts += 1
        return self._timeouts == 1

    def judged(self, is_up: bool) -> None:
        """The outcome of what was asked because of timeouts: each counts, or none does."""
        timeouts, self._timeouts = self._timeouts, 0
        if is_up:
            self.succeeded()
        else:
            self.failed(timeouts)

    def failed(self, times: int = 1) -> None:
        self._failures += times
        if self._failures >= self._limits.failures:
            self._refused_until = self._clock() + self._limits.pause_s


class Guard:
    """What stands between the gateway and one department: places for calls, and circuits.

    Places are shared by all capabilities, since it is one source that carries them all.
    """

    def __init__(self, limits: CircuitLimits, clock: Callable[[], float]) -> None:
        self.places = asyncio.Semaphore(limits.concurrency)
        self._circuits = {each: Circuit(limits, clock) for each in Capability}

    def circuit(self, capability: Capability) -> Circuit:
        """The circuit of one capability."""
        return self._circuits[capability]
