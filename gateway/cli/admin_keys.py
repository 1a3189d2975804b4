"""Keys of administrators in files, and the command `admin new-key`."""

from __future__ import annotations

import base64
import binascii
import os
from pathlib import Path

import click
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.errors import InternalError
from gateway.translog.signers import private_key_pem, read_private_key

_PREFIX = "ed25519 "
_KEY_BYTES = 32

key_option = click.option(
    "--key",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help="Your private key, as `admin new-key` wrote it.",
)


@click.command("new-key")
@click.argument("file", type=click.Path(path_type=Path))
def new_key(file: Path) -> None:
    """Write a new private key to FILE and its public half to FILE.pub.

    Done by each administrator on his own machine; the private half never leaves it.
    """
    private = Ed25519PrivateKey.generate()
    public = base64.b64encode(private.public_key().public_bytes_raw()).decode()
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as written:
            written.write(private_key_pem(private))
        file.with_name(f"{file.name}.pub").write_text(f"{_PREFIX}{public}\n", "ascii")
    except OSError as error:
        raise click.ClickException(f"file `{file}` cannot be made: {error.strerror}") from error
    click.echo(f"{_PREFIX}{public}")


def read_private(path: Path) -> Ed25519PrivateKey:
    """Read a private key.

    Raises:
        click.ClickException: the file holds none, or is open to others.
    """
    try:
        if path.stat().st_mode & 0o077:
            raise click.ClickException(f"file `{path}` is open to others, expected mode 0600")
        return read_private_key(path.read_bytes(), path)
    except (OSError, InternalError) as error:
        raise click.ClickException(f"file `{path}` holds no private key: {error}") from error


def read_public(path: Path) -> bytes:
    """Read a public key.

    Raises:
        click.ClickException: the file holds none.
    """
    try:
        text = path.read_text("ascii").strip()
        key = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
    except (OSError, UnicodeDecodeError, binascii.Error) as error:
        raise click.ClickException(f"file `{path}` holds no public key") from error
    if not text.startswith(_PREFIX) or len(key) != _KEY_BYTES:
        raise click.ClickException(f"file `{path}` holds no public key, expected `ed25519 …`")
    return key
