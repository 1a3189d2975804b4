"""Fixtures of this room: a local issuer under a clock that tests set."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from gateway.identity.access_token import TokenRules
from gateway.identity.authenticate import Authenticator
from gateway.identity.claims import TokenFacts
from gateway.identity.issuer import LocalIssuer
from gateway.identity.keys import generate_key
from gateway.identity.principal import Principal
from gateway.request import Credentials
from tests.support.sender import BEARER

ISSUER = "https://issuer.example"
AUDIENCE = "https://gateway.example"
NOW = 1_772_413_323


@dataclass
class SetClock:
    """A clock that stands still until it is set; seconds since the epoch."""

    now: float = NOW

    def __call__(self) -> float:
        return self.now


class ByHeader(Authenticator):
    """Takes tokens that are bound to nothing, for tests of tokens alone."""

    def __init__(self, rules: TokenRules, clock: Callable[[], float], **more: Any) -> None:
        super().__init__(rules, BEARER, clock, **more)

    def take(self, authorization: str | None) -> Principal:
        """Who sent a request with this header and no other."""
        return self.authenticate(Credentials(authorization), "POST", "/graphql")

    def kept(self, authorization: str) -> TokenFacts:
        """What is kept of the token in a header."""
        return self.read_token(authorization.partition(" ")[2])


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def issuer(clock: SetClock) -> LocalIssuer:
    numbers = itertools.count(1)
    return LocalIssuer(ISSUER, AUDIENCE, generate_key(), clock, lambda: f"token-{next(numbers)}")


@pytest.fixture
def authenticator(issuer: LocalIssuer, clock: SetClock) -> ByHeader:
    return ByHeader(issuer.token_rules(), clock)
