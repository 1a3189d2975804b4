"""Proofs from the store: that an entry is in the log, that the log continues what it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from asyncpg import Record

from gateway.store.lending import Lending
from gateway.store.pool import Connection
from gateway.translog.hashes import StoredHashes
from gateway.translog.merkle import Range, consistency_ranges, inclusion_ranges
from gateway.translog.suites import HashSuite
from gateway.translog.types import (
    NOT_YET_COVERED,
    ConsistencyProof,
    InclusionProof,
    NotYetCovered,
)

_HEAD = """
SELECT h.tree_size, h.young_leaves, c.note
    || coalesce((SELECT string_agg(s.line, '' ORDER BY s.key_name, s.key_id)
                 FROM audit_cosignature AS s WHERE s.tree_size = c.tree_size), '') AS note
FROM audit_log_head AS h JOIN audit_checkpoint AS c ON c.tree_size = h.tree_size
"""
_LEAVES = """
SELECT w.entry_no, r.first_leaf + w.entry_no - r.first_entry_no AS leaf
FROM unnest($1::bigint[]) AS w (entry_no)
CROSS JOIN LATERAL (
    SELECT first_leaf, first_entry_no, length FROM audit_run
    WHERE first_entry_no <= w.entry_no ORDER BY first_entry_no DESC LIMIT 1
) AS r
WHERE w.entry_no < r.first_entry_no + r.length AND r.first_leaf < $2
"""


class Proofs:
    """Makes proofs; see `gateway.translog.types.ProvesEntries`."""

    def __init__(self, lending: Lending, suite: HashSuite) -> None:
        self._lending = lending
        self._suite = suite
        self._hashes = StoredHashes(suite)

    async def proof_of(self, entry_no: int) -> InclusionProof | NotYetCovered:
        """Return the proof of an entry under the newest checkpoint."""
        return (await self.proofs_of([entry_no]))[entry_no]

    async def proofs_of(
        self, entry_nos: Sequence[int]
    ) -> Mapping[int, InclusionProof | NotYetCovered]:
        """Return the proofs of entries, all under the same checkpoint.

        Args:
            entry_nos: numbers of entries that are committed.
        """
        proofs: dict[int, InclusionProof | NotYetCovered] = dict.fromkeys(
            entry_nos, NOT_YET_COVERED
        )
        async with self._lending.connection() as connection:
            head = await connection.fetchrow(_HEAD)
            if head is None or not entry_nos:
                return proofs
            rows = await connection.fetch(_LEAVES, list(proofs), head["tree_size"])
            proven = await self._prove(connection, head, [row["leaf"] for row in rows])
        proofs.update({row["entry_no"]: proven[row["leaf"]] for row in rows})
        return proofs

    async def of_leaves(self, leaves: Sequence[int]) -> Mapping[int, InclusionProof]:
        """Return the proofs of leaves that a checkpoint covers, all under the newest one."""
        async with self._lending.connection() as connection:
            head = await connection.fetchrow(_HEAD)
            if head is None:
                return {}
            covered = [leaf for leaf in leaves if leaf < head["tree_size"]]
            return await self._prove(connection, head, covered)

    async def _prove(
        self, connection: Connection, head: Record, leaves: Sequence[int]
    ) -> Mapping[int, InclusionProof]:
        size = head["tree_size"]
        ranges = {leaf: inclusion_ranges(leaf, size) for leaf in leaves}
        hashes = await self._hashes.of_ranges(
            connection, {each for path in ranges.values() for each in path}, head["young_leaves"]
        )
        return {
            leaf: InclusionProof(leaf, size, tuple(hashes[each] for each in path), head["note"])
            for leaf, path in ranges.items()
        }

    async def consistency(self, old_size: int, size: int) -> ConsistencyProof:
        """Return the proof that the log of one size continues that of another.

        Raises:
            ValueError: the sizes are not in order, or the log is smaller.
        """
        ranges = consistency_ranges(old_size, size)
        async with self._lending.connection() as connection:
            head = await connection.fetchrow(_HEAD)
            if size > (0 if head is None else head["tree_size"]):
                raise ValueError(f"the log has less than {size} leaves")
            if head is None:
                return ConsistencyProof(old_size, size, ())
            hashes = await self._hashes.of_ranges(connection, ranges, head["young_leaves"])
        return ConsistencyProof(old_size, size, tuple(hashes[each] for each in ranges))

    async def root(self, size: int) -> bytes:
        """Return the root of the first leaves of the log.

        Raises:
            ValueError: the log is smaller.
        """
        async with self._lending.connection() as connection:
            head = await connection.fetchrow(_HEAD)
            if size > (0 if head is None else head["tree_size"]):
                raise ValueError(f"the log has less than {size} leaves")
            if head is None or size == 0:
                return self._suite.empty_root
            whole = Range(0, size)
            hashes = await self._hashes.of_ranges(connection, [whole], head["young_leaves"])
        return hashes[whole]
