"""The kit names the promise that an adapter breaks, and no other."""

from __future__ import annotations

import os

import pytest

from gateway.conformance.judge import Verdict, judge
from gateway.conformance.promises import PROMISES, proofs_of
from gateway.conformance.suites import AdapterConformance
from gateway.conformance_report import REQUIRED
from tests.conformance.broken_adapters import (
    BROKEN,
    LeavesFiles,
    MemoryAdapter,
    department_with,
)


def test_adapter_that_keeps_every_promise_is_told_so() -> None:
    findings = list(judge(department_with(MemoryAdapter)))
    assert [(f.promise.id, f.reason) for f in findings if f.verdict is not Verdict.KEPT] == []


QUICK = ("drops a batch", "one field more", "a date with a time", "mixes subjects", "nulls first")


@pytest.mark.parametrize(
    "name",
    [name if name in QUICK else pytest.param(name, marks=pytest.mark.long) for name in BROKEN],
)
def test_broken_adapter_is_told_the_one_promise_that_it_breaks(name: str) -> None:
    promise, adapter = BROKEN[name]
    findings = list(judge(department_with(adapter)))
    for descriptor in LeavesFiles.files:
        os.close(descriptor)
    LeavesFiles.files.clear()
    broken = [(f.promise.id, f.reason) for f in findings if f.verdict is Verdict.BROKEN]
    assert [each for each, _ in broken] == [promise], broken
    without = {f.promise.id for f in findings if f.verdict is Verdict.NOT_JUDGED}
    assert all(_builds_on(each, promise) for each in without)


def _builds_on(promise: str, other: str) -> bool:
    needs = PROMISES[promise].needs
    return other in needs or any(_builds_on(need, other) for need in needs)


def test_every_promise_has_a_proof_and_every_proof_a_promise() -> None:
    proofs = proofs_of(AdapterConformance)
    assert tuple(proofs) == tuple(PROMISES) == REQUIRED
    tests = {name for name in dir(AdapterConformance) if name.startswith("test_")}
    assert {name for names in proofs.values() for name in names} == tests


def test_promises_build_on_earlier_ones_only() -> None:
    order = list(PROMISES)
    for promise in PROMISES.values():
        assert all(order.index(need) < order.index(promise.id) for need in promise.needs)
