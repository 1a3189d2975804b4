"""Fixtures of this room: the gateway's own database."""

from tests.support.store import emptied_pool, kept_store, store, store_pool, store_template

__all__ = ["emptied_pool", "kept_store", "store", "store_pool", "store_template"]
