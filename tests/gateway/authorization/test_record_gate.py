"""What may not be seen any more is in no use, and whoever keeps it still sees it.

The rules of the project over a department in memory that has a record of every case. For each
caller, reading, filters, order, pages, counts, statistics and nodes have to tell of the same
records.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from gateway.conformance import ReferenceAdapter, ReferenceRecord
from gateway.entitlements.types import ConsentTerms, RecordEffects
from policies.engine import PolicySet
from policies.loader import load_policies
from policies.model import Caller, CallerClass, Purpose
from schema.codes import RecordKind
from schema.identifiers import make_uscc
from schema.predicate import WireValue
from schema.records import MODEL
from tests.support.awkward_department import CODE, FIRM, UNKNOWN, entry_for, manifest_for
from tests.support.small_gateway import TODAY, HandEntitlements, SmallGateway, codes

OFFICE = make_uscc("1", "1", "410199", "MB0R0009").code
BANK = make_uscc("9", "1", "410199", "MA9BANK1").code
KIND = RecordKind.ADMINISTRATIVE_PENALTY
PENALTY = MODEL.kinds[KIND]
CONSENTED = frozenset({"AdministrativePenalty"})

PUBLIC = Caller(CallerClass.PUBLIC, None, Purpose.PUBLIC_DISPLAY)
OFFICER = Caller(CallerClass.DEPARTMENT, OFFICE, Purpose.PENALTY_CASE)
STATISTICIAN = Caller(CallerClass.DEPARTMENT, OFFICE, Purpose.STATISTICS)
SOURCE = Caller(CallerClass.DEPARTMENT, CODE, Purpose.PENALTY_CASE)
LENDER = Caller(CallerClass.INSTITUTION, BANK, Purpose.PRE_LOAN)
ARCHIVE = Caller(CallerClass.CREDIT_CENTRE, OFFICE, Purpose.REPAIR_REVIEW)
EVALUATOR = Caller(CallerClass.CREDIT_CENTRE, OFFICE, Purpose.EVALUATION)
SELF = Caller(CallerClass.SUBJECT, FIRM, Purpose.SELF_QUERY)
AUDITOR = Caller(CallerClass.AUDITOR, OFFICE, Purpose.AUDIT)


def ago(days: int) -> str:
    return (TODAY - dt.timedelta(days=days)).isoformat()


def case(**values: WireValue) -> dict[str, WireValue]:
    return {
        "meta.decidedOn": ago(40),
        "meta.severity": "GENERAL",
        "meta.disclosureState": "PUBLISHED",
        "simpleProcedure": False,
        **{f"meta.{name}": value for name, value in values.items()},
    }


CASES: dict[str, dict[str, WireValue]] = {
    "shown": case(),
    "shown until today": case(publishUntil=TODAY.isoformat()),
    "expired": case(publishUntil=ago(1)),
    "minor, over by law": case(severity="MINOR", decidedOn=ago(100)),
    "general, over by law": case(decidedOn=ago(400)),
    "serious, within the law": case(severity="SERIOUS", decidedOn=ago(1_000)),
    "serious, over by law": case(severity="SERIOUS", decidedOn=ago(1_200)),
    "later date than the law's": case(decidedOn=ago(400), publishUntil="2036-01-01"),
    "no level, within the law": case(severity="NONE", decidedOn=ago(1_700)),
    "past the outer limit": case(severity="NONE", decidedOn=ago(1_900)),
    "past its own limit": case(discloseUntil=ago(1), publishUntil=ago(30)),
    "later limit than the law's": case(decidedOn=ago(1_900), discloseUntil="2036-01-01"),
    "shared": case(disclosureState="SHARED"),
    "repaired": case(disclosureState="ENDED"),
    "withdrawn": case(disclosureState="WITHDRAWN"),
    "archived": case(disclosureState="ARCHIVED"),
    "received": case(disclosureState="RECEIVED"),
    "under objection": case(objectionMark=True),
    "ended by effect": case(),
    "marked by effect": case(),
    "hidden by effect": case(),
}
SHOWN = {
    "shown",
    "shown until today",
    "serious, within the law",
    "no level, within the law",
    "under objection",
    "marked by effect",
    "hidden by effect",
}
DISCLOSED = SHOWN | {
    "expired",
    "minor, over by law",
    "general, over by law",
    "serious, over by law",
    "later date than the law's",
    "shared",
}
# The one effect that hides, hides from everybody that the test asks for.
EVERYTHING = set(CASES)
SEEN = [
    pytest.param(PUBLIC, SHOWN, id="public"),
    pytest.param(OFFICER, DISCLOSED, id="department"),
    pytest.param(LENDER, DISCLOSED, id="institution with consent"),
    pytest.param(EVALUATOR, DISCLOSED, id="credit centre at a task"),
    pytest.param(SOURCE, EVERYTHING, id="source department"),
    pytest.param(ARCHIVE, EVERYTHING, id="credit centre keeping the archive"),
    pytest.param(SELF, EVERYTHING, id="subject"),
    pytest.param(AUDITOR, set(), id="auditor"),
]


@cache
def rules() -> PolicySet:
    return load_policies(MODEL, TODAY)


def gateway(hidden: bool = False) -> SmallGateway:
    """The department and effects on three of its records, one of them maybe hidden."""
    manifest = replace(manifest_for("own", CODE), entries=(entry_for(KIND),))
    records = [
        ReferenceRecord(KIND, name, FIRM, {"documentNo": f"{number:02d}", **values})
        for number, (name, values) in enumerate(CASES.items())
    ]
    effects = RecordEffects(
        hidden=("hidden by effect",) if hidden else (),
        marked=("marked by effect",),
        ended=("ended by effect",),
    )
    terms = ConsentTerms("C-1", 1, CONSENTED | {field.coordinate for field in PENALTY.fields})
    entitlements = HandEntitlements(
        consented={FIRM: terms}, record_effects={("own", KIND): effects}
    )
    return SmallGateway(
        {"own": ReferenceAdapter(manifest, records)}, rules=rules(), entitlements=entitlements
    )


NAMES = list(CASES)
FIELDS = "totalCount nodes { id documentNo }"
ONE = f"""query One($number: String!) {{ subject(uscc: "{FIRM}") {{
    penalties(filter: {{documentNo: {{eq: $number}}}}) {{ {FIELDS} }} }} }}"""
NODE = "query N($id: ID!) { node(id: $id) { ... on AdministrativePenalty { documentNo } } }"
PAGE = f"""query Page($after: String) {{ subject(uscc: "{FIRM}") {{
    penalties(first: 3, after: $after) {{
        nodes {{ documentNo }} pageInfo {{ hasNextPage endCursor }} }} }} }}"""


def named(connection: Any) -> list[str]:
    return [NAMES[int(node["documentNo"])] for node in connection["nodes"]]


async def listed(small: SmallGateway, caller: Caller, arguments: str = "") -> Any:
    document = (
        f'{{ subject(uscc: "{FIRM}") {{ penalties(first: 50 {arguments}) {{ {FIELDS} }} }} }}'
    )
    answer = await small.ask(document, caller=caller)
    return answer["data"]["subject"]["penalties"]


@pytest.mark.parametrize("hidden", [False, True], ids=["", "one hidden"])
@pytest.mark.parametrize(("caller", "seen"), SEEN)
async def test_lists_filters_order_and_pages_tell_of_the_same_records(
    caller: Caller, seen: set[str], hidden: bool
) -> None:
    small = gateway(hidden)
    expected = seen - {"hidden by effect"} if hidden else seen
    whole = await listed(small, caller)
    if not seen:
        assert whole is None
        return
    assert set(named(whole)) == expected
    assert whole["totalCount"] == len(expected)
    ordered = await listed(small, caller, "orderBy: [{field: DOCUMENT_NO, direction: DESC}]")
    assert named(ordered) == [name for name in reversed(NAMES) if name in expected]
    for name in NAMES:
        answer = await small.ask(ONE, {"number": f"{NAMES.index(name):02d}"}, caller)
        one = answer["data"]["subject"]["penalties"]
        assert named(one) == ([name] if name in expected else [])
        assert one["totalCount"] == len(one["nodes"])
    assert await paged(small, caller) == named(whole)


async def paged(small: SmallGateway, caller: Caller) -> list[str]:
    """All records, three at a time."""
    found: list[str] = []
    after = None
    while True:
        answer = await small.ask(PAGE, {"after": after}, caller)
        connection = answer["data"]["subject"]["penalties"]
        found += named(connection)
        if not connection["pageInfo"]["hasNextPage"]:
            return found
        after = connection["pageInfo"]["endCursor"]


@pytest.mark.parametrize(
    ("caller", "seen"),
    [
        pytest.param(STATISTICIAN, SHOWN, id="statistics"),
        pytest.param(OFFICER, DISCLOSED, id="department"),
        pytest.param(EVALUATOR, DISCLOSED, id="credit centre at a task"),
        pytest.param(SOURCE, EVERYTHING, id="source department"),
        pytest.param(ARCHIVE, EVERYTHING, id="credit centre keeping the archive"),
    ],
)
@pytest.mark.parametrize("hidden", [False, True], ids=["", "one hidden"])
async def test_statistics_count_what_is_seen(caller: Caller, seen: set[str], hidden: bool) -> None:
    document = "{ recordStatistics(kind: ADMINISTRATIVE_PENALTY) { groups { count } } }"
    answer = await gateway(hidden).ask(document, caller=caller)
    counted = answer["data"]["recordStatistics"]["groups"]
    assert counted == [{"count": len(seen - {"hidden by effect"} if hidden else seen)}]


@pytest.mark.parametrize(
    ("caller", "seen"),
    [
        *(param for param in SEEN if param.id not in ("institution with consent", "subject")),
        # Whom a record is about is not known before it is found: nothing particular goes there.
        pytest.param(LENDER, SHOWN, id="institution"),
        pytest.param(SELF, set(), id="subject"),
    ],
)
async def test_record_that_is_not_seen_answers_by_id_like_one_that_is_not_there(
    caller: Caller, seen: set[str]
) -> None:
    small = gateway()
    nodes = (await listed(small, SOURCE))["nodes"]
    ids = {NAMES[int(node["documentNo"])]: node["id"] for node in nodes}
    assert set(ids) == EVERYTHING
    unseen = []
    for name, record_id in ids.items():
        answer = await small.ask(NODE, {"id": record_id}, caller)
        if name in seen:
            assert answer["data"]["node"] == {"documentNo": f"{NAMES.index(name):02d}"}
        else:
            assert answer["data"]["node"] is None
            unseen.append((codes(answer), answer.get("extensions")))
    assert all(answer == unseen[0] for answer in unseen)


async def test_marks_are_seen_filtered_and_counted_alike() -> None:
    small = gateway()
    marked = "filter: {meta: {objectionMark: {eq: true}}}"
    for caller in (PUBLIC, OFFICER, SELF):
        found = await listed(small, caller, marked)
        assert set(named(found)) == {"under objection", "marked by effect"}
        assert found["totalCount"] == 2


async def test_subject_with_ended_records_only_looks_like_one_without_any() -> None:
    manifest = replace(manifest_for("own", CODE), entries=(entry_for(KIND),))
    ended = [ReferenceRecord(KIND, "e", FIRM, case()), ReferenceRecord(KIND, "w", FIRM, case())]
    ended[1] = ReferenceRecord(KIND, "w", FIRM, case(disclosureState="WITHDRAWN"))
    effects = {("own", KIND): RecordEffects(ended=("e",))}
    small = SmallGateway(
        {"own": ReferenceAdapter(manifest, ended)},
        rules=rules(),
        entitlements=HandEntitlements(record_effects=effects),
    )
    document = """query Q($u: USCC!) { subject(uscc: $u) { penalties(first: 2) {
        totalCount nodes { id } edges { cursor } pageInfo { hasNextPage endCursor } } } }"""
    for caller in (PUBLIC, OFFICER, EVALUATOR):
        with_ended, without = [
            (await small.body(document, {"u": uscc}, caller)).replace(uscc.encode(), b"")
            for uscc in (FIRM, UNKNOWN)
        ]
        assert with_ended == without


async def test_search_finds_firms_whose_registration_is_shown() -> None:
    kind = RecordKind.REGISTRATION
    firms = [make_uscc("9", "1", "410199", f"MA9FRM{number:02d}").code for number in range(1, 5)]
    states = ("PUBLISHED", "PUBLISHED", "ARCHIVED", "PUBLISHED")
    records = [
        ReferenceRecord(
            kind, uscc, uscc, {"uscc": uscc, "name": f"样例{n}", "meta.disclosureState": state}
        )
        for n, (uscc, state) in enumerate(zip(firms, states, strict=True))
    ]
    effects = RecordEffects(hidden=(firms[3],), ended=(firms[1],))
    manifest = replace(manifest_for("own", CODE), entries=(entry_for(kind),))
    small = SmallGateway(
        {"own": ReferenceAdapter(manifest, records)},
        rules=rules(),
        entitlements=HandEntitlements(record_effects={("own", kind): effects}),
    )
    document = """{ searchSubjects(filter: {name: {startsWith: "样例"}}, first: 1) {
        totalCount nodes { uscc registration { name } } pageInfo { hasNextPage } } }"""
    for caller, seen in ((PUBLIC, firms[:1]), (OFFICER, firms[:1]), (ARCHIVE, firms[:3])):
        found = (await small.ask(document, caller=caller))["data"]["searchSubjects"]
        assert found["totalCount"] == len(seen)
        assert found["nodes"] == [{"uscc": firms[0], "registration": {"name": "样例0"}}]
        assert found["pageInfo"]["hasNextPage"] is (len(seen) > 1)
