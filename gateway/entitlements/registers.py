"""The registers of clients, sharing grants and record effects in the store.

They only keep; who may file or decide is decided before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum

from gateway.entitlements.consent import check_coordinates
from gateway.entitlements.errors import EntitlementRefusedError
from gateway.entitlements.states import GrantState, grant_states_before
from gateway.store.pool import LightPool
from policies.model import CallerClass, Purpose
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
_ADD_GRANT = """
INSERT INTO sharing_grant (grant_no, state, consumer, provider, catalogue_code, purposes,
    legal_basis, scenario, scope, mode, impact_assessment, valid_until)
VALUES ($1, 'REQUESTED', $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
"""
_ADD_GRANT_COORDINATES = """
INSERT INTO grant_coordinate (grant_no, coordinate) SELECT $1, unnest($2::text[])
"""
_CHANGE_GRANT = """
UPDATE sharing_grant
SET state = $2, version = version + 1, decided_at = $4, refusal_reason = $5
WHERE grant_no = $1 AND state = ANY ($3::text[])
RETURNING version
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
    """What an effect does to a record: mark it, hide it from some, end it for all."""

    MARKED = "MARKED"
    HIDDEN = "HIDDEN"
    ENDED = "ENDED"


class SharingMode(Enum):
    """How data are shared (共享方式)."""

    SERVICE = "SERVICE"
    BATCH = "BATCH"
    FILE = "FILE"


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
class SharingGrant:
    """What one department asks of another, field by field.

    Attributes:
        consumer, provider: unified social credit codes of the departments.
        impact_assessment: reference of the impact assessment.
        coordinates: fields granted, each listed.
    """

    grant_no: str
    consumer: str
    provider: str
    catalogue_code: str
    purposes: tuple[Purpose, ...]
    coordinates: tuple[str, ...]
    legal_basis: str
    scenario: str
    scope: str
    mode: SharingMode
    impact_assessment: str
    valid_until: datetime


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


class GrantRegister:
    """Keeps sharing grants."""

    def __init__(self, pool: LightPool) -> None:
        self._pool = pool

    async def request(self, grant: SharingGrant) -> None:
        """File a grant as REQUESTED.

        Raises:
            EntitlementRefusedError: a coordinate is no field of the schema.
        """
        check_coordinates(f"grant `{grant.grant_no}`", grant.coordinates)
        async with self._pool.connection() as connection, connection.transaction():
            await connection.execute(
                _ADD_GRANT,
                grant.grant_no,
                grant.consumer,
                grant.provider,
                grant.catalogue_code,
                [purpose.value for purpose in grant.purposes],
                grant.legal_basis,
                grant.scenario,
                grant.scope,
                grant.mode.value,
                grant.impact_assessment,
                grant.valid_until,
            )
            await connection.execute(
                _ADD_GRANT_COORDINATES, grant.grant_no, list(dict.fromkeys(grant.coordinates))
            )

    async def change_state(
        self, grant_no: str, state: GrantState, at: datetime, refusal_reason: str | None = None
    ) -> int:
        """Change the state and return the new version.

        Raises:
            EntitlementRefusedError: the grant is not in a state that may change to this one, or
                is refused without a reason.
        """
        if state is GrantState.REFUSED and not refusal_reason:
            raise EntitlementRefusedError(f"grant `{grant_no}` is refused without a reason")
        before = [earlier.value for earlier in grant_states_before(state)]
        async with self._pool.connection() as connection:
            version = await connection.fetchval(
                _CHANGE_GRANT, grant_no, state.value, before, at, refusal_reason
            )
        if version is None:
            expected = " or ".join(before) or "no state"
            raise EntitlementRefusedError(
                f"grant `{grant_no}` cannot become {state.value}: it must exist and be {expected}"
            )
        return int(version)


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
