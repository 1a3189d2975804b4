"""A gateway opens whatever state its departments are in."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest

from gateway import composition
from gateway.conformance import ReferenceAdapter
from tests.support.awkward_department import manifest_for


class Refusing(ReferenceAdapter):
    """Cannot be opened."""

    async def open(self) -> None:
        raise OSError("no route")


class Hanging(ReferenceAdapter):
    """Never opens."""

    async def open(self) -> None:
        await asyncio.Event().wait()


async def test_adapter_that_opens_is_closed_at_the_end() -> None:
    closed: list[str] = []

    class Closing(ReferenceAdapter):
        async def aclose(self) -> None:
            closed.append("yes")

    async with AsyncExitStack() as stack:
        adapter = Closing(manifest_for(), ())
        assert await composition._open_adapter(stack, adapter) is None
        assert closed == []
    assert closed == ["yes"]


async def test_adapter_that_cannot_be_opened_is_told_not_raised() -> None:
    async with AsyncExitStack() as stack:
        reason = await composition._open_adapter(stack, Refusing(manifest_for(), ()))
    assert reason == "opening failed: OSError: no route"


async def test_adapter_that_never_opens_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(composition, "OPENING_TIMEOUT_S", 0.01)
    async with AsyncExitStack() as stack:
        reason = await composition._open_adapter(stack, Hanging(manifest_for(), ()))
    assert reason is not None
    assert reason.startswith("opening failed: TimeoutError")
