"""How connections to PostgreSQL are opened: address, limits and session settings in one place."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from urllib.parse import quote, urlencode

import asyncpg

from gateway.store.pool import Connect, Connection

_STATEMENTS_KEPT = 512


@dataclass(frozen=True, slots=True)
class StoreAddress:
    """Where a database is and how long anything there may take.

    Attributes:
        url: PostgreSQL URL; holds a password and never prints.
        application_name: shown in the server's activity view.
        statement_timeout_ms: the server ends a statement after this.
        lock_timeout_ms: the server ends a wait for a lock after this.
        connect_timeout_s: longest time to open a connection.
        plan_cache_mode: PostgreSQL's setting: `force_generic_plan` plans a statement once, which
            suits look-ups by key; `auto` plans for the values at hand.
    """

    url: str = field(repr=False)
    application_name: str = "credit-gateway"
    statement_timeout_ms: int = 5_000
    lock_timeout_ms: int = 2_000
    connect_timeout_s: float = 2.0
    plan_cache_mode: str = "auto"


def postgres_url(*, host: str, port: int, database: str, user: str, password: str) -> str:
    """Return the URL of a database; `host` is a name, an address or a socket's folder."""
    login = f"{quote(user, safe='')}:{quote(password, safe='')}"
    place = urlencode({"host": host, "port": port})
    return f"postgresql://{login}@/{quote(database, safe='')}?{place}"


def connector(address: StoreAddress) -> Connect:
    """Return a function that opens a connection with these limits set at its start."""
    return partial(_open, address)


async def _open(address: StoreAddress) -> Connection:
    connection: Connection = await asyncpg.connect(
        address.url,
        timeout=address.connect_timeout_s,
        statement_cache_size=_STATEMENTS_KEPT,
        max_cacheable_statement_size=0,  # long statements are the ones worth keeping
        server_settings={
            "application_name": address.application_name,
            "statement_timeout": str(address.statement_timeout_ms),
            "lock_timeout": str(address.lock_timeout_ms),
            "idle_in_transaction_session_timeout": str(address.statement_timeout_ms),
            "synchronous_commit": "on",
            "timezone": "UTC",
            "jit": "off",
            "plan_cache_mode": address.plan_cache_mode,
        },
    )
    return connection
