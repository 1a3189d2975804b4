#!/usr/bin/env python3
"""Verifies an audit log of credit-gateway, and needs nothing of credit-gateway.

    python verify_audit_log.py FOLDER --key VERIFIER_KEY [--witness KEY]... [--trusted NOTE]...
    python verify_audit_log.py --proof PROOF.json --key VERIFIER_KEY

FOLDER holds segment files as a gateway writes them or `credit-gateway audit export` does. Every
stored byte is read and hashed again. What is checked: each entry against its leaf hash, all of
them together against every checkpoint, every signature, and checkpoints that you kept yourself
(`--trusted`), without which nobody can tell that a log was put back or forked. A log that was put
back and says so, in an entry that names what survived, is reported as a declared restore.

Exit code 0: everything holds. 1: something does not; each finding says where. 2: cannot be run.

This is one file on purpose, longer than others: whoever checks the log should be able to read all
that does so, and to run it alone. It needs Python 3.11 and `cryptography` (for Ed25519, and for SM3
where Python's OpenSSL has none), and shares no code with what writes the log.

Source: RFC 6962 section 2.1 (tree), RFC 9162 sections 2.1.3.2 and 2.1.4.2 (checking proofs); C2SP
signed-note, tlog-checkpoint, tlog-cosignature; GB/T 32905-2016 (SM3), GB/T 32918-2016 (SM2).
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import itertools
import json
import mmap
import re
import struct
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

SEGMENT_LEAVES = 65_536
MAGIC = "credit-gateway audit segment 1"
RECORD = struct.Struct(">QI32s")
DECISION = struct.Struct(">32sI")
LONGEST_ENTRY = 16 * 2**20
ED25519, COSIGNATURE, SM2 = b"\x01", b"\x04", b"\xffcredit-gateway/sm2-sm3\x00"
_TRIED_TOGETHER = 8
_ROOTS_KEPT = 10_000
_RESTORES = b'"event":"RESTORE"'
NAMED = re.compile(rb'"(?:decisions|grounds)":"([0-9a-f]{64})"')


class Damaged(Exception):
    """A text that should be a note, a key or a proof is none."""


class Problem(NamedTuple):
    """Something that does not hold.

    Attributes:
        code: kind of the problem.
        place: number of the leaf or size of the checkpoint, where there is one.
        text: one sentence.
    """

    code: str
    place: int | None
    text: str


# Hash functions and the tree ----------------------------------------------------------------------


def sm3() -> Callable[[bytes], bytes]:
    """Return SM3, from Python's OpenSSL or from `cryptography`."""
    try:
        hashlib.new("sm3", b"")
    except ValueError:
        from cryptography.hazmat.primitives import hashes

        def digest(content: bytes) -> bytes:
            function = hashes.Hash(hashes.SM3())
            function.update(content)
            return function.finalize()

        return digest
    return lambda content: hashlib.new("sm3", content).digest()


def hash_function(name: str) -> Callable[[bytes], bytes]:
    """Return the hash function of a log."""
    if name == "sha256":
        return lambda content: hashlib.sha256(content).digest()
    if name == "sm3":
        return sm3()
    raise Damaged(f"hash function `{name}` is unknown, expected `sha256` or `sm3`")


class Tree:
    """A tree that grows: hashes of its complete subtrees, from left to right."""

    def __init__(self, digest: Callable[[bytes], bytes]) -> None:
        self.digest = digest
        self.size = 0
        self.stack: list[bytes] = []

    def append(self, leaf_hash: bytes) -> None:
        size, stack, digest = self.size, self.stack, self.digest
        while size & 1:
            leaf_hash = digest(b"\x01" + stack.pop() + leaf_hash)
            size >>= 1
        stack.append(leaf_hash)
        self.size += 1

    def root(self) -> bytes:
        if not self.stack:
            return self.digest(b"")
        root = self.stack[-1]
        for left in reversed(self.stack[:-1]):
            root = self.digest(b"\x01" + left + root)
        return root

    def with_leaves(self, leaf_hashes: Iterable[bytes]) -> Tree:
        """Return this tree with more leaves; it stays as it is."""
        tree = Tree(self.digest)
        tree.size, tree.stack = self.size, list(self.stack)
        for leaf_hash in leaf_hashes:
            tree.append(leaf_hash)
        return tree


