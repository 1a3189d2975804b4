"""Signed notes, checkpoints and cosignatures as texts: written, read, and their keys named.

What lives here knows no private key and no store. A *verifier key* is one line,
`<name>+<key id>+<type and public key>`, which outsiders are given.

Source: C2SP signed-note (format, signatures, key ids), tlog-checkpoint (note text),
tlog-cosignature (Ed25519 signed message).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gateway.translog.suites import HASH_BYTES

ED25519_TYPE = b"\x01"
COSIGNATURE_TYPE = b"\x04"
SM2_TYPE = b"\xffcredit-gateway/sm2-sm3\x00"
"""Of the types that are left to private use, with an identifier of our own."""

_KEY_ID_BYTES = 4
_TIMESTAMP_BYTES = 8
_MOST_SIGNATURES = 32
_MOST_NOTE_CHARACTERS = 64_000
_DASH = "— "
_KEY_NAME = re.compile(r"[^\s+]+")
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")


class NoteError(Exception):
    """A text is no note, checkpoint or key; the text says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line.

    Attributes:
        key_id: four bytes.
        signature: what follows them.
    """

    key_name: str
    key_id: bytes
    signature: bytes

    def line(self) -> str:
        """Return the line, with its line end."""
        content = base64.b64encode(self.key_id + self.signature).decode()
        return f"{_DASH}{self.key_name} {content}\n"


@dataclass(frozen=True, slots=True)
class SignedNote:
    """A text and who signed it.

    Attributes:
        text: ends with a line end.
    """

    text: str
    signatures: tuple[NoteSignature, ...]

    def encode(self) -> str:
        """Return the whole note."""
        return self.text + "\n" + "".join(each.line() for each in self.signatures)


@dataclass(frozen=True, slots=True)
class CheckpointText:
    """What a checkpoint says.

    Attributes:
        origin: name of the log.
        root: 32 bytes.
    """

    origin: str
    size: int
    root: bytes

    def encode(self) -> str:
        """Return the note text."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


@dataclass(frozen=True, slots=True)
class KeyName:
    """A public key and what its signatures are called.

    Attributes:
        kind: signature type, one byte or more.
        public: the key itself.
    """

    name: str
    kind: bytes
    public: bytes

    @property
    def key_id(self) -> bytes:
        content = self.name.encode() + b"\n" + self.kind + self.public
        return hashlib.sha256(content).digest()[:_KEY_ID_BYTES]

    def verifier_key(self) -> str:
        """Return the line by which others know the key."""
        content = base64.b64encode(self.kind + self.public).decode()
        return f"{self.name}+{self.key_id.hex()}+{content}"

    def signatures_in(self, note: SignedNote) -> tuple[NoteSignature, ...]:
        """Return the lines that claim to be of this key."""
        return tuple(
            each
            for each in note.signatures
            if each.key_name == self.name and each.key_id == self.key_id
        )


def parse_verifier_key(line: str) -> KeyName:
    """Read a verifier key.

    Raises:
        NoteError: it is none, or its id is not that of its key.
    """
    name, _, rest = line.strip().partition("+")
    key_id, _, content = rest.partition("+")
    decoded = _decoded(content)
    kinds = (ED25519_TYPE, COSIGNATURE_TYPE, SM2_TYPE)
    kind = next((each for each in kinds if decoded.startswith(each)), None)
    if not is_key_name(name) or kind is None:
        raise NoteError("no verifier key, expected `<name>+<key id>+<type and public key>`")
    key = KeyName(name, kind, decoded[len(kind) :])
    if len(key.public) != (64 if kind == SM2_TYPE else 32) or key.key_id.hex() != key_id:
        raise NoteError(f"the verifier key of `{name}` is damaged: key and key id do not match")
    return key


def is_key_name(name: str) -> bool:
    """Tell whether a text can name a key, and so a log."""
    return _KEY_NAME.fullmatch(name) is not None and name.isprintable()


