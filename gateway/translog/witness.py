"""Witness: cosigns checkpoints of logs that it knows, if each continues what it cosigned before.

It needs nothing but a folder and its key, and shares no database with a gateway. What it cosigned
last is durable before its signature leaves, so that it never signs two logs of one name.

Source: C2SP tlog-witness (add-checkpoint), tlog-cosignature (Ed25519).
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from gateway.errors import InternalError
from gateway.translog.merkle import is_consistent
from gateway.translog.notes import (
    CheckpointText,
    NoteError,
    SignedNote,
    cosignature,
    cosigned_message,
    decode_hashes,
    parse_checkpoint,
    parse_note,
)
from gateway.translog.signers import Ed25519Signer, holds
from gateway.translog.types import LogIdentity

MOST_PROOF_LINES = 63
_OLD = re.compile(r"old (0|[1-9][0-9]{0,18})")
_SIZE_TYPE = "text/x.tlog.size"
_PLAIN = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class WitnessAnswer:
    """What a witness answers over HTTP."""

    status: int
    body: str
    content_type: str = _PLAIN


@dataclass(frozen=True, slots=True)
class Submission:
    """The body of an add-checkpoint request.

    Attributes:
        proof: hashes of the consistency proof.
    """

    old_size: int
    proof: tuple[bytes, ...]
    note: SignedNote
    checkpoint: CheckpointText


def parse_submission(body: str) -> Submission:
    """Read a request.

    Raises:
        NoteError: it is none.
    """
    head, gap, encoded = body.partition("\n\n")
    old, *lines = head.split("\n")
    match = _OLD.fullmatch(old)
    if not gap or match is None:
        raise NoteError("no request: expected an old size, proof lines, an empty line and a note")
    if len(lines) > MOST_PROOF_LINES:
        raise NoteError(f"{len(lines)} lines of proof, expected at most {MOST_PROOF_LINES}")
    note = parse_note(encoded)
    return Submission(int(match[1]), decode_hashes(lines), note, parse_checkpoint(note.text))


class Witness:
    """Cosigns for some logs; calls must not run at the same time."""

    def __init__(
        self,
        signer: Ed25519Signer,
        logs: Mapping[str, LogIdentity],
        folder: Path,
        now: Callable[[], float],
    ) -> None:
        """
        Args:
            signer: with a key for cosignatures.
            logs: by origin; each with its own hash function.
            folder: of this process alone.
            now: seconds since the epoch.

        Raises:
            InternalError: another process has the folder.
        """
        self._signer = signer
        self._logs = logs
        self._folder = folder
        self._now = now
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._held = ExitStack()
        lock = self._held.enter_context((folder / "lock").open("ab"))
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._held.close()
            raise InternalError(f"folder `{folder}` is another witness's") from error

    def close(self) -> None:
        """Give the folder back."""
        self._held.close()

    def add_checkpoint(self, body: bytes) -> WitnessAnswer:
        """Answer a request.

        Raises:
            OSError, NoteError: what was cosigned before cannot be read or written; nothing is
                cosigned.
        """
        try:
            submission = parse_submission(body.decode())
        except (NoteError, UnicodeDecodeError) as error:
            return WitnessAnswer(400, f"{error}\n")
        checkpoint = submission.checkpoint
        log = self._logs.get(checkpoint.origin)
        if log is None:
            return WitnessAnswer(404, "this log is not known here\n")
        if not any(holds(key, submission.note) for key in log.keys):
            return WitnessAnswer(403, "the checkpoint is not signed by a key of its log\n")
        if submission.old_size > checkpoint.size:
            return WitnessAnswer(400, "the old size is larger than the checkpoint's\n")
        last = self._last(log)
        if submission.old_size != last.size:
            return WitnessAnswer(409, f"{last.size}\n", _SIZE_TYPE)
        if last.size == checkpoint.size and last.root != checkpoint.root:
            return WitnessAnswer(409, f"{last.size}\n", _SIZE_TYPE)
        if not is_consistent(
            log.suite,
            last.size,
            last.root,
            checkpoint.size,
            checkpoint.root,
            submission.proof,
        ):
            return WitnessAnswer(422, "the proof does not show that the log was continued\n")
        self._keep(submission.note)
        return WitnessAnswer(200, self._cosign(submission.note.text))

    def _cosign(self, text: str) -> str:
        time_s = int(self._now())
        signature = self._signer.sign_now(cosigned_message(text, time_s))
        return cosignature(self._signer.key, time_s, signature).line()

    def _path(self, origin: str) -> Path:
        return self._folder / f"{hashlib.sha256(origin.encode()).hexdigest()[:32]}.checkpoint"

    def _last(self, log: LogIdentity) -> CheckpointText:
        try:
            encoded = self._path(log.origin).read_text("utf-8")
        except FileNotFoundError:
            return CheckpointText(log.origin, 0, log.suite.empty_root)
        return parse_checkpoint(parse_note(encoded).text)

    def _keep(self, note: SignedNote) -> None:
        path = self._path(parse_checkpoint(note.text).origin)
        partial = path.with_suffix(".partial")
        with partial.open("w", encoding="utf-8") as file:
            file.write(note.encode())
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        descriptor = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
