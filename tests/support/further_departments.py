"""The departments that keep their data elsewhere than in PostgreSQL, with the small city."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from gateway.demo.city.settings import CitySettings
from gateway.demo.further.environment_service import CLIENT, EnvironmentService
from gateway.demo.further.environment_store import prepare_environment
from gateway.demo.further.housing_store import prepare_housing
from tests.support.http_service import served
from tests.support.mariadb import DATABASE, PASSWORD, running_mariadb

SECRET = "s3cret of a test"


@contextmanager
def environment_values(folder: Path, city: CitySettings) -> Iterator[dict[str, str]]:
    """Run the environment bureau's service, and yield the settings of its adapter."""
    database = folder / "environment.sqlite3"
    prepare_environment(database, city)
    service = EnvironmentService(database, SECRET)
    try:
        with served(service.app) as port:
            url = f"http://127.0.0.1:{port}"
            yield {
                "url": url,
                "token_url": f"{url}/oauth/token",
                "client_id": CLIENT,
                "client_secret": SECRET,
                "timeout_s": "30",
            }
    finally:
        service.close()


@contextmanager
def housing_values(folder: Path, city: CitySettings) -> Iterator[dict[str, str]]:
    """Run a MariaDB with the construction bureau's tables, and yield the adapter's settings.

    Skips the test where MariaDB is not installed.
    """
    with running_mariadb(folder) as server:
        login = f"{{}}:{quote(PASSWORD, safe='')}@127.0.0.1:{server.port}/{DATABASE}"
        asyncio.run(prepare_housing(f"mysql://{login.format('owner')}", city))
        yield {"url": f"mysql://{login.format('reader')}"}
