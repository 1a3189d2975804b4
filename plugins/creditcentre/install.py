"""Makes the credit centre's tables in an empty database."""

from __future__ import annotations

from importlib import resources

from gateway.lifecycle.schema import lifecycle_tables


def tables() -> str:
    """Return the statements that make all tables; for the login that acts, which owns them."""
    own = resources.files("plugins.creditcentre").joinpath("ddl.sql").read_text("utf-8")
    return lifecycle_tables() + own
