"""Logs for tests: their keys, entries without a recorder, and what is in the store of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.store.pool import Connection
from gateway.translog.signers import Ed25519Signer
from gateway.translog.suites import SHA256, HashSuite
from gateway.translog.types import LogIdentity

ORIGIN = "credit.city.example/audit"

_INSERT = """
INSERT INTO audit_entry (at, request_id, client_id, purpose, outcome, entry)
SELECT '2026-03-02T01:02:03Z', u.request_id, 'bank-1', 'PRE_LOAN', 'ANSWERED', u.entry
FROM unnest($1::text[], $2::bytea[]) AS u (request_id, entry)
"""


@dataclass(frozen=True)
class KnownLog:
    """A log and the key that signs it."""

    identity: LogIdentity
    signer: Ed25519Signer


def new_log(suite: HashSuite = SHA256, origin: str = ORIGIN) -> KnownLog:
    """Return a log with a new key."""
    signer = Ed25519Signer(origin, Ed25519PrivateKey.generate())
    return KnownLog(LogIdentity(origin, suite, signer.key), signer)


def entry_bytes(name: str) -> bytes:
    """Return canonical bytes that agree with the columns that `add_entries` fills."""
    members = {
        "at": "2026-03-02T01:02:03Z",
        "clientId": "bank-1",
        "outcome": "ANSWERED",
        "purpose": "PRE_LOAN",
        "requestId": name,
    }
    return json.dumps(members, separators=(",", ":")).encode()


async def add_entries(connection: Connection, names: Sequence[str]) -> None:
    """Insert entries in the given order."""
    await connection.execute(_INSERT, list(names), [entry_bytes(name) for name in names])


async def leaves(connection: Connection) -> list[str]:
    """Return the requests of the entries that are leaves, in the order of the leaves."""
    rows = await connection.fetch(
        "SELECT e.request_id, r.first_leaf + e.entry_no - r.first_entry_no AS leaf"
        " FROM audit_run AS r JOIN audit_entry AS e ON e.entry_no >= r.first_entry_no"
        " AND e.entry_no < r.first_entry_no + r.length ORDER BY leaf"
    )
    assert [row["leaf"] for row in rows] == list(range(len(rows)))
    return [row["request_id"] for row in rows]
