"""The departments with a small generated city, for tests that read records."""

import asyncio

from gateway.demo.city.settings import CitySettings
from gateway.demo.departments import Departments, prepare_departments
from gateway.demo.postgres import RunningPostgres


def prepared_city(server: RunningPostgres, settings: CitySettings) -> Departments:
    """Provide the departments' databases on the server; a second call uses them again."""
    return asyncio.run(prepare_departments(server, settings, lambda _work, _done, _total: None))
