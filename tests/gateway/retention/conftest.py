"""Fixtures of this room: the gateway's own database, and a log in it."""

from collections.abc import AsyncIterator

import pytest_asyncio

from gateway.store.connect import StoreAddress
from gateway.store.pool import LightPool
from tests.gateway.accesslog.written import WrittenLog, written_log
from tests.support.store import store, store_pool, store_template

__all__ = ["store", "store_pool", "store_template"]


@pytest_asyncio.fixture
async def log(store: StoreAddress, store_pool: LightPool) -> AsyncIterator[WrittenLog]:
    """Return an empty log."""
    async with written_log(store, store_pool) as found:
        yield found
