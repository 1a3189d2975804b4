"""A department whose penalties stand in a real table, and the gateway's own database."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from gateway.demo.postgres import PostgresAddress
from gateway.store.connect import StoreAddress, connector
from tests.gateway.changes.working import EFFECTS, TABLE
from tests.support.postgres import DatabaseFactory
from tests.support.store import store, store_address, store_pool, store_template

__all__ = ["store", "store_pool", "store_template"]


async def run(address: StoreAddress, *statements: str) -> None:
    """Run statements on a connection of their own."""
    connection = await connector(address)()
    for statement in statements:
        await connection.execute(statement)
    await connection.close()


@pytest.fixture(scope="module")
def source_template(databases: DatabaseFactory) -> str:
    def fill(address: PostgresAddress) -> None:
        asyncio.run(run(store_address(address), TABLE))

    return databases.create_template(fill)


@pytest.fixture
def source(databases: DatabaseFactory, source_template: str) -> Iterator[StoreAddress]:
    """Return the address of the department's database with an empty table."""
    address = databases.create(source_template)
    yield store_address(address)
    databases.drop(address.database)


@pytest.fixture
def effects(store: StoreAddress) -> StoreAddress:
    """Return the store with a table in which the listener counts."""
    asyncio.run(run(store, EFFECTS))
    return store
