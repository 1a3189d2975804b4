"""The registers of clients and record effects in the store.

They only keep; who may file or decide is decided before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum

import asyncpg

from gateway.entitlements.contract import Pace
from gateway.entitlements.errors import EntitlementRefusedError
from gateway.store.pool import LightPool
from policies.model import CallerClass, Purpose
from schema.codes import RecordKind

_PUT_CLIENT = """
INSERT INTO client (client_id, caller_class, organisation, name, quota_per_day, purposes,
    may_ask_anything, requests_per_minute, burst)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (client_id) DO UPDATE SET caller_class = EXCLUDED.caller_class,
    organisation = EXCLUDED.organisation, name = EXCLUDED.name,
    quota_per_day = EXCLUDED.quota_per_day, purposes = EXCLUDED.purposes,
    may_ask_anything = EXCLUDED.may_ask_anything,
    requests_per_minute = EXCLUDED.requests_per_minute, burst = EXCLUDED.burst
"""
_SUSPEND_CLIENT = "UPDATE client SET is_suspended = $2 WHERE client_id = $1"
_LIST_CLIENTS = """
SELECT c.client_id, c.caller_class, c.organisation, c.name, c.quota_per_day, c.is_suspended,
    c.purposes, c.may_ask_anything, c.requests_per_minute, c.burst,
    coalesce(u.units, 0) AS used
FROM client AS c LEFT JOIN quota_usage AS u ON u.client_id = c.client_id AND u.day = $1
WHERE $2::text IS NULL OR c.client_id = $2
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
        organisation: unified social credit code; None where it serves several.
        quota_per_day: subjects a day; None: no limit and no count.
        purposes: those agreed on; none: all that tokens of its class may state.
        may_ask_anything: whether other operations than the registered ones are answered; None: as
            the settings say for its class.
        pace: for each purpose; None: as the settings say for all.
    """

    client_id: str
    caller_class: CallerClass
    organisation: str | None
    name: str
    quota_per_day: int | None
    purposes: tuple[Purpose, ...] = ()
    may_ask_anything: bool | None = None
    pace: Pace | None = None


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


def no_such_client(client_id: str) -> EntitlementRefusedError:
    """Return the refusal of what concerns a client that is not registered."""
    return EntitlementRefusedError(f"there is no client `{client_id}`")


def _client(row: asyncpg.Record) -> Client:
    is_paced = row["requests_per_minute"] is not None
    return Client(
        row["client_id"],
        CallerClass(row["caller_class"]),
        row["organisation"],
        row["name"],
        row["quota_per_day"],
        tuple(Purpose(code) for code in row["purposes"]),
        row["may_ask_anything"],
        Pace(row["requests_per_minute"], row["burst"]) if is_paced else None,
    )


class ClientRegister:
    """Keeps clients."""

    def __init__(self, pool: LightPool) -> None:
        self._pool = pool

    async def put(self, client: Client) -> None:
        """Add a client, or replace what is known of it; suspension and operations stay."""
        pace = client.pace
        async with self._pool.connection() as connection:
            await connection.execute(
                _PUT_CLIENT,
                client.client_id,
                client.caller_class.value,
                client.organisation,
                client.name,
                client.quota_per_day,
                [purpose.value for purpose in client.purposes],
                client.may_ask_anything,
                None if pace is None else pace.requests_per_minute,
                None if pace is None else pace.burst,
            )

    async def list_clients(self, day: date) -> Sequence[ClientLine]:
        """Return all clients by their ids, with what they used of their quotas on a day."""
        return await self._lines(day, None)

    async def client(self, client_id: str, day: date) -> ClientLine:
        """Return one client, with what it used of its quota on a day.

        Raises:
            EntitlementRefusedError: there is no such client.
        """
        lines = await self._lines(day, client_id)
        if not lines:
            raise no_such_client(client_id)
        return lines[0]

    async def _lines(self, day: date, client_id: str | None) -> Sequence[ClientLine]:
        async with self._pool.connection() as connection:
            rows = await connection.fetch(_LIST_CLIENTS, day, client_id)
        return [ClientLine(_client(row), row["is_suspended"], row["used"]) for row in rows]

    async def suspend(self, client_id: str, is_suspended: bool = True) -> None:
        """Answer a client nothing from now on, or again; effective within a second.

        Raises:
            EntitlementRefusedError: there is no such client.
        """
        async with self._pool.connection() as connection:
            status = await connection.execute(_SUSPEND_CLIENT, client_id, is_suspended)
        if status == "UPDATE 0":
            raise no_such_client(client_id)


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
