"""`python -m bench`: start everything, compare, print tables, write build/bench.json."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click
import uvloop
from rich.console import Console

from bench.checking import check_equal
from bench.ground import Ground, prepare_ground
from bench.measuring import Plan, Result, measure
from bench.report import cpu_ratios, rate_ratios, ratios_table, results_table
from bench.servers import COMPARED, run_servers
from bench.workloads import WORKLOADS
from gateway.demo.city.settings import CitySettings

BUILD = Path("build")
WIDTH = 130
"""Columns of the tables where the output is no terminal."""
CHECKED = 5
"""Requests whose answers are compared before anything is measured."""

_WHOLE = Plan({1: 1, 16: 3, 64: 1})
_QUICK = Plan({16: 2}, seconds=3)


@click.command()
@click.argument("workloads", nargs=-1, type=click.Choice(list(WORKLOADS)))
@click.option("--quick", is_flag=True, help="Short rounds at 16 connections only.")
@click.option("--subjects", default=20_000, show_default=True, help="Organisations in the city.")
@click.option("--target", "targets", multiple=True, type=click.Choice(COMPARED))
def main(workloads: tuple[str, ...], quick: bool, subjects: int, targets: tuple[str, ...]) -> None:
    """Measure WORKLOADS, all of them unless some are named."""
    console = Console(width=WIDTH) if not sys.stdout.isatty() else Console()
    (BUILD / "bench").mkdir(parents=True, exist_ok=True)
    names = workloads or tuple(WORKLOADS)
    city = CitySettings(subjects=subjects)
    uvloop.run(_run(console, city, names, _QUICK if quick else _WHOLE, targets or COMPARED))


async def _run(
    console: Console,
    city: CitySettings,
    names: tuple[str, ...],
    plan: Plan,
    targets: tuple[str, ...],
) -> None:
    async with prepare_ground(BUILD / "bench", city, console) as ground:
        results = _compare(console, ground, names, plan, targets)
    rates, cpus = rate_ratios(results), cpu_ratios(results)
    console.print(results_table(results))
    console.print(ratios_table(rates, cpus))
    document = {
        "ratios": rates,
        "cpu_ratios": cpus,
        "results": [asdict(each) for each in results],
    }
    (BUILD / "bench.json").write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def _compare(
    console: Console,
    ground: Ground,
    names: tuple[str, ...],
    plan: Plan,
    targets: tuple[str, ...],
) -> list[Result]:
    results: list[Result] = []
    with run_servers(ground, targets) as servers, console.status("starting") as status:
        for name in names:
            workload = WORKLOADS[name]
            urls = {server.name: server.url(workload) for server in servers.values()}
            bodies = workload.bodies(ground.subjects, CHECKED)
            check_equal(workload, urls, bodies, ground.tokens[workload.caller])
        for name in names:
            results += measure(ground, WORKLOADS[name], list(servers.values()), plan, status.update)
    return results


if __name__ == "__main__":
    main(prog_name="python -m bench")
