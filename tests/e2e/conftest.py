"""A whole server over a small city, as the demonstration provisions it."""

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.demo.city.settings import CitySettings
from gateway.demo.databases import DemoDatabases
from gateway.demo.departments import Departments
from gateway.demo.files import DemoFiles
from gateway.demo.postgres import RunningPostgres
from gateway.demo.provision import Provisioned, provision
from gateway.store.connect import StoreAddress, connector, postgres_url
from gateway.store.pool import LightPool
from tests.e2e.pages import Platform, running
from tests.e2e.serving import Client, served
from tests.support.city import prepared_city
from tests.support.postgres import DatabaseFactory


@pytest.fixture(scope="session")
def departments(embedded_postgres: RunningPostgres) -> Departments:
    """The same small city as in the tests of the plugins."""
    return prepared_city(embedded_postgres, CitySettings(subjects=1_000))


@pytest.fixture(scope="session")
def provisioned(
    databases: DatabaseFactory, departments: Departments, tmp_path_factory: pytest.TempPathFactory
) -> Provisioned:
    """Settings and tokens of a demonstration over the city."""
    folder = tmp_path_factory.mktemp("demo")
    store_url = postgres_url(**databases.create().connect_arguments())
    return provision_in(folder, departments, store_url)


def provision_in(
    folder: Path,
    departments: Departments,
    store_url: str,
    *,
    is_bound: bool = False,
    port: int = 0,
) -> Provisioned:
    """Provision a demonstration with files in this folder.

    Args:
        is_bound: whether contracts name the operations of clients, as in a demonstration; tests
            about other things ask anything.
    """
    files = DemoFiles(folder / "data", folder / "build")
    files.make_folders()
    found = DemoDatabases(departments.access, store_url, None, None)

    provisioned = asyncio.run(provision(found, files, port))
    if not is_bound:
        asyncio.run(_let_ask_anything(store_url))
    return provisioned


async def _let_ask_anything(store_url: str) -> None:
    pool = LightPool(connector(StoreAddress(store_url)), 1)
    try:
        async with pool.connection() as connection:
            await connection.execute("UPDATE client SET may_ask_anything = true")
    finally:
        await pool.aclose()


@pytest.fixture(scope="session")
def client(provisioned: Provisioned) -> Iterator[Client]:
    """A client of the whole server."""
    with served(provisioned.settings, provisioned.description.tokens) as found:
        yield found


@pytest.fixture(scope="session")
def platform(
    databases: DatabaseFactory, departments: Departments, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Platform]:
    """A server with pages, and a bank."""
    listener = socket.create_server(("127.0.0.1", 0))
    store_url = postgres_url(**databases.create().connect_arguments())
    folder, port = tmp_path_factory.mktemp("pages"), listener.getsockname()[1]
    made = provision_in(folder, departments, store_url, port=port)
    with running(made, listener) as found:
        yield found
