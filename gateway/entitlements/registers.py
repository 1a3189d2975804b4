"""The registers of clients and record effects in the store.

They only keep; who may file or decide is decided before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum

import asyncpg

from gateway.entitlements.client import Client, check_client
from gateway.entitlements.contract import Pace
from gateway.entitlements.credentials import (
    CREDENTIALS,
    NO_CREDENTIALS,
    ClientCredentials,
    credentials_of,
)
from gateway.entitlements.errors import EntitlementRefusedError
from gateway.store.lending import Lending
from policies.model import CallerClass, Purpose
from schema.codes import RecordKind

_PUT_CLIENT = """
INSERT INTO client (client_id, caller_class, organisation, name, quota_per_day, purposes,
    may_ask_anything, requests_per_minute, burst, contract_no, is_sandbox, scopes, acts_for,
    may_name_persons, certificate_subject, redirect_uris, grant_types)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
ON CONFLICT (client_id) DO UPDATE SET caller_class = EXCLUDED.caller_class,
    organisation = EXCLUDED.organisation, name = EXCLUDED.name,
    quota_per_day = EXCLUDED.quota_per_day, purposes = EXCLUDED.purposes,
    may_ask_anything = EXCLUDED.may_ask_anything,
    requests_per_minute = EXCLUDED.requests_per_minute, burst = EXCLUDED.burst,
    contract_no = EXCLUDED.contract_no, is_sandbox = EXCLUDED.is_sandbox,
    scopes = EXCLUDED.scopes, acts_for = EXCLUDED.acts_for,
    may_name_persons = EXCLUDED.may_name_persons,
    certificate_subject = EXCLUDED.certificate_subject,
    redirect_uris = EXCLUDED.redirect_uris, grant_types = EXCLUDED.grant_types
"""
_SUSPEND_CLIENT = "UPDATE client SET is_suspended = $2 WHERE client_id = $1"
_LIST_CLIENTS = """
SELECT c.client_id, c.caller_class, c.organisation, c.name, c.quota_per_day, c.is_suspended,
    c.purposes, c.may_ask_anything, c.requests_per_minute, c.burst, c.contract_no, c.is_sandbox,
    c.scopes, c.acts_for, c.may_name_persons, c.certificate_subject, c.redirect_uris,
    c.grant_types, c.algorithm, c.tokens_since,
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
class ClientLine:
    """One client in a list.

    Attributes:
        used: distinct subjects counted on the day asked about.
        credentials: keys and certificates, those that have ended included.
        tokens_since: tokens issued before are not accepted; None: all are.
    """

    client: Client
    is_suspended: bool
    used: int
    credentials: ClientCredentials = NO_CREDENTIALS
    tokens_since: datetime | None = None


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
        row["contract_no"],
        row["is_sandbox"],
        tuple(row["scopes"]),
        tuple(row["acts_for"]),
        row["may_name_persons"],
        row["certificate_subject"],
        tuple(row["redirect_uris"]),
        tuple(row["grant_types"]),
    )


def _line(row: asyncpg.Record, credentials: Sequence[asyncpg.Record]) -> ClientLine:
    return ClientLine(
        _client(row),
        row["is_suspended"],
        row["used"],
        credentials_of(row, credentials),
        row["tokens_since"],
    )


class ClientRegister:
    """Keeps clients."""

    def __init__(self, pool: Lending) -> None:
        self._pool = pool

    async def put(self, client: Client) -> None:
        """Add a client, or replace what is known of it; suspension, operations and keys stay.

        Raises:
            EntitlementRefusedError: its terms are not possible.
        """
        check_client(client)
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
                client.contract_no,
                client.is_sandbox,
                list(client.scopes),
                list(client.acts_for),
                client.may_name_persons,
                client.certificate_subject,
                list(client.redirect_uris),
                list(client.grant_types),
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
            held = await connection.fetch(CREDENTIALS, None if client_id is None else [client_id])
        return [_line(row, [each for each in held if each[0] == row["client_id"]]) for row in rows]

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

    def __init__(self, pool: Lending) -> None:
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
