"""A small city in memory, read once from a generated one."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from gateway.demo.city.generate import SLUGS
from gateway.store.connect import postgres_url
from tests.oracle.city import world_of
from tests.oracle.conftest import city_urls as city_urls
from tests.support.postgres import DatabaseFactory
from tests.twoworlds.natives import Natives, read_natives, write_natives
from tests.twoworlds.pen import City
from tests.twoworlds.places import Places, Urls, define_tables

_FIRMS = 30
_SEED = 7


@pytest.fixture(scope="session")
def whole_city(city_urls: Mapping[str, str]) -> Natives:
    """Return the rows of a generated city."""
    return asyncio.run(read_natives(city_urls))


@pytest.fixture(scope="session")
def small_city(whole_city: Natives) -> City:
    """Return the part of it that has most to tell."""
    natives = whole_city.thinned(_FIRMS).with_numbers()
    return City(natives, world_of(natives.departments(), _SEED))


@pytest.fixture(scope="session")
def places(databases: DatabaseFactory, small_city: City) -> Places:
    """Return the databases of two worlds, the first one filled."""
    made = Places(_defined(databases), _defined(databases))
    asyncio.run(write_natives(made.first, small_city.natives))
    return made


def _defined(databases: DatabaseFactory) -> Urls:
    urls = {slug: postgres_url(**databases.create().connect_arguments()) for slug in SLUGS}
    asyncio.run(define_tables(urls))
    return urls
