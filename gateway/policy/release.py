"""Announces a version of the rules to all workers."""

from __future__ import annotations

import asyncpg

from gateway.errors import InternalError
from gateway.store.pool import Connection

GRACE_S = 1.0
"""Workers have so long to take up a release before answers of older rules are refused."""


async def announce(connection: Connection, version: str) -> int:
    """Announce a version that is to be in force.

    Returns:
        Epoch of the release.

    Raises:
        InternalError: the store is not of this version of the gateway.
    """
    try:
        epoch = await connection.fetchval(
            "SELECT release_policy($1, make_interval(secs => $2))", version, GRACE_S
        )
    except asyncpg.UndefinedFunctionError as error:
        raise InternalError(
            "the store is older than this version; start a gateway first"
        ) from error
    return int(epoch)
