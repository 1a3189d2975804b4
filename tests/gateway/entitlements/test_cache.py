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
from gateway.entitlements.client import Client
from gateway.entitlements.consent_register import ConsentRegister
from gateway.entitlements.grant import SharingGrant
from gateway.entitlements.grant_register import GrantRegister
from gateway.entitlements.registers import ClientRegister, Effect, EffectRegister, RecordEffect
from gateway.entitlements.states import GrantState
from gateway.entitlements.types import ClientTerms, Granted, OneOff, PolicyRelease, RecordEffects
from gateway.errors import InternalError
from gateway.store.connect import StoreAddress, connector
from gateway.store.pool import LightPool
from policies.model import Caller, CallerClass, Purpose
from schema.codes import RecordKind
from schema.sharing import SharingMode
from tests.support.consents import AT, GRADE, file_active, firm_consent
from tests.support.entries import BANK, FIRM, ORGAN

LOAN = Caller(CallerClass.INSTITUTION, BANK, Purpose.PRE_LOAN)
INSPECTOR = Caller(CallerClass.DEPARTMENT, ORGAN, Purpose.INSPECTION)
GIVEN = Granted((("114101990050000186", frozenset({"TaxArrears", "TaxArrears.balance"})),))
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
    await eventually(lambda: cache.granted(INSPECTOR) == GIVEN)
    assert cache.version > before
    assert cache.granted(LOAN) == Granted()
    clock.now = grant.valid_until.timestamp()
    assert cache.granted(INSPECTOR) == Granted()
    clock.now = AT.timestamp()
    await register.change_state("G-1", GrantState.SUSPENDED, AT)
    await eventually(lambda: cache.granted(INSPECTOR) == Granted())


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


ONE_OFF_KINDS = (RecordKind.TAXPAYER_CREDIT, RecordKind.TAX_PAYMENT)
PAID = "TaxPayment.paidAmount"
KEY, OTHER_KEY = b"k" * 32, b"o" * 32


async def use_up(pool: LightPool, clock: SetClock, *kinds: RecordKind, is_over: bool) -> None:
    """Let a query with `KEY` have used these kinds of consent C-1 just now."""
    async with pool.connection() as connection, connection.transaction():
        for kind in kinds:
            await connection.execute(
                "INSERT INTO consent_use VALUES ('C-1', $1, 'r-1', to_timestamp($2), $3)",
                kind.value,
                clock.now,
                KEY,
            )
        if is_over:
            await connection.execute("UPDATE consent SET state = 'USED_UP', version = version + 1")


async def test_one_off_consent_gives_the_kinds_that_are_left(
    cache: EntitlementsCache, store_pool: LightPool, clock: SetClock
) -> None:
    consent = firm_consent(is_one_off=True, record_kinds=ONE_OFF_KINDS, coordinates=(GRADE, PAID))
    version = await file_active(ConsentRegister(store_pool), consent)
    await eventually(lambda: FIRM in cache.consents(LOAN, [FIRM]))
    terms = cache.consents(LOAN, [FIRM])[FIRM]
    assert terms.one_off == OneOff(FIRM, frozenset(ONE_OFF_KINDS))
    await use_up(store_pool, clock, RecordKind.TAXPAYER_CREDIT, is_over=False)
    await eventually(lambda: cache.consents(LOAN, [FIRM])[FIRM].coordinates == {"TaxPayment", PAID})
    terms = cache.consents(LOAN, [FIRM])[FIRM]
    assert (terms.version, terms.one_off) == (
        version,
        OneOff(FIRM, frozenset({RecordKind.TAX_PAYMENT})),
    )
    await use_up(store_pool, clock, RecordKind.TAX_PAYMENT, is_over=True)
    await eventually(lambda: not cache.consents(LOAN, [FIRM]))


