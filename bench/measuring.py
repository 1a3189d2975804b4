"""Rounds of load on the targets in turn, with the CPU that each of them and PostgreSQL spent."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.ground import STORE, Ground
from bench.load import Load, Target, run_load
from bench.processes import cpu_s, postgres_cpu, resident_mb
from bench.servers import Server
from bench.workloads import Workload

BODIES = {1: 4_000, 200: 80}
"""How many different requests there are, by subjects in a request."""


@dataclass(frozen=True, slots=True)
class Round:
    """One measurement of one target.

    Attributes:
        server_ms, departments_ms, store_ms: CPU per request of the server, of PostgreSQL for
            the departments (with its background work) and for the gateway's store.
    """

    load: Load
    server_ms: float
    departments_ms: float
    store_ms: float


@dataclass(frozen=True, slots=True)
class Result:
    """What was measured of one target at one concurrency: medians over the rounds."""

    workload: str
    target: str
    connections: int
    per_s: float
    p50_ms: float
    p99_ms: float
    server_ms: float
    departments_ms: float
    store_ms: float
    answer_bytes: float
    failed: int
    resident_mb: float


@dataclass(frozen=True, slots=True)
class Plan:
    """How long to measure.

    Attributes:
        rounds: per number of connections.
        warm_up_s: load before each measurement, not counted.
    """

    rounds: Mapping[int, int]
    seconds: int = 4
    warm_up_s: int = 1


def write_requests(ground: Ground, workload: Workload) -> tuple[Path, Path]:
    """Write bodies and headers of a workload to files; return their paths."""
    bodies = ground.folder / f"{workload.name}.bodies"
    bodies.write_bytes(b"\n".join(workload.bodies(ground.subjects, BODIES[workload.subjects])))
    headers = ground.folder / f"{workload.caller}.headers"
    headers.touch(mode=0o600)
    headers.write_text(f"authorization: Bearer {ground.tokens[workload.caller]}\n")
    return bodies, headers


def measure(
    ground: Ground,
    workload: Workload,
    servers: Sequence[Server],
    plan: Plan,
    report: Callable[[str], None],
) -> list[Result]:
    """Measure the servers in turn, round after round."""
    bodies, headers = write_requests(ground, workload)
    results = []
    for connections, rounds in plan.rounds.items():
        found: dict[str, list[Round]] = {server.name: [] for server in servers}
        for number in range(rounds):
            for server in servers:
                report(f"{workload.name} c={connections} {server.name} {number + 1}/{rounds}")
                target = Target(server.url(workload), bodies, headers)
                found[server.name].append(_round(ground, server, target, connections, plan))
        results += [
            _summary(workload, server, connections, found[server.name]) for server in servers
        ]
    return results


def _round(ground: Ground, server: Server, target: Target, connections: int, plan: Plan) -> Round:
    if plan.warm_up_s:
        run_load(target, connections, plan.warm_up_s)
    server_id = server.process.pid
    own, postgres = cpu_s(server_id), postgres_cpu(ground.server.server_id, STORE)
    load = run_load(target, connections, plan.seconds)
    own_after, postgres_after = cpu_s(server_id), postgres_cpu(ground.server.server_id, STORE)
    per_request = 1_000 / max(load.requests, 1)
    return Round(
        load,
        (own_after - own) * per_request,
        (postgres_after.rest_s - postgres.rest_s) * per_request,
        (postgres_after.store_s - postgres.store_s) * per_request,
    )


def _summary(
    workload: Workload, server: Server, connections: int, rounds: Sequence[Round]
) -> Result:
    def median(value: Callable[[Round], float]) -> float:
        return statistics.median(map(value, rounds))

    return Result(
        workload=workload.name,
        target=server.name,
        connections=connections,
        per_s=median(lambda each: each.load.per_s),
        p50_ms=median(lambda each: each.load.p50_ms),
        p99_ms=median(lambda each: each.load.p99_ms),
        server_ms=median(lambda each: each.server_ms),
        departments_ms=median(lambda each: each.departments_ms),
        store_ms=median(lambda each: each.store_ms),
        answer_bytes=median(lambda each: each.load.bytes / max(each.load.requests, 1)),
        failed=sum(each.load.failed for each in rounds),
        resident_mb=resident_mb(server.process.pid),
    )
