"""A worker that records entries as fast as it can and keeps the log: a process for tests to kill.

`python -m tests.support.recording_worker URL KEYFILE SEGMENTS NAME` writes one line per entry with
its request id, after the entry was committed, as an answer would leave.
"""

from __future__ import annotations

import asyncio
import itertools
import secrets
import sys
import time
from pathlib import Path

from gateway.audit.entry import RecordHasher
from gateway.audit.recorder import GroupCommitRecorder
from gateway.audit.references import SubjectReferences
from gateway.entitlements.cache import EntitlementsCache
from gateway.errors import ClientError
from gateway.logkeeping import kept_log
from gateway.settings import AuditLogSettings
from gateway.store.connect import StoreAddress, connector
from gateway.store.pool import LightPool
from tests.support.entries import audit_entry
from tests.support.translog import ORIGIN

AT_ONCE = 12
SAID = "recorded "
"""Before each request id; what the worker logs stands between."""


def log_settings(key_file: Path, segments: Path) -> AuditLogSettings:
    """Settings of the log that such workers share."""
    return AuditLogSettings(ORIGIN, key=(key_file, key_file.read_bytes()), segments=segments)


async def work(url: str, key_file: Path, segments: Path, name: str) -> None:
    """Record until killed."""
    address = StoreAddress(url)
    pool = LightPool(connector(address), 2)
    standings = EntitlementsCache(connector(address), time.time, time.monotonic)
    await standings.open()
    recorder = GroupCommitRecorder(
        pool, SubjectReferences(secrets.token_bytes), RecordHasher(bytes(32)), standings
    )
    await recorder.open()
    numbers = itertools.count()

    async def client() -> None:
        for number in numbers:
            entry = audit_entry(f"{name}-{number}", subjects=(f"S-{number % 50}",))
            try:
                await recorder.commit(entry)
            except ClientError:
                await asyncio.sleep(0.05)
                continue
            sys.stdout.write(f"{SAID}{entry.request_id}\n")
            sys.stdout.flush()

    async with kept_log(log_settings(key_file, segments), address):
        await asyncio.gather(*(client() for _ in range(AT_ONCE)))


if __name__ == "__main__":
    asyncio.run(work(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4]))