async def test_used_up_consent_counts_for_the_same_query_for_a_quarter_of_an_hour(
    cache: EntitlementsCache, store: StoreAddress, store_pool: LightPool, clock: SetClock
) -> None:
    consent = firm_consent(is_one_off=True, record_kinds=ONE_OFF_KINDS, coordinates=(GRADE, PAID))
    version = await file_active(ConsentRegister(store_pool), consent)
    await eventually(lambda: FIRM in cache.consents(LOAN, [FIRM]))
    first = cache.repeating(KEY).consents(LOAN, [FIRM])[FIRM]
    assert first.one_off == OneOff(FIRM, frozenset(ONE_OFF_KINDS), KEY)
    await use_up(store_pool, clock, *ONE_OFF_KINDS, is_over=True)
    await eventually(lambda: not cache.consents(LOAN, [FIRM]))
    async with opened(store, clock) as late:
        for worker in (cache, late):
            again = worker.repeating(KEY).consents(LOAN, [FIRM])[FIRM]
            assert (again.version, again.one_off) == (version + 1, first.one_off)
            assert again.coordinates == first.coordinates
            assert worker.repeating(OTHER_KEY).consents(LOAN, [FIRM]) == {}
            assert worker.consents(LOAN, [FIRM]) == {}
        clock.now += 15 * 60
        assert cache.repeating(KEY).consents(LOAN, [FIRM]) == {}


async def test_same_query_again_gets_what_it_used_and_what_is_left(
    cache: EntitlementsCache, store_pool: LightPool, clock: SetClock
) -> None:
    consent = firm_consent(is_one_off=True, record_kinds=ONE_OFF_KINDS, coordinates=(GRADE, PAID))
    await file_active(ConsentRegister(store_pool), consent)
    await use_up(store_pool, clock, RecordKind.TAXPAYER_CREDIT, is_over=False)
    left = {"TaxPayment", PAID}
    await eventually(
        lambda: FIRM in (found := cache.consents(LOAN, [FIRM])) and found[FIRM].coordinates == left
    )
    assert cache.repeating(OTHER_KEY).consents(LOAN, [FIRM])[FIRM].coordinates == left
    again = cache.repeating(KEY).consents(LOAN, [FIRM])[FIRM]
    assert again.coordinates == left | {"TaxpayerCredit", GRADE}


async def test_consent_given_after_one_was_used_up_counts_for_other_queries(
    cache: EntitlementsCache, store_pool: LightPool, clock: SetClock
) -> None:
    register = ConsentRegister(store_pool)
    consent = firm_consent(is_one_off=True, record_kinds=ONE_OFF_KINDS, coordinates=(GRADE, PAID))
    await file_active(register, consent)
    await use_up(store_pool, clock, *ONE_OFF_KINDS, is_over=True)
    await file_active(register, firm_consent("C-2"))
    await eventually(
        lambda: FIRM in (found := cache.consents(LOAN, [FIRM])) and found[FIRM].consent_no == "C-2"
    )
    await eventually(lambda: cache.repeating(KEY).consents(LOAN, [FIRM])[FIRM].consent_no == "C-1")
    assert cache.repeating(OTHER_KEY).consents(LOAN, [FIRM])[FIRM].consent_no == "C-2"


async def test_client_follows_quota_suspension_and_removal(
    cache: EntitlementsCache, store_pool: LightPool
) -> None:
    assert cache.client("bank-1") == ClientTerms(("client:bank-1", 0))
    register = ClientRegister(store_pool)
    client = Client("bank-1", CallerClass.INSTITUTION, BANK, "Bank", 5)
    await register.put(client)
    await eventually(lambda: cache.client("bank-1") == ClientTerms(("client:bank-1", 1), False, 5))
    await register.put(client)
    await register.suspend("bank-1")
    await eventually(lambda: cache.client("bank-1") == ClientTerms(("client:bank-1", 2), True, 5))
    async with store_pool.connection() as connection:
        await connection.execute("DELETE FROM client")
    await eventually(lambda: cache.client("bank-1") == ClientTerms(("client:bank-1", 3)))


async def test_marks_tell_what_a_decision_relies_on_and_nothing_else(
    cache: EntitlementsCache, store_pool: LightPool
) -> None:
    penalty, rating = RecordKind.ADMINISTRATIVE_PENALTY, RecordKind.TAXPAYER_CREDIT
    kinds = (penalty, rating)
    assert cache.marks(PUBLIC, kinds) == (
        ("effect:ADMINISTRATIVE_PENALTY", 0),
        ("effect:TAXPAYER_CREDIT", 0),
    )
    before = cache.version
    register = EffectRegister(store_pool)
    await register.put(RecordEffect("tax", penalty, "1", Effect.ENDED, "E-1"), AT)
    await eventually(
        lambda: cache.marks(PUBLIC, (penalty,)) == (("effect:ADMINISTRATIVE_PENALTY", 1),)
    )
    assert cache.version > before
    assert cache.marks(INSPECTOR, kinds) == (
        ("effect:ADMINISTRATIVE_PENALTY", 1),
        ("effect:TAXPAYER_CREDIT", 0),
        (f"grant:{ORGAN}", 0),
    )


