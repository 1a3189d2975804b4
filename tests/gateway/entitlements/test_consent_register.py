"""The register of consents against a real store."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gateway.entitlements.consent import SignerRole
from gateway.entitlements.consent_register import ConsentRegister
from gateway.entitlements.errors import EntitlementRefusedError
from gateway.entitlements.states import ConsentState
from gateway.store.pool import LightPool
from schema.codes import RecordKind
from tests.support.consents import AT, file_active, firm_consent
from tests.support.entries import FIRM


@pytest.fixture
def register(store_pool: LightPool) -> ConsentRegister:
    return ConsentRegister(store_pool)


async def states(register: ConsentRegister) -> dict[str, ConsentState]:
    return {line.consent_no: line.state for line in await register.list_consents(FIRM)}


async def test_add_activate_withdraw_raises_the_version_each_time(
    register: ConsentRegister,
) -> None:
    await register.add(firm_consent(), AT)
    versions = [
        await register.change_state("C-1", ConsentState.SIGNED, AT),
        await register.activate("C-1", AT),
        await register.withdraw("C-1", AT),
    ]
    assert versions == [2, 3, 4]
    assert await states(register) == {"C-1": ConsentState.WITHDRAWN}


async def test_activate_ends_the_earlier_one_for_the_same_purpose(
    register: ConsentRegister,
) -> None:
    await file_active(register, firm_consent("C-1"))
    await file_active(register, firm_consent("C-2"))
    assert await states(register) == {"C-1": ConsentState.REPLACED, "C-2": ConsentState.ACTIVE}


@pytest.mark.parametrize("state", list(ConsentState))
async def test_change_state_of_a_draft_leads_to_signed_only(
    register: ConsentRegister, state: ConsentState
) -> None:
    await register.add(firm_consent(), AT)
    if state is ConsentState.SIGNED:
        assert await register.change_state("C-1", state, AT) == 2
    else:
        with pytest.raises(EntitlementRefusedError, match="cannot become"):
            await register.change_state("C-1", state, AT)
        assert await states(register) == {"C-1": ConsentState.DRAFT}


async def test_activate_that_is_refused_leaves_the_earlier_one_active(
    register: ConsentRegister,
) -> None:
    await file_active(register, firm_consent("C-1"))
    await register.add(firm_consent("C-2"), AT)
    with pytest.raises(EntitlementRefusedError):
        await register.activate("C-2", AT)
    assert await states(register) == {"C-1": ConsentState.ACTIVE, "C-2": ConsentState.DRAFT}


async def test_withdraw_unknown_consent_is_refused(register: ConsentRegister) -> None:
    with pytest.raises(EntitlementRefusedError, match="`C-9`"):
        await register.withdraw("C-9", AT)


async def test_add_number_twice_is_refused(register: ConsentRegister) -> None:
    await register.add(firm_consent(), AT)
    with pytest.raises(EntitlementRefusedError, match="taken"):
        await register.add(firm_consent(), AT)


async def test_add_incomplete_consent_is_refused(register: ConsentRegister) -> None:
    good = firm_consent()
    wrong = [
        replace(good, coordinates=()),
        replace(good, coordinates=("TaxpayerCredit",)),
        replace(good, coordinates=("TaxpayerCredit.nothing",)),
        replace(good, record_kinds=(RecordKind.TAXPAYER_CREDIT, RecordKind.TAX_ARREARS)),
        replace(good, record_kinds=(RecordKind.TAX_ARREARS,)),
        replace(good, valid_to=datetime(2026, 1, 1, tzinfo=UTC)),
        replace(good, signature=replace(good.signature, document_sha256=b"")),
        firm_consent(signer_role=SignerRole.ATTORNEY),
    ]
    for consent in wrong:
        with pytest.raises(EntitlementRefusedError):
            await register.add(consent, AT)
    with pytest.raises(EntitlementRefusedError):
        await register.add(good, AT, ConsentState.ACTIVE)
    assert await states(register) == {}
