"""Every fault of the table in `docs/reference/faults.md` has the outcome that stands there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import pytest_asyncio

from gateway.conformance import ReferenceAdapter, ReferenceRecord
from gateway.contract import Adapter, AdapterSettings
from gateway.fetching.calls import CallLimits
from gateway.fetching.circuit import CircuitLimits
from gateway.isolation.adapter import ProcessAdapter
from gateway.isolation.capabilities import start_adapter
from gateway.isolation.start import AdapterStart
from gateway.isolation.types import ProcessLimits
from schema.codes import RecordKind
from tests.gateway.isolation.conftest import BRISK, start_with
from tests.gateway.isolation.faults import FAULTS
from tests.gateway.isolation.light import KIND, Light, begun_file
from tests.support.awkward_department import CODE, FIRM, manifest_for
from tests.support.fault_table import FaultRow, fault_table
from tests.support.small_gateway import SmallGateway

TABLE = fault_table("In the adapter's code")
QUICK = {"endless loop", "os._exit", "garbage on the pipe"}
"""Of those that end the process; the others end it as one of these does."""
LIST = f'{{subject(uscc:"{FIRM}"){{penalties(first:3){{totalCount nodes{{documentNo}}}}}}}}'
NO_CIRCUIT = CircuitLimits(failures=1_000)
BRIEF = CallLimits(adapter_timeout_s=0.5, circuit=NO_CIRCUIT)
PATIENT = CallLimits(adapter_timeout_s=60.0, circuit=NO_CIRCUIT)
"""For whatever fails by itself, however long a busy machine takes for it."""


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


async def outcomes(adapter: Adapter, expected: str = "ANSWERED") -> dict[str, str]:
    """How this department and one beside it take part in a query."""
    limits = BRIEF if expected == "TIMED_OUT" else PATIENT
    dated = {"meta.decidedOn": "2025-01-01"}
    records = [
        ReferenceRecord(KIND, "g", FIRM, {"documentNo": "好", **dated}),
        ReferenceRecord(RecordKind.REGISTRATION, "r", FIRM, {"name": "样例商行", **dated}),
    ]
    good = ReferenceAdapter(manifest_for("good", CODE), records)
    answer = await SmallGateway({"light": adapter, "good": good}, limits=limits).ask(LIST)
    assert "secret" not in str(answer)
    found = {item["source"]: item["outcome"] for item in answer["extensions"]["sources"]}
    if found["light"] != "ANSWERED":
        nodes = answer["data"]["subject"]["penalties"]["nodes"]
        assert [node["documentNo"] for node in nodes] == ["好"]
    return found


def _is_long(row: FaultRow) -> bool:
    return row.columns[2] == "started again" and row.fault not in QUICK


def test_table_names_every_fault_once() -> None:
    assert sorted(row.fault for row in TABLE) == sorted(FAULTS)


@pytest.mark.parametrize("row", [r for r in TABLE if r.columns[0] != "not contained"], ids=str)
async def test_fault_in_the_gateways_process(row: FaultRow, tmp_path: Path) -> None:
    file = tmp_path / "fault"
    file.write_text(row.fault)
    assert await outcomes(Light(file), row.columns[0]) == {
        "light": row.columns[0],
        "good": "ANSWERED",
    }


@pytest.mark.parametrize(
    "row",
    [pytest.param(r, marks=[pytest.mark.long] if _is_long(r) else [], id=str(r)) for r in TABLE],
)
@pytest.mark.asyncio(loop_scope="module")
async def test_fault_in_a_process_of_its_own(row: FaultRow, apart: Apart) -> None:
    await apart.running()
    process, starts = apart.adapter.process_id, apart.adapter.starts
    begun_file(apart.fault).unlink(missing_ok=True)
    apart.fault.write_text(row.fault)
    # A process that was not given the processor may lose a call before it has begun.
    while not begun_file(apart.fault).exists():
        found = await outcomes(apart.adapter, row.columns[1])
        assert found == {"light": row.columns[1], "good": "ANSWERED"}
    apart.fault.write_text("")
    if row.columns[2] == "started again":
        await apart.started_again(starts)
    assert (apart.adapter.process_id == process) == (row.columns[2] == "goes on")
    assert await outcomes(apart.adapter) == {"light": "ANSWERED", "good": "ANSWERED"}
