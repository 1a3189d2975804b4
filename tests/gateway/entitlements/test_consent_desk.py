"""Consents at the desk: letters filed, checked and withdrawn, and what subjects are told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from gateway.entitlements.acts import Actor, read_history
from gateway.entitlements.consent import Consent
from gateway.entitlements.errors import EntitlementRefusedError
from gateway.entitlements.letters import ConsentFilter
from gateway.entitlements.states import ConsentState
from gateway.mutations.office import Desks
from gateway.store.pool import LightPool
from policies.model import CallerClass, Purpose
from schema.codes import RecordKind
from schema.sharing import ConsentForm, NotificationKind, SignerRole
from tests.support.consents import firm_consent
from tests.support.entries import BANK, FIRM
from tests.support.sharing import (
    AUDITOR,
    CONSUMER,
    CREDIT_CENTRE,
    LENDER,
    NOW,
    OWNER,
    TAX,
    HandOffice,
    actor,
)

Desk = Callable[[Actor], Desks]
LETTER = firm_consent("", institution="", valid_from=NOW, valid_to=NOW + dt.timedelta(days=365))
PLATFORM = actor(CallerClass.PLATFORM, TAX, Purpose.PRE_LOAN, acting_for=BANK)
OTHER_BANK = actor(CallerClass.INSTITUTION, TAX, Purpose.PRE_LOAN)
OTHER_FIRM = actor(CallerClass.SUBJECT, "91410199MA9DEM028G", Purpose.SELF_QUERY)


@pytest.fixture
def hand() -> HandOffice:
    return HandOffice()


@pytest.fixture
def desk(emptied_pool: LightPool, hand: HandOffice) -> Desk:
    office = hand.office()
    return lambda who: office.desks(emptied_pool, who)


async def refused(work: Any) -> str:
    """The code with which it is refused."""
    with pytest.raises(EntitlementRefusedError) as raised:
        await work
    return raised.value.code


async def filed(desk: Desk, letter: Consent = LETTER, who: Actor = LENDER) -> str:
    """File a letter and return its number."""
    return (await desk(who).consents.file_letter(letter)).terms.consent_no


async def told(desk: Desk) -> list[NotificationKind]:
    """What the firm was told, the newest first."""
    return [notice.kind for notice in await desk(OWNER).consents.list_notices(10)]


async def test_letter_waits_for_the_check_and_the_firm_is_told(desk: Desk) -> None:
    number = await filed(desk)
    found = await desk(OWNER).consents.find(number)
    assert found.state is ConsentState.SIGNED
    assert found.filed_at == NOW
    assert found.terms == replace(
        LETTER, consent_no=number, institution=replace(LETTER.institution, uscc=BANK)
    )
    assert await told(desk) == [NotificationKind.CONSENT_FILED]
    checked = await desk(CREDIT_CENTRE).consents.check_letter(number, True, None)
    assert checked.state is ConsentState.ACTIVE
    (notice, _) = await desk(OWNER).consents.list_notices(10)
    assert (notice.kind, notice.state) == (
        NotificationKind.CONSENT_ACCEPTED,
        ConsentState.ACTIVE,
    )
    assert (notice.institution, notice.how_to_withdraw) == (
        BANK,
        LETTER.conditions.how_to_withdraw,
    )


async def test_letter_that_is_refused_never_releases_anything(desk: Desk) -> None:
    number = await filed(desk)
    centre = desk(CREDIT_CENTRE).consents
    assert await refused(centre.check_letter(number, False, None)) == "REASON_REQUIRED"
    found = await centre.check_letter(number, False, "印章不符")
    assert (found.state, found.refusal_reason) == (ConsentState.REFUSED, "印章不符")
    assert await refused(centre.check_letter(number, True, None)) == "CONSENT_STATE_CONFLICT"
    assert await told(desk) == [NotificationKind.CONSENT_REFUSED, NotificationKind.CONSENT_FILED]


@pytest.mark.parametrize("is_checked", [False, True])
async def test_firm_withdraws_at_any_time(
    desk: Desk, emptied_pool: LightPool, is_checked: bool
) -> None:
    number = await filed(desk)
    if is_checked:
        await desk(CREDIT_CENTRE).consents.check_letter(number, True, None)
    found = await desk(OWNER).consents.withdraw(number, None)
    assert found.state is ConsentState.WITHDRAWN
    assert (await told(desk))[0] is NotificationKind.CONSENT_WITHDRAWN
    assert await refused(desk(OWNER).consents.withdraw(number, None)) == "CONSENT_STATE_CONFLICT"
    check = desk(CREDIT_CENTRE).consents.check_letter(number, True, None)
    assert await refused(check) == "CONSENT_STATE_CONFLICT"
    # the subject is not named in the line of its own act
    assert (await read_history(emptied_pool, number))[-1].organisation is None


async def test_firm_ends_repetitions_by_withdrawing_a_consent_that_is_used_up(
    desk: Desk, emptied_pool: LightPool
) -> None:
    number = await filed(desk, replace(LETTER, is_one_off=True))
    await desk(CREDIT_CENTRE).consents.check_letter(number, True, None)
    async with emptied_pool.connection() as connection:
        await connection.execute("UPDATE consent SET state = 'USED_UP', version = version + 1")
    found = await desk(OWNER).consents.withdraw(number, None)
    assert found.state is ConsentState.WITHDRAWN


async def test_new_letter_takes_the_place_of_the_one_before(desk: Desk) -> None:
    first = await filed(desk)
    await desk(CREDIT_CENTRE).consents.check_letter(first, True, None)
    signature = replace(LETTER.signature, document_sha256=b"2" * 32)
    second = await filed(desk, replace(LETTER, signature=signature))
    assert (await desk(OWNER).consents.find(first)).state is ConsentState.ACTIVE
    await desk(CREDIT_CENTRE).consents.check_letter(second, True, None)
    assert (await desk(OWNER).consents.find(first)).state is ConsentState.REPLACED


WHO_CHECKS = {"lender": LENDER, "owner": OWNER, "officer": CONSUMER, "auditor": AUDITOR}


@pytest.mark.parametrize("who", list(WHO_CHECKS))
async def test_check_is_the_credit_centres(desk: Desk, who: str) -> None:
    number = await filed(desk)
    check = desk(WHO_CHECKS[who]).consents.check_letter(number, True, None)
    assert await refused(check) == "ACT_NOT_PERMITTED"


async def test_withdrawal_is_the_firms_or_the_credit_centres(desk: Desk) -> None:
    number = await filed(desk)
    assert await refused(desk(LENDER).consents.withdraw(number, None)) == "ACT_NOT_PERMITTED"
    assert await refused(desk(OTHER_FIRM).consents.withdraw(number, None)) == "CONSENT_NOT_FOUND"
    found = await desk(CREDIT_CENTRE).consents.withdraw(number, "书面通知")
    assert found.state is ConsentState.WITHDRAWN


@pytest.mark.parametrize("who", [OWNER, CREDIT_CENTRE, CONSUMER, AUDITOR])
async def test_filing_is_the_institutions(desk: Desk, who: Actor) -> None:
    assert await refused(desk(who).consents.file_letter(LETTER)) == "ACT_NOT_PERMITTED"


async def test_platform_files_for_the_bank_that_it_names(desk: Desk) -> None:
    number = await filed(desk, who=PLATFORM)
    assert (await desk(LENDER).consents.find(number)).terms.institution.uscc == BANK


async def test_consents_are_shown_to_those_they_concern(desk: Desk) -> None:
    number = await filed(desk)
    for who in (LENDER, PLATFORM, OWNER, CREDIT_CENTRE):
        (found,) = await desk(who).consents.list_consents(ConsentFilter())
        assert found.terms.consent_no == number
    for who in (OTHER_BANK, OTHER_FIRM):
        assert list(await desk(who).consents.list_consents(ConsentFilter())) == []
        assert await refused(desk(who).consents.find(number)) == "CONSENT_NOT_FOUND"
    for who in (CONSUMER, AUDITOR):
        code = await refused(desk(who).consents.list_consents(ConsentFilter()))
        assert code == "ACT_NOT_PERMITTED"
    assert await refused(desk(LENDER).consents.list_notices(10)) == "ACT_NOT_PERMITTED"
    assert list(await desk(OTHER_FIRM).consents.list_notices(10)) == []


async def test_consents_come_in_pages_and_by_state(desk: Desk, hand: HandOffice) -> None:
    numbers = []
    for position in range(3):
        signed_at = NOW - dt.timedelta(days=10 - position)
        signature = replace(
            LETTER.signature, document_sha256=bytes([position]) * 32, signed_at=signed_at
        )
        numbers.append(await filed(desk, replace(LETTER, signature=signature)))
    await desk(CREDIT_CENTRE).consents.check_letter(numbers[0], True, None)

    async def listed(wanted: ConsentFilter) -> list[str]:
        found = await desk(OWNER).consents.list_consents(wanted)
        return [consent.terms.consent_no for consent in found]

    assert await listed(ConsentFilter(first=2)) == [numbers[2], numbers[1]]
    assert await listed(ConsentFilter(first=2, after=numbers[1])) == [numbers[0]]
    assert await listed(ConsentFilter(state=ConsentState.ACTIVE)) == [numbers[0]]
    hand.clock.now = LETTER.valid_to
    assert await listed(ConsentFilter(state=ConsentState.EXPIRED)) == [numbers[0]]


async def test_number_of_others_consent_tells_nothing(desk: Desk) -> None:
    own = await filed(desk)
    later = replace(LETTER.signature, signed_at=LETTER.signature.signed_at + dt.timedelta(hours=1))
    subject = OTHER_FIRM.caller.organisation
    assert subject is not None
    theirs = await filed(
        desk, replace(LETTER, subject_key=subject, signature=later), who=OTHER_BANK
    )
    wanted = ConsentFilter(after=theirs)
    for who in (LENDER, OWNER):
        assert list(await desk(who).consents.list_consents(wanted)) == []
    (found,) = await desk(CREDIT_CENTRE).consents.list_consents(wanted)
    assert found.terms.consent_no == own


async def test_same_document_twice_is_refused_while_it_waits(desk: Desk) -> None:
    number = await filed(desk)
    assert await refused(desk(LENDER).consents.file_letter(LETTER)) == "CONSENT_ALREADY_FILED"
    await desk(OWNER).consents.withdraw(number, None)
    await filed(desk)


def signed(**changes: Any) -> Consent:
    """The letter with its signature changed."""
    return replace(LETTER, signature=replace(LETTER.signature, **changes))


def conditioned(**changes: Any) -> Consent:
    """The letter with its conditions changed."""
    return replace(LETTER, conditions=replace(LETTER.conditions, **changes))


WRONG_LETTERS = {
    "no field": replace(LETTER, coordinates=()),
    "another kind": replace(LETTER, record_kinds=(RecordKind.TAX_PAYMENT,)),
    "no authoriser": replace(LETTER, authoriser_name=" "),
    "no institution": replace(LETTER, institution=replace(LETTER.institution, name="")),
    "no licence": replace(LETTER, institution=replace(LETTER.institution, licence_no="")),
    "no contact": replace(LETTER, institution=replace(LETTER.institution, contact="")),
    "no way of processing": conditioned(processing=""),
    "no retention": conditioned(retention=""),
    "no restrictions": conditioned(restrictions=""),
    "other use": conditioned(bans_other_use=False),
    "onward supply": conditioned(bans_onward_supply=False),
    "no way to withdraw": conditioned(how_to_withdraw=""),
    "no signer": signed(signer_name=""),
    "attorney without proof": signed(signer_role=SignerRole.ATTORNEY),
    "seal without certificate": signed(seal_certificate=None),
    "certificate without seal": signed(form=ConsentForm.WET_INK_SCAN),
    "short digest": signed(document_sha256=b"1"),
    "signed later": signed(signed_at=NOW + dt.timedelta(seconds=1)),
    "begins before it is signed": replace(
        LETTER, valid_from=LETTER.signature.signed_at - dt.timedelta(days=1)
    ),
    "ends before it begins": replace(LETTER, valid_to=NOW - dt.timedelta(days=1)),
    "too long": replace(LETTER, valid_to=NOW + dt.timedelta(days=366, seconds=1)),
    "ended": replace(
        LETTER, valid_from=NOW - dt.timedelta(days=9), valid_to=NOW - dt.timedelta(days=1)
    ),
    "no firm": replace(LETTER, subject_key="P:" + "0" * 64),
    "the bank itself": replace(LETTER, subject_key=BANK),
    "closed field": replace(
        LETTER,
        record_kinds=(RecordKind.REGISTRATION,),
        coordinates=("Registration.legalRepresentativeIdNo",),
    ),
    "an officer's purpose": replace(LETTER, purpose=Purpose.INSPECTION),
}


@pytest.mark.parametrize("name", list(WRONG_LETTERS))
async def test_letter_that_says_too_little_or_too_much_is_refused(desk: Desk, name: str) -> None:
    assert await refused(desk(LENDER).consents.file_letter(WRONG_LETTERS[name])) == "TERMS_INVALID"
    assert list(await desk(CREDIT_CENTRE).consents.list_consents(ConsentFilter())) == []
    assert await told(desk) == []


async def test_letter_that_ended_while_it_waited_does_not_become_active(
    desk: Desk, hand: HandOffice
) -> None:
    number = await filed(desk, replace(LETTER, valid_to=NOW + dt.timedelta(days=1)))
    hand.clock.now += dt.timedelta(days=1)
    check = desk(CREDIT_CENTRE).consents.check_letter(number, True, None)
    assert await refused(check) == "CONSENT_STATE_CONFLICT"


async def test_terms_of_a_consent_never_change(desk: Desk, emptied_pool: LightPool) -> None:
    await filed(desk)
    for change in (
        "UPDATE consent SET purpose = 'POST_LOAN'",
        "UPDATE consent SET valid_to = valid_to + interval '1 day'",
        "UPDATE consent_coordinate SET coordinate = 'TaxPayment.paidAmount'",
    ):
        async with emptied_pool.connection() as connection:
            with pytest.raises(Exception, match="never change"):
                await connection.execute(change)
    assert [
        each.terms.subject_key for each in await desk(OWNER).consents.list_consents(ConsentFilter())
    ] == [FIRM]
