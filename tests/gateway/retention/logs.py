"""A log with old and young entries, with the subjects they are about, for tests of the archive."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime

from gateway.store.pool import Connection, LightPool
from gateway.translog import verify_audit_log as alone
from gateway.translog.sequencer import Sequencer
from tests.support.translog import KnownLog

OLD, YOUNG = "2020-05-01T00:00:00Z", "2026-05-01T00:00:00Z"
BEFORE = datetime(2021, 12, 1, tzinfo=UTC)

_INSERT = """
INSERT INTO audit_entry (at, request_id, client_id, purpose, outcome, entry)
SELECT $3, u.request_id, 'bank-1', 'PRE_LOAN', 'ANSWERED', u.entry
FROM unnest($1::text[], $2::bytea[]) AS u (request_id, entry)
"""


def entry_bytes(name: str, at: str) -> bytes:
    """Canonical bytes of an entry about one subject."""
    members = {
        "at": at,
        "callerClass": "institution",
        "clientId": "bank-1",
        "outcome": "ANSWERED",
        "purpose": "PRE_LOAN",
        "requestId": name,
        "subjects": [f"{sum(name.encode()) % 7:032x}"],
    }
    return json.dumps(members, separators=(",", ":")).encode()


async def add(connection: Connection, names: Sequence[str], at: str) -> None:
    """Insert entries of one time."""
    entries = [entry_bytes(name, at) for name in names]
    await connection.execute(_INSERT, list(names), entries, datetime.fromisoformat(at))


async def sign(pool: LightPool, known: KnownLog) -> None:
    """Give every entry a leaf."""
    async with pool.connection() as connection:
        sequencer = Sequencer(connection, known.identity, known.signer)
        await sequencer.resume()
        while (await sequencer.step()).leaves:
            pass


async def fill(pool: LightPool, known: KnownLog, old: int, young: int, step: int = 7) -> None:
    """Write old entries, then young ones, with a checkpoint after every few."""
    names = [(f"old-{n}", OLD) for n in range(old)] + [(f"young-{n}", YOUNG) for n in range(young)]
    for begin in range(0, len(names), step):
        async with pool.connection() as connection:
            for name, at in names[begin : begin + step]:
                await add(connection, [name], at)
        await sign(pool, known)


def trust(known: KnownLog) -> alone.Trust:
    """What a verifier believes."""
    return alone.Trust((alone.read_key(known.identity.key.verifier_key()),))
