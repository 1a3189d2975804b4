"""Fixtures of this room: a local issuer under a clock that tests set."""

import itertools
from dataclasses import dataclass

import pytest

from gateway.identity.authenticate import Authenticator
from gateway.identity.issuer import LocalIssuer
from gateway.identity.keys import generate_key

ISSUER = "https://issuer.example"
AUDIENCE = "https://gateway.example"
NOW = 1_772_413_323


@dataclass
class SetClock:
    """A clock that stands still until it is set; seconds since the epoch."""

    now: float = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def issuer(clock: SetClock) -> LocalIssuer:
    numbers = itertools.count(1)
    return LocalIssuer(ISSUER, AUDIENCE, generate_key(), clock, lambda: f"token-{next(numbers)}")


@pytest.fixture
def authenticator(issuer: LocalIssuer, clock: SetClock) -> Authenticator:
    return Authenticator(issuer.token_rules(), clock)
