"""Mirror: keeps a folder of segments as far as the log is signed.

It computes the root of what it writes and holds it against the checkpoint, so that nothing stands
in a segment that the log did not sign. What the folder already holds is held against the store
when it is opened: a store that was put back to an older state, or whose log was rewritten, is
noticed there.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path

from gateway.store.lending import Lending
from gateway.store.pool import Connection
from gateway.translog.hashes import StoredHashes
from gateway.translog.merkle import Frontier, Range, nodes_of
from gateway.translog.notes import SignedNote, parse_checkpoint, parse_note
from gateway.translog.reading import (
    StoredLeaf,
    StoredNote,
    first_line_after,
    last_line,
    read_checkpoints,
    read_cosigned,
    read_decisions,
    read_leaves,
)
from gateway.translog.segment_reading import SegmentReader
from gateway.translog.segments import LeafRecord, SegmentFolder
from gateway.translog.sequencer import LogDamagedError
from gateway.translog.signers import holds
from gateway.translog.types import LogIdentity

_HEAD = "SELECT tree_size, young_leaves FROM audit_log_head"
_MOST_CHECKPOINTS = 4
_MOST_LINES = 500
_NAMED = re.compile(rb'"(?:decisions|grounds)":"([0-9a-f]{64})"')


class Mirror:
    """Copies one log into one folder; `open` comes first."""

    def __init__(
        self, lending: Lending, identity: LogIdentity, path: Path, archive: Path | None = None
    ) -> None:
        """
        Args:
            path: where the segments are written.
            archive: where entries are that have left the store.
        """
        self._archive = None if archive is None else SegmentReader(archive)
        self._lending = lending
        self._identity = identity
        self._path = path
        self._folder: SegmentFolder | None = None
        self._tree = Frontier(identity.suite)
        self._line_no = 0

    @property
    def size(self) -> int:
        """Leaves in the folder."""
        return self._tree.size

    @property
    def is_open(self) -> bool:
        return self._folder is not None

    async def open(self) -> None:
        """Take the folder, and hold what it says against the store.

        Raises:
            SegmentsInUseError: another process has it.
            LogDamagedError: the store does not continue what the folder holds.
            InternalError, OSError: the folder cannot be used.
        """
        identity = self._identity
        folder = SegmentFolder(self._path, identity.origin, identity.suite.name)
        try:
            self._tree = await self._tree_of(folder)
            async with self._lending.connection() as connection:
                newest = await last_line(connection)
                first = await first_line_after(connection, self._tree.size)
        except BaseException:
            folder.close()
            raise
        self._folder, self._line_no = folder, max(0, min(newest - _MOST_LINES, first - 1))

    async def _tree_of(self, folder: SegmentFolder) -> Frontier:
        if folder.last is None:
            return Frontier(self._identity.suite)
        async with self._lending.connection() as connection:
            return await tree_at(connection, self._identity, folder.last)

    async def copy(self, most: int | None = None) -> int:
        """Copy what was signed since; returns how many leaves were.

        Args:
            most: size of the last checkpoint to copy; None: the newest one.

        Raises:
            LogDamagedError: entries in the store are not those that were signed.
            OSError: the folder cannot be written.
        """
        assert self._folder is not None, "open comes first"
        copied = 0
        async with self._lending.connection() as connection:
            while notes := await read_checkpoints(connection, self.size, _MOST_CHECKPOINTS):
                wanted = [note for note in notes if most is None or note.size <= most]
                if not wanted:
                    break
                copied += await self._copy_to(connection, self._folder, wanted)
            while await self._copy_cosigned(connection, self._folder):
                pass
        return copied

    async def _copy_to(
        self, connection: Connection, folder: SegmentFolder, notes: Sequence[StoredNote]
    ) -> int:
        leaves = await self._leaves(connection, self.size, notes[-1].size)
        # in a thread, so that catching up holds no answer
        tree, records = await asyncio.to_thread(self._checked, leaves, notes)
        named = folder.unknown_decisions(
            bytes.fromhex(digest.decode())
            for leaf in leaves
            for digest in _NAMED.findall(leaf.entry)
        )
        decisions = await read_decisions(connection, named)
        texts = [note.note for note in notes]
        await asyncio.to_thread(folder.append, records, decisions, texts)
        self._tree = tree
        return len(records)

    async def _leaves(self, connection: Connection, first: int, past: int) -> Sequence[StoredLeaf]:
        stored = await read_leaves(connection, first, past)
        held = stored[0].leaf if stored else past
        if self._archive is None or held == first:
            return stored
        return [*await asyncio.to_thread(self._archive.leaves, first, held), *stored]

    def _checked(
        self, leaves: Sequence[StoredLeaf], notes: Sequence[StoredNote]
    ) -> tuple[Frontier, Sequence[LeafRecord]]:
        tree, records, expected = self._tree.copy(), [], iter(notes)
        suite, note = self._identity.suite, next(expected)
        for leaf, entry in leaves:
            if leaf != tree.size:
                break
            leaf_hash = suite.leaf_hash(entry)
            tree.append(leaf_hash)
            records.append(LeafRecord(leaf, leaf_hash, entry))
            if tree.size == note.size:
                if parse_checkpoint(parse_note(note.note).text).root != tree.root():
                    raise LogDamagedError(
                        f"entries before leaf {note.size} are not those that were signed"
                    )
                note = next(expected, note)
        if tree.size != notes[-1].size:
            raise LogDamagedError(f"the entry of leaf {tree.size} is missing in the store")
        return tree, records

    async def _copy_cosigned(self, connection: Connection, folder: SegmentFolder) -> bool:
        """Write checkpoints that witnesses have signed meanwhile once more, with their lines.

        Returns:
            Whether there may be more.
        """
        found = await read_cosigned(connection, self._line_no, _MOST_LINES)
        covered = list(takewhile(lambda each: each.tree_size <= self.size, found))
        missing = [each.note for each in covered if not folder.holds_line(each.line)]
        if missing:
            await asyncio.to_thread(folder.append, (), (), missing)
        if covered:
            self._line_no = covered[-1].line_no
        return len(covered) == _MOST_LINES

    def close(self) -> None:
        """Give the folder back."""
        folder, self._folder = self._folder, None
        if folder is not None:
            folder.close()


async def tree_at(connection: Connection, identity: LogIdentity, note: SignedNote) -> Frontier:
    """Return the store's tree as it was at a checkpoint that was kept elsewhere.

    Raises:
        LogDamagedError: the checkpoint is not the log's, or the store does not continue it.
    """
    checkpoint, suite = parse_checkpoint(note.text), identity.suite
    if not any(holds(key, note) for key in identity.keys):
        raise LogDamagedError("the newest checkpoint in the segments has another signature")
    head = await connection.fetchrow(_HEAD)
    if head is None or head["tree_size"] < checkpoint.size:
        raise LogDamagedError(
            f"the segments hold {checkpoint.size} leaves, the store less: it was put back"
        )
    nodes = nodes_of(Range(0, checkpoint.size))
    try:
        found = await StoredHashes(suite).of_nodes(connection, nodes, head["young_leaves"])
    except IndexError as error:
        raise LogDamagedError("hashes of leaves that the segments hold are missing") from error
    tree = Frontier(suite, checkpoint.size, [found[node] for node in nodes])
    if tree.root() != checkpoint.root:
        raise LogDamagedError(
            f"store and segments differ within their first {checkpoint.size} leaves"
        )
    return tree
