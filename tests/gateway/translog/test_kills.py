"""Workers killed at random instants, and the database restarted: no gap, no duplicate, no loss."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.demo.postgres import EmbeddedPostgres
from gateway.logkeeping import identity_of, kept_log
from gateway.store.connect import StoreAddress, connector
from gateway.store.migrate import migrate, shipped_migrations
from gateway.store.pool import LightPool
from gateway.translog import verify_audit_log as alone
from gateway.translog.signers import private_key_pem
from gateway.translog.storecheck import check_store
from tests.support.postgres import temporary_folder
from tests.support.recording_worker import SAID, log_settings
from tests.support.store import store_address

QUICK_KILLS, LONG_KILLS = 4, 50
PATIENCE_S = 60
_COUNT = "SELECT count(*) FROM audit_entry"
_SIZE = "SELECT tree_size FROM audit_log_head"
_ALL = "SELECT request_id FROM audit_entry"


class Worker:
    """A recording worker, and what it said it had recorded."""

    def __init__(self, address: StoreAddress, folder: Path, name: str) -> None:
        program = [sys.executable, "-m", "tests.support.recording_worker"]
        files = [str(folder / "log.pem"), str(folder / "segments")]
        self.process = subprocess.Popen(
            [*program, address.url, *files, name], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert self.process.stdout is not None
        self.output: IO[bytes] = self.process.stdout
        self.said: list[str] = []

    def read(self, lines: int) -> None:
        """Read so many entries, or until it ends."""
        while lines > 0:
            line = self.output.readline().decode()
            if not line.endswith("\n"):
                return
            if line.startswith(SAID):
                self.said.append(line.removeprefix(SAID).strip())
                lines -= 1

    def kill(self) -> None:
        """Kill it, and read what it said until then."""
        self.process.kill()
        self.process.wait()
        self.read(1_000_000)
        self.output.close()


@contextmanager
def key_in(folder: Path) -> Iterator[Path]:
    (folder / "log.pem").write_bytes(private_key_pem(Ed25519PrivateKey.generate()))
    yield folder


def kill_workers(address: StoreAddress, folder: Path, kills: int, seed: int) -> set[str]:
    """Have two workers at any time, and kill one after the other; returns what they recorded."""
    chance = random.Random(seed)
    workers = [Worker(address, folder, f"w{seed}-{number}") for number in range(2)]
    for number in range(2, kills):
        for worker in workers[-2:]:
            worker.read(1)
        victim = workers[chance.choice((-2, -1))]
        victim.read(chance.randrange(400))
        victim.kill()
        workers.remove(victim)
        workers.insert(0, victim)
        workers.append(Worker(address, folder, f"w{seed}-{number}"))
    for worker in workers[-2:]:
        worker.read(chance.randrange(100))
        worker.kill()
    return {line for worker in workers for line in worker.said}


async def covered(address: StoreAddress, folder: Path) -> int:
    """Keep the log until everything is covered; returns how many entries there are."""
    connection = await connector(address)()
    async with kept_log(log_settings(folder / "log.pem", folder / "segments"), address):
        async with asyncio.timeout(PATIENCE_S):
            while await connection.fetchval(_SIZE) < await connection.fetchval(_COUNT):
                pass
    count: int = await connection.fetchval(_COUNT)
    await connection.close()
    return count


async def check(address: StoreAddress, folder: Path, said: set[str]) -> None:
    """What was said to be recorded is; store and segments hold, and cover every entry once."""
    count = await covered(address, folder)
    pool = LightPool(connector(address), 1)
    async with pool.connection() as connection:
        stored = [row[0] for row in await connection.fetch(_ALL)]
    assert len(stored) == len(set(stored))
    assert said <= set(stored)
    identity = identity_of(log_settings(folder / "log.pem", folder / "segments"))
    trust = alone.Trust((alone.read_key(identity.key.verifier_key()),))
    found = await check_store(pool, identity.suite.name, trust)
    await pool.aclose()
    report = alone.Report()
    alone.SegmentCheck(folder / "segments", trust, report).run()
    assert (found.problems, report.problems) == ([], [])
    assert found.covered == report.covered == report.leaves == count


def test_workers_killed_lose_nothing_and_others_go_on(store: StoreAddress, tmp_path: Path) -> None:
    with key_in(tmp_path) as folder:
        said = kill_workers(store, folder, QUICK_KILLS, seed=7)
        assert said
        asyncio.run(check(store, folder, said))


@pytest.mark.long
def test_many_workers_killed_lose_nothing(store: StoreAddress, tmp_path: Path) -> None:
    with key_in(tmp_path) as folder:
        said = kill_workers(store, folder, LONG_KILLS, seed=8)
        asyncio.run(check(store, folder, said))


@pytest.mark.long
def test_database_restarted_under_load_loses_nothing(tmp_path: Path) -> None:
    with temporary_folder() as data, key_in(tmp_path) as folder:
        with EmbeddedPostgres(data / "postgres").start() as server:
            made = asyncio.run(server.administration.create_database("log", "log_owner"))
            address = store_address(made)

            async def prepare() -> None:
                connection = await connector(address)()
                await migrate(connection, shipped_migrations())
                await connection.close()

            asyncio.run(prepare())
            workers = [Worker(address, folder, f"w-{number}") for number in range(2)]
            for worker in workers:
                worker.read(200)
        with EmbeddedPostgres(data / "postgres").start():
            for worker in workers:
                worker.read(1_000)
                worker.kill()
            said = {line for worker in workers for line in worker.said}
            asyncio.run(check(address, folder, said))
