"""Results as a table for people and as JSON for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

from bench.duties import Duties
from bench.measuring import Result
from bench.servers import LIMIT, OURS, STRAWBERRY
from bench.statements import StatementCount

COMPARED_AT = 16
"""Connections at which targets are compared."""

_COLUMNS = (
    "workload", "conn", "target", "req/s", "p50 ms", "p99 ms", "CPU ms", "PG ms", "store ms",
    "RSS MB", "bytes", "failed",
)  # fmt: skip


def results_table(results: Sequence[Result]) -> Table:
    """One line per measurement."""
    table = Table(*_COLUMNS, title="medians over the rounds; CPU ms per request")
    for column in table.columns[3:]:
        column.justify = "right"
    for each in results:
        table.add_row(
            each.workload,
            str(each.connections),
            each.target,
            f"{each.per_s:,.0f}" if each.per_s >= 100 else f"{each.per_s:.1f}",
            f"{each.p50_ms:.2f}",
            f"{each.p99_ms:.2f}",
            f"{each.server_ms:.3f}",
            f"{each.departments_ms:.3f}",
            f"{each.store_ms:.3f}",
            f"{each.resident_mb:.0f}",
            f"{each.answer_bytes:,.0f}",
            str(each.failed),
        )
    return table


Ratios = Mapping[str, Mapping[str, float]]


def rate_ratios(results: Sequence[Result]) -> Ratios:
    """Rate of ours divided by theirs, by workload and target."""
    return _ratios(results, lambda ours, theirs: ours.per_s / max(theirs.per_s, 1e-9))


def cpu_ratios(results: Sequence[Result]) -> Ratios:
    """Server CPU per request of theirs divided by ours: how many times less we need."""
    return _ratios(results, lambda ours, theirs: theirs.server_ms / max(ours.server_ms, 1e-6))


def _ratios(results: Sequence[Result], ratio: Any) -> Ratios:
    found: dict[str, dict[str, float]] = {}
    at = {(each.workload, each.target): each for each in results if each.connections == COMPARED_AT}
    for (workload, target), theirs in at.items():
        ours = at.get((workload, OURS))
        if ours is not None and target in (STRAWBERRY, LIMIT):
            found.setdefault(workload, {})[target] = round(ratio(ours, theirs), 3)
    return found


def ratios_table(rates: Ratios, cpus: Ratios) -> Table:
    """The ratios that the targets are set for."""
    heads = ("rate / limit", "rate / strawberry", "CPU limit / ours", "CPU strawberry / ours")
    table = Table("workload", *heads, title=f"at {COMPARED_AT} connections")
    for workload, rate in rates.items():
        cpu = cpus[workload]
        cells = [rate.get(LIMIT), rate.get(STRAWBERRY), cpu.get(LIMIT), cpu.get(STRAWBERRY)]
        table.add_row(workload, *["–" if cell is None else f"{cell:.2f}" for cell in cells])
    return table


def statements_table(counts: Sequence[StatementCount]) -> Table:
    """SQL statements per request."""
    table = Table("workload", "target", "departments", "store", title="SQL statements per request")
    for each in counts:
        by_name = ", ".join(f"{name} {count}" for name, count in each.departments.items())
        table.add_row(each.workload, each.target, by_name, str(each.store))
    return table


def duties_table(duties: Duties) -> Table:
    """What identity, policy, quota and audit cost on W1."""
    table = Table("duties on W1", "cost", title=f"{duties.rules} rules loaded")
    table.add_row("gateway, CPU ms per request", f"{duties.server_ms:.3f}")
    table.add_row("PostgreSQL of the store, CPU ms per request", f"{duties.store_ms:.3f}")
    table.add_row("deciding 40 fields anew, p99 ms", f"{duties.deciding_p99_ms:.3f}")
    table.add_row("checking a row, µs", f"{duties.row_check_us:.3f}")
    return table


def machine_line(machine: Mapping[str, Any]) -> str:
    """The machine in one line."""
    return (
        f"{machine['processor']}, {machine['cores']} cores (load {machine['load_average']:.1f}"
        f" at the start), Python {machine['python']}, client {machine['client']}"
    )
