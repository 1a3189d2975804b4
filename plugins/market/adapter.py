"""The adapter: manifest and mapping, over the PostgreSQL kit. There is nothing else to it."""

from __future__ import annotations

from gateway.contract import Adapter
from gateway.sources.postgres import PostgresAdapter, PostgresSource
from plugins.market.manifest import MANIFEST
from plugins.market.mapping import MAPPINGS
from plugins.market.settings import MarketSettings


def build_adapter(settings: MarketSettings) -> Adapter:
    """Return the adapter for these settings; opens no connection."""
    source = PostgresSource(url=settings.url, pool_size=settings.pool_size)
    return PostgresAdapter(MANIFEST, MAPPINGS, source)
