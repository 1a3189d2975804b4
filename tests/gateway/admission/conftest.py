"""The gateway's own store, for counts that workers share."""

from tests.support.store import store, store_pool, store_template

__all__ = ["store", "store_pool", "store_template"]
