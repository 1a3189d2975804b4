"""Outside packages in processes of their own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from importlib.metadata import EntryPoint

import pytest

from gateway.contract import AdapterSettings, hookspecs
from gateway.isolation.adapter import ProcessAdapter, Upkeep
from gateway.isolation.capabilities import start_adapter
from gateway.isolation.start import AdapterStart
from gateway.isolation.types import ProcessLimits

PACKAGES = "tests.gateway.isolation"
BRISK = Upkeep(beat_s=0.05, most_looks=6, pause_s=0.05, longest_pause_s=0.1, closing_s=0.5)
Opening = Callable[..., Awaitable[ProcessAdapter]]


def start_with(fault: str = "", package: str = "outside", **limits: float) -> AdapterStart:
    """A package with a fault."""
    point = EntryPoint(package, f"{PACKAGES}.{package}", hookspecs.ENTRY_POINT_GROUP)
    settings = AdapterSettings({"fault": fault, "password": "of the department"})
    return AdapterStart(point, settings, ProcessLimits(**limits))  # type: ignore[arg-type]


@pytest.fixture
async def opened() -> AsyncIterator[Opening]:
    """Return what opens the package with a fault; closed after the test."""
    async with AsyncExitStack() as stack:

        async def make(fault: str = "", **limits: float) -> ProcessAdapter:
            start = start_with(fault, "outside", **limits)
            adapter = start_adapter(start, BRISK)
            stack.push_async_callback(adapter.aclose)
            await adapter.open()
            return adapter

        yield make
