"""A small generated city in three databases, and the oracle's world read from it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from gateway.demo.city.load import load_city
from gateway.demo.city.settings import CitySettings
from gateway.store.connect import postgres_url
from tests.oracle.city import callers_of, read_world
from tests.oracle.executor import Oracle
from tests.oracle.expectations import Expectations
from tests.oracle.landscape import Landscape, landscape_of
from tests.support.postgres import DatabaseFactory

_SUBJECTS = 1_000
_SEED = 1


@pytest.fixture(scope="session")
def city_urls(databases: DatabaseFactory) -> Mapping[str, str]:
    """Return the URL of each department's database, filled."""
    urls = {
        slug: postgres_url(**databases.create().connect_arguments())
        for slug in ("market", "tax", "courts")
    }
    asyncio.run(load_city(urls, CitySettings(subjects=_SUBJECTS), lambda *_: None))
    return urls


@pytest.fixture(scope="session")
def oracle(city_urls: Mapping[str, str]) -> Oracle:
    """Return the oracle over the city's complete tables."""
    return Oracle(asyncio.run(read_world(city_urls, _SEED)))


@pytest.fixture(scope="session")
def landscape(oracle: Oracle) -> Landscape:
    """Return what operations are generated from."""
    return landscape_of(oracle.world, callers_of(oracle.world))


@pytest.fixture(scope="session")
def expectations(oracle: Oracle, landscape: Landscape) -> Expectations:
    """Return what generated operations are to be answered with."""
    return Expectations(oracle, landscape)
