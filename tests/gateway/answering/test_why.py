"""`why` tells the decision that an answer would follow, and asks no department."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import pytest

from gateway.answering.resolve import Resolver
from gateway.catalogue import CatalogueContext
from gateway.conformance import ReferenceAdapter
from gateway.entitlements.data_contract import DataContract, read_contract
from gateway.fetching.registry import Registry
from gateway.operation.types import OperationRequest
from gateway.visibility.parts import SchemaParts
from policies.loader import load_policies
from policies.model import Caller, CallerClass, Purpose, SubjectProfile, Use
from policies.situations import sample_caller
from schema.classification import SubjectKind
from schema.records import MODEL
from tests.support.awkward_department import manifest_for
from tests.support.small_gateway import SCHEMA, HandEntitlements, SmallGateway

POLICIES = load_policies(MODEL, dt.date(2026, 9, 22))
PUBLIC = sample_caller(CallerClass.PUBLIC, Purpose.PUBLIC_DISPLAY)
BANK = sample_caller(CallerClass.INSTITUTION, Purpose.PRE_LOAN)
TENDERS = "11410199MB0F00003A"
OFFICER = sample_caller(CallerClass.DEPARTMENT, Purpose.TENDER, TENDERS)
SHOP = SubjectProfile(SubjectKind.INDIVIDUAL_BUSINESS, False, frozenset())
DOCUMENT = """
query($c: String!, $u: FieldUse! = READ, $k: SubjectKind, $y: Boolean! = false, $s: Boolean) {
  why(coordinate: $c, use: $u, subjectKind: $k, consented: $y, aboutSelf: $s) {
    coordinate nameZh use subjectKind callerClass purpose policyVersion
    decisions {
      sources outcome mask someRecords gate missing callers
      rules { id effect legalBasis intent } ways { facts subjectKind role purposes outcome }
    }
  }
}"""


class Unasked(ReferenceAdapter):
    """Fails if anything is asked of it."""

    async def fetch(self, *_: Any) -> Any:
        raise AssertionError("a department was asked")


class Asking:
    """A gateway of two departments under the project's rules."""

    def __init__(self, grants: frozenset[str] = frozenset(), own: str = "own") -> None:
        adapters = {
            slug: Unasked(manifest_for(slug, code), ())
            for slug, code in ((own, TENDERS), ("other", "11410199MB0F00004M"))
        }
        entitlements = HandEntitlements(grants=grants)
        self._small = SmallGateway(adapters, rules=POLICIES, entitlements=entitlements)
        catalogue = CatalogueContext(Registry(adapters, ()), MODEL)
        self._resolver = Resolver(SCHEMA, SchemaParts(SCHEMA), lambda _plan: catalogue)

    async def why(
        self,
        coordinate: str,
        caller: Caller,
        contract: DataContract | None = None,
        **variables: Any,
    ) -> tuple[Mapping[str, Any] | None, list[Any]]:
        given = {"c": coordinate, **variables}
        operation = self._small.operations.load(OperationRequest(DOCUMENT, None, given), "test")
        planned = self._small.plans.plan(operation, given)
        authorized = self._small.authorizer.authorize(planned.plan, caller, POLICIES, contract)
        resolved = await self._resolver.resolve(authorized, operation, given)
        return resolved.data["why"], list(resolved.errors)


async def decided(
    asking: Asking,
    coordinate: str,
    caller: Caller,
    contract: DataContract | None = None,
    **variables: Any,
) -> Any:
    """The one decision for all departments."""
    told, errors = await asking.why(coordinate, caller, contract, **variables)
    assert errors == []
    assert told is not None
    (decision,) = told["decisions"]
    return decision


@pytest.fixture(scope="module")
def asking() -> Asking:
    return Asking()


async def test_consent_is_told_to_be_missing_and_assumed_if_asked(asking: Asking) -> None:
    missing = await decided(asking, "Organisation.taxPayments.paidAmount", BANK)
    assert (missing["outcome"], missing["gate"], missing["missing"]) == (
        "DENIED",
        "FIELD",
        "CONSENT",
    )
    assert missing["rules"] == []
    assert missing["sources"] == ["own", "other"]
    (way,) = missing["ways"]
    assert way == {
        "facts": ["CONSENT"],
        "subjectKind": None,
        "role": None,
        "purposes": [],
        "outcome": "CLEAR",
    }
    given = await decided(asking, "TaxPayment.paidAmount", BANK, y=True)
    assert (given["outcome"], given["gate"], given["ways"]) == ("CLEAR", None, [])
    assert [rule["id"] for rule in given["rules"]] == ["tax.lending-payments-items-consented"]
    assert given["rules"][0]["legalBasis"]
    kind = await decided(asking, "TaxPayment", BANK, y=True)
    assert kind["someRecords"]


RATINGS_ALONE = {"type": "credit_query", "purpose": "PRE_LOAN", "record_kinds": ["TAXPAYER_CREDIT"]}
OF_ONE_FIRM = {**RATINGS_ALONE, "subjects": ["91410199MA9DEM028G"]}


