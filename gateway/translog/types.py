"""What the log shows to other rooms: who it is, and proofs of entries."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Protocol

from gateway.translog.notes import KeyName, encode_hashes
from gateway.translog.suites import HashSuite


class NotYetCovered(enum.Enum):
    """The one value of entries that no checkpoint covers yet."""

    NOT_YET_COVERED = "NOT_YET_COVERED"


NOT_YET_COVERED = NotYetCovered.NOT_YET_COVERED


@dataclass(frozen=True, slots=True)
class LogIdentity:
    """Which log this is; the same as long as it lives.

    Attributes:
        origin: name of the log, first line of its checkpoints.
        former_keys: keys that signed it before the one in force.
    """

    origin: str
    suite: HashSuite
    key: KeyName
    former_keys: tuple[KeyName, ...] = ()

    @property
    def keys(self) -> tuple[KeyName, ...]:
        """All keys whose checkpoints are the log's."""
        return (self.key, *self.former_keys)


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """That an entry is in the log; whoever has entry, proof and the log's key can check it alone.

    Attributes:
        leaf_index: number of the entry in the log, from 0.
        tree_size: entries that the checkpoint covers.
        path: hashes from the leaf up, 32 bytes each.
        checkpoint: signed note.
    """

    leaf_index: int
    tree_size: int
    path: tuple[bytes, ...]
    checkpoint: str

    def path_texts(self) -> tuple[str, ...]:
        """Return the path in base64."""
        return encode_hashes(self.path)


@dataclass(frozen=True, slots=True)
class ConsistencyProof:
    """That the log of a later size continues the one of an earlier size.

    Attributes:
        path: hashes, 32 bytes each; none from an empty log.
    """

    old_size: int
    size: int
    path: tuple[bytes, ...]


class ProvesEntries(Protocol):
    """Gives inclusion proofs; `gateway.translog.proofs.Proofs` is one."""

    async def proof_of(self, entry_no: int) -> InclusionProof | NotYetCovered:
        """Return the proof of an entry under the newest checkpoint."""
        ...
