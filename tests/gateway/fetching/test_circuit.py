"""The circuit opens after failures in a row, lets one trial through, and closes by a success."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from gateway.contract import RecordRequest, SourceTimedOut, SourceUnavailable
from gateway.fetching.calls import CallLimits
from gateway.fetching.circuit import Circuit, CircuitLimits
from gateway.fetching.types import SourceOutcome
from schema.codes import RecordKind
from tests.gateway.fetching.faulty import FaultyAdapter, Spoil, hanging, raising
from tests.support.awkward_department import FIRM, awkward_records, manifest_for
from tests.support.small_gateway import HandClock, SmallGateway, codes

LIMITS = CircuitLimits(concurrency=4, failures=3, pause_s=5.0)
DOCUMENT = f'{{subject(uscc:"{FIRM}"){{taxArrears{{nodes{{taxKind}}}}}}}}'


def test_circuit_admits_until_failures_in_a_row() -> None:
    circuit = Circuit(LIMITS, HandClock())
    for _ in range(2):
        circuit.failed()
    circuit.succeeded()
    for _ in range(2):
        circuit.failed()
        assert circuit.admits()
    circuit.failed()
    assert not circuit.admits()


def test_after_the_pause_one_trial_is_let_through() -> None:
    clock = HandClock()
    circuit = Circuit(LIMITS, clock)
    for _ in range(3):
        circuit.failed()
    clock.now += 4.9
    assert not circuit.admits()
    clock.now += 0.1
    assert [circuit.admits() for _ in range(3)] == [True, False, False]
    circuit.succeeded()
    assert circuit.admits()


def test_trial_that_fails_or_gets_lost_is_followed_by_another_after_a_pause() -> None:
    clock = HandClock()
    circuit = Circuit(LIMITS, clock)
    for _ in range(3):
        circuit.failed()
    clock.now += 5
    assert circuit.admits()
    clock.now += 5
    assert circuit.admits()
    circuit.failed()
    clock.now += 4
    assert not circuit.admits()


def test_timeouts_count_only_if_the_department_gives_no_sign_of_life() -> None:
    clock = HandClock()
    circuit = Circuit(LIMITS, clock)
    assert [circuit.timed_out() for _ in range(5)] == [True, False, False, False, False]
    circuit.judged(is_up=True)
    assert circuit.admits()
    assert [circuit.timed_out() for _ in range(3)] == [True, False, False]
    assert circuit.admits()
    circuit.judged(is_up=False)
    assert not circuit.admits()


class Moody:
    """Fails while it is told to."""

    def __init__(self) -> None:
        self.is_failing = True

    def __call__(self, batches: list[Any], _requests: Sequence[RecordRequest]) -> Any:
        if self.is_failing:
            raise SourceUnavailable("gone")
        return batches


async def test_failing_department_is_left_alone_and_comes_back() -> None:
    mood, clock = Moody(), HandClock()
    manifest = manifest_for("moody")
    entry = manifest.entry(RecordKind.TAX_ARREARS)
    assert entry is not None
    adapter = FaultyAdapter(replace(manifest, entries=(entry,)), awkward_records(1), mood)
    limits = CallLimits(circuit=LIMITS)
    gateway = SmallGateway({"moody": adapter}, limits=limits, clock=clock)
    for _ in range(6):
        assert codes(await gateway.ask(DOCUMENT)) == ["SOURCE_DOWN"]
    assert adapter.asked == 3
    mood.is_failing = False
    clock.now += 5
    assert codes(await gateway.ask(DOCUMENT)) == []
    assert codes(await gateway.ask(DOCUMENT)) == []
    assert adapter.asked == 5
    assert (
        gateway.observed
        == [("moody", SourceOutcome.DOWN)] * 3 + [("moody", SourceOutcome.ANSWERED)] * 2
    )


@pytest.mark.parametrize("has_success", [False, True])
async def test_call_that_goes_on_after_it_was_given_up_changes_nothing(has_success: bool) -> None:
    """An adapter that swallows the cancellation must not close the circuit, nor count twice."""
    go_on = asyncio.Event()

    def stubborn(batches: list[Any], _requests: Sequence[RecordRequest]) -> Any:
        async def wait() -> Any:
            while not go_on.is_set():
                try:
                    await go_on.wait()
                except asyncio.CancelledError:
                    continue
            if has_success:
                return batches
            raise SourceUnavailable("late")

        return wait()

    manifest = manifest_for("late")
    entry = manifest.entry(RecordKind.TAX_ARREARS)
    assert entry is not None
    adapter = FaultyAdapter(replace(manifest, entries=(entry,)), awkward_records(1), stubborn)
    adapter.is_up = False
    limits = CallLimits(adapter_timeout_s=0.02, circuit=LIMITS)
    gateway = SmallGateway({"late": adapter}, limits=limits)
    for _ in range(3):
        assert codes(await gateway.ask(DOCUMENT)) == ["SOURCE_TIMED_OUT"]
    go_on.set()
    for _ in range(5):
        await asyncio.sleep(0)
    assert gateway.observed == [("late", SourceOutcome.TIMED_OUT)] * 3
    assert codes(await gateway.ask(DOCUMENT)) == ["SOURCE_DOWN"]
    assert adapter.asked == 3


@pytest.mark.parametrize("spoil", [hanging, raising(SourceTimedOut("too costly"))])
@pytest.mark.parametrize("is_up", [True, False])
async def test_costly_query_does_not_cut_a_living_department_off(spoil: Spoil, is_up: bool) -> None:
    manifest = manifest_for("busy")
    entry = manifest.entry(RecordKind.TAX_ARREARS)
    assert entry is not None
    adapter = FaultyAdapter(replace(manifest, entries=(entry,)), awkward_records(1), spoil)
    adapter.is_up = is_up
    limits = CallLimits(adapter_timeout_s=0.02, circuit=LIMITS)
    gateway = SmallGateway({"busy": adapter}, limits=limits)
    for _ in range(3):
        assert codes(await gateway.ask(DOCUMENT)) == ["SOURCE_TIMED_OUT"]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    expected = "SOURCE_TIMED_OUT" if is_up else "SOURCE_DOWN"
    assert codes(await gateway.ask(DOCUMENT)) == [expected]
    assert adapter.asked == (4 if is_up else 3)
