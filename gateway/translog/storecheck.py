"""Verifies the log as it stands in the store, row by row, with the stand-alone verifier's check.

Beyond what the verifier asks of segments, the store has columns that repeat what entries say, and
tables that say which entry is which leaf: each of them is held against the entries. Entries that
have left the store are read from the archive.
"""

from __future__ import annotations

import hashlib
import json
from collections import deque
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from asyncpg import Record

from gateway.errors import InternalError
from gateway.store.pool import Connection, LightPool
from gateway.translog.hashes import GROUP_LEVELS, GROUP_SIZE, split_hashes
from gateway.translog.segment_reading import SegmentReader
from gateway.translog.verify_audit_log import (
    Checkpoint,
    Damaged,
    LogCheck,
    Report,
    Tree,
    Trust,
    hash_function,
    read_checkpoint,
)

_HEAD = """
SELECT h.origin, h.suite, h.tree_size, h.settled_entry_no, h.young_leaves, a.dropped_size
FROM audit_log_head AS h CROSS JOIN audit_archive AS a
"""
_RUNS = """
SELECT first_leaf, first_entry_no, length FROM audit_run WHERE first_leaf >= $1
ORDER BY first_leaf LIMIT 1000
"""
_ENTRIES = """
SELECT e.entry_no, e.at, e.request_id, e.client_id, e.purpose, e.outcome, e.entry
FROM unnest($1::bigint[], $2::integer[]) AS r (first, length)
JOIN audit_entry AS e ON e.entry_no >= r.first AND e.entry_no < r.first + r.length
"""
_CHECKPOINTS = """
SELECT tree_size, root, note FROM audit_checkpoint WHERE tree_size > $1
ORDER BY tree_size LIMIT 4096
"""
_LINES = """
SELECT tree_size, key_name, key_id, line FROM audit_cosignature
WHERE tree_size = ANY ($1::bigint[]) ORDER BY tree_size, key_name, key_id
"""
_SUBTREES = "SELECT height, number, root, leaves FROM audit_subtree ORDER BY height, number"
_LEAVES = "SELECT leaves FROM audit_subtree WHERE height = 8 AND number = $1"
_NO_LEAVES = """
SELECT e.entry_no FROM audit_entry AS e
WHERE e.entry_no <= $1 AND NOT EXISTS (
    SELECT FROM (
        SELECT first_entry_no, length FROM audit_run
        WHERE first_entry_no <= e.entry_no ORDER BY first_entry_no DESC LIMIT 1
    ) AS r WHERE e.entry_no < r.first_entry_no + r.length
) ORDER BY e.entry_no LIMIT 100
"""
_IS_LEAF = """
SELECT EXISTS (
    SELECT FROM audit_run WHERE first_entry_no <= $1 AND $1 < first_entry_no + length
)
"""
_YOUNGER = "SELECT count(*) FROM audit_entry WHERE entry_no > $1"
_DECISIONS = "SELECT sha256, json FROM audit_decisions"


