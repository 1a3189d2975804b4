"""Adopting: a store that was put back takes up what its segments hold beyond it.

Entries get the leaves and checkpoints that they had, so that the log stays the one that others
know; each checkpoint is a transaction of its own, and whoever is interrupted goes on with the next.
What is taken up comes to the signed roots, or nothing is.
"""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict, deque
from collections.abc import Sequence
from datetime import datetime

from gateway.store.pool import Connection
from gateway.translog.notes import KeyName, SignedNote, parse_note
from gateway.translog.reading import StoredLeaf, StoredNote
from gateway.translog.segment_reading import SegmentReader
from gateway.translog.sequencer import LogDamagedError, NumberedEntry, Sequencer
from gateway.translog.types import LogIdentity
from gateway.translog.verify_audit_log import NAMED

RESTORING = "SET LOCAL credit_gateway.restoring = 'on'"
"""Lets a transaction write entries into a store whose restore is not declared."""

_WITHOUT_LEAF = """
SELECT e.entry_no, e.entry FROM audit_entry AS e
WHERE e.entry_no > (SELECT settled_entry_no FROM audit_log_head) AND NOT EXISTS (
    SELECT FROM (
        SELECT first_entry_no, length FROM audit_run
        WHERE first_entry_no <= e.entry_no ORDER BY first_entry_no DESC LIMIT 1
    ) AS r WHERE e.entry_no < r.first_entry_no + r.length
) ORDER BY e.entry_no
"""
_INSERT = """
INSERT INTO audit_entry (at, request_id, client_id, purpose, outcome, entry)
SELECT e.at, e.request_id, e.client_id, e.purpose, e.outcome, e.entry
FROM unnest($1::timestamptz[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bytea[])
    WITH ORDINALITY AS e (at, request_id, client_id, purpose, outcome, entry, n)
ORDER BY e.n RETURNING entry_no
"""
_KNOWN_DECISIONS = "SELECT sha256 FROM audit_decisions WHERE sha256 = ANY ($1::bytea[])"
_ADD_DECISIONS = """
INSERT INTO audit_decisions (sha256, json)
SELECT n.sha256, n.json FROM unnest($1::bytea[], $2::bytea[]) AS n (sha256, json)
ON CONFLICT DO NOTHING
"""
_COSIGN = """
INSERT INTO audit_cosignature (tree_size, key_name, key_id, line) VALUES ($1, $2, $3, $4)
ON CONFLICT DO NOTHING
"""


async def adopt_segments(
    connection: Connection,
    identity: LogIdentity,
    witnesses: Sequence[KeyName],
    reader: SegmentReader,
) -> int:
    """Take up what the segments hold beyond the store; returns how many entries.

    Args:
        connection: holds the lock of the sequencer, and nobody else uses it.

    Raises:
        LogDamagedError: store and segments are not of one log.
        InternalError, OSError: the segments cannot be read.
    """
    sequencer = Sequencer(connection, identity, None)
    await sequencer.resume()
    waiting: defaultdict[bytes, deque[int]] = defaultdict(deque)
    for row in await connection.fetch(_WITHOUT_LEAF):
        waiting[row["entry"]].append(row["entry_no"])
    adopted = 0
    for note in await asyncio.to_thread(reader.notes, sequencer.size):
        first = sequencer.size
        leaves = await asyncio.to_thread(reader.leaves, first, note.size)
        if len(leaves) != note.size - first:
            raise LogDamagedError(f"the segments have no leaf {first + len(leaves)}")
        async with connection.transaction():
            await connection.execute(RESTORING)
            await _add_decisions(connection, reader, leaves)
            entries = await _numbered(connection, leaves, waiting)
            await _adopt(connection, sequencer, identity, witnesses, entries, note)
        adopted += len(leaves)
    return adopted


async def _numbered(
    connection: Connection,
    leaves: Sequence[StoredLeaf],
    waiting: defaultdict[bytes, deque[int]],
) -> list[NumberedEntry]:
    """Numbers of entries: those that the store has without a leaf, and new ones of the others."""
    known = [waiting[leaf.entry].popleft() if waiting[leaf.entry] else None for leaf in leaves]
    new = [leaf.entry for leaf, number in zip(leaves, known, strict=True) if number is None]
    columns = [_columns(entry) for entry in new]
    rows = await connection.fetch(_INSERT, *([each[n] for each in columns] for n in range(5)), new)
    numbers = iter(row[0] for row in rows)
    return [
        NumberedEntry(next(numbers) if number is None else number, leaf.entry)
        for leaf, number in zip(leaves, known, strict=True)
    ]


def _columns(entry: bytes) -> tuple[datetime, str, str, str, str]:
    """What stands beside an entry to search by."""
    members = json.loads(entry)
    is_event = "event" in members
    return (
        datetime.fromisoformat(members["at"]),
        members["requestId"],
        members["actor" if is_event else "clientId"],
        members["event" if is_event else "purpose"],
        members["outcome"],
    )


async def _add_decisions(
    connection: Connection, reader: SegmentReader, leaves: Sequence[StoredLeaf]
) -> None:
    named = {
        bytes.fromhex(digest.decode()) for leaf in leaves for digest in NAMED.findall(leaf.entry)
    }
    known = {row[0] for row in await connection.fetch(_KNOWN_DECISIONS, list(named))}
    missing = sorted(named - known)
    if missing:
        found = await asyncio.to_thread(reader.decisions, missing)
        await connection.execute(_ADD_DECISIONS, list(found), list(found.values()))


async def _adopt(
    connection: Connection,
    sequencer: Sequencer,
    identity: LogIdentity,
    witnesses: Sequence[KeyName],
    entries: Sequence[NumberedEntry],
    note: StoredNote,
) -> None:
    signed = parse_note(note.note)
    lines = [line for key in identity.keys for line in key.signatures_in(signed)]
    await sequencer.adopt(entries, SignedNote(signed.text, tuple(lines)).encode())
    for key in witnesses:
        for line in key.signatures_in(signed):
            await connection.execute(_COSIGN, note.size, key.name, key.key_id, line.line())
