"""That a line of the access log is in the log: its entry's hash, and the proof as a text."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from gateway.store.lending import Lending
from gateway.translog.proofs import Proofs
from gateway.translog.suites import HashSuite
from gateway.translog.types import NOT_YET_COVERED, InclusionProof

_ENTRIES = "SELECT entry_no, entry FROM audit_entry WHERE entry_no = ANY ($1::bigint[])"
_FORM = "c2sp.org/tlog-proof@v1"


@dataclass(frozen=True, slots=True)
class Evidence:
    """
    Attributes:
        entry_hash: of the log's leaf, base64; None while no checkpoint covers the entry.
        proof: see `proof_text`, or `NOT_YET_COVERED`.
    """

    entry_hash: str | None
    proof: str


NO_EVIDENCE = Evidence(None, NOT_YET_COVERED.value)


class GivesEvidence(Protocol):
    """Tells what proves that entries are in the log."""

    async def of(self, entry_nos: Collection[int]) -> Mapping[int, Evidence]:
        """Return the evidence of each of these entries."""
        ...


class LogEvidence:
    """Evidence from the log's own checkpoints; see `GivesEvidence`."""

    def __init__(self, lending: Lending, suite: HashSuite) -> None:
        self._lending = lending
        self._suite = suite
        self._proofs = Proofs(lending, suite)

    async def of(self, entry_nos: Collection[int]) -> Mapping[int, Evidence]:
        """Return the evidence of each of these entries, all under one checkpoint."""
        proofs = await self._proofs.proofs_of(list(entry_nos))
        covered = {no: proof for no, proof in proofs.items() if isinstance(proof, InclusionProof)}
        found = dict.fromkeys(entry_nos, NO_EVIDENCE)
        if covered:
            async with self._lending.connection() as connection:
                rows = await connection.fetch(_ENTRIES, list(covered))
            for row in rows:
                entry_hash = b64encode(self._suite.leaf_hash(bytes(row["entry"]))).decode()
                found[row["entry_no"]] = Evidence(entry_hash, proof_text(covered[row["entry_no"]]))
        return found


def proof_text(proof: InclusionProof) -> str:
    """Return an inclusion proof with its checkpoint in one text.

    Source: C2SP tlog-proof: a line that names the form, the index, the hashes of the path, a blank
    line, the signed checkpoint.
    """
    lines = (_FORM, f"index {proof.leaf_index}", *proof.path_texts(), "", proof.checkpoint)
    return "\n".join(lines)
