"""Fixtures of this room: the gateway's own database."""

from tests.support.store import store, store_pool, store_template

__all__ = ["store", "store_pool", "store_template"]
