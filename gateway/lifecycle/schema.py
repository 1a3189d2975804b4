"""The tables of life cycles, for whoever keeps them in its own database."""

from __future__ import annotations

from importlib import resources


def lifecycle_tables() -> str:
    """Return the statements that make the tables in an empty schema."""
    return resources.files("gateway.lifecycle").joinpath("tables.sql").read_text("utf-8")
