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
SELECT c.tree_size, c.note || string_agg(s.line, '' ORDER BY s.key_name, s.key_id) AS note
FROM audit_cosignature AS s JOIN audit_checkpoint AS c ON c.tree_size = s.tree_size
WHERE c.tree_size > $1 AND c.tree_size <= $2
GROUP BY c.tree_size ORDER BY c.tree_size
"""
_DECISIONS = "SELECT json FROM audit_decisions WHERE sha256 = ANY ($1::bytea[])"


class StoredLeaf(NamedTuple):
    """An entry and its place in the tree."""

    leaf: int
    entry: bytes


class StoredNote(NamedTuple):
    """A checkpoint, with cosignatures where it was asked for those."""

    size: int
    note: str


async def read_leaves(connection: Connection, first: int, past: int) -> Sequence[StoredLeaf]:
    """Return the leaves between two checkpoints; those that are not there are left out."""
    rows = await connection.fetch(_LEAVES, first, past)
    return [StoredLeaf(row["leaf"], row["entry"]) for row in rows]


async def read_checkpoints(connection: Connection, size: int, most: int) -> Sequence[StoredNote]:
    """Return the checkpoints after a size, as the log signed them, at most so many."""
    rows = await connection.fetch(_CHECKPOINTS, size, most)
    return [StoredNote(row["tree_size"], row["note"]) for row in rows]


async def read_cosigned(connection: Connection, above: int, size: int) -> Sequence[StoredNote]:
    """Return the checkpoints with cosignatures between two sizes (the second included)."""
    rows = await connection.fetch(_COSIGNED, above, size)
    return [StoredNote(row["tree_size"], row["note"]) for row in rows]


async def read_decisions(connection: Connection, digests: Sequence[bytes]) -> Sequence[bytes]:
    """Return the JSON of decisions; those that are not there are left out."""
    if not digests:
        return ()
    rows = await connection.fetch(_DECISIONS, digests)
    return [row["json"] for row in rows]
