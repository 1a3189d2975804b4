"""How fast one firm or person may ask by its pages, so that none takes the pages from the others.

All pages ask as one client, whose pace they share. Each worker counts for itself.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable

from gateway.errors import TooManyRequests


class PagePace:
    """A token bucket for each firm and person.

    Args:
        clock: monotonic seconds.
        per_second: queries that a bucket earns each second; a page asks one or two.
        burst: queries that fit into it.
        most_kept: how many buckets are kept; who was forgotten starts afresh.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        per_second: float = 2.0,
        burst: int = 60,
        most_kept: int = 10_000,
    ) -> None:
        self._clock = clock
        self._per_second = per_second
        self._burst = burst
        self._most_kept = most_kept
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, subject_key: str) -> None:
        """Let one query through.

        Raises:
            TooManyRequests: RATE_LIMITED, with the seconds until the next one is.
        """
        now = self._clock()
        left, at = self._buckets.pop(subject_key, (float(self._burst), now))
        left = min(float(self._burst), left + (now - at) * self._per_second)
        is_let = left >= 1.0
        self._buckets[subject_key] = (left - 1.0 if is_let else left, now)
        if len(self._buckets) > self._most_kept:
            self._buckets.popitem(last=False)
        if not is_let:
            raise TooManyRequests(
                "RATE_LIMITED",
                "more pages than anybody reads: wait a moment",
                headers=(("Retry-After", str(math.ceil((1.0 - left) / self._per_second))),),
            )
