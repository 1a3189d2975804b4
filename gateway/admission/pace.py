"""Token buckets by client and purpose: each worker's copy, which it shares with the others.

A request is let through by the copy alone. What was let through is told to the store a moment
later, which answers with the level of the bucket that all workers share; see
`gateway.admission.sharing`.

INVARIANT: no worker lets through more than one burst that the store has not heard of, so that all
together never pass the shared bucket by more than one burst per worker.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import NamedTuple, TypeAlias

from gateway.entitlements.contract import Pace
from gateway.errors import TooManyRequests
from gateway.request import PaceUse

BucketKey: TypeAlias = tuple[str, str]
"""Client and purpose."""

_TELLS_AFTER = 0.5


class _Bucket:
    __slots__ = ("at", "burst", "fills_in_s", "level", "pace", "per_second", "telling", "untold")

    def __init__(self, pace: Pace, now: float) -> None:
        self.pace = pace
        self.burst = pace.burst
        self.per_second = pace.per_second
        self.fills_in_s = math.ceil(pace.burst / pace.per_second)
        self.level = float(pace.burst)
        self.at = now
        self.untold = 0
        self.telling = 0

    def refill(self, now: float) -> None:
        level = self.level + (now - self.at) * self.per_second
        self.level = level if level < self.burst else float(self.burst)
        self.at = now


class Told(NamedTuple):
    """What a worker tells the store of one bucket."""

    key: BucketKey
    spent: int
    pace: Pace


class Buckets:
    """All buckets of a worker.

    Args:
        clock: monotonic seconds.
        is_due: called when the store should be told soon.
    """

    def __init__(self, clock: Callable[[], float], is_due: Callable[[], None]) -> None:
        self._clock = clock
        self._is_due = is_due
        self._buckets: dict[BucketKey, _Bucket] = {}

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, key: BucketKey, pace: Pace) -> PaceUse:
        """Let one request through.

        Returns:
            What is left.

        Raises:
            TooManyRequests: RATE_LIMITED, with the seconds until the next one is let through.
        """
        now = self._clock()
        bucket = self._buckets.get(key)
        if bucket is None or (bucket.pace is not pace and bucket.pace != pace):
            bucket = self._renewed(key, pace, now)
        bucket.refill(now)
        untold = bucket.untold + bucket.telling
        if bucket.level < 1.0 or untold >= bucket.burst:
            raise _rate_limited(bucket)
        bucket.level -= 1.0
        bucket.untold += 1
        if untold + 1 >= bucket.burst * _TELLS_AFTER:
            self._is_due()
        return _use(bucket)

    def left(self, key: BucketKey) -> PaceUse | None:
        """What is left for a client and purpose; None if it has not asked lately."""
        bucket = self._buckets.get(key)
        return None if bucket is None else _use(bucket)

    def to_tell(self) -> list[Told]:
        """What the store has not heard; `heard` or `unheard` must follow.

        Buckets from which nothing was taken are told as long as they are not full, because other
        workers may be taking from them; full ones are forgotten.
        """
        now = self._clock()
        told: list[Told] = []
        for key, bucket in list(self._buckets.items()):
            bucket.refill(now)
            if bucket.untold == 0 and bucket.level >= bucket.pace.burst:
                del self._buckets[key]
                continue
            bucket.telling, bucket.untold = bucket.untold, 0
            told.append(Told(key, bucket.telling, bucket.pace))
        return told

    def heard(self, told: Iterable[Told], levels: Iterable[float]) -> None:
        """The store has taken it out of the shared buckets, whose levels are these."""
        now = self._clock()
        for each, level in zip(told, levels, strict=True):
            bucket = self._buckets.get(each.key)
            if bucket is not None:
                bucket.level, bucket.at = level - bucket.untold, now
                bucket.telling = 0

    def unheard(self, told: Iterable[Told]) -> None:
        """The store could not be told; it is told again."""
        for each in told:
            bucket = self._buckets.get(each.key)
            if bucket is not None:
                bucket.untold += bucket.telling
                bucket.telling = 0

    def _renewed(self, key: BucketKey, pace: Pace, now: float) -> _Bucket:
        """A bucket for a pace that is new; what the store has not heard is kept."""
        before, bucket = self._buckets.get(key), _Bucket(pace, now)
        if before is not None:
            bucket.level = min(before.level, bucket.level)
            bucket.untold, bucket.telling = before.untold, before.telling
        self._buckets[key] = bucket
        return bucket


def _use(bucket: _Bucket) -> PaceUse:
    level = bucket.level
    return PaceUse(
        bucket.burst,
        bucket.fills_in_s,
        int(level) if level > 0 else 0,
        math.ceil((bucket.burst - level) / bucket.per_second),
    )


def _rate_limited(bucket: _Bucket) -> TooManyRequests:
    wait_s = max(1, math.ceil((1.0 - bucket.level) / bucket.pace.per_second))
    return TooManyRequests(
        "RATE_LIMITED",
        f"more requests than agreed for this client and purpose: {bucket.pace.burst} at once, "
        f"{bucket.pace.requests_per_minute} a minute",
        headers=(("Retry-After", str(wait_s)),),
    )
