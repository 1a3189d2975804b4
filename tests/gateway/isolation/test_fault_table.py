"""Every fault in an adapter's code has the outcome that `docs/reference/faults.md` tells of."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import pytest_asyncio

from gateway.conformance.department import context, whole
from gateway.contract import Adapter, AdapterSettings, RecordRequest
from gateway.isolation.adapter import ProcessAdapter
from gateway.isolation.capabilities import start_adapter
from gateway.isolation.start import AdapterStart
from gateway.isolation.types import ProcessLimits
from tests.faults.asking import outcome_of
from tests.faults.declared import CodeFault, Outcome, code_faults
from tests.gateway.isolation.conftest import BRISK, start_with
from tests.gateway.isolation.faults import FAULTS
from tests.gateway.isolation.light import KIND, Light, begun_file
from tests.support.awkward_department import FIRM

TABLE = code_faults()
CANCELLED = "cancelled request"
QUICK = {"endless loop", "os._exit", "garbage on the pipe"}
"""Of those that end the process; the others end it as one of these does."""


@dataclass(frozen=True)
class Apart:
    """The package in its process, and the file that says what is wrong with it."""

    adapter: ProcessAdapter
    fault: Path

    async def running(self) -> None:
        """Wait until its process answers."""
        await _until(lambda: self.adapter.process_id is not None)

    async def started_again(self, starts: int) -> None:
        """Wait until it was started more often than so, and answers."""
        await _until(lambda: self.adapter.starts > starts)
        await self.running()


async def _until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(120):
        while not is_so():  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)


async def _give_up_a_call(adapter: Adapter, fault: Path) -> None:
    """Ask what hangs, and cancel the call once it has begun."""
    request = RecordRequest("given up", whole(KIND), (FIRM,))
    fault.write_text("hang")  # noqa: ASYNC240 - a few bytes
    call = asyncio.ensure_future(adapter.fetch([request], context()))
    await _until(begun_file(fault).exists)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    begun_file(fault).unlink()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def apart(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Apart]:
    file = tmp_path_factory.mktemp("fault") / "fault"
    file.write_text("")
    point = start_with(package="light").point
    start = AdapterStart(point, AdapterSettings({"file": str(file)}), ProcessLimits(memory_mb=600))
    adapter = start_adapter(start, replace(BRISK, most_looks=30))
    await adapter.open()
    yield Apart(adapter, file)
    await adapter.aclose()


def test_every_fault_is_declared_and_every_declared_fault_is_caused() -> None:
    assert sorted(TABLE) == sorted(FAULTS)


INSIDE = [name for name, fault in TABLE.items() if fault.inside is not Outcome.NOT_CONTAINED]


@pytest.mark.parametrize("name", INSIDE)
async def test_fault_in_the_gateways_process(name: str, tmp_path: Path) -> None:
    file, expected = tmp_path / "fault", TABLE[name].inside
    adapter = Light(file)
    if name == CANCELLED:
        await _give_up_a_call(adapter, file)
    file.write_text(name)
    assert await outcome_of(adapter, expected) is expected


def _is_long(name: str, fault: CodeFault) -> bool:
    return fault.is_started_again and name not in QUICK


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.long] if _is_long(name, fault) else [])
        for name, fault in TABLE.items()
    ],
)
@pytest.mark.asyncio(loop_scope="module")
async def test_fault_in_a_process_of_its_own(name: str, apart: Apart) -> None:
    fault, adapter = TABLE[name], apart.adapter
    await apart.running()
    process, starts = adapter.process_id, adapter.starts
    begun_file(apart.fault).unlink(missing_ok=True)
    if name == CANCELLED:
        await _give_up_a_call(adapter, apart.fault)
    apart.fault.write_text(name)
    # A process that was not given the processor may lose a call before it has begun.
    while not begun_file(apart.fault).exists():
        assert await outcome_of(adapter, fault.outside) is fault.outside
    apart.fault.write_text("")
    if fault.is_started_again:
        await apart.started_again(starts)
    assert (adapter.process_id != process) is fault.is_started_again
    assert await outcome_of(adapter) is Outcome.ANSWERED
