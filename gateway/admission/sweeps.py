"""Notices clients that ask for more subjects than usual; answers them all the same.

Each worker counts the distinct subjects of a client by minute and by day, and adds what the other
workers have counted as the store tells; see `gateway.admission.sharing`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import structlog

from gateway.admission.types import SweepLimits, SweepObserver

_MINUTE, _DAY = "MINUTE", "DAY"
_SECONDS = {_MINUTE: 60, _DAY: 86_400}
# days begin at midnight of China Standard Time
_CHINA_S = 8 * 3600
_log = structlog.get_logger(__name__)


class Counted(NamedTuple):
    """What a worker tells the store of one client and span."""

    client_id: str
    span: str
    begins_at: int
    subjects: int


class _Span:
    """Distinct subjects of one client in one minute or on one day.

    Attributes:
        told: how many of them the store has heard of.
        elsewhere: subjects that other workers have counted.
    """

    __slots__ = ("begins_at", "elsewhere", "is_swept", "subjects", "told")

    def __init__(self, begins_at: int) -> None:
        self.begins_at = begins_at
        self.subjects: set[int] = set()
        self.told = 0
        self.elsewhere = 0
        self.is_swept = False


class Sweeps:
    """Counts of a worker.

    Args:
        clock: seconds since the epoch.
        capacity: subjects kept in memory, at most; beyond that nothing new is counted until spans
            are over.
    """

    def __init__(
        self,
        limits: SweepLimits,
        clock: Callable[[], float],
        observer: SweepObserver,
        capacity: int = 500_000,
    ) -> None:
        self._limits = {_MINUTE: limits.per_minute, _DAY: limits.per_day}
        self._clock = clock
        self._observer = observer
        self._left = self._capacity = capacity
        self._spans: dict[tuple[str, str], _Span] = {}

    def count(self, client_id: str, subjects: Sequence[str]) -> bool:
        """Count what a client asked for; whether that is more than usual by now."""
        if not subjects:
            return False
        now = int(self._clock())
        keys = [hash(key) for key in subjects]
        is_minute = self._count(client_id, _MINUTE, now, keys)
        is_day = self._count(client_id, _DAY, now, keys)
        return is_minute or is_day

    def to_tell(self) -> list[Counted]:
        """What the store has not heard. Forgets spans that are over."""
        now = int(self._clock())
        told: list[Counted] = []
        left = self._capacity
        for (client_id, span), found in list(self._spans.items()):
            if found.begins_at != _beginning(span, now):
                del self._spans[client_id, span]
                continue
            left -= len(found.subjects)
            news = len(found.subjects) - found.told
            if news:
                told.append(Counted(client_id, span, found.begins_at, news))
        self._left = left
        return told

    def heard(self, told: Iterable[Counted], totals: Iterable[int | None]) -> None:
        """The store has added it.

        Args:
            totals: of all workers; None for a span that is over elsewhere already.
        """
        for each, total in zip(told, totals, strict=True):
            found = self._spans.get((each.client_id, each.span))
            if found is not None and found.begins_at == each.begins_at and total is not None:
                found.told += each.subjects
                found.elsewhere = max(0, total - found.told)

    def _count(self, client_id: str, span: str, now: int, keys: list[int]) -> bool:
        begins_at = _beginning(span, now)
        found = self._spans.get((client_id, span))
        if found is None or found.begins_at != begins_at:
            found = self._spans[client_id, span] = _Span(begins_at)
        if found.is_swept:
            # nothing is learnt by counting on
            return True
        limit, before = self._limits[span], len(found.subjects)
        if self._left > 0:
            found.subjects.update(keys)
            self._left -= len(found.subjects) - before
        if len(found.subjects) + found.elsewhere <= limit:
            return False
        found.is_swept = True
        self._observer.sweep_began(span)
        _log.warning("query_sweep", client_id=client_id, span=span, limit=limit)
        return True


def _beginning(span: str, now: int) -> int:
    """The second at which the span that holds a second began."""
    return (now + _CHINA_S) // _SECONDS[span] * _SECONDS[span] - _CHINA_S
