"""Fixtures of this room: the gateway's own database, and a log in it."""

import asyncio
from collections.abc import AsyncIterator

import pytest_asyncio

from gateway.store.connect import StoreAddress, connector
from gateway.store.pool import LightPool
from tests.gateway.accesslog.written import WrittenLog, written_log
from tests.support.postgres import DatabaseFactory
from tests.support.store import store, store_address, store_pool, store_template

__all__ = ["store", "store_pool", "store_template"]


@pytest_asyncio.fixture
async def log(store: StoreAddress, store_pool: LightPool) -> AsyncIterator[WrittenLog]:
    """Return an empty log."""
    async with written_log(store, store_pool) as found:
        yield found


@pytest_asyncio.fixture
async def other_log(databases: DatabaseFactory, store_template: str) -> AsyncIterator[WrittenLog]:
    """Return a second empty log, in a database of its own."""
    address = await asyncio.to_thread(databases.create, store_template)
    other = store_address(address)
    pool = LightPool(connector(other), 2)
    async with written_log(other, pool) as found:
        yield found
    await pool.aclose()
    await asyncio.to_thread(databases.drop, address.database)
