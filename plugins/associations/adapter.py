"""The adapter: manifest and mapping, over the files kit. There is nothing else to it."""

from __future__ import annotations

from gateway.sources.files import FilesAdapter
from plugins.associations.manifest import MANIFEST
from plugins.associations.mapping import REQUIRED, mappings
from plugins.associations.settings import AssociationsSettings


def build_adapter(settings: AssociationsSettings) -> FilesAdapter:
    """Return the adapter for these settings; reads no file."""
    return FilesAdapter(MANIFEST, mappings(settings.authorised), settings.source, REQUIRED)
