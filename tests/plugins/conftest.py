"""The departments with a small city in this worker's server."""

import pytest

from gateway.demo.city.settings import CitySettings
from gateway.demo.departments import Departments
from gateway.demo.postgres import RunningPostgres
from tests.support.city import prepared_city


@pytest.fixture(scope="session")
def departments(embedded_postgres: RunningPostgres) -> Departments:
    """The same small city as in the tests of the generator."""
    return prepared_city(embedded_postgres, CitySettings(subjects=1_000))
