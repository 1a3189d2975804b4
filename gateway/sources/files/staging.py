"""Copies the files of a drop into the gateway's own folder and checks each while it is copied.

What is read afterwards is exactly what was checked: a file that changes in the exchange folder
meanwhile changes nothing here.
"""

from __future__ import annotations

import os
import stat
from hashlib import sha256
from pathlib import Path

from gateway.sources.files.drop import Drop, DropFile
from gateway.sources.files.errors import UnusableInputError

_BLOCK_BYTES = 1024 * 1024


def stage(drop: Drop, folder: Path, max_file_bytes: int) -> None:
    """Copy all files of a drop.

    Args:
        folder: empty, and nobody else's.

    Raises:
        UnusableInputError: a file is missing, no plain file, too large, or not the one that the
            manifest names.
        OSError: the copy cannot be written, as on a full disk.
    """
    for file in drop.files:
        _copy(drop, file, folder / file.name, max_file_bytes)


def _copy(drop: Drop, file: DropFile, target: Path, max_bytes: int) -> None:
    digest, size = sha256(), 0
    descriptor = _open(drop, file, max_bytes)
    with os.fdopen(descriptor, "rb") as source, target.open("xb") as copy:
        while block := _block(source.fileno(), file.name):
            size += len(block)
            if size > max_bytes:
                raise _too_large(file, max_bytes)
            digest.update(block)
            copy.write(block)
    if digest.hexdigest() != file.sha256:
        raise UnusableInputError(
            f"file `{file.name}` of drop `{drop.name}` has not the checksum of the manifest: it is "
            "not complete yet, or was changed"
        )


def _open(drop: Drop, file: DropFile, max_bytes: int) -> int:
    """Open a file that is a plain one; a link could lead out of the exchange folder."""
    path = drop.folder / file.name
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise UnusableInputError(
            f"file `{file.name}` of drop `{drop.name}` is not there, its manifest names it"
        ) from error
    except OSError as error:
        cause = (error.strerror or "input error").lower()
        raise UnusableInputError(f"file `{file.name}` cannot be read: {cause}") from error
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):
        os.close(descriptor)
        raise UnusableInputError(f"`{file.name}` of drop `{drop.name}` is no plain file")
    if found.st_size > max_bytes:
        os.close(descriptor)
        raise _too_large(file, max_bytes)
    return descriptor


def _block(descriptor: int, name: str) -> bytes:
    try:
        return os.read(descriptor, _BLOCK_BYTES)
    except OSError as error:
        cause = (error.strerror or "input error").lower()
        raise UnusableInputError(f"file `{name}` cannot be read: {cause}") from error


def _too_large(file: DropFile, max_bytes: int) -> UnusableInputError:
    return UnusableInputError(
        f"file `{file.name}` is larger than {max_bytes // (1024 * 1024):,} MB, split it"
    )
