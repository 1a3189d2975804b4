"""The adapter: manifest and mapping, over the PostgreSQL kit. There is nothing else to it."""

from __future__ import annotations

from gateway.contract import Adapter
from gateway.sources.postgres import PostgresAdapter, PostgresSource
from plugins.courts.manifest import MANIFEST
from plugins.courts.mapping import MAPPINGS
from plugins.courts.settings import CourtsSettings


def build_adapter(settings: CourtsSettings) -> Adapter:
    """Return the adapter for these settings; opens no connection."""
    source = PostgresSource(url=settings.url, pool_size=settings.pool_size)
    return PostgresAdapter(MANIFEST, MAPPINGS, source)
