"""The budget of new documents: burst, refill, one client apart from another."""

from __future__ import annotations

import pytest

from gateway.errors import TooManyRequests
from gateway.operation.budget import NewDocumentBudget
from tests.gateway.operation.conftest import HandClock


def is_spent(budget: NewDocumentBudget, client: str) -> bool:
    """Take one document; tell whether it was refused."""
    try:
        budget.spend(client)
    except TooManyRequests:
        return True
    return False


def test_the_burst_is_allowed_and_one_more_is_not() -> None:
    budget = NewDocumentBudget(HandClock(), per_second=1.0, burst=3)
    assert [is_spent(budget, "a") for _ in range(4)] == [False, False, False, True]


def test_the_refusal_says_when_to_come_again() -> None:
    clock = HandClock()
    budget = NewDocumentBudget(clock, per_second=0.25, burst=1)
    budget.spend("a")
    with pytest.raises(TooManyRequests) as caught:
        budget.spend("a")
    assert caught.value.headers == (("retry-after", "4"),)
    clock.now += 4.0
    assert not is_spent(budget, "a")


def test_waiting_earns_no_more_than_the_burst() -> None:
    clock = HandClock()
    budget = NewDocumentBudget(clock, per_second=1.0, burst=2)
    budget.spend("a")
    clock.now += 1_000.0
    assert [is_spent(budget, "a") for _ in range(3)] == [False, False, True]


def test_one_client_does_not_spend_anothers() -> None:
    budget = NewDocumentBudget(HandClock(), per_second=1.0, burst=1)
    budget.spend("a")
    assert is_spent(budget, "a")
    assert not is_spent(budget, "b")


def test_the_number_of_clients_is_bounded() -> None:
    budget = NewDocumentBudget(HandClock(), per_second=1.0, burst=1, max_clients=2)
    for client in "abc":
        budget.spend(client)
    assert is_spent(budget, "c")
    assert not is_spent(budget, "a")
