"""`python -m bench.isolation`: what a process of its own costs, and what a hanging department does.

Two servers answer W1 one request after the other, with the departments inside and in processes of
their own. Then six departments in processes are asked in turn at a steady pace, in rounds in which
all answer and rounds in which one hangs; what is compared is how long the five others take.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import time
import tomllib
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass, replace
from importlib.metadata import EntryPoint

import click
import uvloop
from rich.console import Console

from bench.__main__ import BUILD, WIDTH
from bench.ground import Ground, prepare_ground
from bench.machine import machine
from bench.measuring import Plan, measure
from bench.servers import OURS, Server, run_servers
from bench.workloads import WORKLOADS
from gateway.contract import (
    Adapter,
    AdapterSettings,
    FetchContext,
    OrderKey,
    RecordRequest,
    RecordSelection,
    hookspecs,
)
from gateway.demo.city.settings import CitySettings
from gateway.fetching.calls import CallLimits, Departments
from gateway.fetching.types import SourceOutcome
from gateway.isolation.capabilities import start_adapter
from gateway.isolation.start import AdapterStart
from gateway.isolation.types import ProcessLimits
from schema.codes import RecordKind

INSIDE, OUTSIDE = "in-process", "process"
ALL_ANSWER, ONE_HANGS = "all answer", "one hangs"
ADDED_BOUND_MS, RATIO_BOUND = 0.4, 1.15
KINDS = {
    "market": RecordKind.REGISTRATION,
    "tax": RecordKind.TAX_ARREARS,
    "courts": RecordKind.JUDGMENT_DEFAULTER,
}
_PACE_S = 0.005
_CALLS = 600
_W1 = Plan({1: 6}, seconds=3)


@click.command()
@click.option("--subjects", default=20_000, show_default=True, help="Organisations in the city.")
@click.option("--rounds", default=6, show_default=True, help="Rounds of each kind with six.")
def main(subjects: int, rounds: int) -> None:
    """Measure processes of their own."""
    console = Console(width=WIDTH)
    (BUILD / "bench").mkdir(parents=True, exist_ok=True)
    found = uvloop.run(measure_isolation(console, CitySettings(subjects=subjects), rounds))
    document = {"machine": machine(), **found.document()}
    (BUILD / "isolation.json").write_text(json.dumps(document, indent=2) + "\n", "utf-8")
    for name, value in document.items():
        console.print(f"{name}: {value}")


@dataclass(frozen=True, slots=True)
class Isolated:
    """Medians over the rounds, in ms.

    Attributes:
        w1_p50_ms: with departments inside and outside.
        others_p95_ms: of five departments beside a sixth that answers, and one that hangs.
    """

    w1_p50_ms: Mapping[str, float]
    others_p95_ms: Mapping[str, float]

    @property
    def added_ms(self) -> float:
        return self.w1_p50_ms[OUTSIDE] - self.w1_p50_ms[INSIDE]

    @property
    def ratio(self) -> float:
        return self.others_p95_ms[ONE_HANGS] / self.others_p95_ms[ALL_ANSWER]

    def document(self) -> dict[str, object]:
        return {
            "w1_p50_ms": self.w1_p50_ms,
            "w1_added_ms": self.added_ms,
            "others_p95_ms": self.others_p95_ms,
            "others_p95_ratio": self.ratio,
        }


async def measure_isolation(console: Console, city: CitySettings, rounds: int) -> Isolated:
    """What a process of its own adds, and what a hanging department does to the others."""
    async with prepare_ground(BUILD / "bench", city, console) as ground:
        with ExitStack() as stack:
            servers = [
                _server(stack, ground, INSIDE),
                _server(stack, _with_processes(ground), OUTSIDE),
            ]
            found = measure(ground, WORKLOADS["W1"], servers, _W1, lambda _: None)
        p50 = {each.target: each.p50_ms for each in found}
        p95 = await _six(ground, rounds)
    return Isolated(p50, p95)


def _server(stack: ExitStack, ground: Ground, name: str) -> Server:
    running = stack.enter_context(run_servers(ground, (OURS,)))
    return replace(running[OURS], name=name)


def _with_processes(ground: Ground) -> Ground:
    """The same ground, with settings by which all departments run outside."""
    path = ground.settings.with_name("outside.toml")
    lines = [
        f'{line}\nisolation = "process"' if line.startswith("[adapters.") else line
        for line in ground.settings.read_text("utf-8").splitlines()
    ]
    path.touch(mode=0o600)
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return replace(ground, settings=path)


async def _six(ground: Ground, rounds: int) -> dict[str, float]:
    """Median over the rounds of the others' 95th percentile, in ms."""
    stated = tomllib.loads(ground.settings.read_text("utf-8"))["adapters"]
    async with AsyncExitStack() as stack:
        others: dict[str, Adapter] = {}
        for slug in ("market", "tax", "courts", "market", "tax"):
            name = slug if slug not in others else f"{slug}-2"
            others[name] = await _opened(stack, slug, f"plugins.{slug}", stated[slug])
        sixth = await _opened(stack, "courts", "plugins.courts", stated["courts"])
        hanging = await _opened(stack, "hanging", "bench.targets.hanging", {})
        p95: dict[str, list[float]] = {ALL_ANSWER: [], ONE_HANGS: []}
        await _round({**others, "sixth": sixth}, ground.subjects.organisations)
        for _ in range(rounds):
            for name, last in ((ALL_ANSWER, sixth), (ONE_HANGS, hanging)):
                durations = await _round({**others, "sixth": last}, ground.subjects.organisations)
                p95[name].append(statistics.quantiles(durations, n=20)[-1] * 1_000)
    return {name: statistics.median(found) for name, found in p95.items()}


