"""The archive: entries that need not be kept in the store leave it for a folder of segments.

In this order, each step one that may be killed and is taken up again: old entries are copied up to
a checkpoint; the stand-alone verifier reads the whole folder again and finds it to be this log; the
archive is sealed as far, by an entry of the log; the entries are deleted, some at a time. The store
itself refuses to delete what is not sealed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from gateway.audit.events import LogEvent, append_event
from gateway.errors import InternalError
from gateway.store.lending import Lending
from gateway.store.pool import Connection
from gateway.translog.mirror import Mirror
from gateway.translog.types import LogIdentity
from gateway.translog.verify_audit_log import (
    Damaged,
    Report,
    SegmentCheck,
    Trust,
    read_checkpoint,
)

ARCHIVE = "ARCHIVE"
"""Event of the entry that tells how far the archive goes."""
_MOST_LEAVES = 1_000
"""Deleted in one transaction, but for a checkpoint that covers more at once."""

_STATE = "SELECT sealed_size, dropped_size FROM audit_archive"
_AGES = """
WITH next AS (
    SELECT c.tree_size, lag(c.tree_size, 1, $1::bigint) OVER (ORDER BY c.tree_size) AS begins
    FROM (SELECT tree_size FROM audit_checkpoint WHERE tree_size > $1
          ORDER BY tree_size LIMIT 200) AS c
)
SELECT n.tree_size, max(e.at) AS newest
FROM next AS n
JOIN audit_run AS r ON r.first_leaf >= n.begins AND r.first_leaf < n.tree_size
JOIN audit_entry AS e
    ON e.entry_no >= r.first_entry_no AND e.entry_no < r.first_entry_no + r.length
GROUP BY n.tree_size ORDER BY n.tree_size
"""
_NOTE = "SELECT note FROM audit_checkpoint WHERE tree_size = $1"
_SEAL = "UPDATE audit_archive SET sealed_size = $1 WHERE sealed_size < $1"
_LOCKED = "SELECT sealed_size, dropped_size FROM audit_archive FOR UPDATE"
_NEXT = """
SELECT coalesce(
    max(c.tree_size) FILTER (WHERE c.tree_size <= $1::bigint + $3::bigint), min(c.tree_size))
FROM audit_checkpoint AS c WHERE c.tree_size > $1 AND c.tree_size <= $2
"""
_NUMBERS = """
SELECT e.entry_no FROM audit_run AS r
JOIN audit_entry AS e
    ON e.entry_no >= r.first_entry_no AND e.entry_no < r.first_entry_no + r.length
WHERE r.first_leaf >= $1 AND r.first_leaf < $2
"""
_UNLIST = """
DELETE FROM audit_subject AS s
USING audit_entry AS e CROSS JOIN LATERAL entry_subjects(e.entry) AS x
WHERE e.entry_no = ANY ($1::bigint[]) AND s.reference = x.reference AND s.entry_no = e.entry_no
"""
_DELETE = "DELETE FROM audit_entry WHERE entry_no = ANY ($1::bigint[])"
_DROPPED = "UPDATE audit_archive SET dropped_size = $1"


@dataclass(frozen=True, slots=True)
class ArchiveAct:
    """Who archives what.

    Attributes:
        event_id: unique; the entry is found by it.
        before: entries that arrived before this may leave the store.
    """

    event_id: str
    actor: str
    at: datetime
    before: datetime


class Archive:
    """The archive of one log.

    Args:
        lending: connections to the store, without a limit of time that is too short to copy.
        trust: keys of the log and of its witnesses.
    """

    def __init__(self, lending: Lending, identity: LogIdentity, folder: Path, trust: Trust) -> None:
        self._lending = lending
        self._identity = identity
        self._folder = folder
        self._trust = trust

    async def run(self, act: ArchiveAct) -> int:
        """Archive what is old enough, and delete it from the store; returns how many entries.

        Raises:
            InternalError: the folder or the store cannot be used, or is not what was signed;
                nothing is deleted that is not sealed.
            OSError: the folder cannot be written.
        """
        sealed, dropped = await self._state()
        size = await self._old_enough(sealed, act.before)
        if size > sealed:
            await self._copy(size)
        if size > dropped:
            await self._verify(size)
            await self._seal(act, size)
        gone = 0
        while deleted := await self._drop():
            gone += deleted
        return gone

    async def _state(self) -> tuple[int, int]:
        async with self._lending.connection() as connection:
            row = await connection.fetchrow(_STATE)
        if row is None:
            raise InternalError("the store does not say how far the archive goes")
        return row["sealed_size"], row["dropped_size"]

    async def _old_enough(self, sealed: int, before: datetime) -> int:
        """The largest checkpoint all of whose entries are old enough."""
        size = sealed
        while True:
            async with self._lending.connection() as connection:
                rows = await connection.fetch(_AGES, size)
            for row in rows:
                if row["newest"] >= before:
                    return size
                size = row["tree_size"]
            if not rows:
                return size

    async def _copy(self, size: int) -> None:
        mirror = Mirror(self._lending, self._identity, self._folder, self._folder)
        await mirror.open()
        try:
            await mirror.copy(size)
        finally:
            mirror.close()

    async def _verify(self, size: int) -> None:
        """Read the whole archive again, and hold it against what the store says was signed."""
        async with self._lending.connection() as connection:
            note = await connection.fetchval(_NOTE, size)
        if note is None:
            raise InternalError(f"the store has no checkpoint of {size} leaves")
        report = await asyncio.to_thread(self._checked, note)
        problems = [problem.text for problem in report.problems]
        if report.covered < size:
            problems.append(f"it covers {report.covered} entries, expected {size}")
        if problems:
            raise InternalError(
                f"the archive in `{self._folder}` does not hold, nothing is deleted: {problems[0]}"
            )

    def _checked(self, note: str) -> Report:
        report = Report()
        trust = Trust(self._trust.keys, self._trust.witnesses, trusted=(read_checkpoint(note),))
        try:
            SegmentCheck(self._folder, trust, report).run()
        except Damaged as error:
            report.add("UNREADABLE", None, str(error))
        return report

    async def _seal(self, act: ArchiveAct, size: int) -> None:
        event = LogEvent(
            event=ARCHIVE,
            at=_wire_time(act.at),
            event_id=act.event_id,
            actor=act.actor,
            outcome="SEALED",
            members={"before": _wire_time(act.before), "size": size},
        )
        async with self._lending.connection() as connection, connection.transaction():
            if await connection.execute(_SEAL, size) != "UPDATE 0":
                await append_event(connection, event)

    async def _drop(self) -> int:
        """Delete some entries that are sealed; returns how many, 0 when none is left."""
        async with self._lending.connection() as connection, connection.transaction():
            row = await connection.fetchrow(_LOCKED)
            assert row is not None
            sealed, dropped = row["sealed_size"], row["dropped_size"]
            past = await connection.fetchval(_NEXT, dropped, sealed, _MOST_LEAVES)
            if past is None:
                return 0
            return await _delete(connection, dropped, past)


async def _delete(connection: Connection, first: int, past: int) -> int:
    numbers: Sequence[int] = [row[0] for row in await connection.fetch(_NUMBERS, first, past)]
    await connection.execute(_UNLIST, numbers)
    await connection.execute(_DELETE, numbers)
    await connection.execute(_DROPPED, past)
    return past - first


def _wire_time(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
