"""A source that holds a fixture."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.conformance.control import SourceControl
from gateway.contract import AdapterSettings


@dataclass(frozen=True, slots=True)
class Stand:
    """A source that holds a package's fixture, for as long as a block runs.

    Attributes:
        settings: what `[adapters.<slug>]` says to reach it.
        control: what the kit does to it and counts.
    """

    settings: AdapterSettings
    control: SourceControl
