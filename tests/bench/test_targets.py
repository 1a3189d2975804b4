"""The three servers give the same answers, on a small city of their own."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from bench.checking import check_equal
from bench.ground import prepare_ground
from bench.load import Target, run_load
from bench.measuring import write_requests
from bench.servers import COMPARED, LIMIT, run_servers
from bench.workloads import WORKLOADS
from gateway.demo.city.settings import CitySettings
from gateway.demo.postgres import EmbeddedPostgres

_CHECKED = 3


async def test_targets_asked_the_same_answer_the_same(tmp_path: Path) -> None:
    city = CitySettings(subjects=1_000)
    try:
        async with prepare_ground(tmp_path, city, Console(quiet=True)) as ground:
            with run_servers(ground, COMPARED) as servers:
                for workload in WORKLOADS.values():
                    urls = {server.name: server.url(workload) for server in servers.values()}
                    bodies = workload.bodies(ground.subjects, _CHECKED)
                    check_equal(workload, urls, bodies, ground.senders[workload.caller])
                workload = WORKLOADS["W3"]
                bodies_file, headers = write_requests(ground, workload)
                target = Target(servers[LIMIT].url(workload), bodies_file, headers)
                loads = [run_load(target, 2, 1, client) for client in (None, "asyncio")]
        for load in loads:
            assert load.requests > 0
            assert load.failed == 0
            assert 0 < load.p50_ms <= load.p99_ms
    finally:
        EmbeddedPostgres(tmp_path / "postgres").remove()
