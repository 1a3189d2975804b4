"""Sequencer: gives committed entries their leaves, and signs where the tree stands.

It works on one connection, the one that holds the lock of the sequencer: whoever loses the
connection has lost the lock and can write nothing any more. Entries get their leaves in whatever
order they are seen committed; each leaf is given once, and none is left out. Each step is one
statement: leaves, hashes and signed checkpoint together, or nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import asyncpg
from asyncpg import Record

from gateway.errors import InternalError
from gateway.store.pool import Connection
from gateway.translog.gaps import WRITERS, Gaps, Numbers, missing_between
from gateway.translog.hashes import GROUP_LEVELS, GROUP_SIZE, StoredHashes, split_hashes
from gateway.translog.merkle import Frontier, Range, nodes_of
from gateway.translog.notes import CheckpointText, NoteError, parse_checkpoint, parse_note
from gateway.translog.signers import Signer, holds, sign_checkpoint
from gateway.translog.types import LogIdentity

MOST_LEAVES = 1_000
"""Leaves of one checkpoint."""
_HASHED_AT_ONCE = 128

_HEAD = """
SELECT h.origin, h.suite, h.tree_size, h.settled_entry_no, h.young_leaves, c.root, c.note
FROM audit_log_head AS h LEFT JOIN audit_checkpoint AS c ON c.tree_size = h.tree_size
"""
_RUNS = """
SELECT first_entry_no, length FROM audit_run
WHERE first_entry_no + length - 1 > $1 AND first_entry_no > $1 - 1000
ORDER BY first_entry_no
"""
_NEXT = "SELECT entry_no, entry FROM audit_entry WHERE entry_no > $1 ORDER BY entry_no LIMIT $2"
_LATE = """
SELECT e.entry_no, e.entry
FROM unnest($1::bigint[], $2::bigint[]) AS g (first, past)
JOIN audit_entry AS e ON e.entry_no >= g.first AND e.entry_no < g.past
ORDER BY e.entry_no LIMIT $3
"""
_EXTEND = "SELECT extend_audit_log($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15)"


class LogDamagedError(InternalError):
    """What the store says of the log contradicts itself, or is another log's; nothing is added."""


@dataclass(frozen=True, slots=True)
class Step:
    """What one step did.

    Attributes:
        leaves: entries that became leaves.
        is_behind: more entries wait than one step takes.
    """

    leaves: int
    is_behind: bool


class NumberedEntry(NamedTuple):
    """An entry and its number in the store."""

    entry_no: int
    entry: bytes


@dataclass(slots=True)
class _Growth:
    """The tree with what a step adds to it; `row` per new subtree: height, number, root, leaves."""

    tree: Frontier
    young: list[bytes]
    subtrees: list[tuple[int, int, bytes, bytes | None]] = field(default_factory=list)

    def append(self, leaf_hash: bytes) -> None:
        completed = self.tree.append(leaf_hash)
        self.young.append(leaf_hash)
        for height in range(GROUP_LEVELS, len(completed), GROUP_LEVELS):
            leaves = b"".join(self.young) if height == GROUP_LEVELS else None
            number = (self.tree.size >> height) - 1
            self.subtrees.append((height, number, completed[height], leaves))
        if len(self.young) == GROUP_SIZE:
            self.young.clear()


