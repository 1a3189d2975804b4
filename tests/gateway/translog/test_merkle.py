"""The tree against published roots, against the definition, and against a second implementation."""

import hashlib

import pytest

from gateway.translog.merkle import (
    Frontier,
    Node,
    Range,
    consistency_ranges,
    fold,
    inclusion_ranges,
    is_consistent,
    is_included,
    nodes_of,
    root_of,
)
from gateway.translog.suites import SHA256, SM3, HashSuite

# The leaves and roots with which Certificate Transparency's implementations are compared.
LEAVES = tuple(
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
)
ROOTS = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
# Audit path of leaf 5 among 8, and the consistency proof from 6 to 8.
PATH_5_OF_8 = (
    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
)
FROM_6_TO_8 = (
    "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
)
MOST = 64
SUITES = pytest.mark.parametrize("suite", [SHA256, SM3], ids=lambda suite: suite.name)


def defined_root(suite: HashSuite, hashes: list[bytes]) -> bytes:
    """The definition, word by word: split at the largest power of two below the size."""
    if len(hashes) <= 1:
        return hashes[0] if hashes else suite.digest(b"")
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    halves = defined_root(suite, hashes[:split]), defined_root(suite, hashes[split:])
    return suite.digest(b"\x01" + halves[0] + halves[1])


def leaf_hashes(suite: HashSuite, count: int) -> list[bytes]:
    return [suite.leaf_hash(b"entry %d" % number) for number in range(count)]


def proof(suite: HashSuite, hashes: list[bytes], ranges: tuple[Range, ...]) -> list[bytes]:
    return [defined_root(suite, hashes[begin:end]) for begin, end in ranges]


@pytest.mark.parametrize("size", range(9))
def test_root_of_published_leaves_is_the_published_root(size: int) -> None:
    hashes = [SHA256.leaf_hash(leaf) for leaf in LEAVES[:size]]
    assert root_of(SHA256, hashes).hex() == ROOTS[size]


def test_proofs_of_published_leaves_are_the_published_proofs() -> None:
    hashes = [SHA256.leaf_hash(leaf) for leaf in LEAVES]
    path = proof(SHA256, hashes, inclusion_ranges(5, 8))
    assert tuple(each.hex() for each in path) == PATH_5_OF_8
    consistency = proof(SHA256, hashes, consistency_ranges(6, 8))
    assert tuple(each.hex() for each in consistency) == FROM_6_TO_8


def test_sm3_of_the_standard_is_the_standards_digest() -> None:
    # Source: GB/T 32905-2016 annex A.1
    expected = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    assert SM3.digest(b"abc").hex() == expected
    assert SHA256.digest(b"abc") == hashlib.sha256(b"abc").digest()


@SUITES
@pytest.mark.parametrize("power", [1, 3, 6, 8])
@pytest.mark.parametrize("beside", [-1, 0, 1])
def test_root_sizes_around_powers_of_two_follow_the_definition(
    suite: HashSuite, power: int, beside: int
) -> None:
    hashes = leaf_hashes(suite, 2**power + beside)
    assert root_of(suite, hashes) == defined_root(suite, hashes)


@SUITES
def test_frontier_root_at_every_size_follows_the_definition(suite: HashSuite) -> None:
    hashes = leaf_hashes(suite, MOST)
    tree = Frontier(suite)
    assert tree.root() == suite.empty_root
    for size, leaf_hash in enumerate(hashes, 1):
        tree.append(leaf_hash)
        assert tree.root() == defined_root(suite, hashes[:size])


@SUITES
def test_inclusion_every_leaf_of_every_size_is_proven_and_no_other(suite: HashSuite) -> None:
    hashes = leaf_hashes(suite, MOST)
    other = suite.leaf_hash(b"another entry")
    for size in range(1, MOST + 1):
        root = defined_root(suite, hashes[:size])
        for index in range(size):
            path = proof(suite, hashes, inclusion_ranges(index, size))
            assert is_included(suite, hashes[index], index, size, path, root)
            assert not is_included(suite, other, index, size, path, root)
            assert not is_included(suite, hashes[index], index, size, [*path, other], root)
            if path:
                assert not is_included(suite, hashes[index], index, size, path[:-1], root)
                assert not is_included(suite, hashes[index], index ^ 1, size, path, root)


@SUITES
def test_consistency_every_pair_of_sizes_is_proven_and_no_fork(suite: HashSuite) -> None:
    hashes = leaf_hashes(suite, MOST)
    forked = [*hashes]
    forked[0] = suite.leaf_hash(b"another first entry")
    roots = [defined_root(suite, hashes[:size]) for size in range(MOST + 1)]
    for size in range(MOST + 1):
        for old in range(size + 1):
            path = proof(suite, hashes, consistency_ranges(old, size))
            assert is_consistent(suite, old, roots[old], size, roots[size], path)
            if 0 < old < size:
                fork = defined_root(suite, forked[:old])
                assert not is_consistent(suite, old, fork, size, roots[size], path)
                assert not is_consistent(suite, old, roots[old], size, fork, path)
                assert not is_consistent(suite, old, roots[old], size, roots[size], path[:-1])
                longer = [*path, roots[1]]
                assert not is_consistent(suite, old, roots[old], size, roots[size], longer)


def test_consistency_from_nothing_needs_the_empty_root_and_no_proof() -> None:
    root = root_of(SHA256, leaf_hashes(SHA256, 3))
    assert is_consistent(SHA256, 0, SHA256.empty_root, 3, root, ())
    assert not is_consistent(SHA256, 0, root, 3, root, ())
    assert not is_consistent(SHA256, 0, SHA256.empty_root, 3, root, (root,))


def test_nodes_of_every_range_of_proofs_fold_to_the_ranges_hash() -> None:
    hashes = leaf_hashes(SHA256, MOST)

    def node_hash(node: Node) -> bytes:
        begin = node.number << node.level
        return defined_root(SHA256, hashes[begin : begin + (1 << node.level)])

    for size in range(1, MOST + 1):
        ranges = [each for index in range(size) for each in inclusion_ranges(index, size)]
        for leaves in {*ranges, *consistency_ranges(size // 2, size), Range(0, size)}:
            folded = fold(SHA256, [node_hash(node) for node in nodes_of(leaves)])
            assert folded == defined_root(SHA256, hashes[leaves.begin : leaves.end])


@pytest.mark.parametrize(("index", "size"), [(0, 0), (1, 1), (-1, 4)])
def test_inclusion_of_no_leaf_is_an_error(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="no leaf"):
        inclusion_ranges(index, size)


def test_consistency_backwards_is_an_error() -> None:
    with pytest.raises(ValueError, match="does not continue"):
        consistency_ranges(5, 4)
