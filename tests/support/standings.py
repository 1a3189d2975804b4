"""What a worker knows of entitlements, over a test's own store."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from gateway.entitlements.cache import EntitlementsCache
from gateway.store.connect import StoreAddress, connector


@asynccontextmanager
async def followed(
    store: StoreAddress, clock: Callable[[], float] = time.time
) -> AsyncIterator[EntitlementsCache]:
    """Follow a store for the length of the block."""
    cache = EntitlementsCache(
        connector(store), clock, time.monotonic, heartbeat_s=0.05, retry_s=0.02, max_age_s=0.5
    )
    await cache.open()
    try:
        yield cache
    finally:
        await cache.aclose()
