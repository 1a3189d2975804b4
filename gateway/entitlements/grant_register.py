"""The register of sharing grants in the store: requests, changes of state, lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from gateway.entitlements.coordinates import may_be_number
from gateway.entitlements.errors import EntitlementRefusedError
from gateway.entitlements.grant import GrantRecord, SharingGrant, check_grant
from gateway.entitlements.states import GrantState, grant_states_before
from gateway.store.lending import Lending
from policies.model import Purpose
from schema.codes import SharingAttribute
from schema.sharing import SharingMode

_ADD = """
INSERT INTO sharing_grant (grant_no, state, consumer, provider, catalogue_code, purposes,
    legal_basis, scenario, scope, mode, impact_assessment, valid_until, impact_assessed_on,
    sharing_attribute, requested_at)
VALUES ($1, 'REQUESTED', $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, coalesce($14, now()))
"""
_ADD_COORDINATES = """
INSERT INTO grant_coordinate (grant_no, coordinate) SELECT $1, unnest($2::text[])
"""
# A decision is kept: what happens to the grant later does not change when it was decided.
_CHANGE = """
UPDATE sharing_grant
SET state = $2, version = version + 1,
    decided_at = CASE WHEN state = 'REQUESTED' THEN $4 ELSE decided_at END,
    refusal_reason = coalesce($5, refusal_reason)
WHERE grant_no = $1 AND state = ANY ($3::text[]) AND ($2 = 'REFUSED' OR valid_until > $4)
RETURNING version
"""
_EXTEND = """
UPDATE sharing_grant SET extended_at = $2, version = version + 1
WHERE grant_no = $1 AND state = 'REQUESTED' AND extended_at IS NULL
RETURNING version
"""
_STATE = """
CASE WHEN g.state IN ('ACTIVE', 'SUSPENDED') AND g.valid_until <= $1 THEN 'EXPIRED'
    ELSE g.state END
"""
_COLUMNS = f"""
SELECT g.grant_no, {_STATE} AS state, g.version, g.consumer, g.provider, g.catalogue_code,
    g.purposes, g.legal_basis, g.scenario, g.scope, g.mode, g.impact_assessment, g.valid_until,
    g.impact_assessed_on, g.sharing_attribute, g.requested_at, g.extended_at, g.decided_at,
    g.refusal_reason,
    ARRAY(SELECT f.coordinate FROM grant_coordinate AS f
          WHERE f.grant_no = g.grant_no ORDER BY f.coordinate) AS coordinates
FROM sharing_grant AS g
"""  # noqa: S608 - made of constants
_FIND = _COLUMNS + "WHERE g.grant_no = $2"
_LIST = f"""
{_COLUMNS}
WHERE ($2::text IS NULL OR g.consumer = $2 OR g.provider = $2)
    AND ($3::text IS NULL OR {_STATE} = $3)
    AND ($4::text IS NULL OR (g.requested_at, g.grant_no) < (
        SELECT s.requested_at, s.grant_no FROM sharing_grant AS s
        WHERE s.grant_no = $4 AND ($2::text IS NULL OR s.consumer = $2 OR s.provider = $2)))
ORDER BY g.requested_at DESC, g.grant_no DESC LIMIT $5
"""  # noqa: S608 - made of constants
_SAME_REQUEST = """
SELECT g.grant_no FROM sharing_grant AS g
WHERE g.state = 'REQUESTED' AND g.consumer = $1 AND g.provider = $2 AND g.catalogue_code = $3
    AND g.purposes <@ $4 AND $4 <@ g.purposes
    AND $5::text[] = ARRAY(SELECT f.coordinate FROM grant_coordinate AS f
        WHERE f.grant_no = g.grant_no ORDER BY f.coordinate COLLATE "C")
