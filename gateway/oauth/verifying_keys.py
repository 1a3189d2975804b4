"""Public keys of clients, ready to verify with; each has one algorithm.

What a key must be like was checked when it was registered.

Source: RFC 8725 section 3.1 (the algorithm belongs to the key, a header only repeats it); FAPI 2.0
Security Profile section 5.4.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TypeAlias

from joserfc.jwk import ECKey, OKPKey, RSAKey

from gateway.entitlements.credentials import ClientKey

PublicKey: TypeAlias = "ECKey | OKPKey | RSAKey"
_SORTS: dict[str, type[ECKey] | type[OKPKey] | type[RSAKey]] = {
    "ES256": ECKey,
    "Ed25519": OKPKey,
    "PS256": RSAKey,
}
ALGORITHMS = tuple(_SORTS)


def verifying_key(algorithm: str, key: ClientKey) -> PublicKey:
    """Return a registered key; it is read once."""
    return _read(algorithm, tuple(sorted(key.jwk.items())))


@lru_cache(maxsize=4_096)
def _read(algorithm: str, members: tuple[tuple[str, str], ...]) -> PublicKey:
    return _SORTS[algorithm].import_key(dict(members))
