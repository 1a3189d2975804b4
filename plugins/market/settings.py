"""Settings of the adapter: section `[adapters.market]` of the gateway's settings."""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.contract import AdapterSettings

_KNOWN = frozenset({"url", "pool_size"})
_MAX_POOL = 100


@dataclass(frozen=True, slots=True)
class MarketSettings:
    """Where the department's database is.

    Attributes:
        url: PostgreSQL URL of the read-only login; never printed.
        pool_size: most connections at a time, 1 to 100.
    """

    url: str = field(repr=False)
    pool_size: int = 8


def parse_settings(settings: AdapterSettings) -> MarketSettings:
    """Check and convert what the operator wrote.

    Raises:
        ValueError: a key is missing, unknown or out of range; values are not repeated.
    """
    values = settings.values
    unknown = sorted(set(values) - _KNOWN)
    if unknown:
        raise ValueError(f"adapters.market has an unknown key `{unknown[0]}`")
    url = values.get("url", "")
    if not url.startswith(("postgresql://", "postgres://")):
        raise ValueError("adapters.market.url is missing or no PostgreSQL URL")
    pool_size = values.get("pool_size", "8")
    if not pool_size.isdecimal() or not 1 <= int(pool_size) <= _MAX_POOL:
        raise ValueError(f"adapters.market.pool_size is no whole number between 1 and {_MAX_POOL}")
    return MarketSettings(url, int(pool_size))
