"""A disk that is full: nothing is recorded, nothing is said to be, and it goes on with room."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.audit.entry import RecordHasher
from gateway.audit.recorder import GroupCommitRecorder
from gateway.audit.references import SubjectReferences
from gateway.demo.postgres import EmbeddedPostgres
from gateway.entitlements.cache import EntitlementsCache
from gateway.errors import Unavailable
from gateway.logkeeping import kept_log
from gateway.store.connect import StoreAddress, connector
from gateway.store.migrate import migrate, shipped_migrations
from gateway.store.pool import LightPool
from gateway.translog.signers import private_key_pem
from tests.gateway.translog.test_kills import check
from tests.support.entries import audit_entry
from tests.support.postgres import temporary_folder
from tests.support.recording_worker import log_settings
from tests.support.store import store_address

DISK_BYTES = 256 * 2**20


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """Mount a file system of its own; skips where that is not allowed."""
    mount, unmount = shutil.which("mount"), shutil.which("umount")
    if os.geteuid() != 0 or mount is None or unmount is None:
        pytest.skip("mounting a file system needs root")
    disk = folder / "disk"
    disk.mkdir()
    options = f"size={DISK_BYTES},mode=0711"
    done = subprocess.run([mount, "-t", "tmpfs", "-o", options, "tmpfs", str(disk)])
    if done.returncode:
        pytest.skip("mounting a file system is not allowed here")
    try:
        yield disk
    finally:
        subprocess.run([unmount, "--lazy", str(disk)], check=True)


def fill(disk: Path) -> Path:
    """Take all the room that is left."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
    return filler


async def record_until_full(address: StoreAddress, disk: Path) -> set[str]:
    """Record, fill the disk, record until it is refused, make room, record again."""
    pool = LightPool(connector(address), 2)
    standings = EntitlementsCache(connector(address), time.time, time.monotonic)
    await standings.open()
    recorder = GroupCommitRecorder(
        pool, SubjectReferences(secrets.token_bytes), RecordHasher(bytes(32)), standings
    )
    await recorder.open()
    said: set[str] = set()

    async def record(name: str) -> None:
        # new subjects each time, so that several tables have to grow
        subjects = tuple(f"{name}-{number}" for number in range(50))
        await recorder.commit(audit_entry(name, subjects=subjects))
        said.add(name)

    async with kept_log(log_settings(disk / "log.pem", disk / "segments"), address):
        for number in range(20):
            await record(f"before-{number}")
        filler = fill(disk)
        refusals: list[str] = []
        for number in range(20_000):
            try:
                await record(f"full-{number}")
            except Unavailable as error:
                refusals.append(error.code)
                if len(refusals) == 5:
                    break
        assert refusals == ["AUDIT_UNAVAILABLE"] * 5
        filler.unlink()
        async with asyncio.timeout(60):
            while "after" not in said:
                with suppress(Unavailable):
                    await record("after")
    await recorder.aclose()
    await standings.aclose()
    await pool.aclose()
    return said


@pytest.mark.long
def test_full_disk_refuses_and_recovers_without_loss() -> None:
    with temporary_folder() as folder, small_disk(folder) as disk:
        (disk / "log.pem").write_bytes(private_key_pem(Ed25519PrivateKey.generate()))
        with EmbeddedPostgres(disk / "postgres").start() as server:
            made = asyncio.run(server.administration.create_database("log", "log_owner"))
            address = store_address(made)

            async def run() -> set[str]:
                connection = await connector(address)()
                await migrate(connection, shipped_migrations())
                await connection.close()
                return await record_until_full(address, disk)

            said = asyncio.run(run())
            asyncio.run(check(address, disk, said))
