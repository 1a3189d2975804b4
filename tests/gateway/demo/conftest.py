"""Two cities in memory, one in the embedded server's databases, and the gateway's own store."""

import pytest

from gateway.demo.city.generate import CityBatch, make_batch
from gateway.demo.city.settings import CitySettings
from gateway.demo.departments import Departments
from gateway.demo.postgres import RunningPostgres
from tests.support.city import prepared_city
from tests.support.store import store, store_template

__all__ = ["store", "store_template"]

SETTINGS = CitySettings(subjects=1_000)


@pytest.fixture(scope="session")
def city_settings() -> CitySettings:
    return SETTINGS


@pytest.fixture(scope="session")
def city_rows(city_settings: CitySettings) -> CityBatch:
    """All rows of the small city, in memory."""
    return make_batch(city_settings, range(city_settings.subjects))


@pytest.fixture(scope="session")
def departments(embedded_postgres: RunningPostgres, city_settings: CitySettings) -> Departments:
    """The same city in the departments' databases of this worker's server."""
    return prepared_city(embedded_postgres, city_settings)
