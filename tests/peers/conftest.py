"""Fixtures of the peers' tests: the gateway in use, on a small city, and who asks it."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from gateway.demo.city.settings import CitySettings
from gateway.demo.postgres import RunningPostgres
from policies.model import Caller, CallerClass, Purpose
from scripts.print_schema import PAGE
from tests.peers.composers import Subgraph
from tests.support.running_gateway import RunningGateway, running_gateway

_INSPECTORATE = "11410199MB0F00004M"


@pytest.fixture(scope="session")
def gateway(embedded_postgres: RunningPostgres) -> Iterator[RunningGateway]:
    """Return a gateway that answers on loopback; each pytest-xdist worker has its own."""
    with running_gateway(embedded_postgres, CitySettings(subjects=1_000)) as running:
        yield running


@pytest.fixture
def officer(gateway: RunningGateway) -> str:
    """Return the Authorization header of an officer who reviews a licence."""
    caller = Caller(CallerClass.DEPARTMENT, _INSPECTORATE, Purpose.LICENCE_REVIEW)
    return gateway.authorization(caller, "M-1")


@pytest.fixture(scope="session")
def client() -> Iterator[httpx.Client]:
    """Return an HTTP client that uses no proxy."""
    with httpx.Client(timeout=30, trust_env=False) as opened:
        yield opened


@pytest.fixture(scope="session")
def credit(gateway: RunningGateway) -> Subgraph:
    """Return the gateway as a subgraph, with the full schema."""
    return Subgraph("credit", gateway.url, PAGE.read_text(encoding="utf-8"))
