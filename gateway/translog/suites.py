"""The hash functions that a log can be built with.

Source: RFC 6962 section 2.1, for the prefixes of leaves and nodes; GB/T 32905-2016 (SM3), where
national cryptography is asked for. A log has one suite for its whole life.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes

HASH_BYTES = 32
"""Both functions give as many."""

_LEAF, _NODE = b"\x00", b"\x01"


@dataclass(frozen=True, slots=True)
class HashSuite:
    """A hash function, used as a Merkle tree uses it.

    Attributes:
        name: as settings, checkpoints' keys and the verifier call it.
        digest: bytes to 32 bytes.
    """

    name: str
    digest: Callable[[bytes], bytes]

    def leaf_hash(self, entry: bytes) -> bytes:
        """Return the hash of a leaf that holds these bytes."""
        return self.digest(_LEAF + entry)

    def node_hash(self, left: bytes, right: bytes) -> bytes:
        """Return the hash of the node above two others."""
        return self.digest(_NODE + left + right)

    @property
    def empty_root(self) -> bytes:
        """The root of a tree without leaves."""
        return self.digest(b"")


def _sha256(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


def _sm3(content: bytes) -> bytes:
    function = hashes.Hash(hashes.SM3())
    function.update(content)
    return function.finalize()


SHA256 = HashSuite("sha256", _sha256)
SM3 = HashSuite("sm3", _sm3)
SUITES = {suite.name: suite for suite in (SHA256, SM3)}