class Sequencer:
    """Extends one log; `resume` comes first."""

    def __init__(
        self, connection: Connection, identity: LogIdentity, signer: Signer | None
    ) -> None:
        """
        Args:
            connection: holds the lock of the sequencer, and nobody else uses it.
            signer: of the identity's key; None for who only adopts.
        """
        self._connection = connection
        self._identity = identity
        self._signer = signer
        self._gaps = Gaps()
        self._last = 0
        self._settled = 0
        self._tree = Frontier(identity.suite)
        self._young: list[bytes] = []
        self._is_resumed = False

    @property
    def size(self) -> int:
        """Leaves so far."""
        return self._tree.size

    async def resume(self) -> None:
        """Take up the log where it stands.

        Raises:
            LogDamagedError: the hashes do not give the root of the newest checkpoint, it is not
                signed by a key of the log, or the log has another name or hash function.
        """
        self._is_resumed = False
        head = await self._connection.fetchrow(_HEAD)
        if head is None:
            raise LogDamagedError("the log has no head")
        size, identity = head["tree_size"], self._identity
        if size and (head["origin"], head["suite"]) != (identity.origin, identity.suite.name):
            raise LogDamagedError(
                f"the log is `{head['origin']}` with {head['suite']}, expected "
                f"`{identity.origin}` with {identity.suite.name}"
            )
        nodes = nodes_of(Range(0, size))
        hashes = StoredHashes(identity.suite)
        try:
            found = await hashes.of_nodes(self._connection, nodes, head["young_leaves"])
        except IndexError as error:
            raise LogDamagedError(f"hashes of the log's {size} leaves are missing") from error
        self._tree = Frontier(identity.suite, size, [found[node] for node in nodes])
        self._young = split_hashes(head["young_leaves"])
        if size:
            check_head(identity, self._tree, head["note"])
        self._settled = head["settled_entry_no"]
        await self._find_gaps(self._settled)
        self._is_resumed = True

    async def _find_gaps(self, settled: int) -> None:
        """Find the numbers above `settled` that are no leaves, up to the last that is one."""
        last, missing = settled, []
        for row in await self._connection.fetch(_RUNS, settled):
            first, past = row["first_entry_no"], row["first_entry_no"] + row["length"]
            if first > last + 1:
                missing.append(Numbers(last + 1, first))
            last = max(last, past - 1)
        self._last = last
        self._gaps = Gaps()
        if missing:
            self._gaps.notice(missing, await self._writers())

    async def step(self) -> Step:
        """Give leaves to entries that have none, at most `MOST_LEAVES`, and sign the result.

        Raises:
            LogDamagedError: somebody else extended the log meanwhile.
            InternalError: the signer cannot sign.
        """
        # INVARIANT: a step that did not end may have seen entries that are no leaves; whoever goes
        # on has to look again.
        if not self._is_resumed:
            raise InternalError("a step without a whole one before it: resume first")
        self._is_resumed = False
        late = await self._late()
        rows = await self._connection.fetch(_NEXT, self._last, MOST_LEAVES - len(late))
        if rows:
            missing = missing_between(self._last, [row["entry_no"] for row in rows])
            self._last = rows[-1]["entry_no"]
            if missing:
                self._gaps.notice(missing, await self._writers())
        found = [*late, *rows]
        if found:
            await self._extend(found)
        self._is_resumed = True
        return Step(len(found), len(found) >= MOST_LEAVES)

    async def _late(self) -> Sequence[Record]:
        """Entries that were missing and have been committed since."""
        if not self._gaps:
            return ()
        writers = await self._writers()
        firsts, pasts = zip(*self._gaps.numbers, strict=True)
        rows = await self._connection.fetch(_LATE, firsts, pasts, MOST_LEAVES)
        self._gaps.settle([row["entry_no"] for row in rows], writers, len(rows) < MOST_LEAVES)
        return rows

    async def _writers(self) -> frozenset[str]:
        return frozenset(row[0] for row in await self._connection.fetch(WRITERS))

    async def adopt(self, entries: Sequence[NumberedEntry], note: str) -> None:
        """Give entries the leaves that they had, as a checkpoint says that was signed before.

        Args:
            entries: all that the checkpoint covers and the log does not have, in their order.
            note: the checkpoint with the log's signature.

        Raises:
            LogDamagedError: the checkpoint is not signed by a key of the log, or with these
                entries the log does not come to where it was signed.
        """
        growth = await self._grown([each.entry for each in entries])
        check_head(self._identity, growth.tree, note)
        settled = self._settled
        for _, first, length in runs_of(self._tree.size, [each.entry_no for each in entries]):
            if first == settled + 1:
                settled += length
        await self._write([each.entry_no for each in entries], growth, note, settled)
        self._settled = settled

    async def _extend(self, rows: Sequence[Record]) -> None:
        growth = await self._grown([row["entry"] for row in rows])
        tree = growth.tree
        text = CheckpointText(self._identity.origin, tree.size, tree.root()).encode()
        if self._signer is None:
            raise InternalError("nobody signs here")
        note = await sign_checkpoint(self._signer, text)
        numbers = [row["entry_no"] for row in rows]
        await self._write(numbers, growth, note.encode(), self._gaps.settled(self._last))

    async def _grown(self, entries: Sequence[bytes]) -> _Growth:
        growth = _Growth(self._tree.copy(), list(self._young))
        for number, entry in enumerate(entries, 1):
            growth.append(self._identity.suite.leaf_hash(entry))
            if number % _HASHED_AT_ONCE == 0:
                await asyncio.sleep(0)
        return growth

    async def _write(
        self, entry_nos: Sequence[int], growth: _Growth, note: str, settled: int
    ) -> None:
        identity, tree = self._identity, growth.tree
        runs = runs_of(self._tree.size, entry_nos)
        try:
            await self._connection.execute(
                _EXTEND,
                identity.origin,
                identity.suite.name,
                self._tree.size,
                tree.size,
                settled,
                b"".join(growth.young),
                [run[0] for run in runs],
                [run[1] for run in runs],
                [run[2] for run in runs],
                [each[0] for each in growth.subtrees],
                [each[1] for each in growth.subtrees],
                [each[2] for each in growth.subtrees],
                [each[3] for each in growth.subtrees],
                tree.root(),
                note,
            )
        except asyncpg.ObjectNotInPrerequisiteStateError as error:
            raise LogDamagedError(str(error)) from error
        self._tree, self._young = tree, growth.young


def check_head(identity: LogIdentity, tree: Frontier, encoded: str | None) -> None:
    """Hold the newest checkpoint against the tree.

    Raises:
        LogDamagedError: it is missing, says something else, or has another signature.
    """
    if encoded is None:
        raise LogDamagedError(f"the log has {tree.size} leaves and no checkpoint of them")
    try:
        note = parse_note(encoded)
        checkpoint = parse_checkpoint(note.text)
    except NoteError as error:
        raise LogDamagedError(f"the newest checkpoint cannot be read: {error}") from error
    if checkpoint != CheckpointText(identity.origin, tree.size, tree.root()):
        raise LogDamagedError(
            f"the newest checkpoint does not say what the log's {tree.size} leaves give"
        )
    if not any(holds(key, note) for key in identity.keys):
        raise LogDamagedError("the newest checkpoint is not signed by a key of this log")


def runs_of(first_leaf: int, entry_nos: Sequence[int]) -> Sequence[tuple[int, int, int]]:
    """Return leaves as runs: first leaf, number of its entry, length.

    Args:
        entry_nos: numbers of the entries, in the order of their leaves.
    """
    runs: list[tuple[int, int, int]] = []
    for leaf, entry_no in enumerate(entry_nos, first_leaf):
        if runs and entry_no == runs[-1][1] + runs[-1][2]:
            runs[-1] = (*runs[-1][:2], runs[-1][2] + 1)
        else:
            runs.append((leaf, entry_no, 1))
    return runs
