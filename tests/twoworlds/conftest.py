"""A small city in memory, read once from a generated one."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from tests.oracle.city import world_of
from tests.oracle.conftest import city_urls as city_urls
from tests.twoworlds.natives import Natives, read_natives
from tests.twoworlds.pen import City

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