def parse_note(encoded: str) -> SignedNote:
    """Read a signed note; verifies nothing.

    Raises:
        NoteError: it is none.
    """
    if len(encoded) > _MOST_NOTE_CHARACTERS:
        raise NoteError(f"a note of {len(encoded)} characters, expected at most 64,000")
    text, gap, lines = encoded.rpartition("\n\n")
    if not gap or not text or not lines.endswith("\n"):
        raise NoteError("no note, expected a text, an empty line and signature lines")
    if any(character < " " and character != "\n" for character in encoded):
        raise NoteError("a note with control characters")
    signatures = tuple(parse_signature(line) for line in lines[:-1].split("\n"))
    if len(signatures) > _MOST_SIGNATURES:
        raise NoteError(f"a note with {len(signatures)} signatures, expected at most 32")
    return SignedNote(text + "\n", signatures)


def parse_signature(line: str) -> NoteSignature:
    """Read a signature line, without its line end.

    Raises:
        NoteError: it is none.
    """
    name, _, content = line.removeprefix(_DASH).partition(" ")
    decoded = _decoded(content)
    if not line.startswith(_DASH) or not is_key_name(name) or len(decoded) <= _KEY_ID_BYTES:
        raise NoteError("no signature line, expected `— <key name> <base64>`")
    return NoteSignature(name, decoded[:_KEY_ID_BYTES], decoded[_KEY_ID_BYTES:])


def parse_checkpoint(text: str) -> CheckpointText:
    """Read the text of a checkpoint.

    Raises:
        NoteError: it is none, or has lines that this log does not write.
    """
    lines = text.split("\n")
    if len(lines) != 4 or lines[3] or not lines[0]:
        raise NoteError("no checkpoint, expected the lines origin, size and root")
    root = _decoded(lines[2])
    if _SIZE.fullmatch(lines[1]) is None or len(root) != HASH_BYTES:
        raise NoteError("a checkpoint whose size is no number or whose root is no hash")
    return CheckpointText(lines[0], int(lines[1]), root)


def cosigned_message(text: str, time_s: int) -> bytes:
    """Return what a witness signs.

    Args:
        text: of the checkpoint.
        time_s: seconds since the epoch.
    """
    return f"cosignature/v1\ntime {time_s}\n{text}".encode()


def cosignature(key: KeyName, time_s: int, signature: bytes) -> NoteSignature:
    """Return the line of a cosignature."""
    return NoteSignature(key.name, key.key_id, time_s.to_bytes(_TIMESTAMP_BYTES) + signature)


def parse_cosignature(signature: NoteSignature) -> tuple[int, bytes]:
    """Return time and Ed25519 signature of a cosignature.

    Raises:
        NoteError: it has another length.
    """
    content = signature.signature
    if len(content) != _TIMESTAMP_BYTES + 64:
        raise NoteError(f"a cosignature of {len(content)} bytes, expected 72")
    return int.from_bytes(content[:_TIMESTAMP_BYTES]), content[_TIMESTAMP_BYTES:]


def encode_hashes(hashes: Iterable[bytes]) -> tuple[str, ...]:
    """Return hashes as texts, as proofs are sent."""
    return tuple(base64.b64encode(each).decode() for each in hashes)


def decode_hashes(texts: Sequence[str]) -> tuple[bytes, ...]:
    """Read hashes of a proof.

    Raises:
        NoteError: one is none.
    """
    hashes = tuple(_decoded(text) for text in texts)
    if any(len(each) != HASH_BYTES for each in hashes):
        raise NoteError(f"a proof whose hashes have not {HASH_BYTES} bytes each")
    return hashes


def _decoded(content: str) -> bytes:
    """Canonical base64 only, so that nothing can be changed without changing what it says."""
    try:
        decoded = base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NoteError("no base64 where some was expected") from error
    if base64.b64encode(decoded).decode() != content:
        raise NoteError("base64 that is not in its canonical form")
    return decoded
