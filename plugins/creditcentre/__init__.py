"""Adapter of the credit centre. Here is only the hook that hands it to the gateway."""

from __future__ import annotations

from gateway.contract import Adapter, AdapterSettings, hookimpl
from plugins.creditcentre.adapter import build_adapter
from plugins.creditcentre.manifest import MANIFEST
from plugins.creditcentre.settings import parse_settings

__all__ = ["MANIFEST", "register_adapter"]


@hookimpl
def register_adapter(settings: AdapterSettings) -> Adapter:
    """Return the adapter; opens no connection."""
    return build_adapter(parse_settings(settings))
