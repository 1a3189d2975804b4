"""Random references under which subjects stand in the audit log, and this worker's copy of them.

A subject gets its reference when it is first mentioned. The table of references is the only link
between entries and subjects: destroying a row makes the entries unlinkable, while every proof
over their bytes still holds (`gateway.retention.erasure`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from gateway.store.pool import Connection

REFERENCE_BYTES = 16
ERASED = "erased_reference"
"""Constraint that fails for an entry under a reference that was erased meanwhile."""

_FIND = """
SELECT subject_key, encode(reference, 'hex')
FROM subject_reference WHERE subject_key = ANY ($1::text[])
"""


@dataclass(frozen=True, slots=True)
class BatchReferences:
    """References of all subjects of one batch.

    Attributes:
        known: reference (hexadecimal) per subject key, new ones included.
        new: those that the batch must insert in its own commit.
    """

    known: dict[str, str]
    new: dict[str, str]


class SubjectReferences:
    """Finds references, in memory or in the store, and draws new ones.

    The copy in memory has two generations: when the younger one is full it becomes the older,
    which is then forgotten. A use moves a subject to the younger one, so what is in use stays.
    """

    def __init__(self, random_bytes: Callable[[int], bytes], capacity: int = 50_000) -> None:
        """
        Args:
            random_bytes: cryptographically strong source.
            capacity: subjects kept in memory, at most.
        """
        self._random_bytes = random_bytes
        self._generation_size = max(1, capacity // 2)
        self._young: dict[str, str] = {}
        self._old: dict[str, str] = {}

    async def resolve(self, connection: Connection, keys: Iterable[str]) -> BatchReferences:
        """Return the references of these subjects; reads the store only for unknown ones."""
        known: dict[str, str] = {}
        unknown: list[str] = []
        young, old = self._young, self._old
        for key in keys:
            reference = young.get(key)
            if reference is None:
                reference = old.get(key)
                if reference is None:
                    unknown.append(key)
                    continue
                self._keep(key, reference)
                young, old = self._young, self._old
            known[key] = reference
        if not unknown:
            return BatchReferences(known, {})
        rows = await connection.fetch(_FIND, unknown)
        found = {row[0]: row[1] for row in rows}
        self.remember(found)
        known.update(found)
        new = {
            key: self._random_bytes(REFERENCE_BYTES).hex() for key in unknown if key not in found
        }
        known.update(new)
        return BatchReferences(known, new)

    def remember(self, committed: dict[str, str]) -> None:
        """Keep references that are in the store now."""
        for key, reference in committed.items():
            self._keep(key, reference)

    def forget(self) -> None:
        """Read everything from the store again: a subject's reference was erased."""
        self._young, self._old = {}, {}

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    def _keep(self, key: str, reference: str) -> None:
        if len(self._young) >= self._generation_size:
            self._old = self._young
            self._young = {}
        self._young[key] = reference
