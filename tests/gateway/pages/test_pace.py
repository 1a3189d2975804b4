"""Whoever reloads its pages without end keeps nobody else from theirs."""

from __future__ import annotations

import pytest

from gateway.errors import TooManyRequests
from gateway.pages.pace import PagePace
from tests.support.small_gateway import HandClock


def test_one_is_held_back_and_another_is_not() -> None:
    clock = HandClock()
    pace = PagePace(clock, per_second=0.5, burst=3)
    for _ in range(3):
        pace.take("one")
    with pytest.raises(TooManyRequests) as caught:
        pace.take("one")
    assert dict(caught.value.headers)["Retry-After"] == "2"
    pace.take("another")
    clock.now += 2.0
    pace.take("one")


def test_who_was_forgotten_starts_afresh() -> None:
    pace = PagePace(HandClock(), burst=1, most_kept=2)
    for key in ("one", "two", "three", "one"):
        pace.take(key)
    with pytest.raises(TooManyRequests):
        pace.take("three")
