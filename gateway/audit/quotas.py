"""What this worker knows of subjects that were counted against quotas.

The store counts; this copy only spares it subjects that it has certainly counted already, and
tells how much of a quota is used.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

import structlog

from gateway.audit.refusals import end_of_day
from gateway.request import QuotaUse
from gateway.store.pool import CONNECTION_ERRORS, LightPool, NoConnectionError

_FORGET = "SELECT forget_counted_subjects($1, $2)"
_FORGOTTEN_AT_ONCE = 5_000

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _ClientDay:
    resets_at: int
    subjects: set[str] = field(default_factory=set)
    used: int = 0


class CountedSubjects:
    """Subjects by client and day, as committed.

    Args:
        capacity: subjects kept in memory, at most; then all are forgotten, which costs the store
            a look at each of them again.
    """

    def __init__(self, capacity: int = 200_000) -> None:
        self._capacity = capacity
        self._size = 0
        self._days: dict[tuple[str, date], _ClientDay] = {}
        self._newest = date.min

    def uncounted(self, client_id: str, day: date, subjects: Iterable[str]) -> list[str]:
        """Return the subjects that the store must be asked to count."""
        known = self._days.get((client_id, day))
        if known is None:
            return list(subjects)
        return [key for key in subjects if key not in known.subjects]

    def remember(self, client_id: str, day: date, subjects: Iterable[str]) -> None:
        """Take note of subjects whose count is committed."""
        known = self._client_day(client_id, day)
        before = len(known.subjects)
        known.subjects.update(subjects)
        self._size += len(known.subjects) - before
        if self._size > self._capacity:
            for other in self._days.values():
                other.subjects.clear()
            self._size = 0

    def note_use(self, client_id: str, day: date, used: int) -> None:
        """Take note of how many subjects of a client the store has counted on a day."""
        self._client_day(client_id, day).used = used

    def use(self, client_id: str, day: date, limit: int) -> QuotaUse:
        """Return how much of a quota is used, as far as this worker knows."""
        known = self._client_day(client_id, day)
        return QuotaUse(limit, known.used, known.resets_at)

    def begins(self, day: date) -> bool:
        """Whether a day is the newest so far and was not known; forgets what is over."""
        if day <= self._newest:
            return False
        self._newest = day
        for key in [key for key in self._days if key[1] < day - timedelta(days=1)]:
            self._size -= len(self._days.pop(key).subjects)
        return True

    def _client_day(self, client_id: str, day: date) -> _ClientDay:
        found = self._days.get((client_id, day))
        if found is None:
            found = self._days[client_id, day] = _ClientDay(int(end_of_day(day)))
        return found


async def forget_days_before(pool: LightPool, day: date) -> None:
    """Delete the subjects counted on days before this one, some at a time.

    The day before is kept: an entry that arrived before midnight may still be on its way.
    """
    try:
        while True:
            async with pool.connection() as connection:
                forgotten = await connection.fetchval(
                    _FORGET, day - timedelta(days=1), _FORGOTTEN_AT_ONCE
                )
            if forgotten < _FORGOTTEN_AT_ONCE:
                return
    except (NoConnectionError, *CONNECTION_ERRORS) as error:
        # the next day, or another worker, finds them again
        _log.warning("counted_subjects_not_forgotten", error=type(error).__name__)
