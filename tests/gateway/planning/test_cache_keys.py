"""Each input of a decision alone changes the key; what is only read at run time does not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest
from graphql import parse

from gateway.authorization.plan import AuthorizedPlan
from gateway.conformance import ReferenceAdapter
from gateway.operation.types import OperationRequest
from gateway.planning.relevance import relevant_variables
from policies.engine import PolicySet
from policies.model import Caller, CallerClass, Effect, Purpose, Role
from schema.records import MODEL
from tests.support.awkward_department import CODE, FIRM, SHOP, manifest_for
from tests.support.small_gateway import (
    EVERYTHING,
    OFFICER,
    TODAY,
    HandEntitlements,
    SmallGateway,
    policies,
    rule,
)

DOCUMENT = """query A($u: USCC!, $us: [USCC!]!, $n: Int!, $with: Boolean!, $after: String,
        $f: AdministrativePenaltyFilter) {
    subject(uscc: $u) { penalties(first: $n, after: $after, filter: $f) { nodes { facts } } }
    subjects(usccs: $us) { id @include(if: $with) } }
query B($u: USCC!, $us: [USCC!]!, $n: Int!, $with: Boolean!, $after: String,
        $f: AdministrativePenaltyFilter) {
    subject(uscc: $u) { penalties(first: $n, after: $after, filter: $f) { nodes { facts } } }
    subjects(usccs: $us) { id @include(if: $with) } }"""


RULES = policies()


@dataclass(frozen=True)
class Inputs:
    """Everything that a decision may depend on."""

    document: str = DOCUMENT
    name: str = "A"
    u: str = FIRM
    us: tuple[str, ...] = (FIRM,)
    n: int = 3
    with_id: bool = True
    after: str | None = None
    filter: Mapping[str, Any] | None = None
    caller: Caller = OFFICER
    rules: PolicySet = RULES
    grants: frozenset[str] = frozenset()
    version: int = 1

    @property
    def variables(self) -> dict[str, Any]:
        return {
            "u": self.u,
            "us": list(self.us),
            "n": self.n,
            "with": self.with_id,
            "after": self.after,
            "f": self.filter,
        }


class Decider:
    """Authorizes inputs with the same stages all the time."""

    def __init__(self) -> None:
        adapter = ReferenceAdapter(manifest_for(), ())
        self._entitlements = HandEntitlements()
        self._gateway = SmallGateway({"reference": adapter}, entitlements=self._entitlements)

    def __call__(self, inputs: Inputs) -> AuthorizedPlan:
        gateway = self._gateway
        self._entitlements.grants = inputs.grants
        self._entitlements.version = inputs.version
        request = OperationRequest(inputs.document, inputs.name, inputs.variables)
        operation = gateway.operations.load(request, "test")
        plan = gateway.plans.plan(operation, inputs.variables).plan
        return gateway.authorizer.authorize(plan, inputs.caller, inputs.rules)


BASE = Inputs()
OTHER_DAY = BASE.rules.on(TODAY.replace(day=3))
OWN = PolicySet(
    (EVERYTHING,), MODEL, TODAY, {CODE: (replace(rule("own", Effect.FORBID), provider=CODE),)}
)
CHANGES: dict[str, Inputs] = {
    "document": replace(BASE, document=DOCUMENT + " "),
    "operation name": replace(BASE, name="B"),
    "page size": replace(BASE, n=4),
    "directive": replace(BASE, with_id=False),
    "filter": replace(BASE, filter={"decidedOn": {"ge": "2026-01-01"}}),
    "caller class": replace(BASE, caller=replace(OFFICER, caller_class=CallerClass.AUDITOR)),
    "organisation": replace(BASE, caller=replace(OFFICER, organisation=FIRM)),
    "purpose": replace(BASE, caller=replace(OFFICER, purpose=Purpose.TENDER)),
    "role": replace(BASE, caller=replace(OFFICER, role=Role.REVIEWER)),
    "acting for": replace(BASE, caller=replace(OFFICER, acting_for=FIRM)),
    "policy version": replace(BASE, rules=policies(EVERYTHING, rule("more", Effect.FORBID))),
    "own rules of a department": replace(BASE, rules=OWN),
    "day": replace(BASE, rules=OTHER_DAY),
    "grants": replace(BASE, grants=frozenset({"TaxPayment"})),
    "entitlement version": replace(BASE, version=2),
}


@pytest.mark.parametrize("name", list(CHANGES))
def test_each_input_alone_makes_another_decision(name: str) -> None:
    decide = Decider()
    base = decide(BASE)
    assert decide(CHANGES[name]) is not base
    assert decide(BASE) is base


RUNTIME: dict[str, Inputs] = {
    "code": replace(BASE, u=SHOP),
    "codes": replace(BASE, us=(SHOP, FIRM)),
    "cursor": replace(BASE, after="x"),
}


@pytest.mark.parametrize("name", list(RUNTIME))
def test_what_is_read_at_run_time_makes_no_other_decision(name: str) -> None:
    decide = Decider()
    assert decide(RUNTIME[name]) is decide(BASE)


def test_equal_callers_share_a_decision() -> None:
    decide = Decider()
    twin = Caller(OFFICER.caller_class, OFFICER.organisation, OFFICER.purpose)
    assert decide(replace(BASE, caller=twin)) is decide(BASE)


RELEVANT = {
    "a code": ("query($v: USCC!) { subject(uscc: $v) { id } }", False),
    "a code in a list": ("query($v: USCC!) { subjects(usccs: [$v]) { id } }", True),
    "a code that may be null": ("query($v: USCC) { subject(uscc: $v) { id } }", True),
    "a list that may be null": ("query($v: [USCC!]) { subjects(usccs: $v) { id } }", True),
    "a code with a default": (
        f'query($v: USCC = "{FIRM}") {{ subject(uscc: $v) {{ id }} }}',
        True,
    ),
    "a cursor": (
        "query($v: String) { searchSubjects(after: $v) { nodes { id } } }",
        False,
    ),
    "an id": ("query($v: ID!) { node(id: $v) { id } }", True),
    "a code also used in a filter": (
        "query($v: USCC!) { subject(uscc: $v) { id }"
        " searchSubjects(filter: {uscc: {eq: $v}}) { nodes { id } } }",
        True,
    ),
    "a condition": (
        "query($v: Boolean!) { subjects(usccs: []) { id @skip(if: $v) } }",
        True,
    ),
    "a code used in a fragment before the operation": (
        "fragment F on Query { subject(uscc: $v) { id } } query($v: USCC) { ...F }",
        True,
    ),
}


@pytest.mark.parametrize("name", list(RELEVANT))
def test_variables_shape_the_plan_unless_only_run_time_reads_them(name: str) -> None:
    document, is_relevant = RELEVANT[name]
    expected = frozenset("v" if is_relevant else "")
    assert relevant_variables(parse(document)) == expected
