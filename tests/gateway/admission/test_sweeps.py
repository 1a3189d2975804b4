"""Sweeps: who asks for more subjects than usual is noticed once, and marked from then on."""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.admission.sweeps import Sweeps
from gateway.admission.types import SweepLimits
from tests.support.small_gateway import HandClock

LIMITS = SweepLimits(per_minute=3, per_day=5)
# 2026-11-02 00:00:00 in China
MIDNIGHT = 1_793_548_800.0


@dataclass
class Began:
    """Spans in which a sweep began."""

    spans: list[str] = field(default_factory=list)

    def sweep_began(self, span: str) -> None:
        """Remember it."""
        self.spans.append(span)


def sweeps_of(clock: HandClock, began: Began, capacity: int = 1_000) -> Sweeps:
    return Sweeps(LIMITS, clock, began, capacity)


def test_count_marks_from_the_limit_on() -> None:
    began = Began()
    sweeps = sweeps_of(HandClock(MIDNIGHT), began)
    assert not sweeps.count("bank-1", ["a", "b", "c"])
    assert not sweeps.count("bank-1", ["a", "b"])
    assert sweeps.count("bank-1", ["d"])
    assert sweeps.count("bank-1", ["a"])
    assert began.spans == ["MINUTE"]
    assert not sweeps.count("bank-2", ["a"])


def test_count_begins_anew_with_each_minute_and_goes_on_with_the_day() -> None:
    clock, began = HandClock(MIDNIGHT), Began()
    sweeps = sweeps_of(clock, began)
    sweeps.count("bank-1", ["a", "b", "c"])
    clock.now += 60
    assert not sweeps.count("bank-1", ["d", "e"])
    assert sweeps.count("bank-1", ["f"])
    assert began.spans == ["DAY"]
    clock.now = MIDNIGHT + 86_400
    assert not sweeps.count("bank-1", ["g"])


def test_count_nothing_is_no_sweep() -> None:
    assert not sweeps_of(HandClock(MIDNIGHT), Began()).count("bank-1", [])


def test_heard_adds_what_other_workers_counted() -> None:
    began = Began()
    sweeps = sweeps_of(HandClock(MIDNIGHT), began)
    sweeps.count("bank-1", ["a"])
    told = sweeps.to_tell()
    assert [(each.span, each.subjects) for each in told] == [("MINUTE", 1), ("DAY", 1)]
    sweeps.heard(told, [3, 1])
    assert sweeps.to_tell() == []
    assert sweeps.count("bank-1", ["b"])
    assert began.spans == ["MINUTE"]


def test_count_keeps_no_more_than_its_capacity() -> None:
    sweeps = sweeps_of(HandClock(MIDNIGHT), Began(), capacity=2)
    assert not sweeps.count("bank-1", ["a"])
    assert not sweeps.count("bank-2", ["a", "b", "c", "d"])
