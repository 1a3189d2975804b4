"""Signing key of the local issuer, and the public keys that tokens are checked against."""

from __future__ import annotations

import json
import os
import stat
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from gateway.errors import InternalError

CURVE: Final = "Ed25519"
_MOST_KEY_FILE_BYTES = 4_096


def generate_key() -> OKPKey:
    """Return a new Ed25519 key whose `kid` is its thumbprint (RFC 7638)."""
    return _with_kid(OKPKey.generate_key(CURVE, private=True))


def load_or_create_key(path: Path) -> OKPKey:
    """Return the private key in this file; if there is no file, make both.

    The file has mode 0600 from its first byte on. Of several that start at the same time one
    makes the key and all get the same.

    Raises:
        InternalError: the file is open to others, or holds no private Ed25519 key.
    """
    if not path.exists():
        _create(path)
    return load_key(path)


def load_key(path: Path) -> OKPKey:
    """Return the private key in this file; see `load_or_create_key`."""
    with path.open("rb") as file:
        mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        if mode & 0o077:
            raise InternalError(f"key file `{path}` has mode {mode:04o}, expected 0600")
        content = file.read(_MOST_KEY_FILE_BYTES)
    try:
        key = OKPKey.import_key(json.loads(content))
    except (ValueError, TypeError, KeyError, JoseError) as error:
        raise InternalError(f"key file `{path}` holds no JSON Web Key") from error
    if not key.is_private or key.curve_name != CURVE:
        raise InternalError(f"key file `{path}` holds no private {CURVE} key")
    return _with_kid(key)


def public_jwks(keys: Iterable[OKPKey]) -> dict[str, object]:
    """Return the public halves as a JSON Web Key Set (RFC 7517)."""
    return {"keys": [dict(key.as_dict(private=False), use="sig") for key in keys]}


def keys_by_id(jwks: Mapping[str, object]) -> Mapping[str, OKPKey]:
    """Return the Ed25519 keys of a key set by `kid`; keys of other types are left out.

    Raises:
        InternalError: no usable key, a key without `kid`, or a `kid` twice.
    """
    listed = jwks.get("keys")
    if not isinstance(listed, list):
        raise InternalError("a key set has a list of `keys`; this one has none")
    found: dict[str, OKPKey] = {}
    for member in listed:
        if not isinstance(member, dict) or member.get("crv") != CURVE:
            continue
        public = {name: value for name, value in member.items() if name != "d"}
        key = OKPKey.import_key(public)
        kid = key.kid
        if not kid or kid in found:
            raise InternalError(f"each key of a key set needs a `kid` of its own, found `{kid}`")
        found[kid] = key
    if not found:
        raise InternalError(f"the key set has no {CURVE} key")
    return MappingProxyType(found)


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    content = json.dumps(generate_key().as_dict(private=True)).encode()
    descriptor, unfinished = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(unfinished, path)
        except FileExistsError:
            return
    finally:
        os.unlink(unfinished)


def _with_kid(key: OKPKey) -> OKPKey:
    members = dict(key.as_dict(private=key.is_private))
    members["kid"] = members.get("kid") or key.thumbprint()
    return OKPKey.import_key(members)
