"""Fixtures of this room: a store whose entries are leaves."""

from tests.support.store import store, store_pool, store_template

__all__ = ["store", "store_pool", "store_template"]