def root_by_path(
    digest: Callable[[bytes], bytes], leaf_hash: bytes, index: int, size: int, path: Sequence[bytes]
) -> bytes | None:
    """Return the root to which an audit path leads; None if it is no path of this leaf."""
    if not 0 <= index < size:
        return None
    last, root = size - 1, leaf_hash
    for sibling in path:
        if last == 0:
            return None
        if index & 1 or index == last:
            root = digest(b"\x01" + sibling + root)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            root = digest(b"\x01" + root + sibling)
        index, last = index >> 1, last >> 1
    return root if last == 0 else None


# Notes, keys, signatures --------------------------------------------------------------------------


class Key(NamedTuple):
    """A verifier key."""

    name: str
    key_id: bytes
    kind: bytes
    public: bytes


class Signature(NamedTuple):
    """A signature line."""

    name: str
    key_id: bytes
    content: bytes


class Checkpoint(NamedTuple):
    """A checkpoint and its signature lines."""

    text: str
    origin: str
    size: int
    root: bytes
    signatures: tuple[Signature, ...]


def from_base64(text: str) -> bytes:
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Damaged("no base64 where some was expected") from error
    if base64.b64encode(content).decode() != text:
        raise Damaged("base64 that is not in its canonical form")
    return content


def read_key(line: str) -> Key:
    """Read `<name>+<key id>+<type and public key>`."""
    name, _, rest = line.strip().partition("+")
    key_id, _, encoded = rest.partition("+")
    content = from_base64(encoded)
    for kind, length in ((ED25519, 32), (COSIGNATURE, 32), (SM2, 64)):
        if content.startswith(kind) and len(content) == len(kind) + length:
            computed = hashlib.sha256(name.encode() + b"\n" + content).digest()[:4]
            if computed.hex() != key_id:
                raise Damaged(f"the key id of `{name}` is not that of its key")
            return Key(name, computed, kind, content[len(kind) :])
    raise Damaged(f"`{line}` is no verifier key")


def read_checkpoint(note: str) -> Checkpoint:
    """Read a signed checkpoint; verifies nothing."""
    text, gap, lines = note.rpartition("\n\n")
    if not gap or not lines.endswith("\n"):
        raise Damaged("no note: expected a text, an empty line and signature lines")
    parts = text.split("\n")
    if len(parts) != 3 or re.fullmatch("0|[1-9][0-9]{0,18}", parts[1]) is None:
        raise Damaged("no checkpoint: expected the lines origin, size and root")
    signatures = []
    for line in lines[:-1].split("\n"):
        name, _, encoded = line.removeprefix("— ").partition(" ")
        content = from_base64(encoded)
        if not line.startswith("— ") or not name or len(content) < 5:
            raise Damaged("no signature line: expected `— <key name> <base64>`")
        signatures.append(Signature(name, content[:4], content[4:]))
    root = from_base64(parts[2])
    if len(root) != 32:
        raise Damaged(f"a root of {len(root)} bytes, expected 32")
    return Checkpoint(text + "\n", parts[0], int(parts[1]), root, tuple(signatures))


def is_signed(key: Key, text: str, signature: bytes) -> bool:
    """Tell whether the content of a signature line is the key's over the text."""
    message = text.encode()
    if key.kind == SM2:
        return sm2_is_signed(key.public, message, signature)
    if key.kind == COSIGNATURE:
        if len(signature) != 72:
            return False
        moment = int.from_bytes(signature[:8])
        message = f"cosignature/v1\ntime {moment}\n{text}".encode()
        signature = signature[8:]
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


_P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
_A = _P - 3
_B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
_N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
_GX = 0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7
_GY = 0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0
_Point = tuple[int, int] | None


