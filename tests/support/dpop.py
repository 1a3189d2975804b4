"""A client's side of DPoP, for tests: keys, proofs good and bad."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
from collections.abc import Callable, Mapping
from typing import Any

from joserfc.jwk import ECKey, OKPKey
from joserfc.jws import JWSRegistry

ABSENT = object()
"""Leaves a member out."""

_numbers = itertools.count(1)


def b64(content: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def es256_key() -> ECKey:
    """Return a new key for `ES256`."""
    return ECKey.generate_key("P-256", private=True)


def ed25519_key() -> OKPKey:
    """Return a new key for `Ed25519`."""
    return OKPKey.generate_key("Ed25519", private=True)


class Prover:
    """Signs proofs with one key."""

    def __init__(self, key: ECKey | OKPKey, clock: Callable[[], float]) -> None:
        self.key = key
        self.algorithm = "ES256" if isinstance(key, ECKey) else "Ed25519"
        self.jwk: dict[str, Any] = dict(key.as_dict(private=False))
        self.jwk.pop("kid", None)
        self.jkt = key.thumbprint()
        self._clock = clock

    def proof(
        self,
        method: str,
        url: str,
        access_token: str | None = None,
        nonce: str | None = None,
        *,
        header: Mapping[str, Any] | None = None,
        claims: Mapping[str, Any] | None = None,
    ) -> str:
        """Return a proof, with these members of header and claims changed or left out."""
        says: dict[str, Any] = {
            "jti": f"proof-{next(_numbers)}",
            "htm": method,
            "htu": url,
            "iat": int(self._clock()),
        }
        if access_token is not None:
            says["ath"] = b64(hashlib.sha256(access_token.encode()).digest())
        if nonce is not None:
            says["nonce"] = nonce
        head = {"typ": "dpop+jwt", "alg": self.algorithm, "jwk": self.jwk}
        return self.sign(_changed(head, header), _changed(says, claims))

    def sign(self, header: Mapping[str, Any], claims: object) -> str:
        """Return a signed JWS of any header and payload."""
        signing_input = f"{b64(json.dumps(header).encode())}.{b64(json.dumps(claims).encode())}"
        algorithm = JWSRegistry.algorithms[self.algorithm]
        return f"{signing_input}.{b64(algorithm.sign(signing_input.encode(), self.key))}"


def _changed(members: dict[str, Any], changes: Mapping[str, Any] | None) -> dict[str, Any]:
    wanted = {**members, **(changes or {})}
    return {name: value for name, value in wanted.items() if value is not ABSENT}
