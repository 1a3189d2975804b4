"""StoreCopy: everything that a worker knows of entitlements, and how it is read from the store.

What was read together is put in place together, without waiting in between: nobody sees an epoch
beside other contents than it stands for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

import asyncpg

from gateway.entitlements.consent_holdings import ConsentHoldings
from gateway.entitlements.contract import OPERATIONS, REVOKED_TOKENS
from gateway.entitlements.credentials import CREDENTIALS
from gateway.entitlements.holdings import ClientHoldings, EffectHoldings, GrantHoldings
from gateway.entitlements.types import POLICY_AREA, PolicyRelease
from gateway.store.pool import Connection

_CONSENTS = """
SELECT c.consent_no, c.version, c.state, c.institution, c.purpose, c.subject_key, c.valid_from,
    c.valid_to, c.is_one_off, c.record_kinds, u.used_kinds, u.used_repeats, u.used_at,
    ARRAY(SELECT f.coordinate FROM consent_coordinate AS f
          WHERE f.consent_no = c.consent_no) AS coordinates
FROM consent AS c
CROSS JOIN LATERAL (
    SELECT coalesce(array_agg(u.record_kind), '{}') AS used_kinds,
        coalesce(array_agg(u.repeat_key), '{}') AS used_repeats,
        coalesce(array_agg(u.used_at), '{}') AS used_at,
        bool_or(u.repeat_key IS NOT NULL AND repeats_until(u.used_at) > to_timestamp($2))
            AS is_repeatable
    FROM consent_use AS u WHERE c.is_one_off AND u.consent_no = c.consent_no
) AS u
WHERE ($1::text[] IS NULL OR c.consent_no = ANY ($1))
    AND (c.state = 'ACTIVE' OR (c.state = 'USED_UP' AND u.is_repeatable))
"""
_CLIENTS = """
SELECT client_id, is_suspended, quota_per_day, caller_class, organisation, purposes,
    may_ask_anything, requests_per_minute, burst, contract_no, is_sandbox, scopes, acts_for,
    may_name_persons, algorithm, certificate_subject, redirect_uris, grant_types, tokens_since,
    name
FROM client
WHERE $1::text[] IS NULL OR client_id = ANY ($1)
"""
_GRANTS = """
SELECT g.consumer, g.provider, g.purposes, g.valid_until,
    ARRAY(SELECT f.coordinate FROM grant_coordinate AS f
          WHERE f.grant_no = g.grant_no) AS coordinates
