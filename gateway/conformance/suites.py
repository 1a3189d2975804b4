"""The whole kit as one class: inherit it, and give it a fixture `department`."""

from __future__ import annotations

from gateway.conformance.building import JsonConformance, StatisticsConformance
from gateway.conformance.drawn import DrawnConformance
from gateway.conformance.missing import MissingConformance
from gateway.conformance.reading import (
    LifeConformance,
    ListConformance,
    ManifestConformance,
    RowConformance,
)
from gateway.conformance.running import RunningConformance
from gateway.conformance.selecting import (
    CountConformance,
    EffectConformance,
    FilterConformance,
    OrderConformance,
)


class AdapterConformance(
    ManifestConformance,
    RowConformance,
    ListConformance,
    LifeConformance,
    FilterConformance,
    OrderConformance,
    CountConformance,
    EffectConformance,
    MissingConformance,
    DrawnConformance,
    JsonConformance,
    StatisticsConformance,
    RunningConformance,
):
    """Every promise of the contract; a capability that the manifest does not offer is not asked."""
