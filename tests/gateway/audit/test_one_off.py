"""One-off consents: used up per record kind delivered, in the commit of the entry, once."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from gateway.audit.entry import RecordHasher
from gateway.audit.recorder import GroupCommitRecorder
from gateway.audit.references import SubjectReferences
from gateway.audit.types import ConsentUse
from gateway.entitlements.client import Client
from gateway.entitlements.consent_register import ConsentRegister
from gateway.entitlements.registers import ClientRegister
from gateway.errors import Refused, TooManyRequests
from gateway.store.connect import StoreAddress
from gateway.store.pool import LightPool
from policies.model import CallerClass
from schema.codes import RecordKind
from tests.support.consents import GRADE, file_active, firm_consent
from tests.support.entries import BANK, audit_entry
from tests.support.standings import followed

CREDIT, PAYMENT = RecordKind.TAXPAYER_CREDIT.value, RecordKind.TAX_PAYMENT.value
BOTH = (CREDIT, PAYMENT)
KEY, OTHER_KEY = b"k" * 32, b"o" * 32
AT = datetime(2026, 3, 2, 1, 2, 3, tzinfo=UTC)
RACES = 60


def later(seconds: int) -> str:
    """Wire time so many seconds after `AT`."""
    return (AT + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest_asyncio.fixture
async def workers(
    store: StoreAddress, store_pool: LightPool
) -> AsyncIterator[list[GroupCommitRecorder]]:
    async with followed(store) as first, followed(store) as second:
        found = [
            GroupCommitRecorder(
                store_pool,
                SubjectReferences(secrets.token_bytes),
                RecordHasher(bytes(32)),
                standings,
            )
            for standings in (first, second)
        ]
        for worker in found:
            await worker.open()
        yield found
        for worker in found:
            await worker.aclose()


async def file_one_off(pool: LightPool, number: str = "C-1") -> int:
    """File an active one-off consent for two record kinds; returns its version."""
    consent = firm_consent(
        number,
        is_one_off=True,
        record_kinds=(RecordKind.TAXPAYER_CREDIT, RecordKind.TAX_PAYMENT),
        coordinates=(GRADE, "TaxPayment.paidAmount"),
    )
    return await file_active(ConsentRegister(pool), consent)


async def state(pool: LightPool, number: str = "C-1") -> tuple[str, int, list[str]]:
    """State and version of a consent, and the kinds used."""
    async with pool.connection() as connection:
        row = await connection.fetchrow(
            "SELECT state, version FROM consent WHERE consent_no = $1", number
        )
        used = await connection.fetch(
            "SELECT record_kind FROM consent_use WHERE consent_no = $1", number
        )
    assert row is not None
    return row["state"], row["version"], sorted(each["record_kind"] for each in used)


def use(version: int, *kinds: str, key: bytes | None = None, number: str = "C-1") -> ConsentUse:
    return ConsentUse(number, version, kinds, key)


async def test_kinds_are_used_up_one_by_one_and_then_the_consent(
    workers: list[GroupCommitRecorder], store_pool: LightPool
) -> None:
    version = await file_one_off(store_pool)
    await workers[0].commit(audit_entry("r-1", consents=(use(version, CREDIT),)))
    assert await state(store_pool) == ("ACTIVE", version, [CREDIT])
    with pytest.raises(Refused) as caught:
        await workers[1].commit(audit_entry("r-2", consents=(use(version, CREDIT),)))
    assert caught.value.code == "CONSENT_NOT_ACTIVE"
    await workers[1].commit(audit_entry("r-3", consents=(use(version, PAYMENT),)))
    assert await state(store_pool) == ("USED_UP", version + 1, sorted(BOTH))
    with pytest.raises(Refused):
        await workers[0].commit(audit_entry("r-4", consents=(use(version + 1, PAYMENT),)))


async def test_answer_without_anything_delivered_uses_nothing(
    workers: list[GroupCommitRecorder], store_pool: LightPool
) -> None:
    version = await file_one_off(store_pool)
    await workers[0].commit(audit_entry("r-1", consents=(use(version),)))
    assert await state(store_pool) == ("ACTIVE", version, [])
    await ConsentRegister(store_pool).withdraw("C-1", AT)
    with pytest.raises(Refused):
        await workers[0].commit(audit_entry("r-2", consents=(use(version),)))


async def test_same_query_again_is_not_refused_for_a_quarter_of_an_hour(
    workers: list[GroupCommitRecorder], store_pool: LightPool
) -> None:
    version = await file_one_off(store_pool)

    async def repeat(seconds: int, version: int, key: bytes | None) -> bool:
        entry = audit_entry(
            f"r-{secrets.token_hex(4)}",
            at=later(seconds),
            consents=(use(version, *BOTH, key=key),),
        )
        try:
            await workers[seconds % 2].commit(entry)
        except Refused:
            return False
        return True

    assert await repeat(0, version, KEY)
    # a worker that has not yet heard that the consent is used up, and one that has
    assert await repeat(1, version, KEY)
    assert await repeat(2, version + 1, KEY)
    assert await repeat(899, version + 1, KEY)
    assert not await repeat(900, version + 1, KEY)
    assert not await repeat(3, version + 1, OTHER_KEY)
    assert not await repeat(4, version + 1, None)
    assert await state(store_pool) == ("USED_UP", version + 1, sorted(BOTH))


async def test_same_query_again_may_deliver_what_was_down_before(
    workers: list[GroupCommitRecorder], store_pool: LightPool
) -> None:
    version = await file_one_off(store_pool)
    await workers[0].commit(audit_entry("r-1", consents=(use(version, CREDIT, key=KEY),)))
    await workers[0].commit(audit_entry("r-2", consents=(use(version, *BOTH, key=KEY),)))
    assert await state(store_pool) == ("USED_UP", version + 1, sorted(BOTH))


async def test_entry_that_the_quota_refuses_uses_nothing(
    workers: list[GroupCommitRecorder], store_pool: LightPool
) -> None:
    await ClientRegister(store_pool).put(Client("bank-1", CallerClass.INSTITUTION, BANK, "Bank", 0))
    version = await file_one_off(store_pool)
    with pytest.raises(TooManyRequests):
        await workers[0].commit(audit_entry("r-1", consents=(use(version, *BOTH),)))
    assert await state(store_pool) == ("ACTIVE", version, [])


async def test_entry_that_loses_one_consent_uses_no_other(
    workers: list[GroupCommitRecorder], store_pool: LightPool
) -> None:
    version = await file_one_off(store_pool)
    uses = (use(version, *BOTH), use(1, CREDIT, number="C-9"))
    with pytest.raises(Refused):
        await workers[0].commit(audit_entry("r-1", consents=uses))
    assert await state(store_pool) == ("ACTIVE", version, [])


async def test_withdrawal_ends_a_consent_that_is_used_in_part(
    workers: list[GroupCommitRecorder], store_pool: LightPool
) -> None:
    version = await file_one_off(store_pool)
    await workers[0].commit(audit_entry("r-1", consents=(use(version, CREDIT, key=KEY),)))
    await ConsentRegister(store_pool).withdraw("C-1", AT)
    for kinds in ((PAYMENT,), (CREDIT,)):
        with pytest.raises(Refused):
            await workers[0].commit(audit_entry("r-2", consents=(use(version, *kinds, key=KEY),)))


@pytest.mark.parametrize("same_worker", [True, False])
async def test_two_uses_at_the_same_time_exactly_one_wins(
    workers: list[GroupCommitRecorder], store_pool: LightPool, same_worker: bool
) -> None:
    for race in range(RACES):
        number = f"C-{race}"
        version = await file_one_off(store_pool, number)
        results = await asyncio.gather(
            *(
                workers[0 if same_worker else n].commit(
                    audit_entry(f"r-{race}-{n}", consents=(use(version, *BOTH, number=number),))
                )
                for n in range(2)
            ),
            return_exceptions=True,
        )
        assert sum(isinstance(result, Refused) for result in results) == 1, results
        assert (await state(store_pool, number))[0] == "USED_UP"


@pytest.mark.parametrize("same_worker", [True, False])
async def test_same_query_twice_at_the_same_time_is_answered_twice(
    workers: list[GroupCommitRecorder], store_pool: LightPool, same_worker: bool
) -> None:
    for race in range(RACES):
        number = f"C-{race}"
        version = await file_one_off(store_pool, number)
        await asyncio.gather(
            *(
                workers[0 if same_worker else n].commit(
                    audit_entry(
                        f"r-{race}-{n}",
                        consents=(use(version, *BOTH, key=KEY, number=number),),
                    )
                )
                for n in range(2)
            )
        )


async def test_consent_that_is_being_changed_is_refused_in_bounded_time(
    workers: list[GroupCommitRecorder], store_pool: LightPool
) -> None:
    version = await file_one_off(store_pool)
    async with store_pool.connection() as connection, connection.transaction():
        await connection.execute("UPDATE consent SET version = version + 1")
        async with asyncio.timeout(5):
            with pytest.raises(Refused):
                await workers[0].commit(audit_entry("r-1", consents=(use(version, CREDIT),)))
    assert (await state(store_pool))[2] == []
