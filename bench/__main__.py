"""`python -m bench`: start everything, compare, print tables, write build/bench.json."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click
import uvloop
from rich.console import Console

from bench.audit import audit_table, measure_audit, measure_verifier
from bench.checking import check_equal
from bench.duties import measure_duties
from bench.ground import Ground, prepare_ground
from bench.machine import machine
from bench.measuring import Plan, Result, measure
from bench.report import (
    cpu_ratios,
    duties_table,
    machine_line,
    rate_ratios,
    ratios_table,
    results_table,
    statements_table,
)
from bench.servers import COMPARED, NO_AUDIT, NO_DUTIES, OURS, run_servers
from bench.statements import StatementCount, count_statements
from bench.workloads import WORKLOADS, Workload
from gateway.demo.city.settings import CitySettings

BUILD = Path("build")
WIDTH = 130
"""Columns of the tables where the output is no terminal."""
CHECKED = 5
"""Requests whose answers are compared before anything is measured."""

_WHOLE = Plan({1: 1, 16: 3, 64: 1})
_QUICK = Plan({16: 2}, seconds=3)
_DUTIES = Plan({16: 4}, seconds=4)
_AUDIT = Plan({16: 7}, seconds=4)
_QUICK_AUDIT = Plan({16: 3}, seconds=3)
VERIFIED, QUICKLY_VERIFIED = 1_000_000, 100_000


@click.command()
@click.argument("workloads", nargs=-1, type=click.Choice(list(WORKLOADS)))
@click.option("--quick", is_flag=True, help="Short rounds at 16 connections, and no duties.")
@click.option("--duties", is_flag=True, help="Duties only.")
@click.option("--audit", is_flag=True, help="What the audit costs, and the verifier, only.")
@click.option("--subjects", default=20_000, show_default=True, help="Organisations in the city.")
@click.option("--target", "targets", multiple=True, type=click.Choice(COMPARED))
def main(
    workloads: tuple[str, ...],
    quick: bool,
    duties: bool,
    audit: bool,
    subjects: int,
    targets: tuple[str, ...],
) -> None:
    """Measure WORKLOADS, all of them unless some are named."""
    console = Console() if sys.stdout.isatty() else Console(width=WIDTH)
    (BUILD / "bench").mkdir(parents=True, exist_ok=True)
    wanted = () if duties or audit else workloads or tuple(WORKLOADS)
    is_whole = not (quick or workloads or targets)
    run = Run(
        console,
        tuple(WORKLOADS[name] for name in wanted),
        _QUICK if quick else _WHOLE,
        targets or COMPARED,
        with_duties=duties or (is_whole and not audit),
        with_audit=audit or (is_whole and not duties),
        is_quick=quick,
    )
    uvloop.run(_measure(run, CitySettings(subjects=subjects)))


@dataclass(frozen=True, slots=True)
class Run:
    """What one call of the command is to do."""

    console: Console
    workloads: Sequence[Workload]
    plan: Plan
    targets: tuple[str, ...]
    with_duties: bool
    with_audit: bool
    is_quick: bool


async def _measure(run: Run, city: CitySettings) -> None:
    document: dict[str, Any] = {"machine": machine()}
    async with prepare_ground(BUILD / "bench", city, run.console) as ground:
        if run.workloads:
            document |= await _compare(run, ground)
        if run.with_duties:
            document["duties"] = _duties(run, ground)
        if run.with_audit:
            document["audit"] = _audit(run, ground)
    (BUILD / "bench.json").write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    run.console.print(machine_line(document["machine"]))


async def _compare(run: Run, ground: Ground) -> dict[str, Any]:
    """Check that answers are equal, then measure; returns what goes into the document."""
    results: list[Result] = []
    counts: list[StatementCount] = []
    with run_servers(ground, run.targets) as running, run.console.status("starting") as status:
        servers = list(running.values())
        for workload in run.workloads:
            urls = {server.name: server.url(workload) for server in servers}
            bodies = workload.bodies(ground.subjects, CHECKED)
            check_equal(workload, urls, bodies, ground.senders[workload.caller])
        for workload in run.workloads:
            results += measure(ground, workload, servers, run.plan, status.update)
    if run.with_duties:
        counts = await count_statements(ground, run.workloads, run.targets)
    rates, cpus = rate_ratios(results), cpu_ratios(results)
    run.console.print(results_table(results))
    if counts:
        run.console.print(statements_table(counts))
    run.console.print(ratios_table(rates, cpus))
    return {
        "ratios": rates,
        "cpu_ratios": cpus,
        "results": [asdict(each) for each in results],
        "statements": [asdict(each) for each in counts],
    }


def _duties(run: Run, ground: Ground) -> dict[str, Any]:
    with run_servers(ground, (OURS, NO_DUTIES)) as running, run.console.status("duties") as status:
        servers = (running[OURS], running[NO_DUTIES])
        duties, results = measure_duties(ground, servers, _DUTIES, status.update)
    run.console.print(duties_table(duties))
    return {**asdict(duties), "results": [asdict(each) for each in results]}


def _audit(run: Run, ground: Ground) -> dict[str, Any]:
    plan, entries = (_QUICK_AUDIT, QUICKLY_VERIFIED) if run.is_quick else (_AUDIT, VERIFIED)
    with run_servers(ground, (OURS, NO_AUDIT)) as running, run.console.status("audit") as status:
        servers = (running[OURS], running[NO_AUDIT])
        costs, results = measure_audit(ground, servers, plan, status.update)
        verifying = measure_verifier(ground.folder, entries, status.update)
    run.console.print(audit_table(costs, verifying))
    return {
        "costs": [asdict(each) for each in costs],
        "verifying": asdict(verifying),
        "results": [asdict(each) for each in results],
    }


if __name__ == "__main__":
    main(prog_name="python -m bench")
