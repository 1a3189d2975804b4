"""A gateway killed while it answers: nothing was answered that is not on record."""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from gateway.demo.city.cases import CASES
from gateway.demo.departments import Departments
from gateway.logkeeping import identity_of, kept_log
from gateway.settings import load_settings, require_audit_log
from gateway.store.connect import StoreAddress, connector, postgres_url
from gateway.store.pool import LightPool
from gateway.translog import verify_audit_log as alone
from gateway.translog.storecheck import check_store
from tests.e2e.conftest import provision_in
from tests.support.postgres import DatabaseFactory
from tests.support.running_gateway import START_S, end, free_port, wait_until_answering

KILLS = 50
AT_ONCE = 6
PATIENCE_S = 60
QUERY = "query ($code: USCC!) { subject(uscc: $code) { uscc registration { name } } }"


@dataclass
class Clients:
    """Ask until nobody answers, and remember what was answered whole."""

    url: str
    code: str
    answered: list[str] = field(default_factory=list)
    enough: threading.Event = field(default_factory=threading.Event)
    wanted: int = 0

    def ask(self) -> None:
        body = {"query": QUERY, "variables": {"code": self.code}}
        with httpx.Client(timeout=30, trust_env=False) as client:
            try:
                while True:
                    answer = client.post(self.url, json=body)
                    assert answer.status_code == 200, answer.text
                    assert answer.json()["data"]["subject"]["uscc"] == self.code
                    self.answered.append(answer.headers["x-request-id"])
                    if len(self.answered) >= self.wanted:
                        self.enough.set()
            except httpx.TransportError:
                return


def kill_once(settings: Path, wanted: int) -> list[str]:
    """Serve, ask, and kill after so many answers; returns the requests that were answered."""
    port = free_port()
    environment = {**os.environ, "CREDIT_GATEWAY_SERVER_PORT": str(port)}
    errors = settings.parent / "errors.txt"
    with errors.open("wb") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "gateway", "serve", "--config", str(settings)],
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            env=environment,
        )
    try:
        base = f"http://127.0.0.1:{port}"
        wait_until_answering(f"{base}/readyz", process, errors, START_S)
        clients = Clients(f"{base}/graphql", CASES.clean_firm.code, wanted=wanted)
        threads = [threading.Thread(target=clients.ask) for _ in range(AT_ONCE)]
        for thread in threads:
            thread.start()
        assert clients.enough.wait(PATIENCE_S)
        process.kill()
        for thread in threads:
            thread.join(PATIENCE_S)
        return clients.answered
    finally:
        end(process)


async def check(settings_file: Path, answered: set[str]) -> None:
    """Every answer has its entry, and the log covers each entry and holds."""
    settings = load_settings(settings_file, {})
    log, address = require_audit_log(settings), StoreAddress(settings.store.url)
    pool = LightPool(connector(address), 2)
    async with pool.connection() as connection:
        async with kept_log(log, address), asyncio.timeout(PATIENCE_S):
            while await connection.fetchval(
                "SELECT tree_size < (SELECT count(*) FROM audit_entry) FROM audit_log_head"
            ):
                pass
        rows = await connection.fetch("SELECT request_id, outcome FROM audit_entry")
    recorded = {row["request_id"] for row in rows if row["outcome"] == "ANSWERED"}
    assert answered
    assert answered <= recorded
    identity = identity_of(log)
    trust = alone.Trust((alone.read_key(identity.key.verifier_key()),))
    found = await check_store(pool, identity.suite.name, trust)
    await pool.aclose()
    assert log.segments is not None
    report = alone.Report()
    alone.SegmentCheck(log.segments, trust, report).run()
    assert (found.problems, report.problems) == ([], [])
    assert found.covered == report.covered == len(rows)


@pytest.mark.long
def test_gateway_killed_again_and_again_answered_nothing_unrecorded(
    databases: DatabaseFactory, departments: Departments, tmp_path: Path
) -> None:
    store_url = postgres_url(**databases.create().connect_arguments())
    provision_in(tmp_path, departments, store_url)
    settings = tmp_path / "data" / "gateway.toml"
    chance = random.Random(11)
    answered = {
        request for _ in range(KILLS) for request in kill_once(settings, chance.randrange(1, 80))
    }
    asyncio.run(check(settings, answered))
