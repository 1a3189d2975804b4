"""Who signs checkpoints: an Ed25519 key in a file, or a program that asks a cryptographic device.

The device's program is the interface for SM2: it reads the message from its standard input and
writes the 64 bytes of the signature (r, then s) to its standard output. What it writes is checked
before it is used, so that a broken device stops the log instead of damaging it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from gateway.errors import InternalError
from gateway.translog import sm2
from gateway.translog.notes import (
    COSIGNATURE_TYPE,
    ED25519_TYPE,
    SM2_TYPE,
    KeyName,
    NoteError,
    NoteSignature,
    SignedNote,
    cosigned_message,
    parse_cosignature,
)

DEVICE_TIMEOUT_S = 2.0


class Signer(Protocol):
    """Signs with one key."""

    @property
    def key(self) -> KeyName:
        """Its public key and name."""
        ...

    async def sign(self, message: bytes) -> bytes:
        """Return a signature over the message.

        Raises:
            InternalError: the key or device cannot be used.
        """
        ...


class Ed25519Signer:
    """Signs with a key in memory."""

    def __init__(self, name: str, private: Ed25519PrivateKey, kind: bytes = ED25519_TYPE) -> None:
        """
        Args:
            kind: signature type of the key's notes.
        """
        self._private = private
        self._key = KeyName(name, kind, private.public_key().public_bytes_raw())

    @property
    def key(self) -> KeyName:
        return self._key

    async def sign(self, message: bytes) -> bytes:
        """Return a signature over the message."""
        return self.sign_now(message)

    def sign_now(self, message: bytes) -> bytes:
        """The same without waiting."""
        return self._private.sign(message)


class DeviceSigner:
    """Has a program sign, which keeps the private key in a device."""

    def __init__(
        self, key: KeyName, command: Sequence[str], timeout_s: float = DEVICE_TIMEOUT_S
    ) -> None:
        self._key = key
        self._command = tuple(command)
        self._timeout_s = timeout_s

    @property
    def key(self) -> KeyName:
        return self._key

    async def sign(self, message: bytes) -> bytes:
        """Return a signature over the message."""
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
            )
        except OSError as error:
            raise InternalError("the signing program cannot be started") from error
        try:
            async with asyncio.timeout(self._timeout_s):
                signature, _ = await process.communicate(message)
        except TimeoutError as error:
            raise InternalError(
                f"the signing program took more than {self._timeout_s} s"
            ) from error
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode != 0:
            raise InternalError(f"the signing program ended with code {process.returncode}")
        if not is_signed_by(self._key, message, signature):
            raise InternalError("the signing program gave a signature that its key did not make")
        return signature


def is_signed_by(key: KeyName, message: bytes, signature: bytes) -> bool:
    """Tell whether a bare signature is of this key over this message."""
    if key.kind == SM2_TYPE:
        return sm2.is_signed(key.public, message, signature)
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def holds(key: KeyName, note: SignedNote) -> bool:
    """Tell whether a note has a good signature of this key, and no other one that claims to be."""
    lines = key.signatures_in(note)
    return bool(lines) and all(_is_good(key, note, line) for line in lines)


def _is_good(key: KeyName, note: SignedNote, line: NoteSignature) -> bool:
    if key.kind != COSIGNATURE_TYPE:
        return is_signed_by(key, note.text.encode(), line.signature)
    try:
        time_s, signature = parse_cosignature(line)
    except NoteError:
        return False
    return is_signed_by(key, cosigned_message(note.text, time_s), signature)


def read_private_key(content: bytes, path: Path) -> Ed25519PrivateKey:
    """Read a private Ed25519 key from PEM.

    Raises:
        InternalError: it is none.
    """
    try:
        key = serialization.load_pem_private_key(content, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise InternalError(
            f"file `{path}` holds no private key in PEM without password"
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise InternalError(f"file `{path}` holds a key of another kind, expected Ed25519")
    return key


def private_key_pem(key: Ed25519PrivateKey) -> bytes:
    """Return a private key as `read_private_key` reads it."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


async def sign_checkpoint(signer: Signer, text: str) -> SignedNote:
    """Return the text signed."""
    key = signer.key
    signature = await signer.sign(text.encode())
    return SignedNote(text, (NoteSignature(key.name, key.key_id, signature),))
