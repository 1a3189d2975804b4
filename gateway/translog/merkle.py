"""The Merkle tree as pure functions: which hashes a proof needs, how they are folded and checked.

A *range* [begin, end) of leaves is what a node of the tree stands above; a *node* is a complete
one, of 2^level leaves. Nothing here reads a store: whoever makes a proof asks for the nodes of its
ranges, gets them, and folds them.

Source: RFC 6962 section 2.1; verification as in RFC 9162 sections 2.1.3.2 and 2.1.4.2, whose
algorithms hold for the same tree.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from gateway.translog.suites import HashSuite


class Range(NamedTuple):
    """Leaves from `begin` (included) to `end` (excluded) that one node stands above."""

    begin: int
    end: int


class Node(NamedTuple):
    """A complete subtree: leaves [number << level, (number + 1) << level)."""

    level: int
    number: int


def nodes_of(leaves: Range) -> tuple[Node, ...]:
    """Return the complete subtrees that make up a range, from left to right."""
    found = []
    begin = leaves.begin
    while begin < leaves.end:
        level = (leaves.end - begin).bit_length() - 1
        found.append(Node(level, begin >> level))
        begin += 1 << level
    return tuple(found)


def fold(suite: HashSuite, hashes: Sequence[bytes]) -> bytes:
    """Return the hash of a range from those of its complete subtrees, from left to right."""
    if not hashes:
        return suite.empty_root
    folded = hashes[-1]
    for left in reversed(hashes[:-1]):
        folded = suite.node_hash(left, folded)
    return folded


def _split(size: int) -> int:
    """The largest power of two below a size of two or more."""
    return 1 << ((size - 1).bit_length() - 1)


def inclusion_ranges(index: int, size: int) -> tuple[Range, ...]:
    """Return the ranges of an audit path, from the leaf up.

    Raises:
        ValueError: there is no such leaf in a tree of this size.
    """
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size} leaves has no leaf {index}")
    ranges: list[Range] = []
    begin, end = 0, size
    while end - begin > 1:
        middle = begin + _split(end - begin)
        if index < middle:
            ranges.append(Range(middle, end))
            end = middle
        else:
            ranges.append(Range(begin, middle))
            begin = middle
    return tuple(reversed(ranges))


def consistency_ranges(old_size: int, size: int) -> tuple[Range, ...]:
    """Return the ranges of a consistency proof; none from an empty tree or to the same size.

    Raises:
        ValueError: the older tree is larger.
    """
    if not 0 <= old_size <= size:
        raise ValueError(f"a tree of {size} leaves does not continue one of {old_size}")
    if old_size in (0, size):
        return ()
    ranges: list[Range] = []
    begin, end, is_whole = 0, size, True
    while old_size != end:
        middle = begin + _split(end - begin)
        if old_size <= middle:
            ranges.append(Range(middle, end))
            end = middle
        else:
            ranges.append(Range(begin, middle))
            begin = middle
            is_whole = False
    if not is_whole:
        ranges.append(Range(begin, end))
    return tuple(reversed(ranges))


def is_included(
    suite: HashSuite, leaf_hash: bytes, index: int, size: int, path: Iterable[bytes], root: bytes
) -> bool:
    """Tell whether an audit path leads from a leaf to a root."""
    if not 0 <= index < size:
        return False
    position, last, computed = index, size - 1, leaf_hash
    for sibling in path:
        if last == 0:
            return False
        if position & 1 or position == last:
            computed = suite.node_hash(sibling, computed)
            while not position & 1 and position:
                position >>= 1
                last >>= 1
        else:
            computed = suite.node_hash(computed, sibling)
        position >>= 1
        last >>= 1
    return last == 0 and computed == root


def is_consistent(
    suite: HashSuite,
    old_size: int,
    old_root: bytes,
    size: int,
    root: bytes,
    proof: Sequence[bytes],
) -> bool:
    """Tell whether a proof shows that a tree continues an older one."""
    if not 0 <= old_size <= size:
        return False
    if old_size == size:
        return not proof and old_root == root
    if old_size == 0:
        return not proof and old_root == suite.empty_root
    hashes = [old_root, *proof] if old_size & (old_size - 1) == 0 else list(proof)
    if not hashes:
        return False
    position, last = old_size - 1, size - 1
    while position & 1:
        position >>= 1
        last >>= 1
    old_computed = computed = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            return False
        if position & 1 or position == last:
            old_computed = suite.node_hash(sibling, old_computed)
            computed = suite.node_hash(sibling, computed)
            while not position & 1 and position:
                position >>= 1
                last >>= 1
        else:
            computed = suite.node_hash(computed, sibling)
        position >>= 1
        last >>= 1
    return last == 0 and old_computed == old_root and computed == root


@dataclass(slots=True)
class Frontier:
    """A tree that only grows: its size and the hashes of its complete subtrees, left to right."""

    suite: HashSuite
    size: int = 0
    hashes: list[bytes] = field(default_factory=list)

    def append(self, leaf_hash: bytes) -> Sequence[bytes]:
        """Add a leaf at the right.

        Returns:
            Hashes of the complete subtrees that end with the leaf, by level from 0.
        """
        completed, size = [leaf_hash], self.size
        while size & 1:
            completed.append(self.suite.node_hash(self.hashes.pop(), completed[-1]))
            size >>= 1
        self.hashes.append(completed[-1])
        self.size += 1
        return completed

    def root(self) -> bytes:
        """Return the root of the tree as it is now."""
        return fold(self.suite, self.hashes)

    def copy(self) -> Frontier:
        """Return a tree of the same leaves that grows on its own."""
        return Frontier(self.suite, self.size, list(self.hashes))


def root_of(suite: HashSuite, leaf_hashes: Iterable[bytes]) -> bytes:
    """Return the root of a tree with these leaves."""
    tree = Frontier(suite)
    for leaf_hash in leaf_hashes:
        tree.append(leaf_hash)
    return tree.root()
