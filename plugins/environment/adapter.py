"""The adapter: manifest and description of the service, over the REST kit. Nothing else."""

from __future__ import annotations

from gateway.contract import Adapter
from gateway.sources.rest import RestAdapter, RestSource
from plugins.environment.manifest import MANIFEST
from plugins.environment.mapping import API


def build_adapter(source: RestSource) -> Adapter:
    """Return the adapter for this service; opens no connection."""
    return RestAdapter(MANIFEST, API, source)
