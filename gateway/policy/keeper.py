"""PolicyKeeper: the rules in force on this worker, of the current day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from gateway.entitlements.types import RulesInForce
from policies.engine import PolicySet


class PolicyKeeper:
    """Holds one reference that requests take; putting other rules in force replaces it."""

    def __init__(self, policies: PolicySet, epoch: int, today: Callable[[], dt.date]) -> None:
        self._today = today
        self._rules = RulesInForce(policies.on(today()), epoch)

    def current(self) -> RulesInForce:
        """The rules in force, of today."""
        rules, today = self._rules, self._today()
        if rules.policies.today != today:
            self._rules = rules = RulesInForce(rules.policies.on(today), rules.epoch)
        return rules
