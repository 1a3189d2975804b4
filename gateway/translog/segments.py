"""Segment files: every covered entry and every checkpoint once more, in files that only grow.

`docs/audit-log.md` describes the format for outsiders; `verify_audit_log.py` reads it on its own.
A folder holds `segment-<first leaf>.log` with the records of 65,536 leaves each, beside each
`checkpoints-<first leaf>.txt` with the notes whose last leaf is in that segment, and
`decisions.log` with what entries name by SHA-256. Entries are written before the checkpoint that
covers them; what stands behind the last checkpoint when a folder is opened is a broken-off write
and is cut off.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import struct
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from gateway.errors import InternalError
from gateway.translog.notes import NoteError, SignedNote, parse_checkpoint, parse_note

SEGMENT_LEAVES = 65_536
MAGIC = "credit-gateway audit segment 1"
RECORD = struct.Struct(">QI32s")
"""Before each entry: number of its leaf, length in bytes, leaf hash."""
DECISION = struct.Struct(">32sI")
DECISIONS = "decisions.log"
_LOCK = "lock"


@dataclass(frozen=True, slots=True)
class LeafRecord:
    """One entry as it stands in a segment."""

    leaf: int
    leaf_hash: bytes
    entry: bytes

    def encode(self) -> bytes:
        return RECORD.pack(self.leaf, len(self.entry), self.leaf_hash) + self.entry


def header(origin: str, suite_name: str, first_leaf: int) -> bytes:
    """Return how a segment begins."""
    return f"{MAGIC}\n{origin}\n{suite_name}\n{first_leaf}\n\n".encode()


def split_notes(content: str) -> Sequence[str]:
    """Return the notes of a file of checkpoints; the last one may be broken off.

    A note's text ends with an empty line, and its signature lines begin with a dash.
    """
    notes: list[str] = []
    lines: list[str] = []
    has_signatures = False
    for line in content.splitlines(keepends=True):
        is_signature = line.startswith("— ")
        if has_signatures and not is_signature:
            notes.append("".join(lines))
            lines.clear()
        has_signatures = is_signature
        lines.append(line)
    return [*notes, "".join(lines)] if lines else notes


def newest_note(path: Path) -> SignedNote | None:
    """Return the checkpoint of the largest size in a folder, and change nothing there."""
    for file in sorted(path.glob("checkpoints-*.txt"), reverse=True):
        found = whole_notes(file.read_bytes())
        if found:
            return _largest(found, file)
    return None


class SegmentsInUseError(InternalError):
    """Another process writes into the folder."""


class SegmentFolder:
    """A folder of segments, open for writing by this process alone."""

    def __init__(self, path: Path, origin: str, suite_name: str) -> None:
        """
        Raises:
            SegmentsInUseError: another process has it open.
            InternalError: it holds another log, or what is none.
            OSError: it cannot be used.
        """
        self._path = path
        self._origin, self._suite_name = origin, suite_name
        self._files = ExitStack()
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = self._files.enter_context((path / _LOCK).open("ab"))
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._files.close()
            raise SegmentsInUseError(f"folder `{path}` is written by another process") from error
        try:
            self._last = self._recover()
            self._decisions = self._known_decisions()
        except BaseException:
            self._files.close()
            raise

    @property
    def last(self) -> SignedNote | None:
        """The newest checkpoint; None in a new folder."""
        return self._last

    @property
    def size(self) -> int:
        """Leaves that the newest checkpoint covers."""
        return 0 if self._last is None else parse_checkpoint(self._last.text).size

    def close(self) -> None:
        """Let others write."""
        self._files.close()

    def unknown_decisions(self, digests: Iterable[bytes]) -> Sequence[bytes]:
        """Return those that are not in the folder, each once."""
        return sorted(set(digests) - self._decisions)

    def holds_line(self, line: str) -> bool:
        """Tell whether a signature line stands in one of the two newest files of checkpoints."""
        newest = sorted(self._path.glob("checkpoints-*.txt"))[-2:]
        return any(line.encode() in path.read_bytes() for path in newest)

    def append(
        self, records: Sequence[LeafRecord], decisions: Iterable[bytes], notes: Sequence[str]
    ) -> None:
        """Write entries, then the checkpoints that cover them; durable when it returns.

        Args:
            decisions: JSON that the entries name and the folder does not hold.
            notes: the last one covers the last entry.

        Raises:
            OSError: the disk is full or broken; what was written is cut off at the next opening.
        """
        added = {hashlib.sha256(content).digest(): content for content in decisions}
        if added:
            with (self._path / DECISIONS).open("ab") as file:
                for digest, content in added.items():
                    file.write(DECISION.pack(digest, len(content)) + content)
                _sync(file)
            self._decisions |= added.keys()
        for first, part in _by_segment((record.leaf, record.encode()) for record in records):
            begin = header(self._origin, self._suite_name, first)
            self._append_to(self._path / f"segment-{first:020}.log", begin, part)
        sizes = [(parse_checkpoint(parse_note(note).text).size, note.encode()) for note in notes]
        for first, part in _by_segment((size - 1, note) for size, note in sizes):
            self._append_to(self._path / f"checkpoints-{first:020}.txt", b"", part)
        if sizes and sizes[-1][0] > self.size:
            self._last = parse_note(notes[-1])

    def _append_to(self, path: Path, begin: bytes, content: bytes) -> None:
        is_new = not path.exists()
        with path.open("ab") as file:
            file.write(begin + content if is_new else content)
            _sync(file)
        if is_new:
            _sync_folder(self._path)

    def _recover(self) -> SignedNote | None:
        """Cut off what no checkpoint covers; returns the newest checkpoint."""
        last: SignedNote | None = None
        for path in sorted(self._path.glob("checkpoints-*.txt"), reverse=True):
            last = _cut_notes(path)
            if last is not None:
                break
        size = 0
        if last is not None:
            checkpoint = parse_checkpoint(last.text)
            size = checkpoint.size
            if checkpoint.origin != self._origin:
                raise InternalError(f"folder `{self._path}` holds the log `{checkpoint.origin}`")
        for path in self._path.glob("segment-*.log"):
            self._cut_records(path, size)
        return last

    def _cut_records(self, path: Path, size: int) -> None:
        first = int(path.stem.partition("-")[2])
        if first >= size:
            path.unlink()
            return
        if first + SEGMENT_LEAVES <= size:
            return
        begin = header(self._origin, self._suite_name, first)
        with path.open("r+b") as file:
            if file.read(len(begin)) != begin:
                raise InternalError(f"file `{path}` is no segment of this log")
            leaf, end = first, len(begin)
            while leaf < size:
                found = file.read(RECORD.size)
                if len(found) < RECORD.size or RECORD.unpack(found)[0] != leaf:
                    raise InternalError(f"file `{path}` has no whole record of leaf {leaf}")
                end += RECORD.size + RECORD.unpack(found)[1]
                leaf += 1
                file.seek(end)
            if path.stat().st_size < end:
                raise InternalError(f"file `{path}` has no whole record of leaf {leaf - 1}")
            file.truncate(end)

    def _known_decisions(self) -> set[bytes]:
        path, known = self._path / DECISIONS, set[bytes]()
        if not path.exists():
            return known
        with path.open("r+b") as file:
            end, size = 0, path.stat().st_size
            while found := file.read(DECISION.size):
                if len(found) < DECISION.size:
                    break
                digest, length = DECISION.unpack(found)
                if file.tell() + length > size:
                    break
                if hashlib.sha256(file.read(length)).digest() != digest:
                    raise InternalError(f"file `{path}` is damaged at byte {end}")
                known.add(digest)
                end = file.tell()
            file.truncate(end)
        return known


def _by_segment(parts: Iterable[tuple[int, bytes]]) -> Iterable[tuple[int, bytes]]:
    """Join what goes into the same segment; leaves ascend."""
    joined: dict[int, list[bytes]] = {}
    for leaf, content in parts:
        joined.setdefault(leaf - leaf % SEGMENT_LEAVES, []).append(content)
    return [(first, b"".join(contents)) for first, contents in joined.items()]


def whole_notes(content: bytes) -> list[str]:
    """Return the notes of a file of checkpoints without one at its end that is broken off."""
    notes = list(split_notes(content.decode(errors="replace")))
    while notes:
        try:
            parse_checkpoint(parse_note(notes[-1]).text)
        except NoteError:
            notes.pop()
            continue
        break
    return notes


def _largest(notes: Sequence[str], path: Path) -> SignedNote:
    """Checkpoints that witnesses signed later stand once more behind larger ones."""
    try:
        parsed = [parse_note(note) for note in notes]
        return max(parsed, key=lambda note: parse_checkpoint(note.text).size)
    except NoteError as error:
        raise InternalError(f"file `{path}` is damaged: {error}") from error


def _cut_notes(path: Path) -> SignedNote | None:
    """Cut off a note that was not written whole; returns the one of the largest size."""
    content = path.read_bytes()
    notes = whole_notes(content)
    whole = "".join(notes).encode()
    if not content.startswith(whole):
        raise InternalError(f"file `{path}` is damaged before its end")
    if len(whole) < len(content):
        with path.open("r+b") as file:
            file.truncate(len(whole))
    return _largest(notes, path) if notes else None


def _sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