async def check_store(
    pool: LightPool, suite_name: str, trust: Trust, archive: Path | None = None
) -> Report:
    """Verify everything that is older than the newest checkpoint; younger entries are counted.

    Args:
        archive: folder of the entries that have left the store.
    """
    async with (
        pool.connection() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        await connection.execute("SET LOCAL statement_timeout = 0")
        await connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        return await StoreCheck(connection, suite_name, trust, archive).run()


class StoreCheck:
    """Reads one store on a connection whose transaction is open; `run` once."""

    def __init__(
        self, connection: Connection, suite_name: str, trust: Trust, archive: Path | None = None
    ) -> None:
        self.connection = connection
        self.archive = None if archive is None else SegmentReader(archive)
        self.dropped = 0
        self.digest = hash_function(suite_name)
        self.suite_name = suite_name
        self.trust = trust
        self.report = Report()
        self.check = LogCheck(trust, self.digest, self.report)
        self.stored: deque[bytes] = deque()
        self.stored_group = 0
        self.young: bytes = b""
        self.size = 0
        self.notes: deque[tuple[int, Checkpoint | None]] = deque()
        self.last_note = 0

    async def run(self) -> Report:
        head = await self.connection.fetchrow(_HEAD)
        if head is None:
            self.report.add("MISSING_HEAD", None, "the log has no head")
            return self.report
        self.size, self.young = head["tree_size"], head["young_leaves"]
        self.dropped = head["dropped_size"]
        expected = (self.trust.origin, self.suite_name)
        if self.size and (head["origin"], head["suite"]) != expected:
            text = f"the head names log `{head['origin']}` with {head['suite']}"
            self.report.add("OTHER_LOG", None, text)
        await self._leaves()
        if self.check.next_leaf != self.size or await self._next_size() is not None:
            text = f"the head says {self.size} leaves, there are {self.check.next_leaf}"
            self.report.add("WRONG_HEAD", self.size, text)
        last = await self._tail(head)
        if self.check.block:
            text = f"no checkpoint covers the leaves from {self.check.tree.size} on"
            self.report.add("NOT_COVERED", self.size, text)
        self.check.finish()
        self.report.leaves += await self.connection.fetchval(_YOUNGER, last)
        await self._subtrees()
        await self._decisions()
        return self.report

    async def _tail(self, head: Record) -> int:
        """Check that no entry between leaves lacks one; returns the last settled number."""
        settled: int = head["settled_entry_no"]
        highest = await self.connection.fetchval(
            "SELECT coalesce(max(first_entry_no + length - 1), 0) FROM audit_run"
        )
        if settled > highest or await self.connection.fetchval(_IS_LEAF, settled + 1):
            text = f"the head does not settle the entries up to where it says, {settled}"
            self.report.add("WRONG_HEAD", None, text)
        for row in await self.connection.fetch(_NO_LEAVES, min(settled, highest)):
            text = f"entry {row[0]} is no leaf, although it stands among those that are"
            self.report.add("ADDED_ENTRY", row[0], text)
        return int(highest)

    async def _leaves(self) -> None:
        while runs := await self.connection.fetch(_RUNS, self.check.next_leaf):
            for run in runs:
                if run["first_leaf"] != self.check.next_leaf:
                    text = f"leaves {self.check.next_leaf} to {run['first_leaf'] - 1} have no entry"
                    self.report.add("MISSING_LEAVES", self.check.next_leaf, text)
                    while self.check.next_leaf < min(run["first_leaf"], self.size):
                        await self._leaf(None)
                if run["first_leaf"] != self.check.next_leaf:
                    return
                await self._run(run)

    async def _run(self, run: Record) -> None:
        first, past = run["first_entry_no"], run["first_entry_no"] + run["length"]
        rows = await self.connection.fetch(_ENTRIES, [first], [run["length"]])
        by_number = {row["entry_no"]: row for row in rows}
        for number in range(first, past):
            row = by_number.get(number)
            if row is not None and (difference := column_difference(row)):
                text = f"column `{difference}` of entry {number} does not say what the entry says"
                self.report.add("ALTERED_COLUMN", self.check.next_leaf, text)
            await self._leaf(self._archived() if row is None else row["entry"])

    def _archived(self) -> bytes | None:
        """The entry of the next leaf, if it has left the store."""
        leaf = self.check.next_leaf
        if self.archive is None or leaf >= self.dropped:
            return None
        try:
            found = self.archive.leaves(leaf, leaf + 1)
        except (OSError, InternalError) as error:
            self.report.add("UNREADABLE", leaf, f"the archive cannot be read: {error}")
            self.archive = None
            return None
        return found[0].entry if found else None

    async def _leaf(self, entry: bytes | None) -> None:
        stored = await self._stored_hash(self.check.next_leaf)
        self.check.leaf(entry, stored)
        while (size := await self._next_size()) is not None and size <= self.check.next_leaf:
            _, checkpoint = self.notes.popleft()
            if checkpoint is not None and size == self.check.next_leaf:
                self.check.checkpoint(checkpoint)

    async def _stored_hash(self, leaf: int) -> bytes | None:
        if not self.stored:
            self.stored_group = leaf >> GROUP_LEVELS
            joined = await self.connection.fetchval(_LEAVES, self.stored_group)
            if joined is None and self.stored_group == self.size >> GROUP_LEVELS:
                joined = self.young
            if joined is None:
                text = f"the hashes of the leaves from {leaf} are missing"
                self.report.add("MISSING_HASHES", leaf, text)
            self.stored.extend(split_hashes(joined) if joined else [b""] * GROUP_SIZE)
        return self.stored.popleft() or None

    async def _next_size(self) -> int | None:
        if not self.notes:
            await self._read_notes()
        return self.notes[0][0] if self.notes else None

    async def _read_notes(self) -> None:
        rows = await self.connection.fetch(_CHECKPOINTS, self.last_note)
        lines: dict[int, str] = {}
        for line in await self.connection.fetch(_LINES, [row["tree_size"] for row in rows]):
            size = line["tree_size"]
            lines[size] = lines.get(size, "") + line["line"]
            self._check_line(line)
        for row in rows:
            size = self.last_note = row["tree_size"]
            try:
                checkpoint = read_checkpoint(row["note"] + lines.get(size, ""))
            except Damaged as error:
                self.report.add("DAMAGED_CHECKPOINT", size, f"checkpoint {size}: {error}")
                self.notes.append((size, None))
                continue
            if (checkpoint.size, checkpoint.root) != (size, row["root"]):
                text = f"the columns of checkpoint {size} do not say what its note says"
                self.report.add("ALTERED_COLUMN", size, text)
                self.report.problems += self.trust.problems_of(checkpoint)
                self.notes.append((size, checkpoint if checkpoint.size == size else None))
                continue
            self.notes.append((size, checkpoint))

    def _check_line(self, line: Record) -> None:
        names = {(key.name, key.key_id) for key in self.trust.witnesses}
        found = (line["key_name"], line["key_id"])
        if found not in names or not line["line"].startswith(f"— {line['key_name']} "):
            text = f"a cosignature of checkpoint {line['tree_size']} is of no known witness"
            self.report.add("UNKNOWN_KEY", line["tree_size"], text)

    async def _subtrees(self) -> None:
        """Check that stored subtrees have the roots of what lies below them, and are all there."""
        below: dict[int, list[bytes]] = {}
        async for row in self.connection.cursor(_SUBTREES, prefetch=200):
            height, number = row["height"], row["number"]
            roots = below.setdefault(height, [])
            lower = below.get(height - GROUP_LEVELS, [])
            leaves = split_hashes(row["leaves"]) if row["leaves"] else None
            if leaves is None:
                leaves = lower[number << GROUP_LEVELS : (number + 1) << GROUP_LEVELS]
            is_good = number == len(roots) and len(leaves) == GROUP_SIZE
            if not is_good or Tree(self.digest).with_leaves(leaves).root() != row["root"]:
                text = f"subtree {number} of height {height} has not the root of what is below it"
                self.report.add("ALTERED_SUBTREE", number, text)
            roots.append(row["root"])
        height = GROUP_LEVELS
        while expected := self.size >> height:
            if len(below.get(height, [])) != expected:
                text = f"{expected} subtrees of height {height} were expected"
                self.report.add("MISSING_SUBTREES", height, text)
            height += GROUP_LEVELS

    async def _decisions(self) -> None:
        held = set()
        async for row in self.connection.cursor(_DECISIONS, prefetch=500):
            if hashlib.sha256(row["json"]).digest() != row["sha256"]:
                text = f"decisions {row['sha256'].hex()} were altered"
                self.report.add("ALTERED_DECISIONS", None, text)
            held.add(row["sha256"].hex().encode())
        for digest in sorted(self.check.named - held):
            self.report.add("MISSING_DECISIONS", None, f"decisions {digest.decode()} are missing")


def column_difference(row: Mapping[str, Any]) -> str | None:
    """Return the name of a column that does not repeat what the entry says; None if all do."""
    try:
        members = json.loads(row["entry"])
        is_event = "event" in members
        said = {
            "at": datetime.fromisoformat(members["at"]),
            "request_id": members["requestId"],
            "client_id": members["actor" if is_event else "clientId"],
            "purpose": members["event" if is_event else "purpose"],
            "outcome": members["outcome"],
        }
    except (ValueError, KeyError, TypeError):
        return "entry"
    return next((name for name, value in said.items() if row[name] != value), None)