async def _opened(stack: AsyncExitStack, slug: str, module: str, values: dict[str, str]) -> Adapter:
    point = EntryPoint(slug, module, hookspecs.ENTRY_POINT_GROUP)
    adapter = start_adapter(AdapterStart(point, AdapterSettings(values), ProcessLimits()))
    await adapter.open()
    stack.push_async_callback(adapter.aclose)
    return adapter


async def _round(adapters: dict[str, Adapter], codes: Sequence[str]) -> list[float]:
    """Ask in turn at a steady pace; how long the calls of all but the sixth took, in seconds."""
    durations: list[float] = []

    def observe(slug: str, outcome: SourceOutcome, duration_s: float) -> None:
        if slug != "sixth":
            assert outcome is SourceOutcome.ANSWERED
            durations.append(duration_s)

    departments = Departments(adapters, CallLimits(), observe)
    selections = {slug: _selection(adapter) for slug, adapter in adapters.items()}
    slugs, asking = list(adapters), []
    started = time.monotonic()
    for number in range(_CALLS):
        slug = slugs[number % len(slugs)]
        request = RecordRequest("r", selections[slug], (codes[number % len(codes)],))
        context = FetchContext("bench", time.monotonic() + 10, "2026-11-02T08:00:00Z")
        asking.append(asyncio.create_task(_ask(departments, slug, request, context)))
        await asyncio.sleep(max(0.0, started + (number + 1) * _PACE_S - time.monotonic()))
    await asyncio.gather(*asking)
    return durations


async def _ask(
    departments: Departments, slug: str, request: RecordRequest, context: FetchContext
) -> None:
    await departments.fetch_all({slug: [request]}, context)


def _selection(adapter: Adapter) -> RecordSelection:
    kind = KINDS.get(adapter.manifest.slug, RecordKind.REGISTRATION)
    fields = ("meta.recordId", "meta.decidedOn")
    return RecordSelection(kind, fields, order=(OrderKey("meta.decidedOn", True),), first=5)


if __name__ == "__main__":
    main(prog_name="python -m bench.isolation")
