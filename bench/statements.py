"""SQL statements per request, counted by PostgreSQL itself.

Every count has a server of its own: a backend reports its numbers when it ends at the latest, so
that they are complete once the server has closed its connections.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import asyncpg

from bench.checking import post
from bench.ground import STORE, Ground
from bench.servers import run_servers
from bench.workloads import Workload

_REQUESTS = 40
_COMMITTED = "SELECT datname, xact_commit FROM pg_stat_database WHERE datname = ANY ($1)"


@dataclass(frozen=True, slots=True)
class StatementCount:
    """Whole statements per request, each a transaction of its own, by database.

    What comes once for many requests, such as preparing a statement, is less than one a request.
    """

    workload: str
    target: str
    departments: Mapping[str, int]
    store: int


async def count_statements(
    ground: Ground, workloads: Sequence[Workload], targets: Sequence[str]
) -> list[StatementCount]:
    """Count for every target and workload; what a target does at its start is left out."""
    found = []
    for target in targets:
        # Starting and stopping, and the connections' first statements.
        idle = await _committed_by(ground, target, workloads[0], 0)
        for workload in workloads:
            busy = await _committed_by(ground, target, workload, _REQUESTS)
            each = {name: max(0, busy[name] - idle[name]) // _REQUESTS for name in busy}
            store = each.pop(STORE)
            found.append(StatementCount(workload.name, target, each, store))
    return found


async def _committed_by(
    ground: Ground, target: str, workload: Workload, requests: int
) -> Mapping[str, int]:
    """Commits of a server that answers so many requests between its start and its end."""
    before = await _committed(ground)
    with run_servers(ground, (target,)) as running:
        for body in workload.bodies(ground.subjects, requests):
            post(running[target].url(workload), body, ground.senders[workload.caller])
    after = await _committed(ground)
    after.subtract(before)
    return after


async def _committed(ground: Ground) -> Counter[str]:
    connection = await asyncpg.connect(**ground.server.superuser.connect_arguments())
    try:
        rows = await connection.fetch(_COMMITTED, list(ground.databases))
    finally:
        await connection.close()
    return Counter({row["datname"]: row["xact_commit"] for row in rows})