def _sum(one: _Point, other: _Point) -> _Point:
    if one is None or other is None:
        return one or other
    if one[0] == other[0]:
        if (one[1] + other[1]) % _P == 0:
            return None
        slope = (3 * one[0] ** 2 + _A) * pow(2 * one[1], -1, _P)
    else:
        slope = (one[1] - other[1]) * pow(one[0] - other[0], -1, _P)
    x = (slope * slope - one[0] - other[0]) % _P
    return x, (slope * (one[0] - x) - one[1]) % _P


def _times(factor: int, point: _Point) -> _Point:
    total: _Point = None
    for bit in f"{factor:b}":
        total = _sum(total, total)
        if bit == "1":
            total = _sum(total, point)
    return total


def sm2_is_signed(public: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether an SM2 signature (r, then s) is of this key."""
    x, y = int.from_bytes(public[:32]), int.from_bytes(public[32:])
    r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
    t = (r + s) % _N
    on_curve = x < _P and y < _P and (y * y - x**3 - _A * x - _B) % _P == 0
    if len(signature) != 64 or not on_curve or not (0 < r < _N and 0 < s < _N and t):
        return False
    digest = sm3()
    curve = b"".join(number.to_bytes(32) for number in (_A, _B, _GX, _GY))
    who = digest(b"\x00\x80" + b"1234567812345678" + curve + public)
    point = _sum(_times(s, (_GX, _GY)), _times(t, (x, y)))
    return point is not None and (int.from_bytes(digest(who + message)) + point[0]) % _N == r


# What is believed and what was found --------------------------------------------------------------


@dataclass
class Trust:
    """What whoever verifies knows from elsewhere.

    Attributes:
        keys: of the log, the one in force first; its name is the log's.
        witnesses: whose cosignatures are checked.
        quorum: witnesses that must have signed one checkpoint.
        trusted: checkpoints kept from earlier, or got from others.
    """

    keys: tuple[Key, ...]
    witnesses: tuple[Key, ...] = ()
    quorum: int = 0
    trusted: tuple[Checkpoint, ...] = ()

    @property
    def origin(self) -> str:
        return self.keys[0].name

    def problems_of(self, checkpoint: Checkpoint) -> Iterator[Problem]:
        """Check origin and all signatures of a checkpoint."""
        size = checkpoint.size
        if checkpoint.origin != self.origin:
            yield Problem("OTHER_LOG", size, f"checkpoint {size} is of `{checkpoint.origin}`")
        known = {(key.name, key.key_id): key for key in (*self.keys, *self.witnesses)}
        is_ours = False
        for line in checkpoint.signatures:
            key = known.get((line.name, line.key_id))
            if key is None:
                text = f"checkpoint {size} has a signature of an unknown key of `{line.name}`"
                yield Problem("UNKNOWN_KEY", size, text)
            elif not is_signed(key, checkpoint.text, line.content):
                text = f"checkpoint {size} has a false signature of `{line.name}`"
                yield Problem("FALSE_SIGNATURE", size, text)
            else:
                is_ours = is_ours or key in self.keys
        if not is_ours:
            yield Problem("NOT_SIGNED", size, f"checkpoint {size} is not signed by the log's key")

    def cosigners(self, checkpoint: Checkpoint) -> Iterator[tuple[str, int]]:
        """Name and time of each witness whose line stands below a checkpoint."""
        names = {(key.name, key.key_id) for key in self.witnesses}
        for line in checkpoint.signatures:
            if (line.name, line.key_id) in names and len(line.content) == 72:
                yield line.name, int.from_bytes(line.content[:8])


class Restore(NamedTuple):
    """An entry that declares that the log's store was put back.

    Attributes:
        leaf: of the entry.
        surviving: leaves that were there afterwards.
        lost: size of the largest checkpoint that is declared as lost; 0: nothing is.
    """

    leaf: int
    surviving: int
    root: bytes
    lost: int
    lost_root: bytes
    text: str

    def covers(self, checkpoint: Checkpoint) -> bool:
        """Whether a checkpoint that does not fit is one that was declared as lost."""
        if checkpoint.size == self.lost:
            return checkpoint.root == self.lost_root
        return self.surviving < checkpoint.size < self.lost


@dataclass
class Report:
    """What was found.

    Attributes:
        restores: times when the store was put back, as declared in the log.
        covered: leaves below the last checkpoint that holds.
        leaves: leaves read.
        witnessed: largest size that each witness signed, and when.
    """

    problems: list[Problem] = field(default_factory=list)
    restores: list[Restore] = field(default_factory=list)
    covered: int = 0
    leaves: int = 0
    checkpoints: int = 0
    witnessed: dict[str, tuple[int, int]] = field(default_factory=dict)

    def add(self, code: str, place: int | None, text: str) -> None:
        self.problems.append(Problem(code, place, text))


class _Leaf(NamedTuple):
    number: int
    computed: bytes | None
    stored: bytes | None


class LogCheck:
    """Takes leaves in order and checkpoints at their sizes; finds what does not hold."""

    def __init__(self, trust: Trust, digest: Callable[[bytes], bytes], report: Report) -> None:
        self.trust, self.digest, self.report = trust, digest, report
        self.tree = Tree(digest)
        self.block: list[_Leaf] = []
        self.is_lost = False
        self.trusted: dict[int, list[Checkpoint]] = {}
        for kept in trust.trusted:
            self.trusted.setdefault(kept.size, []).append(kept)
        self.unlike: list[Checkpoint] = []
        self.named: set[bytes] = set()
        self.roots: dict[int, bytes] = {}

    @property
    def next_leaf(self) -> int:
        return self.tree.size + len(self.block)

    def leaf(self, entry: bytes | None, stored: bytes | None) -> None:
        """Take the next leaf: its entry, and the leaf hash that stands beside it.

        Args:
            entry: None if it is not there.
            stored: None if no hash stands beside it.
        """
        number = self.next_leaf
        computed = None if entry is None else self.digest(b"\x00" + entry)
        if entry is None:
            self.report.add("MISSING_ENTRY", number, f"the entry of leaf {number} is missing")
        else:
            self.named.update(NAMED.findall(entry))
            if _RESTORES in entry:
                self._restore(number, entry)
        self.block.append(_Leaf(number, computed, stored))
        self.report.leaves += 1
        kept = self.trusted.get(self.next_leaf)
        if kept is not None and not self.is_lost:
            root = self.tree.with_leaves(_first(leaf) for leaf in self.block).root()
            self.unlike += [each for each in kept if each.root != root]

    def _restore(self, number: int, entry: bytes) -> None:
        """Take an entry that declares a restore, and hold it against what the log was."""
        try:
            said = json.loads(entry)
            if said["event"] != "RESTORE" or said["kind"] != "EVENT":
                return
            root = from_base64(said["survivingRoot"]) if said["survivingRoot"] else b""
            lost_root = from_base64(said["lostRoot"]) if said["lostRoot"] else b""
            surviving, lost = int(said["survivingSize"]), int(said["lostSize"] or 0)
            text = (
                f"entry {number}: {said['actor']} restored the store at {said['at']} "
                f"({said['reason']}); {surviving} entries survived, put back were "
                f"{said['pointSize']}" + (f", lost are those up to {lost}" if lost else "")
            )
        except (Damaged, ValueError, KeyError, TypeError):
            text = f"the entry of leaf {number} declares a restore in another form"
            self.report.add("FALSE_RESTORE", number, text)
            return
        known = self.roots.get(surviving)
        if surviving > number or (surviving and (known is None or known != root)):
            text = f"the entry of leaf {number} names a checkpoint that the log never had"
            self.report.add("FALSE_RESTORE", number, text)
            return
        self.report.restores.append(Restore(number, surviving, root, lost, lost_root, text))

    def checkpoint(self, checkpoint: Checkpoint) -> None:
        """Take a checkpoint whose size is that of the leaves taken so far."""
        self.report.checkpoints += 1
        self.roots[checkpoint.size] = checkpoint.root
        if len(self.roots) > _ROOTS_KEPT:
            del self.roots[next(iter(self.roots))]
        found = list(self.trust.problems_of(checkpoint))
        self.report.problems += found
        for name, moment in self.trust.cosigners(checkpoint):
            if (checkpoint.size, moment) > self.report.witnessed.get(name, (0, 0)) and not found:
                self.report.witnessed[name] = checkpoint.size, moment
        if self.is_lost:
            self._report_block()
            return
        if not self.block:
            if checkpoint.root != self.tree.root():
                self._lose(checkpoint)
            return
        tree, wrong = self._matching(checkpoint.root)
        if tree is None:
            self._lose(checkpoint)
            return
        for leaf, is_entry in wrong:
            code = "ALTERED_ENTRY" if is_entry else "ALTERED_HASH"
            what = "entry" if is_entry else "stored hash"
            self.report.add(code, leaf.number, f"the {what} of leaf {leaf.number} was altered")
        self.tree, self.block = tree, []
        if not found:
            self.report.covered = tree.size

    def _matching(self, root: bytes) -> tuple[Tree | None, list[tuple[_Leaf, bool]]]:
        """Find out which of entry and stored hash is right where they differ."""
        odd = [leaf for leaf in self.block if leaf.computed != leaf.stored and _both(leaf)]
        choices: Iterable[tuple[bool, ...]] = itertools.product((False, True), repeat=len(odd))
        if len(odd) > _TRIED_TOGETHER:
            choices = ((False,) * len(odd), (True,) * len(odd))
        for choice in choices:
            is_altered = {leaf.number for leaf, altered in zip(odd, choice, strict=True) if altered}
            tree = self.tree.with_leaves(
                leaf.stored if leaf.number in is_altered and leaf.stored else _first(leaf)
                for leaf in self.block
            )
            if tree.root() == root:
                return tree, list(zip(odd, choice, strict=True))
        return None, []

    def _lose(self, checkpoint: Checkpoint) -> None:
        first, last = self.tree.size, checkpoint.size - 1
        self._report_block()
        text = f"the leaves {first} to {last} are not those that checkpoint {last + 1} signed"
        if first > last:
            text = f"checkpoint {last + 1} has another root than its leaves"
        self.report.add("WRONG_ROOT", checkpoint.size, text)
        self.is_lost = True

    def _report_block(self) -> None:
        """Report what differs within the block, and take it as it is."""
        for leaf in self.block:
            if _both(leaf) and leaf.computed != leaf.stored:
                text = f"entry and stored hash of leaf {leaf.number} differ"
                self.report.add("ALTERED", leaf.number, text)
        self.tree, self.block = self.tree.with_leaves(_first(leaf) for leaf in self.block), []

    def finish(self) -> None:
        """Say what the whole log lacks."""
        report, size = self.report, self.next_leaf
        self._report_block()
        if self.is_lost:
            text = f"nothing after leaf {report.covered} could be held against a checkpoint"
            report.add("NOT_PROVEN", report.covered, text)
        for kept in self.trust.trusted:
            report.problems += self.trust.problems_of(kept)
            if any(restore.covers(kept) for restore in report.restores):
                continue
            if kept in self.unlike:
                text = f"the log is not the one whose checkpoint {kept.size} was kept"
                report.add("FORKED", kept.size, text)
            if kept.size > size:
                text = f"the log has {size} leaves, a checkpoint of {kept.size} was kept"
                report.add("PUT_BACK", kept.size, text)
        signed = sum(1 for _ in report.witnessed)
        if signed < self.trust.quorum:
            text = f"{signed} witnesses signed, expected {self.trust.quorum}"
            report.add("NOT_WITNESSED", None, text)


def _both(leaf: _Leaf) -> bool:
    return leaf.computed is not None and leaf.stored is not None


def _first(leaf: _Leaf) -> bytes:
    return leaf.computed or leaf.stored or bytes(32)


# Segment files ------------------------------------------------------------------------------------


def split_notes(content: str) -> Iterator[str]:
    """Split a file of checkpoints: signature lines end a note."""
    lines: list[str] = []
    has_signatures = False
    for line in content.splitlines(keepends=True):
        is_signature = line.startswith("— ")
        if has_signatures and not is_signature:
            yield "".join(lines)
            lines = []
        has_signatures = is_signature
        lines.append(line)
    if lines:
        yield "".join(lines)


class SegmentCheck:
    """Reads a folder of segments into a `LogCheck`."""

    def __init__(self, folder: Path, trust: Trust, report: Report) -> None:
        self.folder, self.trust, self.report = folder, trust, report

    def run(self) -> None:
        """Check everything; raises Damaged if the folder holds no log."""
        numbers = sorted(
            int(path.stem.partition("-")[2])
            for path in self.folder.iterdir()
            if re.fullmatch(r"(segment-\d{20}\.log|checkpoints-\d{20}\.txt)", path.name)
        )
        if not numbers:
            raise Damaged(f"folder `{self.folder}` holds no segments")
        check = LogCheck(self.trust, hash_function(self._suite(numbers[0])), self.report)
        for first in range(0, numbers[-1] + 1, SEGMENT_LEAVES):
            self._segment(check, first)
        check.finish()
        self._decisions(check.named)

    def _path(self, first: int) -> Path:
        return self.folder / f"segment-{first:020}.log"

    def _suite(self, first: int) -> str:
        """The hash function that the first readable header names; the roots show if it lies."""
        for path in sorted(self.folder.glob("segment-*.log")):
            with path.open("rb") as file:
                for name in (b"sha256", b"sm3"):
                    if b"\n" + name + b"\n" in file.read(1_000):
                        return name.decode()
                    file.seek(0)
        raise Damaged(f"no segment from {first} says what its hash function is")

    def _notes(self, first: int) -> dict[int, list[Checkpoint]]:
        path, notes = self.folder / f"checkpoints-{first:020}.txt", dict[int, list[Checkpoint]]()
        if not path.exists():
            self.report.add("MISSING_FILE", first, f"file `{path.name}` is missing")
            return notes
        line = 1
        for note in split_notes(path.read_bytes().decode(errors="replace")):
            try:
                checkpoint = read_checkpoint(note)
            except Damaged as error:
                text = f"the checkpoint in line {line} of `{path.name}` is damaged: {error}"
                self.report.add("DAMAGED_CHECKPOINT", None, text)
            else:
                notes.setdefault(checkpoint.size, []).append(checkpoint)
            line += note.count("\n")
        for size in [size for size in notes if not first < size <= first + SEGMENT_LEAVES]:
            for checkpoint in notes.pop(size):
                self.report.add("OUT_OF_PLACE", size, f"checkpoint {size} stands in `{path.name}`")
                self.report.problems += self.trust.problems_of(checkpoint)
        return notes

    def _segment(self, check: LogCheck, first: int) -> None:
        notes, path = self._notes(first), self._path(first)
        if not path.exists():
            self.report.add("MISSING_FILE", first, f"file `{path.name}` is missing")
            check.is_lost = True
            return
        with path.open("rb") as file:
            size = path.stat().st_size
            content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if size else b""
            last = max(notes, default=0)
            for entry, stored in self._records(content, first, last, path.name, check.digest):
                check.leaf(entry, stored)
                for checkpoint in notes.pop(check.next_leaf, ()):
                    check.checkpoint(checkpoint)
        for size in sorted(notes):
            text = f"checkpoint {size} covers leaves that are not there"
            self.report.add("MISSING_LEAVES", size, text)
            for checkpoint in notes[size]:
                self.report.problems += self.trust.problems_of(checkpoint)
            check.is_lost = True

    def _records(
        self,
        content: bytes | mmap.mmap,
        first: int,
        last: int,
        name: str,
        digest: Callable[[bytes], bytes],
    ) -> Iterator[tuple[bytes | None, bytes | None]]:
        """Yield entry and stored hash of each leaf, and report what is out of order.

        Args:
            last: size of the last checkpoint of the segment.
        """
        suite = "sm3" if digest(b"") != hashlib.sha256(b"").digest() else "sha256"
        begin = f"{MAGIC}\n{self.trust.origin}\n{suite}\n{first}\n\n".encode()
        if content[: len(begin)] != begin:
            self.report.add("DAMAGED_HEADER", first, f"the header of `{name}` was altered")
        place, expected, end = len(begin), first, len(content)
        while place < end:
            record = self._record(content, place, expected, digest)
            if record is None:
                found = _find(content, place, expected + 1)
                if found is None and expected + 1 == last and end - place >= RECORD.size:
                    # The last one: only its end says how long it is.
                    is_whole = (
                        digest(b"\x00" + content[place + RECORD.size :])
                        == (content[place + 12 : place + RECORD.size])
                    )
                    found = end if is_whole else None
                if found is None:
                    text = f"`{name}` is broken off or unreadable from leaf {expected} on"
                    self.report.add("UNREADABLE", expected, text)
                    return
                entry, stored = (
                    content[place + RECORD.size : found],
                    content[place + 12 : place + 44],
                )
                self.report.add(
                    "DAMAGED_RECORD", expected, f"the record of leaf {expected} was altered"
                )
                yield entry if digest(b"\x00" + entry) == stored else None, stored
                place, expected = found, expected + 1
                continue
            number, stored, entry, place = record
            follows = content[place : place + 8] == struct.pack(">Q", expected + 1)
            if number != expected and (follows or (place == end and expected + 1 == last)):
                text = f"the record of leaf {expected} says that it is {number}"
                self.report.add("ALTERED_NUMBER", expected, text)
                number = expected
            if number < expected:
                text = f"leaf {number} stands again or out of order behind leaf {expected - 1}"
                self.report.add("OUT_OF_ORDER", number, text)
                continue
            for missing in range(expected, min(number, first + SEGMENT_LEAVES)):
                self.report.add("MISSING_LEAF", missing, f"leaf {missing} is missing in `{name}`")
                yield None, None
            yield entry, stored
            expected = number + 1

    @staticmethod
    def _record(
        content: bytes | mmap.mmap, place: int, expected: int, digest: Callable[[bytes], bytes]
    ) -> tuple[int, bytes, bytes, int] | None:
        """Return a record whose end is the file's, or where another record begins."""
        if place + RECORD.size > len(content):
            return None
        number, length, stored = RECORD.unpack_from(content, place)
        begin, end = place + RECORD.size, place + RECORD.size + length
        if length > LONGEST_ENTRY or end > len(content) or number > expected + 2**32:
            return None
        entry = content[begin:end]
        if digest(b"\x00" + entry) != stored and end < len(content):
            # The length may be what is wrong: then no record begins where this one seems to end.
            if end + RECORD.size > len(content):
                return None
            follower, size, claimed = RECORD.unpack_from(content, end)
            after = content[end + RECORD.size : end + RECORD.size + min(size, LONGEST_ENTRY)]
            if follower != expected + 1 and digest(b"\x00" + after) != claimed:
                return None
        return number, stored, entry, end

    def _decisions(self, named: set[bytes]) -> None:
        """Check what entries name by SHA-256."""
        path, held = self.folder / "decisions.log", set[bytes]()
        content = path.read_bytes() if path.exists() else b""
        place = 0
        while place < len(content):
            if place + DECISION.size > len(content):
                self.report.add("UNREADABLE", None, f"`{path.name}` is broken off at byte {place}")
                break
            digest, length = DECISION.unpack_from(content, place)
            place += DECISION.size
            if hashlib.sha256(content[place : place + length]).digest() != digest:
                text = f"decisions {digest.hex()} in `{path.name}` were altered"
                self.report.add("ALTERED_DECISIONS", None, text)
            held.add(digest.hex().encode())
            place += length
        for digest_hex in sorted(named - held):
            text = f"decisions {digest_hex.decode()} are missing in `{path.name}`"
            self.report.add("MISSING_DECISIONS", None, text)


def _find(content: bytes | mmap.mmap, place: int, number: int) -> int | None:
    """Return where the record of a leaf begins, behind a damaged one."""
    found = content.find(struct.pack(">Q", number), place + RECORD.size, place + 2 * LONGEST_ENTRY)
    return None if found < 0 else found


# Single proofs ------------------------------------------------------------------------------------


def check_proof(proof: dict[str, Any], trust: Trust, digest: Callable[[bytes], bytes]) -> Report:
    """Check that one entry is in the log.

    Args:
        proof: `entry` (its text), or its `leafHash` (base64) alone, as subjects get it;
            `leafIndex`, `path` (base64) and `checkpoint` (the note).
    """
    report = Report(leaves=1, checkpoints=1)
    checkpoint = read_checkpoint(proof["checkpoint"])
    report.problems += trust.problems_of(checkpoint)
    if "entry" in proof:
        leaf_hash = digest(b"\x00" + proof["entry"].encode())
    else:
        leaf_hash = from_base64(proof["leafHash"])
    path = [from_base64(each) for each in proof["path"]]
    index = int(proof["leafIndex"])
    if root_by_path(digest, leaf_hash, index, checkpoint.size, path) != checkpoint.root:
        report.add("NOT_INCLUDED", index, f"the entry is not leaf {index} of this checkpoint")
    if not report.problems:
        report.covered = checkpoint.size
    return report


# The command --------------------------------------------------------------------------------------


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description="Verify an audit log of credit-gateway, or one proof of it."
    )
    parser.add_argument("folder", nargs="?", type=Path, help="folder of segment files")
    parser.add_argument("--key", action="append", required=True, help="verifier key of the log")
    parser.add_argument("--witness", action="append", default=[], help="verifier key of a witness")
    parser.add_argument("--quorum", type=int, default=0, help="witnesses that must have signed")
    parser.add_argument(
        "--trusted", action="append", default=[], type=Path, help="file with a checkpoint you kept"
    )
    parser.add_argument("--proof", type=Path, help="file with one proof, instead of a folder")
    parser.add_argument("--hash", default="sha256", help="hash function of the proof's log")
    parser.add_argument("--json", action="store_true", help="print what was found as JSON")
    return parser