@pytest.mark.parametrize("details", [RATINGS_ALONE, OF_ONE_FIRM], ids=["kinds", "subjects"])
async def test_what_the_token_is_not_for_is_told_to_be_beyond_it(
    asking: Asking, details: Mapping[str, Any]
) -> None:
    contract = read_contract([details])
    told = await decided(asking, "TaxPayment.paidAmount", BANK, contract, y=True)
    assert (told["outcome"], told["gate"], told["missing"]) == ("DENIED", "TOKEN", "TOKEN")
    assert [way["facts"] for way in told["ways"]] == [["TOKEN"]]
    assert [rule["id"] for rule in told["rules"]] == ["tax.lending-payments-items-consented"]


async def test_what_a_consent_would_open_but_the_token_is_not_for_needs_both(
    asking: Asking,
) -> None:
    told = await decided(asking, "TaxPayment.paidAmount", BANK, read_contract([RATINGS_ALONE]))
    assert (told["gate"], told["missing"]) == ("FIELD", "CONSENT")
    assert [way["facts"] for way in told["ways"]] == [["CONSENT", "TOKEN"]]


async def test_what_the_token_is_for_is_told_as_without_it(asking: Asking) -> None:
    details = {**RATINGS_ALONE, "record_kinds": ["TAX_PAYMENT"]}
    within = await decided(asking, "TaxPayment.paidAmount", BANK, read_contract([details]))
    assert within == await decided(asking, "TaxPayment.paidAmount", BANK)


async def test_what_is_told_is_of_the_caller(asking: Asking) -> None:
    told, _ = await asking.why("TaxArrears.balance", PUBLIC)
    assert told is not None
    assert (told["callerClass"], told["purpose"]) == ("public", "PUBLIC_DISPLAY")
    assert told["policyVersion"] == POLICIES.version
    assert told["nameZh"] == "欠税余额（元）"
    closed = await decided(asking, "TaxPayment", PUBLIC)
    assert closed["gate"] == "CALLER"
    assert {"subject", "institution"} <= set(closed["callers"])


async def test_departments_are_told_apart_where_it_matters(asking: Asking) -> None:
    told, _ = await asking.why("TaxPayment.paidAmount", OFFICER)
    assert told is not None
    by_source = {tuple(each["sources"]): each for each in told["decisions"]}
    assert by_source[("own",)]["outcome"] == "CLEAR"
    assert by_source[("other",)]["missing"] == "GRANT"
    assert ["GRANT"] in [way["facts"] for way in by_source[("other",)]["ways"]]


async def test_grants_of_the_caller_count() -> None:
    granting = Asking(grants=frozenset({"TaxPayment", "TaxPayment.paidAmount"}))
    told, _ = await granting.why("TaxPayment.paidAmount", OFFICER)
    assert told is not None
    assert {each["outcome"] for each in told["decisions"]} == {"CLEAR"}


async def test_subject_asks_about_itself_unless_it_says_otherwise(asking: Asking) -> None:
    firm = sample_caller(CallerClass.SUBJECT, Purpose.SELF_QUERY)
    own = await decided(asking, "TaxPayment.paidAmount", firm)
    assert own["outcome"] == "CLEAR"
    others = await decided(asking, "TaxPayment.paidAmount", firm, s=False)
    assert others["outcome"] == "DENIED"
    assert ["IS_SELF"] in [way["facts"] for way in others["ways"]]


async def test_path_and_argument_tell_the_kind_of_subject(asking: Asking) -> None:
    path, _ = await asking.why("Person.penalties", PUBLIC)
    stated, _ = await asking.why("AdministrativePenalty", PUBLIC, k="NATURAL_PERSON")
    assert path == stated
    assert path is not None
    assert path["decisions"][0]["gate"] == "SUBJECT"


async def test_unknown_coordinate_is_refused(asking: Asking) -> None:
    told, (error,) = await asking.why("Organisation.uscc", PUBLIC)
    assert told is None
    assert error["path"] == ["why"]
    assert error["extensions"] == {"code": "COORDINATE_UNKNOWN"}
    assert "`catalogue`" in error["message"]


@pytest.mark.parametrize("caller", [PUBLIC, BANK, OFFICER])
async def test_decision_is_the_one_of_the_plan(asking: Asking, caller: Caller) -> None:
    for coordinate in MODEL.coordinates[::37]:
        told, _ = await asking.why(coordinate, caller, u="FILTER", k="INDIVIDUAL_BUSINESS")
        assert told is not None
        for each in told["decisions"]:
            expected = POLICIES.compile(
                caller,
                SHOP,
                frozenset(),
                each["sources"] == ["own"] and caller is OFFICER,
            ).decide(coordinate, Use.FILTER)
            assert each["outcome"] == expected.outcome.value
            rules = [rule["id"] for rule in each["rules"]]
            assert rules == [item for item in expected.rule_ids if item != "default.deny"]
