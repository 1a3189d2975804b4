"""Forgets what has ended: a little at a time, so that nobody waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog

from gateway.store.pool import CONNECTION_ERRORS, LightPool, NoConnectionError

PAUSE_S = 30.0
MOST_AT_ONCE = 2_000
MOST_ROUNDS = 50
TOKENS_KEPT = timedelta(days=1)
"""Longer than a token can be good, so that a revoked one is not forgotten before."""

_KEPT = {
    "oauth_used_once": timedelta(),
    "oauth_pushed_request": TOKENS_KEPT,
    "oauth_code": TOKENS_KEPT,
    "oauth_refresh_token": TOKENS_KEPT,
    "oauth_access_token": TOKENS_KEPT,
}
_STATEMENT = """
DELETE FROM {table} WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM {table} WHERE expires_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED))
"""

_log = structlog.get_logger(__name__)


async def forget_ended(pool: LightPool, now: datetime) -> int:
    """Delete some of what has ended; returns how much."""
    gone = 0
    for table, kept in _KEPT.items():
        statement = _STATEMENT.format(table=table)
        async with pool.connection() as connection:
            status = await connection.execute(statement, now - kept, MOST_AT_ONCE)
        gone += int(status.rpartition(" ")[2])
    return gone


async def keep_clean(pool: LightPool, clock: Callable[[], float]) -> None:
    """Forget from time to time, until cancelled."""
    while True:
        await asyncio.sleep(PAUSE_S)
        try:
            for _ in range(MOST_ROUNDS):
                if await forget_ended(pool, datetime.fromtimestamp(clock(), UTC)) < MOST_AT_ONCE:
                    break
        except (NoConnectionError, TimeoutError, *CONNECTION_ERRORS) as error:
            _log.warning("oauth_not_cleaned", error=type(error).__name__)
