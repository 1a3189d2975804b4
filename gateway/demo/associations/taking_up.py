"""Takes the associations' drop up before the server starts, so that it answers at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from gateway.contract import AdapterSettings
from gateway.demo.city.settings import CitySettings
from gateway.demo.errors import DemoError
from gateway.fetching.registry import installed_adapters, load_registry
from gateway.sources.files import FilesAdapter
from gateway.sources.files.exchange import take_up
from schema.records import MODEL

SLUG = "associations"


def take_up_drop(values: Mapping[str, str], city: CitySettings) -> None:
    """Index the newest drop, on the evening of the city's day.

    Raises:
        DemoError: the drop cannot be used.
    """
    points = [point for point in installed_adapters() if point.name == SLUG]
    registry = load_registry(points, {SLUG: AdapterSettings(values)}, MODEL)
    adapter = registry.adapters.get(SLUG)
    if not isinstance(adapter, FilesAdapter):
        reason = registry.quarantined[0].reason if registry.quarantined else "it is not installed"
        raise DemoError(f"the associations' adapter cannot be used: {reason}")
    evening = dt.datetime.combine(dt.date.fromordinal(city.today), dt.time(20), dt.UTC)
    state = take_up(adapter.recipe, lambda: evening)
    if state.indexed is None:
        raise DemoError(f"the associations' drop was refused: {state.refused[0].reason}")
