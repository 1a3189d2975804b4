"""Adapter of the industry associations. Here is only the hook that hands it to the gateway."""

from __future__ import annotations

from gateway.contract import Adapter, AdapterSettings, hookimpl
from plugins.associations.adapter import build_adapter
from plugins.associations.manifest import MANIFEST
from plugins.associations.settings import parse_settings

__all__ = ["MANIFEST", "register_adapter"]


@hookimpl
def register_adapter(settings: AdapterSettings) -> Adapter:
    """Return the adapter; reads no file."""
    return build_adapter(parse_settings(settings))
