"""The associations' adapter over the demonstration's drop, taken up on the city's day."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import plugins.associations
from gateway.contract import AdapterSettings
from gateway.demo.associations.drops import prepare_associations
from gateway.demo.city.settings import CitySettings
from gateway.sources.files import FilesAdapter
from gateway.sources.files.exchange import take_up

AT_NIGHT = dt.datetime(2026, 11, 2, 20, tzinfo=dt.UTC)


def associations_adapter(folder: Path, city: CitySettings) -> FilesAdapter:
    """An adapter whose index is in place."""
    values = prepare_associations(folder, city)
    adapter = plugins.associations.register_adapter(AdapterSettings(values))
    assert isinstance(adapter, FilesAdapter)
    state = take_up(adapter.recipe, lambda: AT_NIGHT)
    assert state.indexed is not None, state.refused
    return adapter