"""


@dataclass(frozen=True, slots=True)
class GrantFilter:
    """Which grants to list.

    Attributes:
        party: code of the consumer or provider; None: all.
        after: number of a grant; only those that were requested before it. One of other parties is
            as good as none: it would tell when they asked.
    """

    party: str | None = None
    state: GrantState | None = None
    after: str | None = None
    first: int = 50


class GrantRegister:
    """Keeps sharing grants; every change raises the epoch of grants and reaches all workers."""

    def __init__(self, lending: Lending) -> None:
        self._lending = lending

    async def request(self, grant: SharingGrant, at: datetime | None = None) -> None:
        """File a grant as REQUESTED.

        Args:
            at: when it was asked for; None: now, by the store's clock.

        Raises:
            EntitlementRefusedError: it is incomplete or its number is taken.
        """
        check_grant(grant)
        async with self._lending.connection() as connection:
            try:
                async with connection.transaction():
                    await connection.execute(
                        _ADD,
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
                        grant.impact_assessed_on,
                        grant.sharing_attribute.value,
                        at,
                    )
                    await connection.execute(
                        _ADD_COORDINATES, grant.grant_no, list(dict.fromkeys(grant.coordinates))
                    )
            except asyncpg.UniqueViolationError as error:
                raise EntitlementRefusedError(f"the number `{grant.grant_no}` is taken") from error

    async def change_state(
        self, grant_no: str, state: GrantState, at: datetime, refusal_reason: str | None = None
    ) -> int:
        """Change the state and return the new version.

        Raises:
            EntitlementRefusedError: the grant is not in a state that may change to this one, its
                time is over, or it is refused without a reason.
        """
        if state is GrantState.REFUSED and not refusal_reason:
            raise EntitlementRefusedError(
                f"grant `{grant_no}` is refused without a reason", "REASON_REQUIRED"
            )
        before = [earlier.value for earlier in grant_states_before(state)]
        async with self._lending.connection() as connection:
            version = await connection.fetchval(
                _CHANGE, grant_no, state.value, before, at, refusal_reason
            )
        if version is None:
            expected = " or ".join(before) or "no state"
            raise EntitlementRefusedError(
                f"grant `{grant_no}` cannot become {state.value}: it must exist and be {expected},"
                " within its time",
                "GRANT_STATE_CONFLICT",
            )
        return int(version)

    async def extend(self, grant_no: str, at: datetime) -> None:
        """Let the provider take longer to answer, once.

        Raises:
            EntitlementRefusedError: the grant is not REQUESTED, or was extended before.
        """
        async with self._lending.connection() as connection:
            version = await connection.fetchval(_EXTEND, grant_no, at)
        if version is None:
            raise EntitlementRefusedError(
                f"the answer to grant `{grant_no}` cannot be put off: it must be REQUESTED and not"
                " have been put off before",
                "GRANT_STATE_CONFLICT",
            )

    async def find(self, grant_no: str, at: datetime) -> GrantRecord | None:
        """Return a grant as it stands at this time."""
        if not may_be_number(grant_no):
            return None
        async with self._lending.connection() as connection:
            row = await connection.fetchrow(_FIND, at, grant_no)
        return None if row is None else _record(row)

    async def list_grants(self, wanted: GrantFilter, at: datetime) -> Sequence[GrantRecord]:
        """Return grants as they stand at this time, the last requested first."""
        state = None if wanted.state is None else wanted.state.value
        async with self._lending.connection() as connection:
            rows = await connection.fetch(
                _LIST, at, wanted.party, state, wanted.after, wanted.first
            )
        return [_record(row) for row in rows]

    async def find_request_like(self, grant: SharingGrant) -> str | None:
        """Return the number of a request for the same that waits for its answer."""
        async with self._lending.connection() as connection:
            found: str | None = await connection.fetchval(
                _SAME_REQUEST,
                grant.consumer,
                grant.provider,
                grant.catalogue_code,
                [purpose.value for purpose in grant.purposes],
                sorted(set(grant.coordinates)),
            )
        return found


def _record(row: asyncpg.Record) -> GrantRecord:
    terms = SharingGrant(
        row["grant_no"],
        row["consumer"],
        row["provider"],
        row["catalogue_code"],
        tuple(Purpose(code) for code in row["purposes"]),
        tuple(row["coordinates"]),
        row["legal_basis"],
        row["scenario"],
        row["scope"],
        SharingMode(row["mode"]),
        row["impact_assessment"],
        row["valid_until"],
        row["impact_assessed_on"],
        SharingAttribute(row["sharing_attribute"]),
    )
    return GrantRecord(
        terms,
        GrantState(row["state"]),
        row["version"],
        row["requested_at"],
        row["extended_at"],
        row["decided_at"],
        row["refusal_reason"],
    )
