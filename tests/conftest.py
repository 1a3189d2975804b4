"""Fixtures used everywhere; a room's own fixtures live in that room's conftest."""

import gc
from collections.abc import Iterator

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from gateway.demo.postgres import PostgresAddress, RunningPostgres
from tests.support.postgres import DatabaseFactory, running_postgres
from tests.support.scheduling import TogetherScheduling

# Whole cities stay in memory for the length of a run; looking through them again and again for
# garbage took a sixth of it.
gc.set_threshold(100_000, 20, 50)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    """Have pytest-xdist give tests that share something to one worker."""
    return TogetherScheduling(config, log)


@pytest.fixture(scope="session")
def embedded_postgres() -> Iterator[RunningPostgres]:
    """Return a running server; each pytest-xdist worker has its own."""
    with running_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def databases(embedded_postgres: RunningPostgres) -> DatabaseFactory:
    """Return the maker of databases, for fixtures that prepare a template of their own."""
    return DatabaseFactory(embedded_postgres)


@pytest.fixture
def fresh_database(databases: DatabaseFactory) -> Iterator[PostgresAddress]:
    """Return an empty database and the login that owns it; dropped after the test."""
    address = databases.create()
    yield address
    databases.drop(address.database)