async def test_refresh_returns_after_the_areas_were_read(
    cache: EntitlementsCache, store_pool: LightPool
) -> None:
    async with store_pool.connection() as connection, connection.transaction():
        # nobody is told
        await connection.execute("ALTER TABLE client DISABLE TRIGGER USER")
        await connection.execute(
            "INSERT INTO client (client_id, caller_class, name, is_suspended)"
            " VALUES ('bank-1', 'INSTITUTION', 'Bank', true)"
        )
    assert not cache.client("bank-1").is_suspended
    async with asyncio.timeout(10):
        await cache.refresh(["client:bank-1"])
    assert cache.client("bank-1").is_suspended


@pytest.mark.parametrize(
    ("table", "area"), [("record_effect", "effect:SPOT_CHECK"), ("client", "client:bank-1")]
)
async def test_emptied_table_raises_every_epoch_of_its_sort(
    cache: EntitlementsCache, store_pool: LightPool, table: str, area: str
) -> None:
    async with store_pool.connection() as connection:
        await connection.execute("SELECT raise_epochs(ARRAY[$1])", area)
        await connection.execute(f"TRUNCATE {table} CASCADE")
        epoch = await connection.fetchval(
            "SELECT epoch FROM entitlement_epoch WHERE area = $1", area
        )
    assert epoch >= 2
    await eventually(lambda: cache.is_fresh)


async def test_many_effects_at_once_raise_one_epoch_once(store_pool: LightPool) -> None:
    async with store_pool.connection() as connection:
        await connection.execute(
            "INSERT INTO record_effect (department, record_kind, record_id, effect, cause)"
            " SELECT 'tax', 'TAX_PAYMENT', n::text, 'ENDED', 'C' FROM generate_series(1, 1000) AS n"
        )
        await connection.execute("DELETE FROM record_effect")
        rows = await connection.fetch("SELECT area, epoch FROM entitlement_epoch ORDER BY area")
    assert [tuple(row) for row in rows] == [("effect:TAX_PAYMENT", 2), ("policy", 0)]


async def test_granted_is_bound_to_who_gave_it_and_ends_by_itself(
    cache: EntitlementsCache, store_pool: LightPool, clock: SetClock
) -> None:
    register = GrantRegister(store_pool)
    ends = datetime(2026, 12, 31, tzinfo=UTC)
    for number, provider, until in (
        ("G-1", BANK, ends),
        ("G-2", FIRM, ends),
        ("G-3", FIRM, datetime(2027, 12, 31, tzinfo=UTC)),
    ):
        await register.request(
            SharingGrant(
                number,
                ORGAN,
                provider,
                "C",
                (Purpose.INSPECTION,),
                (f"TaxArrears.{'taxKind' if number == 'G-3' else 'balance'}",),
                "law",
                "inspection",
                "firms",
                SharingMode.SERVICE,
                "PIA-1",
                until,
            )
        )
        await register.change_state(number, GrantState.ACTIVE, AT)
    both = {"TaxArrears", "TaxArrears.balance", "TaxArrears.taxKind"}
    await eventually(lambda: cache.granted(INSPECTOR).of(FIRM) == both)
    assert cache.granted(INSPECTOR).of(BANK) == {"TaxArrears", "TaxArrears.balance"}
    assert cache.granted(INSPECTOR).of(ORGAN) == frozenset()
    assert cache.granted(INSPECTOR) is cache.granted(INSPECTOR)
    centre = Caller(CallerClass.CREDIT_CENTRE, ORGAN, Purpose.INSPECTION)
    assert cache.granted(centre) == cache.granted(INSPECTOR)
    clock.now = ends.timestamp()
    assert cache.granted(INSPECTOR).of(BANK) == frozenset()
    assert cache.granted(INSPECTOR).of(FIRM) == {"TaxArrears", "TaxArrears.taxKind"}
    clock.now = AT.timestamp()
    assert cache.granted(INSPECTOR).of(FIRM) == both
