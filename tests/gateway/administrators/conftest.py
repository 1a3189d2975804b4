"""Fixtures of this room: a store with three administrators, and a clock that is told the time."""

import pytest
import pytest_asyncio

from gateway.administrators.types import Role
from gateway.store.pool import LightPool
from tests.support.administrators import Admin, Clock, appoint_three
from tests.support.store import store, store_pool, store_template

__all__ = ["store", "store_pool", "store_template"]


@pytest.fixture
def clock() -> Clock:
    return Clock(1_800_000_000.0)


@pytest_asyncio.fixture
async def people(store_pool: LightPool, clock: Clock) -> dict[Role, Admin]:
    return await appoint_three(store_pool, clock)
