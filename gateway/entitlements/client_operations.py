"""The register of the operations that clients may run. It keeps; who may is decided before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import asyncpg

from gateway.entitlements.contract import OPERATIONS, RegisteredOperation, operation_of
from gateway.entitlements.errors import EntitlementRefusedError
from gateway.entitlements.registers import no_such_client
from gateway.store.pool import LightPool

_PUT = """
INSERT INTO client_operation
    (client_id, purpose, normal_sha256, document_sha256, name, document, quota_per_day)
VALUES ($1, $2, decode($3, 'hex'), decode($4, 'hex'), $5, $6, $7)
ON CONFLICT (client_id, purpose, normal_sha256) DO UPDATE SET
    document_sha256 = EXCLUDED.document_sha256, name = EXCLUDED.name,
    document = EXCLUDED.document, quota_per_day = EXCLUDED.quota_per_day
"""
_REMOVE = "DELETE FROM client_operation WHERE client_id = $1 AND purpose = $2 AND name = $3"
_USED = "SELECT units FROM quota_usage WHERE client_id = $1 AND day = $2"


class OperationRegister:
    """Keeps the operations of clients; a change is effective within a second."""

    def __init__(self, pool: LightPool) -> None:
        self._pool = pool

    async def put(self, client_id: str, operation: RegisteredOperation) -> None:
        """Let a client run an operation; the same document for the same purpose is replaced.

        Raises:
            EntitlementRefusedError: there is no such client, or it has another operation of this
                name for this purpose.
        """
        try:
            async with self._pool.connection() as connection:
                await connection.execute(
                    _PUT,
                    client_id,
                    operation.purpose,
                    operation.normal_sha256,
                    operation.document_sha256,
                    operation.name,
                    operation.document,
                    operation.quota_per_day,
                )
        except asyncpg.ForeignKeyViolationError:
            raise no_such_client(client_id) from None
        except asyncpg.UniqueViolationError:
            raise EntitlementRefusedError(
                f"client `{client_id}` has another operation `{operation.name}` for "
                f"`{operation.purpose}`: remove it first, or give this one another name"
            ) from None

    async def remove(self, client_id: str, purpose: str, name: str) -> None:
        """Let a client run an operation no longer.

        Raises:
            EntitlementRefusedError: it has none of this name for this purpose.
        """
        async with self._pool.connection() as connection:
            status = await connection.execute(_REMOVE, client_id, purpose, name)
        if status == "DELETE 0":
            raise EntitlementRefusedError(
                f"client `{client_id}` has no operation `{name}` for `{purpose}`"
            )

    async def operations(self, client_id: str) -> Sequence[RegisteredOperation]:
        """Return the operations of a client, by purpose and name."""
        async with self._pool.connection() as connection:
            rows = await connection.fetch(OPERATIONS, [client_id])
        return [operation_of(row) for row in rows]

    async def used(self, client_id: str, operation: RegisteredOperation, day: date) -> int:
        """Return how many subjects an operation with a quota of its own was asked for on a day."""
        async with self._pool.connection() as connection:
            units = await connection.fetchval(_USED, operation.counted_as(client_id), day)
        return int(units or 0)
