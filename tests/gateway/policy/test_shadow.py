"""A candidate decides beside the live rules: differences are told, and nothing else changes."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from structlog.testing import capture_logs

from gateway.authorization.plan import AuthorizedPlan
from gateway.conformance import ReferenceAdapter
from gateway.entitlements.types import ConsentTerms
from gateway.operation.types import OperationRequest
from gateway.policy.compare import differences
from gateway.policy.shadow import MAX_WAITING, Shadow
from policies.engine import PolicySet
from policies.errors import PolicyLoadError
from policies.model import Condition, Effect, Outcome, Use
from schema.classification import MaskKind, SubjectKind
from schema.records import MODEL
from tests.support.awkward_department import CODE, FIRM, awkward_records, manifest_for
from tests.support.small_gateway import (
    EVERYTHING,
    OFFICER,
    TODAY,
    HandEntitlements,
    SmallGateway,
    policies,
    rule,
)

TYPE = "AdministrativePenalty"
DOCUMENT = f"""query Q($u: USCC!) {{
    subject(uscc: $u) {{ penalties(
        filter: {{decidedOn: {{ge: "2000-01-01"}}}}, orderBy: [{{field: FINE_AMOUNT}}]
    ) {{ totalCount nodes {{ remark
        subject {{ ... on Organisation {{ registration {{ name }} }} }} }} }} }}
    records(kind: TAX_ARREARS) {{ nodes {{ ... on TaxArrears {{ balance }} }} }}
    recordStatistics(kind: {"ADMINISTRATIVE_PENALTY"},
        sum: {{administrativePenalty: [FINE_AMOUNT]}}) {{ groups {{ count }} }} }}"""


@dataclass
class Counting:
    """Counts in memory."""

    plans: Counter[str] = field(default_factory=Counter)
    told: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    def shadow_plan(self, result: str) -> None:
        """Count it."""
        self.plans[result] += 1

    def shadow_difference(self, use: str, live: str, candidate: str) -> None:
        """Count it."""
        self.told[use, live, candidate] += 1


def gateway_of(entitlements: HandEntitlements | None = None) -> SmallGateway:
    adapter = ReferenceAdapter(manifest_for(), awkward_records(1))
    return SmallGateway({"reference": adapter}, entitlements=entitlements)


def authorized_by(gateway: SmallGateway, document: str = DOCUMENT) -> AuthorizedPlan:
    given = {"u": FIRM}
    operation = gateway.operations.load(OperationRequest(document, None, given), "test")
    plan = gateway.plans.plan(operation, given).plan
    return gateway.authorizer.authorize(plan, OFFICER, gateway.rules)


def closing(coordinate: str, *uses: Use, **more: Any) -> PolicySet:
    closed = rule("closed", Effect.FORBID, coordinates=(coordinate,), uses=uses, **more)
    return policies(EVERYTHING, closed)


@pytest.mark.parametrize(
    ("coordinate", "use"),
    [
        (TYPE, Use.READ),
        (TYPE, Use.COUNT),
        (f"{TYPE}.decidedOn", Use.FILTER),
        (f"{TYPE}.fineAmount", Use.ORDER),
        (f"{TYPE}.fineAmount", Use.AGGREGATE),
        (f"{TYPE}.remark", Use.READ),
        ("Registration.name", Use.READ),
        ("TaxArrears.balance", Use.READ),
    ],
)
def test_every_use_in_a_plan_is_compared(coordinate: str, use: Use) -> None:
    found = list(differences(authorized_by(gateway_of()), closing(coordinate, use)))
    asked = {(each.coordinate, each.use) for each in found}
    assert (coordinate, use) in asked
    assert all(each.live is Outcome.CLEAR for each in found)
    assert all(each.candidate is Outcome.DENIED for each in found)
    assert {each.subject_kind for each in found} == set(SubjectKind)
    assert all(each.candidate_rules == ("test.closed",) for each in found)


def test_equal_rules_and_what_is_not_asked_make_no_difference() -> None:
    plan = authorized_by(gateway_of())
    assert list(differences(plan, policies())) == []
    assert list(differences(plan, closing("TaxPayment"))) == []


def test_masks_consents_and_own_rules_are_compared() -> None:
    terms = ConsentTerms("C-1", 1, frozenset({TYPE, f"{TYPE}.remark"}))
    gateway = gateway_of(HandEntitlements(consented={FIRM: terms}))
    plan = authorized_by(gateway)
    masked = rule("bands", Effect.MASK, coordinates=("TaxArrears.balance",), uses=(Use.READ,),
                  mask=MaskKind.AMOUNT_BAND)  # fmt: skip
    assert {each.candidate for each in differences(plan, policies(EVERYTHING, masked))} == {
        Outcome.MASKED
    }
    with_consent = closing(f"{TYPE}.remark", Use.READ, condition=Condition(consent=True))
    assert list(differences(plan, with_consent)) == []
    (profile,) = plan.profiles([FIRM]).groups
    plan.table(profile, CODE)
    assert {each.is_consented for each in differences(plan, with_consent)} == {True}
    own = replace(rule("own", Effect.FORBID, coordinates=(TYPE,)), provider=CODE)
    elsewhere = replace(own, provider=FIRM)
    for candidate, expected in ((own, {"reference"}), (elsewhere, set())):
        rules = PolicySet((EVERYTHING,), MODEL, TODAY, {candidate.provider or "": (candidate,)})
        assert {each.department for each in differences(plan, rules)} == expected


@asynccontextmanager
async def opened(content: PolicySet | Exception, observer: Counting) -> AsyncIterator[Shadow]:
    def load(_today: object) -> PolicySet:
        if isinstance(content, Exception):
            raise content
        return content

    shadow = Shadow(load, lambda: TODAY, observer, pause_s=0.0)
    await shadow.open()
    try:
        yield shadow
    finally:
        await shadow.aclose()


async def eventually(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 - a thread compares, and tells nobody
            await asyncio.sleep(0.002)


async def test_differences_are_counted_and_logged_once_without_caller_subject_or_value() -> None:
    observer = Counting()
    plan = authorized_by(gateway_of())
    with capture_logs() as logs:
        async with opened(closing(TYPE, Use.COUNT), observer) as shadow:
            shadow.decided(plan)
            shadow.decided(plan)
            await eventually(lambda: observer.plans["compared"] == 2)
    told = [entry for entry in logs if entry["event"] == "shadow_difference"]
    # A kind's count: three kinds of subjects, and the caller itself; twice in statistics.
    assert len(told) == 4
    assert observer.told == {("count", "CLEAR", "DENIED"): 8}
    assert {entry["coordinate"] for entry in told} == {TYPE}
    assert told[0]["candidate_rules"] == ("test.closed",)
    text = repr(logs)
    assert FIRM not in text
    assert str(OFFICER.organisation) not in text


@pytest.mark.parametrize(
    "broken", [PolicyLoadError("tax.toml", "-", "-", "x", "y"), ValueError("a defect")]
)
async def test_broken_candidate_is_logged_and_disturbs_nothing(broken: Exception) -> None:
    observer = Counting()
    with capture_logs() as logs:
        async with opened(broken, observer) as shadow:
            shadow.decided(authorized_by(gateway_of()))
            await asyncio.sleep(0)
    assert [entry["log_level"] for entry in logs] == ["error"]
    assert not observer.plans


async def test_candidate_whose_decisions_fail_ends_no_comparison(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    observer = Counting()
    plan = authorized_by(gateway_of())
    candidate = closing(TYPE, Use.COUNT)
    failing = iter([True, False])

    def on(_today: object) -> PolicySet:
        if next(failing):
            raise KeyError("a defect")
        return candidate

    monkeypatch.setattr(candidate, "on", on)
    with capture_logs() as logs:
        async with opened(candidate, observer) as shadow:
            shadow.decided(plan)
            shadow.decided(plan)
            await eventually(lambda: observer.plans["compared"] == 1)
    assert "shadow_comparison_failed" in {entry["event"] for entry in logs}


async def test_plans_beyond_those_that_may_wait_are_left_out_and_counted() -> None:
    observer = Counting()
    plan = authorized_by(gateway_of(), "{ records(kind: TAX_ARREARS) { nodes { id } } }")
    async with opened(policies(), observer) as shadow:
        for _ in range(MAX_WAITING + 3):
            shadow.decided(plan)
        assert observer.plans["left_out"] == 3


def test_plans_are_told_once_not_per_request() -> None:
    told: list[AuthorizedPlan] = []
    gateway = gateway_of()
    gateway.authorizer._decided = told.append
    first, again = authorized_by(gateway), authorized_by(gateway)
    assert first is again
    assert told == [first]