FROM sharing_grant AS g
WHERE g.state = 'ACTIVE' AND ($1::text[] IS NULL OR g.consumer = ANY ($1))
"""
_EFFECTS = """
SELECT department, record_kind, record_id, effect, hidden_from FROM record_effect
WHERE $1::text[] IS NULL OR record_kind = ANY ($1)
"""
_EPOCHS = """
SELECT area, epoch FROM entitlement_epoch WHERE $1::text[] IS NULL OR area = ANY ($1)
"""
_RELEASE = "SELECT epoch, version FROM policy_release ORDER BY epoch DESC LIMIT 1"

_SORTS = frozenset({"client", "consent", "grant", "effect"})
"""What is announced when a whole table was emptied."""


class StoreCopy:
    """Holdings and epochs, as they were at one moment.

    Attributes:
        version: raised by every change to grants or effects that was read.
    """

    def __init__(self) -> None:
        self.consents = ConsentHoldings()
        self.clients = ClientHoldings()
        self.grants = GrantHoldings()
        self.effects = EffectHoldings()
        self.release = PolicyRelease()
        self.version = 0
        self._epochs: dict[str, int] = {}

    def epoch(self, area: str) -> int:
        """Epoch of an area; 0 if nothing has ever changed there."""
        return self._epochs.get(area, 0)

    async def read(self, connection: Connection, changed: Collection[str], now: float) -> None:
        """Read what is announced as changed.

        Args:
            changed: `consent:<number>` and areas of the store's epochs, or a sort as a whole.
            now: seconds since the epoch, for how long used-up consents are of interest.
        """
        if not _SORTS.isdisjoint(changed):
            await self.read_all(connection, now)
            return
        names: dict[str, list[str]] = defaultdict(list)
        for area in changed:
            sort, _, name = area.partition(":")
            names[sort].append(name)
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            if "consent" in names:
                await self._read_consents(connection, names["consent"], now)
            if not names.keys().isdisjoint(("client", "grant", "effect")):
                await self._read_areas(connection, names, [*changed])
            if POLICY_AREA in names:
                await self._read_release(connection)

    async def read_all(self, connection: Connection, now: float) -> None:
        """Read everything anew."""
        fresh = StoreCopy()
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            for row in await connection.fetch(_CONSENTS, None, now):
                fresh.consents.put(row)
            clients = await _read_clients(connection, None)
            fresh.grants = GrantHoldings(await connection.fetch(_GRANTS, None))
            fresh.effects = EffectHoldings(await connection.fetch(_EFFECTS, None))
            epochs = dict(await connection.fetch(_EPOCHS, None))
            await self._read_release(connection)
        for client, *listed in clients:
            epoch = epochs.get(f"client:{client['client_id']}", 0)
            fresh.clients.put(client, epoch, *listed)
        self.consents, self.clients = fresh.consents, fresh.clients
        self.grants, self.effects = fresh.grants, fresh.effects
        self._epochs = epochs
        self.version += 1

    async def _read_consents(
        self, connection: Connection, numbers: Collection[str], now: float
    ) -> None:
        rows = await connection.fetch(_CONSENTS, numbers, now)
        self.consents.forget_used_up(now)
        for number in numbers:
            self.consents.remove(number)
        for row in rows:
            self.consents.put(row)

    async def _read_areas(
        self, connection: Connection, names: Mapping[str, list[str]], areas: list[str]
    ) -> None:
        clients, consumers, kinds = names["client"], names["grant"], names["effect"]
        client_rows = await _read_clients(connection, clients) if clients else []
        grants = GrantHoldings(await connection.fetch(_GRANTS, consumers) if consumers else ())
        effects = EffectHoldings(await connection.fetch(_EFFECTS, kinds) if kinds else ())
        epochs = dict(await connection.fetch(_EPOCHS, areas))
        for client_id in clients:
            self.clients.put_unknown(client_id, epochs.get(f"client:{client_id}", 0))
        for row, *listed in client_rows:
            self.clients.put(row, epochs.get(f"client:{row['client_id']}", 0), *listed)
        self.grants.replace(consumers, grants)
        self.effects.replace(kinds, effects)
        self._epochs.update(epochs)
        if consumers or kinds:
            self.version += 1

    async def _read_release(self, connection: Connection) -> None:
        row = await connection.fetchrow(_RELEASE)
        if row is not None:
            self.release = PolicyRelease(row["epoch"], row["version"])


async def _read_clients(
    connection: Connection, client_ids: list[str] | None
) -> list[tuple[asyncpg.Record, list[asyncpg.Record], list[asyncpg.Record], list[asyncpg.Record]]]:
    """Rows of clients, each with its operations, credentials, revoked tokens; all without ids."""
    operations = _by_client(await connection.fetch(OPERATIONS, client_ids))
    credentials = _by_client(await connection.fetch(CREDENTIALS, client_ids))
    revoked = _by_client(await connection.fetch(REVOKED_TOKENS, client_ids))
    rows = await connection.fetch(_CLIENTS, client_ids)
    return [
        (row, operations[number], credentials[number], revoked[number])
        for row in rows
        for number in (row["client_id"],)
    ]


def _by_client(rows: Sequence[asyncpg.Record]) -> defaultdict[str, list[asyncpg.Record]]:
    found: defaultdict[str, list[asyncpg.Record]] = defaultdict(list)
    for row in rows:
        found[row["client_id"]].append(row)
    return found
