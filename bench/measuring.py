"""Rounds of load on the targets in turn, with the CPU that each of them and PostgreSQL spent."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.ground import STORE, Ground
from bench.load import Load, Target, run_load
from bench.processes import cpu_s, postgres_cpu, resident_mb
from bench.servers import STRAWBERRY, Server
from bench.workloads import Workload

BODIES = {1: 4_000, 200: 80}
"""How many different requests there are, by subjects in a request."""
_SLOW_S = 10
_SLOW_CONNECTIONS = 16
_SETTLE_S = 30.0
_LOOK_EVERY_S = 0.2
_IDLE_SHARE = 0.15
"""A server that uses less of a core than this has nothing left to do."""


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

    def seconds_for(self, workload: Workload, server: Server) -> int:
        """Length of one measurement: longer for what takes seconds to answer."""
        return max(self.seconds, _SLOW_S) if _is_slow(workload, server) else self.seconds

    def servers_for(
        self, workload: Workload, servers: Sequence[Server], connections: int, number: int
    ) -> list[Server]:
        """Who is measured in a round: what is slow once only, and not under the highest load."""
        is_spared = number > 0 or connections > _SLOW_CONNECTIONS
        return [each for each in servers if not (is_spared and _is_slow(workload, each))]


def _is_slow(workload: Workload, server: Server) -> bool:
    return server.name == STRAWBERRY and workload.subjects > 1


def write_requests(ground: Ground, workload: Workload) -> tuple[Path, Path]:
    """Write bodies and headers of a workload to files; return their paths."""
    bodies = ground.folder / f"{workload.name}.bodies"
    bodies.write_bytes(b"\n".join(workload.bodies(ground.subjects, BODIES[workload.subjects])))
    headers = ground.folder / f"{workload.caller}.headers"
    headers.touch(mode=0o600)
    lines = [f"{name}: {value}\n" for name, value in ground.senders[workload.caller].items()]
    headers.write_text("".join(lines))
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
            for server in plan.servers_for(workload, servers, connections, number):
                report(f"{workload.name} c={connections} {server.name} {number + 1}/{rounds}")
                target = Target(server.url(workload), bodies, headers)
                seconds = plan.seconds_for(workload, server)
                found[server.name].append(
                    _round(ground, server, target, connections, plan.warm_up_s, seconds)
                )
        results += [
            _summary(workload, server, connections, found[server.name])
            for server in servers
            if found[server.name]
        ]
    return results


def _round(
    ground: Ground,
    server: Server,
    target: Target,
    connections: int,
    warm_up_s: int,
    seconds: int,
) -> Round:
    server_id = server.process.pid
    if warm_up_s:
        run_load(target, connections, warm_up_s)
    _settle(server_id)
    own, postgres = cpu_s(server_id), postgres_cpu(ground.server.server_id, STORE)
    load = run_load(target, connections, seconds)
    own_after, postgres_after = cpu_s(server_id), postgres_cpu(ground.server.server_id, STORE)
    _settle(server_id)
    # Requests under way at the end are half done on average.
    per_request = 1_000 / (load.requests + connections / 2)
    return Round(
        load,
        (own_after - own) * per_request,
        (postgres_after.rest_s - postgres.rest_s) * per_request,
        (postgres_after.store_s - postgres.store_s) * per_request,
    )


def _settle(process_id: int) -> None:
    """Wait until the server has finished what clients that are gone have left behind."""
    deadline = time.monotonic() + _SETTLE_S
    spent = cpu_s(process_id)
    while time.monotonic() < deadline:
        time.sleep(_LOOK_EVERY_S)
        now = cpu_s(process_id)
        if now - spent < _IDLE_SHARE * _LOOK_EVERY_S:
            return
        spent = now


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
