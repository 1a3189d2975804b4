"""The gateway's own database for tests: fixtures that a room's conftest imports."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from gateway.demo.postgres import PostgresAddress
from gateway.store.connect import StoreAddress, connector, postgres_url
from gateway.store.migrate import migrate, shipped_migrations
from gateway.store.pool import LightPool
from tests.support.postgres import DatabaseFactory


def store_address(address: PostgresAddress) -> StoreAddress:
    """Return the address of a database as the store takes it."""
    return StoreAddress(postgres_url(**address.connect_arguments()))


@pytest.fixture(scope="session")
def store_template(databases: DatabaseFactory) -> str:
    """Return the name of a database that has every migration and no rows."""

    async def fill(address: PostgresAddress) -> None:
        connection = await connector(store_address(address))()
        await migrate(connection, shipped_migrations())
        await connection.close()

    return databases.create_template(lambda address: asyncio.run(fill(address)))


@pytest.fixture
def store(databases: DatabaseFactory, store_template: str) -> Iterator[StoreAddress]:
    """Return the address of a migrated, empty store; dropped after the test."""
    address = databases.create(store_template)
    yield store_address(address)
    databases.drop(address.database)


@pytest_asyncio.fixture
async def store_pool(store: StoreAddress) -> AsyncIterator[LightPool]:
    """Return a pool on a migrated, empty store."""
    pool = LightPool(connector(store), 4)
    yield pool
    await pool.aclose()


@pytest.fixture(scope="module")
def kept_store(databases: DatabaseFactory, store_template: str) -> Iterator[StoreAddress]:
    """Return the address of a migrated store that the tests of a module share."""
    address = databases.create(store_template)
    yield store_address(address)
    databases.drop(address.database)


@pytest_asyncio.fixture
async def emptied_pool(kept_store: StoreAddress) -> AsyncIterator[LightPool]:
    """Return a pool on the module's store, in which no grant, consent or act is left."""
    pool = LightPool(connector(kept_store), 4)
    async with pool.connection() as connection:
        await connection.execute("TRUNCATE sharing_grant, consent, entitlement_act CASCADE")
    yield pool
    await pool.aclose()
