"""A worker that follows one department's changes; a program too, so that it can be killed.

`python -m tests.gateway.changes.working STORE_URL SOURCE_URL`
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace

from gateway.changes.follower import ChangeFollower, FollowingPace
from gateway.changes.types import ChangeListener, Changes
from gateway.composition import nothing_observed
from gateway.contract import CatalogueEntry, Manifest
from gateway.fetching.calls import CallLimits, Departments
from gateway.sources.mapping import DateColumn, KindMapping, Text
from gateway.sources.postgres import PostgresAdapter, PostgresSource
from gateway.store.connect import StoreAddress, connector
from gateway.store.pool import Connection
from tests.gateway.isolation.light import ENTRY, KIND, MANIFEST

TABLE = """
CREATE TABLE cf (id text PRIMARY KEY, code text, person text, day date, at timestamptz NOT NULL);
CREATE INDEX ON cf (at, id)
"""
EFFECTS = "CREATE TABLE effect (record_id text PRIMARY KEY, subject_key text, times int NOT NULL)"
SLUG = "light"
PACE = FollowingPace(poll_s=0.02, failure_s=0.02, turn_s=0.02)
MAPPING = KindMapping(
    KIND,
    "cf",
    "id",
    "code",
    {"meta.recordId": Text("id"), "meta.decidedOn": DateColumn("day")},
    person="person",
    changed_at="at",
)
_ENTRY: CatalogueEntry = replace(ENTRY, changes=True)
FOLLOWED: Manifest = replace(MANIFEST, entries=(_ENTRY,))


class Counting:
    """Counts in the store how often each record's change took effect."""

    async def apply(self, connection: Connection, changes: Changes) -> None:
        """Add one for each."""
        await connection.executemany(
            "INSERT INTO effect VALUES ($1, $2, 1) "
            "ON CONFLICT (record_id) DO UPDATE SET times = effect.times + 1",
            [(each.record_id, each.subject_key) for each in changes.changes],
        )


def adapter_of(url: str, settle_s: float = 0.0) -> PostgresAdapter:
    """The department's adapter."""
    return PostgresAdapter(FOLLOWED, (MAPPING,), PostgresSource(url, settle_s=settle_s))


def follower_of(
    store_url: str, adapter: PostgresAdapter, *listeners: ChangeListener
) -> ChangeFollower:
    """A worker's follower."""
    departments = Departments({SLUG: adapter}, CallLimits(), nothing_observed)
    connect = connector(StoreAddress(store_url))
    return ChangeFollower(connect, departments, (FOLLOWED,), listeners or (Counting(),), PACE)


async def _work(store_url: str, source_url: str) -> None:
    follower = follower_of(store_url, adapter_of(source_url))
    await follower.open()
    print("follows", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_work(*sys.argv[1:]))
