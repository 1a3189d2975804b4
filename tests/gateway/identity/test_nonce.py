"""Nonces: the same on every worker, good for the window of now and the one before."""

import pytest

from gateway.errors import InternalError
from gateway.identity.nonce import WINDOW_S, Nonces
from tests.gateway.identity.conftest import NOW, SetClock

KEY, OTHER = b"k" * 32, b"o" * 32
BEGIN = NOW - NOW % WINDOW_S


def test_nonces_of_two_workers_are_equal() -> None:
    first, second = Nonces([KEY], lambda: BEGIN), Nonces([KEY], lambda: BEGIN + WINDOW_S - 1)

    assert first.current() == second.current()
    assert len(first.current()) == 32


@pytest.mark.parametrize(
    ("later_s", "is_accepted"),
    [(0, True), (WINDOW_S, True), (2 * WINDOW_S - 1, True), (2 * WINDOW_S, False)],
)
def test_nonce_after_a_time(later_s: int, is_accepted: bool) -> None:
    clock = SetClock(BEGIN)
    nonces = Nonces([KEY], clock)
    nonce = nonces.current()
    clock.now = BEGIN + later_s

    assert nonces.accepts(nonce) is is_accepted


def test_nonce_of_the_future_is_not_accepted() -> None:
    ahead = Nonces([KEY], lambda: BEGIN + WINDOW_S).current()

    assert not Nonces([KEY], lambda: BEGIN).accepts(ahead)


@pytest.mark.parametrize("nonce", ["", "x", "A" * 32])
def test_nonce_of_nobody_is_not_accepted(nonce: str) -> None:
    assert not Nonces([KEY], lambda: BEGIN).accepts(nonce)


def test_nonces_while_keys_change_are_accepted_under_both() -> None:
    changed, old, new = (Nonces(k, lambda: BEGIN) for k in ([OTHER, KEY], [KEY], [OTHER]))

    assert changed.accepts(old.current())
    assert changed.current() == new.current()
    assert not old.accepts(changed.current())


@pytest.mark.parametrize("keys", [[], [b"short"], [KEY, b"short"]])
def test_nonces_without_good_keys_are_refused(keys: list[bytes]) -> None:
    with pytest.raises(InternalError):
        Nonces(keys, lambda: BEGIN)
