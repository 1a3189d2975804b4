"""The cache against a real store: what it gives, how it follows changes, when it is not fresh."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
import pytest_asyncio

from gateway.entitlements.cache import EntitlementsCache
from gateway.entitlements.consent_register import ConsentRegister
from gateway.entitlements.registers import (
    Effect,
    EffectRegister,
    GrantRegister,
    RecordEffect,
    SharingGrant,
    SharingMode,
)
from gateway.entitlements.states import GrantState
from gateway.entitlements.types import PolicyRelease, RecordEffects
from gateway.errors import InternalError
from gateway.store.connect import StoreAddress, connector
from gateway.store.pool import LightPool
from policies.model import Caller, CallerClass, Purpose
from schema.codes import RecordKind
from tests.support.consents import AT, GRADE, file_active, firm_consent
from tests.support.entries import BANK, FIRM, ORGAN

LOAN = Caller(CallerClass.INSTITUTION, BANK, Purpose.PRE_LOAN)
INSPECTOR = Caller(CallerClass.DEPARTMENT, ORGAN, Purpose.INSPECTION)
PUBLIC = Caller(CallerClass.PUBLIC, None, Purpose.PUBLIC_DISPLAY)


@dataclass
class SetClock:
    now: float = AT.timestamp()

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@asynccontextmanager
async def opened(store: StoreAddress, clock: SetClock) -> AsyncIterator[EntitlementsCache]:
    cache = EntitlementsCache(
        connector(store), clock, time.monotonic, heartbeat_s=0.05, retry_s=0.02, max_age_s=0.5
    )
    await cache.open()
    try:
        yield cache
    finally:
        await cache.aclose()


@pytest_asyncio.fixture
async def cache(store: StoreAddress, clock: SetClock) -> AsyncIterator[EntitlementsCache]:
    async with opened(store, clock) as cache:
        yield cache


async def eventually(holds: Callable[[], bool]) -> None:
    """Return once it holds; fail after ten seconds."""
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 - another connection tells the cache, not us
            await asyncio.sleep(0.002)


async def test_consents_of_the_store_are_there_at_start(
    store: StoreAddress, store_pool: LightPool, clock: SetClock
) -> None:
    version = await file_active(ConsentRegister(store_pool), firm_consent())
    async with opened(store, clock) as cache:
        terms = cache.consents(LOAN, [FIRM, ORGAN])
    assert list(terms) == [FIRM]
    assert terms[FIRM].version == version
    assert terms[FIRM].coordinates == {GRADE, "TaxpayerCredit"}


async def test_consents_follow_activation_replacement_and_withdrawal(
    cache: EntitlementsCache, store_pool: LightPool
) -> None:
    register = ConsentRegister(store_pool)

    def number() -> str | None:
        terms = cache.consents(LOAN, [FIRM]).get(FIRM)
        return terms.consent_no if terms else None

    await file_active(register, firm_consent("C-1"))
    await eventually(lambda: number() == "C-1")
    await file_active(register, firm_consent("C-2"))
    await eventually(lambda: number() == "C-2")
    await register.withdraw("C-2", AT)
    await eventually(lambda: number() is None)
    assert cache.is_fresh


async def test_consents_count_for_their_institution_purpose_and_time_only(
    store: StoreAddress, store_pool: LightPool, clock: SetClock
) -> None:
    consent = firm_consent(
        valid_from=datetime(2026, 1, 1, tzinfo=UTC), valid_to=datetime(2026, 6, 1, tzinfo=UTC)
    )
    await file_active(ConsentRegister(store_pool), consent)
    async with opened(store, clock) as cache:
        others = [
            Caller(CallerClass.INSTITUTION, BANK, Purpose.POST_LOAN),
            Caller(CallerClass.INSTITUTION, ORGAN, Purpose.PRE_LOAN),
            Caller(CallerClass.DEPARTMENT, BANK, Purpose.PRE_LOAN),
            Caller(CallerClass.PLATFORM, BANK, Purpose.PRE_LOAN),
            PUBLIC,
        ]
        assert [cache.consents(caller, [FIRM]) for caller in others] == [{}] * 5
        platform = Caller(CallerClass.PLATFORM, ORGAN, Purpose.PRE_LOAN, acting_for=BANK)
        assert list(cache.consents(platform, [FIRM])) == [FIRM]
        edges = {
            consent.valid_from.timestamp() - 0.001: False,
            consent.valid_from.timestamp(): True,
            consent.valid_to.timestamp() - 0.001: True,
            consent.valid_to.timestamp(): False,
        }
        for now, is_there in edges.items():
            clock.now = now
            assert bool(cache.consents(LOAN, [FIRM])) is is_there


async def test_granted_follows_the_state_of_the_grant_and_raises_the_version(
    cache: EntitlementsCache, store_pool: LightPool, clock: SetClock
) -> None:
    register = GrantRegister(store_pool)
    grant = SharingGrant(
        "G-1",
        ORGAN,
        "114101990050000186",
        "410100-TAX-01",
        (Purpose.INSPECTION,),
        ("TaxArrears.balance",),
        "law, article 1",
        "inspection",
        "firms under inspection",
        SharingMode.SERVICE,
        "PIA-1",
        datetime(2026, 12, 31, tzinfo=UTC),
    )
    await register.request(grant)
    before = cache.version
    await register.change_state("G-1", GrantState.ACTIVE, AT)
    await eventually(lambda: cache.granted(INSPECTOR) == {"TaxArrears", "TaxArrears.balance"})
    assert cache.version > before
    assert cache.granted(LOAN) == frozenset()
    clock.now = grant.valid_until.timestamp()
    assert cache.granted(INSPECTOR) == frozenset()
    clock.now = AT.timestamp()
    await register.change_state("G-1", GrantState.SUSPENDED, AT)
    await eventually(lambda: cache.granted(INSPECTOR) == frozenset())


async def test_effects_hide_and_mark_for_the_callers_concerned(
    cache: EntitlementsCache, store_pool: LightPool
) -> None:
    register = EffectRegister(store_pool)
    kind = RecordKind.ADMINISTRATIVE_PENALTY
    hidden = RecordEffect("market", kind, "1", Effect.HIDDEN, "R-1", (CallerClass.PUBLIC,))
    ended = RecordEffect("market", kind, "2", Effect.ENDED, "E-1")
    marked = RecordEffect("market", kind, "3", Effect.MARKED, "O-1")
    for effect in (hidden, ended, marked):
        await register.put(effect, AT)
    await eventually(
        lambda: cache.effects(PUBLIC, "market", kind) == RecordEffects(("1",), ("3",), ("2",))
    )
    assert cache.effects(INSPECTOR, "market", kind) == RecordEffects((), ("3",), ("2",))
    assert cache.effects(PUBLIC, "tax", kind) == RecordEffects()
    before = cache.version
    await register.lift(hidden)
    lifted = RecordEffects((), ("3",), ("2",))
    await eventually(lambda: cache.effects(PUBLIC, "market", kind) == lifted)
    assert cache.version > before


async def test_release_of_rules_is_heard_and_wakes_who_waits_for_it(
    cache: EntitlementsCache, store: StoreAddress, store_pool: LightPool, clock: SetClock
) -> None:
    assert cache.policy_release == PolicyRelease()
    waiting = asyncio.ensure_future(cache.policy_release_after(0))
    before = cache.version
    async with store_pool.connection() as connection:
        epoch = await connection.fetchval("SELECT release_policy('v2', '1 second')")
    async with asyncio.timeout(10):
        release = await waiting
    assert release == cache.policy_release == PolicyRelease(epoch, "v2")
    assert cache.version == before
    async with opened(store, clock) as later:
        assert await later.policy_release_after(epoch - 1) == release


async def test_older_rules_may_answer_until_the_release_takes_effect(
    store_pool: LightPool,
) -> None:
    async def oldest() -> int:
        async with store_pool.connection() as connection:
            return int(await connection.fetchval("SELECT oldest_policy_epoch()"))

    async with store_pool.connection() as connection:
        assert await oldest() == 0
        await connection.execute("SELECT release_policy('v2', '1 hour')")
        assert await oldest() == 0
        second = await connection.fetchval("SELECT release_policy('v3', '0 seconds')")
    assert await oldest() == second


async def test_lost_listener_everything_is_read_again(
    cache: EntitlementsCache, store_pool: LightPool
) -> None:
    register = ConsentRegister(store_pool)
    async with store_pool.connection() as connection:
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    await file_active(register, firm_consent())
    await eventually(lambda: bool(cache.consents(LOAN, [FIRM])))
    assert cache.is_fresh


async def test_store_that_stays_away_ends_freshness_and_consents(
    store: StoreAddress, store_pool: LightPool, clock: SetClock
) -> None:
    await file_active(ConsentRegister(store_pool), firm_consent())
    is_reachable = True

    async def connect() -> object:
        if not is_reachable:
            raise ConnectionRefusedError
        return await connector(store)()

    cache = EntitlementsCache(
        connect,  # type: ignore[arg-type]
        clock,
        time.monotonic,
        heartbeat_s=0.05,
        retry_s=0.02,
        max_age_s=0.2,
    )
    await cache.open()
    assert cache.consents(LOAN, [FIRM])
    is_reachable = False
    async with store_pool.connection() as connection:
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    await eventually(lambda: not cache.is_fresh)
    assert cache.consents(LOAN, [FIRM]) == {}
    is_reachable = True
    await eventually(lambda: cache.is_fresh)
    assert cache.consents(LOAN, [FIRM])
    await cache.aclose()
    assert not cache.is_fresh


async def test_open_unreachable_store_is_an_error(clock: SetClock) -> None:
    nowhere = connector(StoreAddress("postgresql://a:b@127.0.0.1:1/x"))
    with pytest.raises(InternalError):
        await EntitlementsCache(nowhere, clock, time.monotonic).open()
