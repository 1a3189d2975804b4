"""The adapter: manifest and mapping, over the MySQL kit. There is nothing else to it."""

from __future__ import annotations

from gateway.contract import Adapter
from gateway.sources.mysql import MySqlAdapter, MySqlSource
from plugins.housing.manifest import MANIFEST
from plugins.housing.mapping import MAPPINGS


def build_adapter(source: MySqlSource) -> Adapter:
    """Return the adapter for this database; opens no connection."""
    return MySqlAdapter(MANIFEST, MAPPINGS, source)
