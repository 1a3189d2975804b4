"""Failures are bounded for each network and claimed client, and never keep a good client out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.admission.failures import FailureBudget
from gateway.errors import Claimant, TooManyRequests, Unauthenticated
from tests.support.admission import admission_of
from tests.support.small_gateway import HandClock


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


def spent(budget: FailureBudget, times: int, network: str = "n", claimed: str = "bank-1") -> int:
    """How many of some failures the bucket had room for."""
    room = 0
    for _ in range(times):
        try:
            budget.spend(network, claimed)
        except TooManyRequests:
            continue
        room += 1
    return room


def test_a_burst_is_let_through_and_then_one_a_second(clock: HandClock) -> None:
    budget = FailureBudget(clock, per_second=1.0, burst=5)
    assert spent(budget, 8) == 5
    clock.now += 2.0
    assert spent(budget, 8) == 2


def test_what_found_no_room_is_told_with_the_next_that_does(clock: HandClock) -> None:
    budget = FailureBudget(clock, per_second=1.0, burst=5)
    spent(budget, 12)
    clock.now += 1.0
    assert budget.spend("n", "bank-1") == 7
    clock.now += 1.0
    assert budget.spend("n", "bank-1") == 0


def test_the_time_to_wait_is_told(clock: HandClock) -> None:
    budget = FailureBudget(clock, per_second=0.25, burst=1)
    budget.spend("n", "")
    with pytest.raises(TooManyRequests) as caught:
        budget.spend("n", "")
    assert dict(caught.value.headers)["Retry-After"] == "4"


@given(st.lists(st.sampled_from(["a", "b", "c"]), max_size=60))
def test_buckets_of_others_are_untouched(networks: list[str]) -> None:
    budget = FailureBudget(lambda: 0.0, burst=4)
    for network in networks:
        spent(budget, 1, network)
    assert spent(budget, 9, "another") == 4
    assert spent(budget, 9, "a", "another client") == 4


def test_no_more_buckets_are_kept_than_agreed(clock: HandClock) -> None:
    budget = FailureBudget(clock, burst=1, most_kept=10)
    for number in range(50):
        budget.spend(str(number), "")
    assert len(budget) == 10


@pytest.mark.parametrize("code", ["TOKEN_EXPIRED", "PROOF_NONCE_REQUIRED", "TOKEN_NOT_YET_VALID"])
def test_what_good_clients_meet_is_not_counted(code: str) -> None:
    admission = admission_of(lambda _: pytest.fail("nobody is looked up"))
    for _ in range(500):
        admission.failed(Unauthenticated(code, "text"), "n")


def test_failures_in_the_name_of_a_client_are_counted_apart_from_strangers() -> None:
    admission = admission_of(lambda _: pytest.fail("nobody is looked up"), clock=lambda: 0.0)
    stranger, stolen = (Unauthenticated("PROOF_INVALID", "text") for _ in range(2))
    stolen.claimant = Claimant("bank-1", "t-1")
    for _ in range(60):
        admission.failed(stranger, "n")
    with pytest.raises(TooManyRequests):
        admission.failed(stranger, "n")
    admission.failed(stolen, "n")
