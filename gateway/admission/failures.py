"""How often somebody may fail to prove who it is: each failure costs a look at keys and an entry.

Only what failed is counted, after it failed, so that nobody can keep a client out by failing in its
name: a request that proves what it says is never looked up here.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

from gateway.errors import TooManyRequests

UNPROVEN = frozenset(
    {
        "TOKEN_INVALID",
        "TOKEN_NOT_BOUND",
        "PROOF_INVALID",
        "CERTIFICATE_INVALID",
        "STATEMENT_INVALID",
    }
)
"""Codes of requests that proved nothing, and of whose senders nothing is known."""


class _Bucket(NamedTuple):
    left: float
    at: float
    untold: int


class FailureBudget:
    """A token bucket for each network and client that is claimed; each worker has its own.

    Args:
        clock: monotonic seconds.
        per_second: failures that a bucket earns each second.
        burst: failures that fit into it.
        most_kept: how many buckets are kept; what was forgotten starts afresh.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        per_second: float = 1.0,
        burst: int = 60,
        most_kept: int = 10_000,
    ) -> None:
        self._clock = clock
        self._per_second = per_second
        self._burst = burst
        self._most_kept = most_kept
        self._buckets: OrderedDict[tuple[str, str], _Bucket] = OrderedDict()

    def spend(self, network: str, claimed: str) -> int:
        """Take one failure out of its bucket.

        Args:
            network: where it came from.
            claimed: registered client that it was in the name of; empty: none that is known.

        Returns:
            How many failures before this one found the bucket empty, and are told nowhere else.

        Raises:
            TooManyRequests: RATE_LIMITED, the bucket is empty: refuse it, and record nothing.
        """
        key, now = (network, claimed), self._clock()
        bucket = self._buckets.pop(key, _Bucket(float(self._burst), now, 0))
        left = min(float(self._burst), bucket.left + max(0.0, now - bucket.at) * self._per_second)
        is_empty = left < 1.0
        self._buckets[key] = _Bucket(
            left if is_empty else left - 1.0, now, bucket.untold + 1 if is_empty else 0
        )
        if len(self._buckets) > self._most_kept:
            self._buckets.popitem(last=False)
        if is_empty:
            wait_s = math.ceil((1.0 - left) / self._per_second)
            raise TooManyRequests(
                "RATE_LIMITED",
                f"too many requests that did not prove who sent them: {self._burst} at once, "
                f"{round(self._per_second * 60)} a minute",
                headers=(("Retry-After", str(wait_s)),),
            )
        return bucket.untold

    def __len__(self) -> int:
        return len(self._buckets)
