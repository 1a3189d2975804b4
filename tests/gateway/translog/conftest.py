"""Fixtures of this room: the gateway's own database, and a log with each hash function."""

import pytest

from gateway.translog.suites import SHA256, SM3
from tests.support.store import store, store_pool, store_template
from tests.support.translog import KnownLog, new_log

__all__ = ["store", "store_pool", "store_template"]


@pytest.fixture(params=[SHA256, SM3], ids=["sha256", "sm3"])
def known(request: pytest.FixtureRequest) -> KnownLog:
    """Return a log with a new key, once per hash function."""
    return new_log(request.param)
