"""Leaves, checkpoints and decisions read from the store, in the order of the tree."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from gateway.store.pool import Connection

_LEAVES = """
SELECT r.first_leaf + e.entry_no - r.first_entry_no AS leaf, e.entry
FROM audit_run AS r
JOIN audit_entry AS e
    ON e.entry_no >= r.first_entry_no AND e.entry_no < r.first_entry_no + r.length
WHERE r.first_leaf >= $1 AND r.first_leaf < $2
ORDER BY leaf
"""
_CHECKPOINTS = """
SELECT c.tree_size, c.note FROM audit_checkpoint AS c
WHERE c.tree_size > $1 ORDER BY c.tree_size LIMIT $2
"""
_COSIGNED = """
SELECT s.line_no, s.tree_size, c.note || s.line AS note, s.line
FROM audit_cosignature AS s JOIN audit_checkpoint AS c ON c.tree_size = s.tree_size
WHERE s.line_no > $1 ORDER BY s.line_no LIMIT $2
"""
_LAST_LINE = "SELECT coalesce(max(line_no), 0) FROM audit_cosignature"
_FIRST_LINE = """
SELECT coalesce(min(s.line_no), 1) FROM audit_cosignature AS s WHERE s.tree_size > $1
"""
_DECISIONS = "SELECT json FROM audit_decisions WHERE sha256 = ANY ($1::bytea[])"


class StoredLeaf(NamedTuple):
    """An entry and its place in the tree."""

    leaf: int
    entry: bytes


class StoredNote(NamedTuple):
    """A checkpoint as the log signed it."""

    size: int
    note: str


class CosignedNote(NamedTuple):
    """A checkpoint with one cosignature, whose line is the last."""

    line_no: int
    tree_size: int
    note: str
    line: str


async def read_leaves(connection: Connection, first: int, past: int) -> Sequence[StoredLeaf]:
    """Return the leaves between two checkpoints; those that are not there are left out."""
    rows = await connection.fetch(_LEAVES, first, past)
    return [StoredLeaf(row["leaf"], row["entry"]) for row in rows]


async def read_checkpoints(connection: Connection, size: int, most: int) -> Sequence[StoredNote]:
    """Return the checkpoints after a size, as the log signed them, at most so many."""
    rows = await connection.fetch(_CHECKPOINTS, size, most)
    return [StoredNote(row["tree_size"], row["note"]) for row in rows]


async def read_cosigned(connection: Connection, line_no: int, most: int) -> Sequence[CosignedNote]:
    """Return the cosignatures that came after one, in the order in which they came."""
    rows = await connection.fetch(_COSIGNED, line_no, most)
    return [CosignedNote(**row) for row in rows]


async def last_line(connection: Connection) -> int:
    """Return the number of the newest cosignature; 0 if there is none."""
    number: int = await connection.fetchval(_LAST_LINE)
    return number


async def first_line_after(connection: Connection, size: int) -> int:
    """Return the number of the first cosignature of a checkpoint larger than this."""
    number: int = await connection.fetchval(_FIRST_LINE, size)
    return number


async def read_decisions(connection: Connection, digests: Sequence[bytes]) -> Sequence[bytes]:
    """Return the JSON of decisions; those that are not there are left out."""
    if not digests:
        return ()
    rows = await connection.fetch(_DECISIONS, digests)
    return [row["json"] for row in rows]
