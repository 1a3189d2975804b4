"""Who asks: every class of caller, several purposes, with and without consents and grants."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from policies.model import Caller, CallerClass, Purpose
from schema.codes import RecordKind
from tests.oracle.city import BANK
from tests.oracle.records import PERSON
from tests.oracle.world import World

OTHER_BANK = "91410000MA9BNK02X9"
CENTRE = "12410100MA9CENT169"
ASSOCIATION = "51410100MA9ABCD16R"
AUDITOR = "11410100MA9AUDT14L"
PLATFORM = "91410100MA9PLAT10M"
HOUSING = "11410100MB0HHXP16C"


def _of(slug: str, purpose: Purpose) -> Callable[[World], Caller]:
    """An officer of a department that supplies records."""
    return lambda world: _officer(
        next(each.code for each in world.departments if each.slug == slug), purpose
    )


def _self(number: int, *, is_person: bool = False) -> Callable[[World], Caller]:
    """One of the subjects with records of most kinds."""
    return lambda world: Caller(
        CallerClass.SUBJECT, _richest(world, is_person=is_person)[number], Purpose.SELF_QUERY
    )


def _always(
    caller_class: CallerClass,
    organisation: str | None,
    purpose: Purpose,
    acting_for: str | None = None,
) -> Callable[[World], Caller]:
    return lambda _world: Caller(caller_class, organisation, purpose, acting_for)


CALLERS: dict[str, Callable[[World], Caller]] = {
    "public": _always(CallerClass.PUBLIC, None, Purpose.PUBLIC_DISPLAY),
    "market INSPECTION": _of("market", Purpose.INSPECTION),
    "market TENDER": _of("market", Purpose.TENDER),
    "market STATISTICS": _of("market", Purpose.STATISTICS),
    "tax TAX_ADMIN": _of("tax", Purpose.TAX_ADMIN),
    "tax INSPECTION": _of("tax", Purpose.INSPECTION),
    "tax FUND_GRANT": _of("tax", Purpose.FUND_GRANT),
    "courts COURT_ENFORCEMENT": _of("courts", Purpose.COURT_ENFORCEMENT),
    "courts INSPECTION": _of("courts", Purpose.INSPECTION),
    "housing PENALTY_CASE": _always(CallerClass.DEPARTMENT, HOUSING, Purpose.PENALTY_CASE),
    "housing STATISTICS": _always(CallerClass.DEPARTMENT, HOUSING, Purpose.STATISTICS),
    "housing PRE_LOAN": _always(CallerClass.DEPARTMENT, HOUSING, Purpose.PRE_LOAN),
    "firm": _self(0),
    "other firm": _self(1),
    "person": _self(0, is_person=True),
    "bank PRE_LOAN": _always(CallerClass.INSTITUTION, BANK, Purpose.PRE_LOAN),
    "bank POST_LOAN": _always(CallerClass.INSTITUTION, BANK, Purpose.POST_LOAN),
    "bank without consents": _always(CallerClass.INSTITUTION, OTHER_BANK, Purpose.PRE_LOAN),
    "platform": _always(CallerClass.PLATFORM, PLATFORM, Purpose.PRE_LOAN, BANK),
    "platform of nobody": _always(CallerClass.PLATFORM, PLATFORM, Purpose.PRE_LOAN),
    "centre OBJECTION_REVIEW": _always(CallerClass.CREDIT_CENTRE, CENTRE, Purpose.OBJECTION_REVIEW),
    "centre EVALUATION": _always(CallerClass.CREDIT_CENTRE, CENTRE, Purpose.EVALUATION),
    "association": _always(CallerClass.ASSOCIATION, ASSOCIATION, Purpose.EVALUATION),
    "auditor": _always(CallerClass.AUDITOR, AUDITOR, Purpose.AUDIT),
}
"""How to find each caller in a world, by a name for the test's report."""


def somebody_before(random: Random, world: World) -> Caller | None:
    """Every third time another caller, who asks the same first."""
    return random.choice(list(CALLERS.values()))(world) if random.random() < 0.3 else None


def _officer(code: str, purpose: Purpose) -> Caller:
    return Caller(CallerClass.DEPARTMENT, code, purpose)


def _richest(world: World, *, is_person: bool) -> list[str]:
    """Subject keys, those with records of most kinds first."""
    kinds: dict[str, set[RecordKind]] = {}
    for department in world.departments:
        for kind, key in department.by_key:
            if key.startswith(PERSON) == is_person:
                kinds.setdefault(key, set()).add(kind)
    return sorted(kinds, key=lambda key: (-len(kinds[key]), key))
