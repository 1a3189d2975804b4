"""Which adapters are registered: where administrators are demanded, no other one is used."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.administrators.register import is_demanded
from gateway.store.pool import Connection

_READ = "SELECT slug, manifest_sha256 FROM adapter_registration"
_CLEAR = "DELETE FROM adapter_registration"
_ADD = "INSERT INTO adapter_registration (slug, manifest_sha256) VALUES ($1, $2)"


def summary(digests: Mapping[str, str]) -> str:
    """Return adapters with the beginnings of their digests, for the log."""
    return " ".join(f"{slug}@{digest[:12]}" for slug, digest in sorted(digests.items()))


async def register_adapters(connection: Connection, digests: Mapping[str, str]) -> None:
    """Let these be all that are registered.

    Args:
        digests: SHA-256 of the manifest by slug, hexadecimal.
    """
    async with connection.transaction():
        await connection.execute(_CLEAR)
        await connection.executemany(_ADD, sorted(digests.items()))


async def not_registered(connection: Connection, digests: Mapping[str, str]) -> Mapping[str, str]:
    """Return why adapters may not be used, by slug; nothing where nobody demands administrators."""
    if not await is_demanded(connection):
        return {}
    known = {row["slug"]: row["manifest_sha256"] for row in await connection.fetch(_READ)}
    reason = (
        "a system administrator has not registered {0}: see what it declares, then run "
        "`credit-gateway adapter register`"
    )
    return {
        slug: reason.format("its manifest as it is now" if slug in known else "it")
        for slug, digest in digests.items()
        if known.get(slug) != digest
    }
