"""The gateway's own database for measurements."""

from tests.support.store import store_template

__all__ = ["store_template"]
