"""The rules in force follow the day."""

from __future__ import annotations

from gateway.policy.keeper import PolicyKeeper
from tests.support.small_gateway import TODAY, policies


def test_rules_follow_the_day_and_keep_their_version() -> None:
    days = [TODAY, TODAY.replace(day=3)]
    keeper = PolicyKeeper(policies(), 7, lambda: days[0])
    first = keeper.current()
    assert keeper.current() is first
    days.pop(0)
    second = keeper.current()
    assert second.policies.today == days[0]
    assert (second.policies.version, second.epoch) == (first.policies.version, 7)
