"""Entries, checkpoints and decisions out of a folder of segments, for whoever goes on from them.

It trusts the folder's form and nothing else: what it reads is held against signed roots by whoever
uses it. The stand-alone verifier reads the same files on its own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from gateway.errors import InternalError
from gateway.translog.notes import parse_checkpoint, parse_note
from gateway.translog.reading import StoredLeaf, StoredNote
from gateway.translog.segments import (
    DECISION,
    DECISIONS,
    RECORD,
    SEGMENT_LEAVES,
    newest_note,
    whole_notes,
)

_LONGEST_HEADER = 10_000


class SegmentReader:
    """Reads leaves of one folder; those in order are read without looking for them again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._expected = -1
        self._rest: Iterator[StoredLeaf] = iter(())

    def size(self) -> int:
        """Leaves that the newest checkpoint in the folder covers; 0 without one."""
        note = newest_note(self._folder) if self._folder.is_dir() else None
        return 0 if note is None else parse_checkpoint(note.text).size

    def leaves(self, first: int, past: int) -> list[StoredLeaf]:
        """Return the leaves from `first` up to `past`; what is missing from one on is left out.

        Raises:
            InternalError: a record that is none stands there.
            OSError: a file cannot be read.
        """
        if first != self._expected:
            self._rest = self._from(first)
        found: list[StoredLeaf] = []
        while first + len(found) < past:
            leaf = next(self._rest, None)
            if leaf is None:
                self._expected = -1
                return found
            found.append(leaf)
        self._expected = past
        return found

    def find(self, part: bytes, past: int) -> list[StoredLeaf]:
        """Return the leaves below `past` whose entries hold these bytes."""
        found = []
        for leaf in self._from(0):
            if leaf.leaf >= past:
                break
            if part in leaf.entry:
                found.append(leaf)
        return found

    def _from(self, first: int) -> Iterator[StoredLeaf]:
        begin = first - first % SEGMENT_LEAVES
        while (path := self._folder / f"segment-{begin:020}.log").exists():
            expected = begin
            with path.open("rb") as file:
                head = file.read(_LONGEST_HEADER)
                file.seek(head.index(b"\n\n") + 2 if b"\n\n" in head else len(head))
                while len(record := file.read(RECORD.size)) == RECORD.size:
                    number, length, _ = RECORD.unpack(record)
                    if number != expected:
                        raise InternalError(f"file `{path}` has no record of leaf {expected}")
                    expected += 1
                    if number < first:
                        file.seek(length, 1)
                        continue
                    entry = file.read(length)
                    if len(entry) < length:
                        return
                    yield StoredLeaf(number, entry)
            if expected < begin + SEGMENT_LEAVES:
                return
            begin += SEGMENT_LEAVES

    def notes(self, size: int) -> list[StoredNote]:
        """Return the checkpoints after a size in the order of their sizes, each with all lines.

        A checkpoint that stands several times has the lines of all of them.

        Raises:
            NoteError: one before the last is none.
        """
        lines: dict[int, dict[str, None]] = {}
        texts: dict[int, str] = {}
        first = max(0, size - 1) // SEGMENT_LEAVES * SEGMENT_LEAVES
        for path in sorted(self._folder.glob("checkpoints-*.txt")):
            if int(path.stem.partition("-")[2]) < first:
                continue
            for note in whole_notes(path.read_bytes()):
                covers = parse_checkpoint(parse_note(note).text).size
                if covers > size:
                    text, _, signatures = note.rpartition("\n\n")
                    texts[covers] = text
                    lines.setdefault(covers, {}).update(
                        dict.fromkeys(signatures.splitlines(keepends=True))
                    )
        return [
            StoredNote(covers, texts[covers] + "\n\n" + "".join(lines[covers]))
            for covers in sorted(texts)
        ]

    def decisions(self, digests: Sequence[bytes]) -> dict[bytes, bytes]:
        """Return the JSON of decisions by SHA-256; those that are not there are left out."""
        path, wanted = self._folder / DECISIONS, set(digests)
        found: dict[bytes, bytes] = {}
        if not path.exists():
            return found
        with path.open("rb") as file:
            while len(record := file.read(DECISION.size)) == DECISION.size:
                digest, length = DECISION.unpack(record)
                content = file.read(length)
                if digest in wanted and hashlib.sha256(content).digest() == digest:
                    found[digest] = content
        return found
