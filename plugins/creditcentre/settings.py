"""Settings of the adapter: section `[adapters.creditcentre]` of the gateway's settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from gateway.contract import AdapterSettings

_KNOWN = frozenset({"url", "command_url", "pool_size", "lists"})
_MAX_POOL = 100


@dataclass(frozen=True, slots=True)
class CentreSettings:
    """Where the credit centre's database is, and which lists it keeps.

    Attributes:
        url: PostgreSQL URL of the login that reads; never printed.
        command_url: URL of the login that acts; never printed.
        pool_size: most connections of each login at a time, 1 to 100.
        lists: the operator's file of lists; None: the one that comes along.
    """

    url: str = field(repr=False)
    command_url: str = field(repr=False)
    pool_size: int = 8
    lists: Path | None = None


def parse_settings(settings: AdapterSettings) -> CentreSettings:
    """Check and convert what the operator wrote.

    Raises:
        ValueError: a key is missing, unknown or out of range; values are not repeated.
    """
    values = settings.values
    unknown = sorted(set(values) - _KNOWN)
    if unknown:
        raise ValueError(f"adapters.creditcentre has an unknown key `{unknown[0]}`")
    for key in ("url", "command_url"):
        if not values.get(key, "").startswith(("postgresql://", "postgres://")):
            raise ValueError(f"adapters.creditcentre.{key} is missing or no PostgreSQL URL")
    size = values.get("pool_size", "8")
    if not size.isdecimal() or not 1 <= int(size) <= _MAX_POOL:
        raise ValueError(
            f"adapters.creditcentre.pool_size is no whole number between 1 and {_MAX_POOL}"
        )
    lists = values.get("lists")
    return CentreSettings(
        values["url"], values["command_url"], int(size), None if lists is None else Path(lists)
    )
