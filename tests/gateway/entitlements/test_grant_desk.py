"""Grants at the desk: who may do what, in which state, by when, and what is refused why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from gateway.entitlements.acts import Actor, read_history
from gateway.entitlements.errors import EntitlementRefusedError
from gateway.entitlements.grant_clock import GrantClock, years_later
from gateway.entitlements.grant_register import GrantFilter
from gateway.entitlements.states import GrantState
from gateway.mutations.office import Desks
from gateway.store.pool import LightPool
from policies.model import Purpose
from schema.codes import SharingAttribute
from schema.sharing import SharingMode
from tests.support.sharing import (
    AUDITOR,
    CONSUMER,
    CREDIT_CENTRE,
    LENDER,
    MARKET,
    NOW,
    OWNER,
    PROVIDER,
    SHARING,
    STRANGER,
    TAX,
    WISH,
    HandOffice,
)

Desk = Callable[[Actor], Desks]


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


async def test_request_and_decision_give_a_grant_with_its_history(
    desk: Desk, hand: HandOffice, emptied_pool: LightPool
) -> None:
    asked = await desk(CONSUMER).grants.request(WISH)
    assert (asked.state, asked.terms.consumer) == (GrantState.REQUESTED, MARKET)
    assert asked.terms.sharing_attribute is SharingAttribute.CONDITIONAL
    hand.clock.now += dt.timedelta(days=1)
    given = await desk(PROVIDER).grants.decide(asked.terms.grant_no, True, None)
    assert given.state is GrantState.ACTIVE
    assert given.decided_at == hand.clock.now
    history = await read_history(emptied_pool, asked.terms.grant_no)
    assert [(act.act, act.organisation, act.state) for act in history] == [
        ("REQUEST_GRANT", MARKET, "REQUESTED"),
        ("DECIDE_GRANT", TAX, "ACTIVE"),
    ]


async def test_refusal_needs_a_reason_and_keeps_it(desk: Desk) -> None:
    number = (await desk(CONSUMER).grants.request(WISH)).terms.grant_no
    for reason in (None, "", "  ", "x" * 1_001, "a\0b"):
        assert await refused(desk(PROVIDER).grants.decide(number, False, reason)) == (
            "REASON_REQUIRED"
        )
    found = await desk(PROVIDER).grants.decide(number, False, "范围过宽")
    assert (found.state, found.refusal_reason) == (GrantState.REFUSED, "范围过宽")
    assert await refused(desk(PROVIDER).grants.decide(number, True, None)) == (
        "GRANT_STATE_CONFLICT"
    )


STATE_OF_GRANT = {
    "REQUESTED": (),
    "REFUSED": (("decide", PROVIDER, False, "否"),),
    "ACTIVE": (("decide", PROVIDER, True, None),),
    "SUSPENDED": (("decide", PROVIDER, True, None), ("suspend", PROVIDER, "核查")),
    "REVOKED": (("decide", PROVIDER, True, None), ("revoke", CREDIT_CENTRE, "违规")),
}
ACTS_ON_GRANT: dict[str, tuple[tuple[Any, ...], dict[str, str]]] = {
    "give": (("decide", PROVIDER, True, None), {"REQUESTED": "ACTIVE"}),
    "refuse": (("decide", PROVIDER, False, "否"), {"REQUESTED": "REFUSED"}),
    "extend": (("extend", PROVIDER, "需论证"), {"REQUESTED": "REQUESTED"}),
    "suspend": (("suspend", PROVIDER, "核查"), {"ACTIVE": "SUSPENDED"}),
    "resume": (("resume", PROVIDER, None), {"SUSPENDED": "ACTIVE"}),
    "revoke": (("revoke", PROVIDER, "违规"), {"ACTIVE": "REVOKED"}),
}


async def do(desk: Desk, number: str, step: tuple[Any, ...]) -> GrantState:
    name, who, *arguments = step
    found = await getattr(desk(who).grants, name)(number, *arguments)
    return GrantState(found.state)


@pytest.mark.parametrize("before", list(STATE_OF_GRANT))
@pytest.mark.parametrize("act", list(ACTS_ON_GRANT))
async def test_acts_lead_where_the_life_cycle_says(desk: Desk, before: str, act: str) -> None:
    number = (await desk(CONSUMER).grants.request(WISH)).terms.grant_no
    for step in STATE_OF_GRANT[before]:
        await do(desk, number, step)
    step, leads = ACTS_ON_GRANT[act]
    if before in leads:
        assert (await do(desk, number, step)).value == leads[before]
    else:
        assert await refused(do(desk, number, step)) == "GRANT_STATE_CONFLICT"
        assert (await desk(CREDIT_CENTRE).grants.find(number)).state.value == before


MAY = {
    "give": {"provider"},
    "refuse": {"provider"},
    "extend": {"provider"},
    "suspend": {"provider", "centre"},
    "resume": {"provider", "centre"},
    "revoke": {"provider", "centre"},
}
WHO = {
    "consumer": CONSUMER,
    "provider": PROVIDER,
    "centre": CREDIT_CENTRE,
    "auditor": AUDITOR,
    "stranger": STRANGER,
    "lender": LENDER,
    "owner": OWNER,
}


@pytest.mark.parametrize("who", list(WHO))
@pytest.mark.parametrize("act", list(ACTS_ON_GRANT))
async def test_acts_are_for_those_the_rules_name(desk: Desk, act: str, who: str) -> None:
    number = (await desk(CONSUMER).grants.request(WISH)).terms.grant_no
    step, leads = ACTS_ON_GRANT[act]
    for earlier in STATE_OF_GRANT[next(iter(leads))]:
        await do(desk, number, earlier)
    attempt = do(desk, number, (step[0], WHO[who], *step[2:]))
    if who in MAY[act]:
        assert (await attempt).value in leads.values()
    else:
        expected = "GRANT_NOT_FOUND" if who == "stranger" else "ACT_NOT_PERMITTED"
        assert await refused(attempt) == expected


async def test_grants_are_shown_to_those_they_concern(desk: Desk) -> None:
    number = (await desk(CONSUMER).grants.request(WISH)).terms.grant_no
    for who in (CONSUMER, PROVIDER, CREDIT_CENTRE, AUDITOR):
        (found,) = await desk(who).grants.list_grants(GrantFilter())
        assert found.terms.grant_no == number
    assert list(await desk(STRANGER).grants.list_grants(GrantFilter())) == []
    assert await refused(desk(STRANGER).grants.find(number)) == "GRANT_NOT_FOUND"
    assert await refused(desk(CONSUMER).grants.find("SG-99")) == "GRANT_NOT_FOUND"
    assert await refused(desk(CONSUMER).grants.find("a\0b")) == "GRANT_NOT_FOUND"
    for who in (LENDER, OWNER):
        assert await refused(desk(who).grants.list_grants(GrantFilter())) == "ACT_NOT_PERMITTED"


async def test_grants_come_in_pages_and_by_state(desk: Desk, hand: HandOffice) -> None:
    numbers = []
    for purpose in (Purpose.INSPECTION, Purpose.PENALTY_CASE, Purpose.LICENCE_REVIEW):
        wish = replace(WISH, purposes=(purpose,))
        numbers.append((await desk(CONSUMER).grants.request(wish)).terms.grant_no)
        hand.clock.now += dt.timedelta(seconds=1)
    await desk(PROVIDER).grants.decide(numbers[1], True, None)

    async def listed(wanted: GrantFilter) -> list[str]:
        return [found.terms.grant_no for found in await desk(CONSUMER).grants.list_grants(wanted)]

    assert await listed(GrantFilter(first=2)) == [numbers[2], numbers[1]]
    assert await listed(GrantFilter(first=2, after=numbers[1])) == [numbers[0]]
    assert await listed(GrantFilter(state=GrantState.ACTIVE)) == [numbers[1]]
    assert await listed(GrantFilter(after="SG-99")) == []


async def test_number_of_others_grant_tells_nothing(desk: Desk, hand: HandOffice) -> None:
    own = (await desk(CONSUMER).grants.request(WISH)).terms.grant_no
    hand.clock.now += dt.timedelta(seconds=1)
    theirs = (await desk(STRANGER).grants.request(WISH)).terms.grant_no
    wanted = GrantFilter(after=theirs)
    assert list(await desk(CONSUMER).grants.list_grants(wanted)) == []
    for who in (PROVIDER, CREDIT_CENTRE):
        (found,) = await desk(who).grants.list_grants(wanted)
        assert found.terms.grant_no == own


async def test_grant_whose_time_is_over_has_expired(desk: Desk, hand: HandOffice) -> None:
    number = (await desk(CONSUMER).grants.request(WISH)).terms.grant_no
    await desk(PROVIDER).grants.decide(number, True, None)
    hand.clock.now = WISH.valid_until
    assert (await desk(PROVIDER).grants.find(number)).state is GrantState.EXPIRED
    (found,) = await desk(PROVIDER).grants.list_grants(GrantFilter(state=GrantState.EXPIRED))
    assert found.terms.grant_no == number
    for step in (("suspend", PROVIDER, "核查"), ("revoke", PROVIDER, "违规")):
        assert await refused(do(desk, number, step)) == "GRANT_STATE_CONFLICT"


WRONG_WISHES = {
    "no field": (replace(WISH, coordinates=()), "TERMS_INVALID"),
    "a kind": (replace(WISH, coordinates=("TaxpayerCredit",)), "TERMS_INVALID"),
    "unknown field": (replace(WISH, coordinates=("TaxpayerCredit.mood",)), "TERMS_INVALID"),
    "no purpose": (replace(WISH, purposes=()), "TERMS_INVALID"),
    "no basis": (replace(WISH, legal_basis=" "), "TERMS_INVALID"),
    "no scenario": (replace(WISH, scenario=""), "TERMS_INVALID"),
    "no scope": (replace(WISH, scope="\0"), "TERMS_INVALID"),
    "no assessment": (replace(WISH, impact_assessment=""), "TERMS_INVALID"),
    "long text": (replace(WISH, scope="x" * 2_001), "TERMS_INVALID"),
    "assessment to come": (
        replace(WISH, impact_assessed_on=dt.date(2026, 11, 3)),
        "TERMS_INVALID",
    ),
    "ended": (replace(WISH, valid_until=NOW), "TERMS_INVALID"),
    "another entry's field": (
        replace(WISH, coordinates=("TaxArrears.balance",)),
        "GRANT_ITEMS_REFUSED",
    ),
    "unknown entry": (replace(WISH, catalogue_code="C99"), "GRANT_ITEMS_REFUSED"),
    "unknown department": (replace(WISH, provider=MARKET), "GRANT_NOT_NEEDED"),
    "not joined": (replace(WISH, provider="12410199MB0C000000"), "GRANT_ITEMS_REFUSED"),
    "not shared": (
        replace(WISH, catalogue_code="C03-06", coordinates=("TaxPayment.paidAmount",)),
        "GRANT_ITEMS_REFUSED",
    ),
    "secret": (
        replace(
            WISH,
            catalogue_code="C06-02",
            coordinates=("MajorTaxViolation.legalRepresentativeIdNo",),
        ),
        "GRANT_ITEMS_REFUSED",
    ),
    "a bank's purpose": (replace(WISH, purposes=(Purpose.PRE_LOAN,)), "GRANT_ITEMS_REFUSED"),
    "unconditional": (
        replace(WISH, catalogue_code="C03-05", coordinates=("TaxArrears.balance",)),
        "GRANT_NOT_NEEDED",
    ),
}


@pytest.mark.parametrize("name", list(WRONG_WISHES))
async def test_wish_that_cannot_be_granted_is_refused(desk: Desk, name: str) -> None:
    wish, code = WRONG_WISHES[name]
    assert await refused(desk(CONSUMER).grants.request(wish)) == code
    assert list(await desk(CREDIT_CENTRE).grants.list_grants(GrantFilter())) == []


async def test_same_wish_twice_names_the_first(desk: Desk) -> None:
    first = await desk(CONSUMER).grants.request(WISH)
    again = replace(WISH, coordinates=WISH.coordinates[::-1])
    with pytest.raises(EntitlementRefusedError, match=first.terms.grant_no) as raised:
        await desk(CONSUMER).grants.request(again)
    assert raised.value.code == "GRANT_ALREADY_REQUESTED"
    await desk(PROVIDER).grants.decide(first.terms.grant_no, False, "否")
    await desk(CONSUMER).grants.request(again)


@pytest.mark.parametrize("who", [PROVIDER, LENDER, OWNER, AUDITOR])
async def test_request_is_for_consumers(desk: Desk, who: Actor) -> None:
    code = await refused(desk(who).grants.request(WISH))
    assert code == ("GRANT_NOT_NEEDED" if who is PROVIDER else "ACT_NOT_PERMITTED")


async def test_answer_is_due_in_working_days_and_can_be_put_off_once(
    desk: Desk, hand: HandOffice
) -> None:
    hand.clock.now = dt.datetime(2026, 9, 22, 2, tzinfo=dt.UTC)
    wish = replace(WISH, impact_assessed_on=dt.date(2024, 2, 29))
    number = (await desk(CONSUMER).grants.request(wish)).terms.grant_no
    clock = GrantClock(SHARING)

    async def times() -> Any:
        return clock.times(await desk(PROVIDER).grants.find(number), hand.clock.now)

    # ten working days of the autumn of 2026, in which the first week of October is free
    due = (await times()).answer_due
    assert due.date == dt.date(2026, 10, 13)
    assert not due.provisional
    assert (await times()).assessment_kept_until == dt.date(2027, 3, 1)
    hand.clock.now = dt.datetime(2026, 10, 13, 15, 59, tzinfo=dt.UTC)
    assert not (await times()).is_overdue
    hand.clock.now = dt.datetime(2026, 10, 13, 16, 0, tzinfo=dt.UTC)
    assert (await times()).is_overdue
    await desk(PROVIDER).grants.extend(number, "需论证")
    assert not (await times()).is_overdue
    assert (await times()).answer_due.date == dt.date(2026, 10, 27)
    assert await refused(desk(PROVIDER).grants.extend(number, "再延")) == "GRANT_STATE_CONFLICT"
    await desk(PROVIDER).grants.decide(number, True, None)
    hand.clock.now += dt.timedelta(days=90)
    assert not (await times()).is_overdue
    assert (await times()).supply_due is None


async def test_unconditional_items_are_answered_in_one_day_and_files_supplied_in_twenty(
    desk: Desk, hand: HandOffice
) -> None:
    clock = GrantClock(SHARING)
    asked = await desk(CONSUMER).grants.request(replace(WISH, mode=SharingMode.FILE))
    terms = replace(asked.terms, sharing_attribute=SharingAttribute.UNCONDITIONAL)
    assert clock.times(replace(asked, terms=terms), NOW).answer_due.date == dt.date(2026, 11, 3)
    assert clock.times(asked, NOW).supply_due is None
    given = await desk(PROVIDER).grants.decide(asked.terms.grant_no, True, None)
    supply = clock.times(given, NOW).supply_due
    assert supply is not None
    assert supply.date == dt.date(2026, 11, 30)


def test_years_later_of_a_leap_day_is_the_first_of_march() -> None:
    assert years_later(dt.date(2024, 2, 29), 4) == dt.date(2028, 2, 29)
    assert years_later(dt.date(2024, 2, 29), 3) == dt.date(2027, 3, 1)


async def test_terms_of_a_grant_never_change(desk: Desk, emptied_pool: LightPool) -> None:
    await desk(CONSUMER).grants.request(WISH)
    for change in (
        "UPDATE sharing_grant SET purposes = '{TENDER}'",
        "UPDATE sharing_grant SET valid_until = now()",
        "UPDATE grant_coordinate SET coordinate = 'TaxPayment.paidAmount'",
    ):
        async with emptied_pool.connection() as connection:
            with pytest.raises(Exception, match="never change"):
                await connection.execute(change)