def verify(given: argparse.Namespace) -> Report:
    """Run what the command line asks for."""
    trust = Trust(
        tuple(read_key(line) for line in given.key),
        tuple(read_key(line) for line in given.witness),
        given.quorum,
        tuple(read_checkpoint(path.read_text("utf-8")) for path in given.trusted),
    )
    if given.proof is not None:
        proof = json.loads(given.proof.read_text("utf-8"))
        return check_proof(proof, trust, hash_function(given.hash))
    if given.folder is None:
        raise Damaged("name a folder of segments, or a proof")
    report = Report()
    SegmentCheck(given.folder, trust, report).run()
    return report


def show(report: Report, as_json: bool) -> None:
    """Print what was found."""
    if as_json:
        document = {
            "leaves": report.leaves,
            "covered": report.covered,
            "checkpoints": report.checkpoints,
            "restores": [
                {"leaf": each.leaf, "surviving": each.surviving, "lost": each.lost}
                for each in report.restores
            ],
            "witnessed": {name: size for name, (size, _) in report.witnessed.items()},
            "problems": [problem._asdict() for problem in report.problems],
        }
        print(json.dumps(document, ensure_ascii=False))
        return
    for problem in report.problems:
        print(f"{problem.code}: {problem.text}")
    for restore in report.restores:
        print(f"declared restore: {restore.text}")
    for name, (size, moment) in sorted(report.witnessed.items()):
        when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))
        print(f"witness {name} signed checkpoint {size} at {when}")
    younger = report.leaves - report.covered
    print(
        f"{report.leaves} entries read, {report.checkpoints} checkpoints, {report.covered} entries "
        f"covered, {max(0, younger)} not covered"
    )
    print("everything holds" if not report.problems else f"{len(report.problems)} problems")


def main(argv: Sequence[str] | None = None) -> int:
    """The command; returns its exit code."""
    given = arguments().parse_args(argv)
    try:
        report = verify(given)
    except (Damaged, OSError, ValueError, KeyError, TypeError) as error:
        print(f"cannot be verified: {error}", file=sys.stderr)
        return 2
    show(report, given.json)
    return 1 if report.problems else 0


if __name__ == "__main__":
    sys.exit(main())
