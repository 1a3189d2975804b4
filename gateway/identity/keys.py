"""Signing key of the local issuer, and the public keys that tokens are checked against."""

from __future__ import annotations

import json
import os
import stat
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final, TypeAlias

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from gateway.errors import InternalError

VerifyingKey: TypeAlias = OKPKey | ECKey | RSAKey

CURVE: Final = "Ed25519"
ALGORITHMS: Final = ("Ed25519", "ES256", "PS256")
"""With which tokens may be signed. Source: FAPI 2.0 security profile section 5.4."""

_SORTS: Final[dict[str, tuple[type[OKPKey] | type[ECKey] | type[RSAKey], tuple[str, ...]]]] = {
    "Ed25519": (OKPKey, ("kty", "crv", "x")),
    "ES256": (ECKey, ("kty", "crv", "x", "y")),
    "PS256": (RSAKey, ("kty", "n", "e")),
}
_TYPES: Final = {"Ed25519": ("OKP", CURVE), "ES256": ("EC", "P-256"), "PS256": ("RSA", None)}
# Source: RFC 9864 section 2.2; a key set may still use the older name of the same algorithm
_OLD_NAMES: Final = {"Ed25519": "EdDSA"}
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


def keys_by_id(
    jwks: Mapping[str, object], algorithm: str = "Ed25519"
) -> Mapping[str, VerifyingKey]:
    """Return the keys for an algorithm of a key set by `kid`; others are left out.

    Raises:
        InternalError: no usable key, a key without `kid`, or a `kid` twice.
    """
    listed = jwks.get("keys")
    if not isinstance(listed, list):
        raise InternalError("a key set has a list of `keys`; this one has none")
    sort, members = _SORTS[algorithm]
    found: dict[str, VerifyingKey] = {}
    for member in listed:
        if not isinstance(member, dict) or not _is_for(member, algorithm):
            continue
        public = {name: member[name] for name in (*members, "kid") if name in member}
        try:
            key = sort.import_key(public)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise InternalError("a key of the key set cannot be read") from error
        kid = key.kid
        if not kid or kid in found:
            raise InternalError(f"each key of a key set needs a `kid` of its own, found `{kid}`")
        found[kid] = key
    if not found:
        raise InternalError(f"the key set has no key for {algorithm}")
    return MappingProxyType(found)


def _is_for(member: Mapping[str, object], algorithm: str) -> bool:
    """Whether a key may have signed with an algorithm: its type fits, and it says nothing else."""
    kty, crv = _TYPES[algorithm]
    return (
        member.get("kty") == kty
        and member.get("crv") == crv
        and member.get("use", "sig") == "sig"
        and member.get("alg", algorithm) in (algorithm, _OLD_NAMES.get(algorithm))
    )


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
