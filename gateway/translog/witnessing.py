"""Witnessing: has witnesses cosign the log's checkpoints, and keeps what they sign.

A witness that is down or slow delays nothing: it is asked for the newest checkpoint when it
answers again.
"""

from __future__ import annotations

from dataclasses import dataclass

import httpx

from gateway.errors import InternalError
from gateway.store.lending import Lending
from gateway.translog.notes import (
    KeyName,
    NoteError,
    NoteSignature,
    SignedNote,
    encode_hashes,
    parse_note,
    parse_signature,
)
from gateway.translog.proofs import Proofs
from gateway.translog.sequencer import LogDamagedError
from gateway.translog.signers import holds
from gateway.translog.suites import HashSuite

TIMEOUT_S = 5.0
_NEWEST = "SELECT tree_size, note FROM audit_checkpoint ORDER BY tree_size DESC LIMIT 1"
_COSIGNED = """
SELECT coalesce(max(tree_size), 0) FROM audit_cosignature WHERE key_name = $1 AND key_id = $2
"""
_KEEP = """
INSERT INTO audit_cosignature (tree_size, key_name, key_id, line) VALUES ($1, $2, $3, $4)
ON CONFLICT DO NOTHING
"""


class WitnessError(InternalError):
    """A witness cannot be asked, or refuses."""


@dataclass(frozen=True, slots=True)
class WitnessAddress:
    """A witness.

    Attributes:
        url: submission prefix.
        key: of its cosignatures.
    """

    url: str
    key: KeyName


class Witnessing:
    """Asks one witness about one log."""

    def __init__(self, lending: Lending, suite: HashSuite, witness: WitnessAddress) -> None:
        self._lending = lending
        self._proofs = Proofs(lending, suite)
        self._witness = witness

    @property
    def name(self) -> str:
        """Of the witness's key."""
        return self._witness.key.name

    async def ask(self) -> int:
        """Have the newest checkpoint cosigned, unless it is.

        Returns:
            The size that the witness has cosigned.

        Raises:
            WitnessError: the witness cannot be asked or refuses.
            LogDamagedError: the witness cosigned a log that this one does not continue.
        """
        key = self._witness.key
        async with self._lending.connection() as connection:
            newest = await connection.fetchrow(_NEWEST)
            cosigned: int = await connection.fetchval(_COSIGNED, key.name, key.key_id)
            if newest is None or newest["tree_size"] == cosigned:
                return cosigned
        # No connection is held while the witness is waited for.
        size, note = int(newest["tree_size"]), parse_note(newest["note"])
        line = await self._cosignature(note, cosigned, size)
        async with self._lending.connection() as connection:
            await connection.execute(_KEEP, size, key.name, key.key_id, line.line())
        return size

    async def _cosignature(self, note: SignedNote, old_size: int, size: int) -> NoteSignature:
        """Ask from where this log believes the witness to be, then from where it says it is."""
        answer = await self._post(note, old_size, size)
        if answer.status_code == 409:
            last = answer.text.strip()
            if not last.isdecimal() or int(last) == old_size or int(last) > size:
                raise LogDamagedError(
                    f"witness `{self._witness.key.name}` cosigned another log of this name at size "
                    f"{last[:20]}, this one has {size}"
                )
            answer = await self._post(note, int(last), size)
        if answer.status_code == 422:
            name = self._witness.key.name
            raise LogDamagedError(
                f"witness `{name}` cosigned a log that this one does not continue"
            )
        if answer.status_code != 200:
            raise WitnessError(f"witness `{self._witness.key.name}` answers {answer.status_code}")
        return self._checked(note, answer.text)

    async def _post(self, note: SignedNote, old_size: int, size: int) -> httpx.Response:
        proof = await self._proofs.consistency(old_size, size)
        lines = "".join(f"{each}\n" for each in encode_hashes(proof.path))
        body = f"old {old_size}\n{lines}\n{note.encode()}"
        url = f"{self._witness.url.rstrip('/')}/add-checkpoint"
        try:
            async with httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False) as client:
                return await client.post(url, content=body.encode())
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            kind = type(error).__name__
            raise WitnessError(f"witness `{self._witness.key.name}`: {kind}") from error

    def _checked(self, note: SignedNote, lines: str) -> NoteSignature:
        key = self._witness.key
        try:
            found = [parse_signature(line) for line in lines.splitlines()]
        except NoteError as error:
            raise WitnessError(f"witness `{key.name}` answers no signature lines") from error
        for line in key.signatures_in(SignedNote(note.text, tuple(found))):
            if holds(key, SignedNote(note.text, (line,))):
                return line
        raise WitnessError(f"witness `{key.name}` did not sign with the key that is known of it")
