"""Admission without a store, for tests that go through the pipeline."""

from __future__ import annotations

import time
from collections.abc import Callable

from gateway.admission.admit import Admission
from gateway.admission.failures import FailureBudget
from gateway.admission.pace import Buckets
from gateway.admission.sweeps import Sweeps
from gateway.admission.types import AdmissionRules, NoSweepObserver, SweepLimits
from gateway.entitlements.contract import Pace
from gateway.entitlements.types import ClientTerms

NOBODY_MUST = AdmissionRules(must_register=frozenset(), pace=Pace(10_000_000, 10_000_000))
"""Clients need not be registered, and ask as fast as they like."""


def _nothing_is_due() -> None:
    """No store is told."""


def admission_of(
    client: Callable[[str], ClientTerms],
    rules: AdmissionRules = NOBODY_MUST,
    clock: Callable[[], float] = time.monotonic,
) -> Admission:
    """Return admission with these rules, whose counts stay here."""
    sweeps = Sweeps(SweepLimits(), time.time, NoSweepObserver())
    return Admission(rules, client, Buckets(clock, _nothing_is_due), sweeps, FailureBudget(clock))
