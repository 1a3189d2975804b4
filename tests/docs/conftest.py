"""Fixtures of this room: the gateway's own database."""

from tests.support.store import store_template

__all__ = ["store_template"]
