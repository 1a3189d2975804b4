"""Hashes of nodes of the tree, from what the store keeps of it.

The store keeps complete subtrees of height 8, 16, 24 …, and the leaf hashes below those of height
8. A *group* is up to 256 neighbours of one such height, from which every node up to the next
height follows. Complete groups never change and are remembered.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from gateway.store.pool import Connection
from gateway.translog.merkle import Node, Range, fold, nodes_of
from gateway.translog.suites import HASH_BYTES, HashSuite

GROUP_LEVELS = 8
GROUP_SIZE = 1 << GROUP_LEVELS

_LEAVES = """
SELECT number, leaves FROM audit_subtree WHERE height = 8 AND number = ANY ($1::bigint[])
"""
_ROOTS = """
SELECT g.height, g.number, s.root
FROM unnest($1::smallint[], $2::bigint[]) AS g (height, number)
JOIN audit_subtree AS s ON s.height = g.height
    AND s.number >= g.number << 8 AND s.number < (g.number + 1) << 8
ORDER BY g.height, s.number
"""


class _Group(NamedTuple):
    height: int
    number: int


def _group_of(node: Node) -> _Group:
    above = node.level % GROUP_LEVELS
    return _Group(node.level - above, node.number << above >> GROUP_LEVELS)


class StoredHashes:
    """Reads hashes of nodes; checks none of them."""

    def __init__(self, suite: HashSuite, capacity: int = 128) -> None:
        """
        Args:
            capacity: complete groups kept in memory, 8 kB each.
        """
        self._suite = suite
        self._capacity = capacity
        self._complete: OrderedDict[_Group, Sequence[bytes]] = OrderedDict()

    async def of_ranges(
        self, connection: Connection, ranges: Iterable[Range], young_leaves: bytes
    ) -> Mapping[Range, bytes]:
        """Return the hash of each range.

        Args:
            young_leaves: of the head; the ranges end where its tree ends, or before.
        """
        wanted = {leaves: nodes_of(leaves) for leaves in ranges}
        nodes = await self.of_nodes(
            connection, (node for each in wanted.values() for node in each), young_leaves
        )
        return {
            leaves: fold(self._suite, [nodes[node] for node in each])
            for leaves, each in wanted.items()
        }

    async def of_nodes(
        self, connection: Connection, nodes: Iterable[Node], young_leaves: bytes
    ) -> Mapping[Node, bytes]:
        """Return the hash of each complete subtree."""
        wanted = {node: _group_of(node) for node in nodes}
        groups = await self._load(connection, set(wanted.values()), young_leaves)
        return {node: self._within(node, groups[group]) for node, group in wanted.items()}

    def _within(self, node: Node, group: Sequence[bytes]) -> bytes:
        above = node.level % GROUP_LEVELS
        begin = (node.number << above) % GROUP_SIZE
        row = list(group[begin : begin + (1 << above)])
        while len(row) > 1:
            row = [self._suite.node_hash(*row[n : n + 2]) for n in range(0, len(row), 2)]
        return row[0]

    async def _load(
        self, connection: Connection, wanted: set[_Group], young_leaves: bytes
    ) -> Mapping[_Group, Sequence[bytes]]:
        groups: dict[_Group, Sequence[bytes]] = {}
        for group in wanted & self._complete.keys():
            self._complete.move_to_end(group)
            groups[group] = self._complete[group]
        missing = sorted(wanted - groups.keys())
        leaves = [group.number for group in missing if group.height == 0]
        if leaves:
            for row in await connection.fetch(_LEAVES, leaves):
                groups[_Group(0, row["number"])] = split_hashes(row["leaves"])
        above = [group for group in missing if group.height > 0]
        if above:
            found: dict[_Group, list[bytes]] = {group: [] for group in above}
            heights, numbers = [each.height for each in above], [each.number for each in above]
            for row in await connection.fetch(_ROOTS, heights, numbers):
                found[_Group(row["height"], row["number"])].append(row["root"])
            groups.update(found)
        self._remember({each: hashes for each, hashes in groups.items() if each in missing})
        young = split_hashes(young_leaves)
        return {group: groups.get(group, young) for group in wanted}

    def _remember(self, loaded: Mapping[_Group, Sequence[bytes]]) -> None:
        for group, hashes in loaded.items():
            if len(hashes) == GROUP_SIZE:
                self._complete[group] = hashes
                if len(self._complete) > self._capacity:
                    self._complete.popitem(last=False)


def split_hashes(joined: bytes) -> list[bytes]:
    """Return the hashes that stand one after the other."""
    return [joined[n : n + HASH_BYTES] for n in range(0, len(joined), HASH_BYTES)]
