"""Shadow: a candidate set of rules decides beside the live one, and differences are told.

Plans, not requests, are compared: each when it was decided for a caller for the first time, in a
thread, some time later. Nothing of it reaches an answer. What is told of a difference is which
question it is and which rules decide it; never who asked, about whom, or a value.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import deque
from collections.abc import Callable
from typing import Protocol

import structlog

from gateway.authorization.plan import AuthorizedPlan
from gateway.errors import InternalError
from gateway.policy.compare import Difference, differences
from gateway.policy.keeper import Load
from policies.engine import PolicySet
from policies.errors import PolicyLoadError

MAX_WAITING = 256
"""Plans that wait; beyond them new ones are left out and counted."""
MAX_TOLD = 10_000
"""Distinct differences logged for one pair of versions; all are counted."""

_log = structlog.get_logger(__name__)


class ShadowObserver(Protocol):
    """Counts what the shadow does."""

    def shadow_plan(self, result: str) -> None:
        """One plan `compared`, or `left_out` because too many waited."""
        ...

    def shadow_difference(self, use: str, live: str, candidate: str) -> None:
        """One question decided differently; outcomes as `CLEAR`, `MASKED`, `DENIED`."""
        ...


class Unwatched:
    """Counts nothing."""

    def shadow_plan(self, result: str) -> None:
        """Do nothing."""

    def shadow_difference(self, use: str, live: str, candidate: str) -> None:
        """Do nothing."""


class Shadow:
    """Compares plans with a candidate, one after another, at most so many a second."""

    def __init__(
        self,
        load: Load,
        today: Callable[[], dt.date],
        observer: ShadowObserver,
        *,
        pause_s: float = 0.25,
        logs_per_pause: int = 5,
    ) -> None:
        """
        Args:
            load: reads the candidate.
            pause_s: time between two plans.
            logs_per_pause: most differences of one plan that are logged; the others of it when
                they are met again.
        """
        self._load = load
        self._today = today
        self._observer = observer
        self._pause_s = pause_s
        self._logs_per_pause = logs_per_pause
        self._candidate: PolicySet | None = None
        self._waiting: deque[AuthorizedPlan] = deque()
        self._arrived = asyncio.Event()
        self._told: set[tuple[str, Difference]] = set()
        self._task: asyncio.Task[None] | None = None
        self._reading: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Read the candidate; compare until `aclose`. A candidate that cannot be used is logged."""
        await self._read()
        self._task = asyncio.get_running_loop().create_task(self._compare_all())

    async def aclose(self) -> None:
        """Compare no more."""
        tasks = [task for task in (self._task, self._reading) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def request_reload(self) -> None:
        """Read the candidate again soon."""
        self._reading = asyncio.get_running_loop().create_task(self._read())

    def decided(self, plan: AuthorizedPlan) -> None:
        """A plan was decided for a caller; it is compared later. Called on the way of a request."""
        if self._candidate is None:
            return
        if len(self._waiting) >= MAX_WAITING:
            self._observer.shadow_plan("left_out")
            return
        self._waiting.append(plan)
        self._arrived.set()

    async def _read(self) -> None:
        try:
            candidate = await asyncio.to_thread(self._load, self._today())
        except (PolicyLoadError, InternalError) as error:
            _log.error("shadow_policy_refused", reason=str(error))
        except Exception as error:
            _log.exception("shadow_policy_failed", kind=type(error).__name__)
        else:
            self._candidate = candidate
            self._told.clear()
            _log.info("shadow_policy_read", version=candidate.version)

    async def _compare_all(self) -> None:
        while True:
            await self._arrived.wait()
            # Later, so that the request that brought the plan goes first and its subjects are met.
            await asyncio.sleep(self._pause_s)
            plan, candidate = self._waiting.popleft(), self._candidate
            if not self._waiting:
                self._arrived.clear()
            if candidate is None:
                continue
            try:
                found = await asyncio.to_thread(_compare, plan, candidate)
            except Exception as error:
                _log.exception("shadow_comparison_failed", kind=type(error).__name__)
                continue
            self._observer.shadow_plan("compared")
            self._tell(found, plan.policy_version, candidate.version)

    def _tell(self, found: list[Difference], live: str, candidate: str) -> None:
        left = self._logs_per_pause
        for difference in found:
            self._observer.shadow_difference(
                difference.use.value, difference.live.value, difference.candidate.value
            )
            key = (live, difference)
            if left and key not in self._told and len(self._told) < MAX_TOLD:
                left -= 1
                self._told.add(key)
                _log.info("shadow_difference", **_words(difference), live_version=live,
                          candidate_version=candidate)  # fmt: skip


def _compare(plan: AuthorizedPlan, candidate: PolicySet) -> list[Difference]:
    return list(differences(plan, candidate))


def _words(difference: Difference) -> dict[str, object]:
    return {
        "coordinate": difference.coordinate,
        "use": difference.use.value,
        "caller_class": difference.caller_class.value,
        "purpose": difference.purpose.value,
        "subject_kind": difference.subject_kind.value,
        "is_self": difference.is_self,
        "is_consented": difference.is_consented,
        "department": difference.department,
        "live": difference.live.value,
        "candidate": difference.candidate.value,
        "is_of_rows": difference.is_of_rows,
        "live_rules": difference.live_rules,
        "candidate_rules": difference.candidate_rules,
    }
