"""SQL statements per request, counted by PostgreSQL itself."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import asyncpg

from bench.checking import post
from bench.ground import STORE, Ground
from bench.servers import Server
from bench.workloads import Workload

_REQUESTS = 20
_FLUSH_S = 1.1
"""A backend reports its numbers when a transaction ends a second or more after the last report.

Source: PostgreSQL, src/backend/utils/activity/pgstat.c, PGSTAT_MIN_INTERVAL.
"""
_COMMITTED = "SELECT datname, xact_commit FROM pg_stat_database WHERE datname = ANY ($1)"


@dataclass(frozen=True, slots=True)
class StatementCount:
    """Statements per request, each a transaction of its own, by database."""

    workload: str
    target: str
    departments: Mapping[str, float]
    store: float


async def count_statements(
    ground: Ground, workload: Workload, servers: Sequence[Server]
) -> list[StatementCount]:
    """Count for every server. One request at a time goes over one connection of each pool."""
    bodies = workload.bodies(ground.subjects, _REQUESTS + 1)
    token = ground.tokens[workload.caller]
    found = []
    for server in servers:
        url = server.url(workload)
        before = await _after(ground, url, bodies[-1], token)
        for body in bodies[:-1]:
            post(url, body, token)
        after = await _after(ground, url, bodies[-1], token)
        each = {name: (after[name] - before[name]) / (_REQUESTS + 1) for name in after}
        store = each.pop(STORE)
        departments = {name: round(count, 2) for name, count in sorted(each.items())}
        found.append(StatementCount(workload.name, server.name, departments, round(store, 2)))
    return found


async def _after(ground: Ground, url: str, body: bytes, token: str) -> Mapping[str, int]:
    """Numbers of commits after one more request, which makes the backends report."""
    time.sleep(_FLUSH_S)  # noqa: ASYNC251 - nothing else runs in this loop
    post(url, body, token)
    time.sleep(_FLUSH_S / 4)  # noqa: ASYNC251
    connection = await asyncpg.connect(**ground.server.superuser.connect_arguments())
    try:
        rows = await connection.fetch(_COMMITTED, list(ground.databases))
    finally:
        await connection.close()
    return {row["datname"]: row["xact_commit"] for row in rows}
