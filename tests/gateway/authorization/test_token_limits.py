"""A token narrows: whatever its data contract says, the answer is within the one without it."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import pytest

from gateway.conformance import ReferenceAdapter
from gateway.entitlements.data_contract import (
    NOTHING,
    DataContract,
    narrowed,
    read_contract,
    scope_limit,
)
from gateway.entitlements.types import ConsentTerms
from policies.model import Caller, CallerClass, Condition, Effect, Limit, Purpose, Use
from schema.classification import MaskKind
from schema.codes import RecordKind
from schema.records import MODEL
from tests.support.awkward_department import CODE, FIRM, SHOP, awkward_records, manifest_for
from tests.support.small_gateway import HandEntitlements, SmallGateway, policies, rule

LENDER = Caller(CallerClass.INSTITUTION, CODE, Purpose.PRE_LOAN)
FIELDS = tuple(name for name in MODEL.coordinates if "." in name and ".meta." not in name)
KINDS = ("ADMINISTRATIVE_PENALTY", "TAX_PAYMENT", "TAXPAYER_CREDIT", "REGISTRATION")
CONSENTED = frozenset({"TaxPayment", "TaxPayment.paidAmount", "TaxPayment.taxKind"})
RULES = policies(
    rule("open"),
    rule("masked", Effect.MASK, coordinates=("Registration.address",), mask=MaskKind.ADDRESS),
    rule("secret", Effect.FORBID, coordinates=("Registration.registeredCapital",)),
    rule("no-list", Effect.FORBID, coordinates=("AdministrativeLicence",), uses=(Use.COUNT,)),
    rule(
        "closed",
        Effect.FORBID,
        coordinates=("TaxpayerCredit.score",),
        condition=Condition(is_self=True),
    ),
)
DOCUMENTS = (
    """query($u: [USCC!]!) { subjects(usccs: $u) { uscc
        registration { name address registeredCapital meta { sourceDepartmentCode } }
        taxpayerCredit { grade score year }
        taxPayments(first: 3) { totalCount nodes { paidAmount taxKind meta { recordId } } }
        penalties(first: 3, filter: {counterpartName: {isNull: false}}) {
          totalCount nodes { counterpartName facts meta { decidedOn } subject {
            ... on Organisation { uscc registration { name } } } } } } }""",
    """query($u: [USCC!]!) { subjects(usccs: $u) { uscc
        penalties(first: 5, orderBy: [{field: FINE_AMOUNT, direction: ASC}]) {
          nodes { facts content } } } }""",
    """{ records(kind: ADMINISTRATIVE_PENALTY, first: 5) { totalCount nodes {
        __typename ... on AdministrativePenalty { facts meta { recordId } } } } }""",
    """{ recordStatistics(kind: ADMINISTRATIVE_PENALTY,
        groupBy: {administrativePenalty: [LEGAL_STATUS]}) {
        groups { count values { value } } } }""",
)


@pytest.fixture(scope="module")
def gateway() -> SmallGateway:
    """Two subjects, one of which consented."""
    terms = ConsentTerms("C-1", 1, CONSENTED)
    adapter = ReferenceAdapter(manifest_for(), awkward_records(3))
    entitlements = HandEntitlements(consented={FIRM: terms})
    return SmallGateway({"reference": adapter}, rules=RULES, entitlements=entitlements)


async def ask(gateway: SmallGateway, document: str, contract: DataContract | None) -> Any:
    given: Mapping[str, Any] = {"u": [FIRM, SHOP]} if "$u" in document else {}
    return await gateway.ask(document, given, LENDER, contract=contract)


def is_within(narrow: Any, wide: Any) -> bool:
    """Whether nothing is shown that is not shown in the wider answer at the same place."""
    if narrow is None or narrow == wide:
        return True
    if isinstance(narrow, dict) and isinstance(wide, dict):
        return narrow.keys() == wide.keys() and all(is_within(narrow[k], wide[k]) for k in narrow)
    if isinstance(narrow, list) and isinstance(wide, list):
        pairs = zip(narrow, wide, strict=False)
        return len(narrow) == len(wide) and all(is_within(a, b) for a, b in pairs)
    return False


def invented(chance: random.Random) -> dict[str, Any]:
    """Any details of a token."""
    details: dict[str, Any] = {"type": "credit_query"}
    if chance.random() < 0.5:
        details["record_kinds"] = chance.sample(KINDS, chance.randint(0, 3))
    if chance.random() < 0.6:
        details["fields"] = chance.sample(FIELDS, chance.randint(0, 60))
    if chance.random() < 0.3:
        details["subjects"] = chance.sample([FIRM, SHOP], chance.randint(0, 2))
    if chance.random() < 0.3:
        details["consents"] = chance.sample(["C-1", "C-2"], chance.randint(0, 2))
    return details


@pytest.mark.parametrize("document", DOCUMENTS, ids=["subjects", "ordered", "records", "counted"])
async def test_answer_under_any_contract_is_within_the_one_without(
    gateway: SmallGateway, document: str
) -> None:
    wide = await ask(gateway, document, None)
    assert wide["data"] is not None
    denied = {(each["path"], each["coordinate"]) for each in _denied(wide)}
    chance, seen = random.Random(7), set()
    for _ in range(60):
        details = invented(chance)
        narrow = await ask(gateway, document, read_contract([details]))
        assert is_within(narrow["data"], wide["data"]), details
        for each in _denied(narrow):
            by_token = each["missing"] == "TOKEN"
            assert by_token is (each["rules"] == ["token.limit"])
            # what the rules deny is denied for their reason
            if (each["path"], each["coordinate"]) in denied and not by_token:
                continue
            assert by_token or (each["path"], each["coordinate"]) in denied, each
            seen.add(each["coordinate"])
    assert seen
    # nothing of what was narrowed is kept for those who are not
    assert await ask(gateway, document, None) == wide


def _denied(answer: Any) -> list[Any]:
    return list(answer["extensions"]["access"].get("denied", ()))


async def test_contract_about_other_subjects_gives_nothing_of_these(gateway: SmallGateway) -> None:
    contract = read_contract([{"type": "credit_query", "subjects": [SHOP]}])
    firm, shop = (await ask(gateway, DOCUMENTS[0], contract))["data"]["subjects"]
    assert firm["registration"] is firm["taxPayments"] is firm["penalties"] is None
    assert shop["registration"] is not None


async def test_contract_about_a_consent_holds_for_its_subject_alone(gateway: SmallGateway) -> None:
    contract = read_contract([{"type": "credit_query", "consents": ["C-1"]}])
    firm, shop = (await ask(gateway, DOCUMENTS[0], contract))["data"]["subjects"]
    assert firm["registration"] is not None
    assert shop["registration"] is shop["taxPayments"] is None
    other = read_contract([{"type": "credit_query", "consents": ["C-2"]}])
    for subject in (await ask(gateway, DOCUMENTS[0], other))["data"]["subjects"]:
        assert subject["registration"] is None


@pytest.mark.parametrize("document", DOCUMENTS[2:])
async def test_contract_about_subjects_lists_and_counts_nobody(
    gateway: SmallGateway, document: str
) -> None:
    contract = read_contract([{"type": "credit_query", "subjects": [FIRM, SHOP]}])
    answer = await ask(gateway, document, contract)
    assert all(value is None for value in answer["data"].values())


async def test_contract_closes_filters_and_orders_too(gateway: SmallGateway) -> None:
    """A field that may not be read may not be guessed by asking with it."""
    fields = ["AdministrativePenalty.facts", "AdministrativePenalty.content"]
    contract = read_contract([{"type": "credit_query", "fields": fields}])
    ordered = await ask(gateway, DOCUMENTS[1], contract)
    assert ordered["data"]["subjects"][0]["penalties"] is None
    assert [e["extensions"]["code"] for e in ordered["errors"]] == ["ORDER_DENIED"]
    assert {each["missing"] for each in _denied(ordered)} == {"TOKEN"}
    filtered = await ask(gateway, DOCUMENTS[0], contract)
    assert filtered["data"]["subjects"][0]["penalties"] is None


async def test_plans_for_contracts_about_single_subjects_share_their_decisions(
    gateway: SmallGateway,
) -> None:
    for subject in (FIRM, SHOP):
        await ask(
            gateway, DOCUMENTS[0], read_contract([{"type": "credit_query", "subjects": [subject]}])
        )
    held = len(gateway.authorizer._made)
    await ask(gateway, DOCUMENTS[0], read_contract([{"type": "credit_query", "subjects": [CODE]}]))
    assert len(gateway.authorizer._made) == held


def test_scopes_let_kinds_through_by_use() -> None:
    found = scope_limit(["openid", "credit:TAX_PAYMENT:read", "credit:REGISTRATION:aggregate"])
    assert found is not None
    assert found.lets("TaxPayment.paidAmount", Use.READ)
    assert found.lets("TaxPayment", Use.COUNT)
    assert not found.lets("TaxPayment.paidAmount", Use.AGGREGATE)
    assert found.lets("Registration.name", Use.AGGREGATE)
    assert found.lets("Registration", Use.COUNT)
    assert not found.lets("Registration.name", Use.READ)
    assert scope_limit(["openid", "purpose:PRE_LOAN"]) is None
    assert scope_limit(["credit:NOTHING:read"]) == NOTHING


async def test_scope_to_aggregate_counts_and_shows_no_record(gateway: SmallGateway) -> None:
    contract = DataContract(limit=scope_limit(["credit:ADMINISTRATIVE_PENALTY:aggregate"]))
    assert (await ask(gateway, DOCUMENTS[2], contract))["data"]["records"] is None


@pytest.mark.parametrize("kind", [RecordKind.TAX_PAYMENT, RecordKind.REGISTRATION])
def test_field_brings_its_kind_and_where_it_comes_from(kind: RecordKind) -> None:
    model = MODEL.kinds[kind]
    name = next(f.coordinate for n, f in model.by_name.items() if not n.startswith("meta."))
    limit = read_contract([{"type": "credit_query", "fields": [name]}]).limit
    assert limit is not None
    assert model.type_name in limit.read
    assert f"{model.type_name}.meta.recordId" in limit.read


def test_limits_narrow_each_other() -> None:
    first, second = (Limit(frozenset(text), frozenset(text)) for text in ("ab", "bc"))
    assert narrowed(first, second) == Limit(frozenset("b"), frozenset("b"))
    assert narrowed(None, second) is second
    assert narrowed(first, None) is first
    assert narrowed(None, None) is None
