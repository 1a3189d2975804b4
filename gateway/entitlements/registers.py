"""The registers of clients and record effects in the store.

They only keep; who may file or decide is decided before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum

from gateway.entitlements.errors import EntitlementRefusedError
from gateway.store.pool import LightPool
from policies.model import CallerClass
from schema.codes import RecordKind

_PUT_CLIENT = """
INSERT INTO client (client_id, caller_class, organisation, name, quota_per_day)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (client_id) DO UPDATE SET caller_class = EXCLUDED.caller_class,
    organisation = EXCLUDED.organisation, name = EXCLUDED.name,
    quota_per_day = EXCLUDED.quota_per_day
"""
_SUSPEND_CLIENT = "UPDATE client SET is_suspended = $2 WHERE client_id = $1"
_LIST_CLIENTS = """
SELECT c.client_id, c.caller_class, c.organisation, c.name, c.quota_per_day, c.is_suspended,
    coalesce(u.units, 0) AS used
FROM client AS c LEFT JOIN quota_usage AS u ON u.client_id = c.client_id AND u.day = $1
ORDER BY c.client_id
"""
_PUT_EFFECT = """
INSERT INTO record_effect (department, record_kind, record_id, effect, hidden_from, cause, since)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (department, record_kind, record_id, effect, cause)
DO UPDATE SET hidden_from = EXCLUDED.hidden_from
"""
_LIFT_EFFECT = """
DELETE FROM record_effect
WHERE department = $1 AND record_kind = $2 AND record_id = $3 AND effect = $4 AND cause = $5
"""


class Effect(Enum):
    """What an effect does to a record: mark it, hide it from some, end its use for all."""

    MARKED = "MARKED"
    HIDDEN = "HIDDEN"
    ENDED = "ENDED"


@dataclass(frozen=True, slots=True)
class Client:
    """A registered client.

    Attributes:
        quota_per_day: subjects a day; None: no limit and no count.
    """

    client_id: str
    caller_class: CallerClass
    organisation: str | None
    name: str
    quota_per_day: int | None


@dataclass(frozen=True, slots=True)
class ClientLine:
    """One client in a list.

    Attributes:
        used: distinct subjects counted on the day asked about.
    """

    client: Client
    is_suspended: bool
    used: int


@dataclass(frozen=True, slots=True)
class RecordEffect:
    """An effect on one department's record.

    Attributes:
        department: slug of the department.
        hidden_from: caller classes for HIDDEN, empty otherwise.
        cause: number of the act that has this effect.
    """

    department: str
    kind: RecordKind
    record_id: str
    effect: Effect
    cause: str
    hidden_from: tuple[CallerClass, ...] = ()


class ClientRegister:
    """Keeps clients."""

    def __init__(self, pool: LightPool) -> None:
        self._pool = pool

    async def put(self, client: Client) -> None:
        """Add a client, or replace what is known of it; a suspension stays."""
        async with self._pool.connection() as connection:
            await connection.execute(
                _PUT_CLIENT,
                client.client_id,
                client.caller_class.value,
                client.organisation,
                client.name,
                client.quota_per_day,
            )

    async def list_clients(self, day: date) -> Sequence[ClientLine]:
        """Return all clients by their ids, with what they used of their quotas on a day."""
        async with self._pool.connection() as connection:
            rows = await connection.fetch(_LIST_CLIENTS, day)
        return [
            ClientLine(
                Client(
                    row["client_id"],
                    CallerClass(row["caller_class"]),
                    row["organisation"],
                    row["name"],
                    row["quota_per_day"],
                ),
                row["is_suspended"],
                row["used"],
            )
            for row in rows
        ]

    async def suspend(self, client_id: str, is_suspended: bool = True) -> None:
        """Answer a client nothing from now on, or again; effective within a second.

        Raises:
            EntitlementRefusedError: there is no such client.
        """
        async with self._pool.connection() as connection:
            status = await connection.execute(_SUSPEND_CLIENT, client_id, is_suspended)
        if status == "UPDATE 0":
            raise EntitlementRefusedError(f"there is no client `{client_id}`")


class EffectRegister:
    """Keeps effects on records."""

    def __init__(self, pool: LightPool) -> None:
        self._pool = pool

    async def put(self, effect: RecordEffect, at: datetime) -> None:
        """Let an effect begin; the same effect of the same cause is replaced."""
        async with self._pool.connection() as connection:
            await connection.execute(
                _PUT_EFFECT,
                effect.department,
                effect.kind.value,
                effect.record_id,
                effect.effect.value,
                [caller.value for caller in effect.hidden_from],
                effect.cause,
                at,
            )

    async def lift(self, effect: RecordEffect) -> None:
        """End an effect; nothing happens if there is none."""
        async with self._pool.connection() as connection:
            await connection.execute(
                _LIFT_EFFECT,
                effect.department,
                effect.kind.value,
                effect.record_id,
                effect.effect.value,
                effect.cause,
            )
