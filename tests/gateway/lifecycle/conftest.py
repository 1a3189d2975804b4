"""A database with the tables of the engine and of a small machine."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from gateway.demo.postgres import PostgresAddress
from gateway.lifecycle.schema import lifecycle_tables
from gateway.store.connect import connector
from gateway.store.pool import LightPool
from tests.support.lifecycle import TABLES, address_of, fill
from tests.support.postgres import DatabaseFactory


@pytest.fixture(scope="module")
def cases_database(databases: DatabaseFactory) -> Iterator[PostgresAddress]:
    """Return a database that the tests of a module share; each opens cases of its own."""
    address = databases.create()
    fill(address, lifecycle_tables(), TABLES)
    yield address
    databases.drop(address.database)


@pytest_asyncio.fixture
async def pool(cases_database: PostgresAddress) -> AsyncIterator[LightPool]:
    pool = LightPool(connector(address_of(cases_database)), 6)
    async with pool.connection() as connection:
        await connection.execute("ALTER TABLE lifecycle_step DISABLE TRIGGER lifecycle_step_kept")
        await connection.execute("TRUNCATE lifecycle_case, lifecycle_schedule, told CASCADE")
        await connection.execute("ALTER TABLE lifecycle_step ENABLE TRIGGER lifecycle_step_kept")
    yield pool
    await pool.aclose()
