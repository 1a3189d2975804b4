"""Token buckets: what one worker lets through, and what several do together."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from gateway.admission.pace import Buckets, Told
from gateway.entitlements.contract import Pace
from gateway.errors import TooManyRequests
from tests.support.small_gateway import HandClock

KEY = ("bank-1", "PRE_LOAN")
PACE = Pace(requests_per_minute=60, burst=10)


class SharedBucket:
    """The bucket as the store keeps it."""

    def __init__(self, clock: HandClock) -> None:
        self.clock, self.level, self.at = clock, float(PACE.burst), clock.now

    def tell(self, told: Sequence[Told]) -> list[float]:
        now = self.clock.now
        self.level = min(PACE.burst, self.level + (now - self.at) * PACE.per_second)
        self.at = now
        self.level -= sum(each.spent for each in told)
        return [self.level for _ in told]


def buckets_of(clock: HandClock, due: list[bool] | None = None) -> Buckets:
    return Buckets(clock, lambda: (due if due is not None else []).append(True))


def passed(buckets: Buckets, wanted: int, pace: Pace = PACE) -> int:
    """How many of so many requests are let through."""
    through = 0
    for _ in range(wanted):
        try:
            buckets.take(KEY, pace)
        except TooManyRequests:
            continue
        through += 1
    return through


def share(buckets: Buckets, shared: SharedBucket) -> None:
    told = buckets.to_tell()
    buckets.heard(told, shared.tell(told))


def test_take_lets_a_burst_through_and_then_the_rate() -> None:
    clock = HandClock()
    buckets, shared = buckets_of(clock), SharedBucket(clock)
    assert passed(buckets, 50) == PACE.burst
    share(buckets, shared)
    clock.now += 3.0
    assert passed(buckets, 50) == 3


def test_take_tells_what_is_left() -> None:
    buckets = buckets_of(HandClock())
    assert buckets.take(KEY, PACE) == (10, 10, 9, 1)
    assert buckets.left(KEY) == (10, 10, 9, 1)
    assert buckets.left(("bank-1", "POST_LOAN")) is None


def test_take_refuses_with_the_time_to_wait() -> None:
    clock = HandClock()
    buckets = buckets_of(clock)
    passed(buckets, 10, Pace(6, 10))
    with pytest.raises(TooManyRequests) as caught:
        buckets.take(KEY, Pace(6, 10))
    assert caught.value.code == "RATE_LIMITED"
    assert dict(caught.value.headers) == {"Retry-After": "10"}


def test_take_counts_each_client_and_purpose_apart() -> None:
    buckets = buckets_of(HandClock())
    assert passed(buckets, 10) == 10
    buckets.take(("bank-1", "POST_LOAN"), PACE)
    buckets.take(("bank-2", "PRE_LOAN"), PACE)


def test_take_lets_no_more_than_a_burst_through_untold() -> None:
    clock = HandClock()
    buckets = buckets_of(clock)
    assert passed(buckets, 10) == 10
    clock.now += 3_600.0
    assert passed(buckets, 10) == 0
    told = buckets.to_tell()
    buckets.unheard(told)
    assert passed(buckets, 10) == 0


def test_store_is_due_when_half_a_burst_is_untold() -> None:
    due: list[bool] = []
    buckets = buckets_of(HandClock(), due)
    passed(buckets, 4)
    assert due == []
    passed(buckets, 1)
    assert due == [True]


def test_take_while_the_store_is_told_counts_too() -> None:
    clock = HandClock()
    buckets, shared = buckets_of(clock), SharedBucket(clock)
    passed(buckets, 4)
    told = buckets.to_tell()
    passed(buckets, 3)
    buckets.heard(told, shared.tell(told))
    assert passed(buckets, 50) == 3


def test_heard_takes_over_what_other_workers_spent() -> None:
    clock = HandClock()
    shared = SharedBucket(clock)
    one, other = buckets_of(clock), buckets_of(clock)
    assert (passed(one, 6), passed(other, 3)) == (6, 3)
    share(one, shared)
    share(other, shared)
    assert passed(other, 10) == 1


def test_to_tell_forgets_full_buckets() -> None:
    clock = HandClock()
    buckets, shared = buckets_of(clock), SharedBucket(clock)
    passed(buckets, 2)
    share(buckets, shared)
    assert len(buckets) == 1
    clock.now += 10.0
    assert buckets.to_tell() == []
    assert len(buckets) == 0


def test_take_by_a_new_pace_keeps_what_was_spent() -> None:
    buckets = buckets_of(HandClock())
    assert passed(buckets, 8) == 8
    assert passed(buckets, 10, Pace(60, 9)) == 1


@pytest.mark.parametrize("workers", [1, 2, 4])
@pytest.mark.parametrize("every", [1, 3, 7])
def test_workers_together_pass_the_bucket_by_a_burst_each_at_most(workers: int, every: int) -> None:
    clock = HandClock()
    shared = SharedBucket(clock)
    all_buckets = [buckets_of(clock) for _ in range(workers)]
    through, began = 0, clock.now
    for second in range(120):
        clock.now += 1.0
        through += sum(passed(buckets, 8) for buckets in all_buckets)
        if second % every == 0:
            for buckets in all_buckets:
                share(buckets, shared)
        agreed = PACE.burst + (clock.now - began) * PACE.per_second
        assert through <= agreed + workers * PACE.burst
    assert through >= (clock.now - began) * PACE.per_second * 0.8
