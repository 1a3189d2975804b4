"""What rules of every sort come to in an answer: counts, cells, listings, cursors, profiles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from gateway.conformance import ReferenceAdapter, ReferenceRecord
from gateway.contract import FetchContext, RecordRequest
from gateway.entitlements.types import ConsentTerms, Granted, RecordEffects
from gateway.errors import BadRequest
from policies.model import Caller, CallerClass, Condition, Effect, Purpose, Rule, Use
from schema.classification import MaskKind, SubjectKind
from schema.codes import RecordKind
from schema.identifiers import make_uscc
from schema.predicate import Comparison, Operator
from tests.support.awkward_department import CODE, FIRM, PERSON, SHOP, entry_for, manifest_for
from tests.support.small_gateway import (
    EVERYTHING,
    HandEntitlements,
    SmallGateway,
    codes,
    policies,
    rule,
)

OTHER_CODE = make_uscc("1", "1", "410199", "MB0R0009").code
OFFICER = Caller(CallerClass.DEPARTMENT, CODE, Purpose.INSPECTION)
KIND = RecordKind.ADMINISTRATIVE_PENALTY
TYPE = "AdministrativePenalty"
RECORDS = [
    ReferenceRecord(KIND, f"r{number}", key, {"meta.decidedOn": f"2026-01-0{number}"})
    for number, key in enumerate((FIRM, SHOP, PERSON, FIRM, SHOP, PERSON), start=1)
]


def gateway_of(
    *rules: Rule,
    entitlements: HandEntitlements | None = None,
    kinds: Sequence[RecordKind] = (KIND,),
) -> SmallGateway:
    """Two departments; the first is the officer's own."""
    entries = tuple(entry_for(kind) for kind in kinds)
    adapters = {
        slug: ReferenceAdapter(replace(manifest_for(slug, code), entries=entries), RECORDS)
        for slug, code in (("own", CODE), ("other", OTHER_CODE))
    }
    return SmallGateway(adapters, rules=policies(*rules), entitlements=entitlements)


async def ask(gateway: SmallGateway, document: str, **variables: Any) -> Any:
    return await gateway.ask(document, variables, OFFICER)


READ = rule("read", uses=(Use.READ, Use.FILTER, Use.ORDER, Use.AGGREGATE))
COUNT_LIST = f'{{ subject(uscc: "{FIRM}") {{ penalties {{ totalCount nodes {{ id }} }} }} }}'


async def test_count_denied_for_one_provider_is_no_count_at_all() -> None:
    own_only = rule("count", uses=(Use.COUNT,), condition=Condition(is_source=True))
    answer = await ask(gateway_of(READ, own_only), COUNT_LIST)
    connection = answer["data"]["subject"]["penalties"]
    assert len(connection["nodes"]) == 4
    assert connection["totalCount"] is None
    assert codes(answer) == ["FIELD_DENIED"]
    (denied,) = answer["extensions"]["access"]["denied"]
    assert (denied["use"], denied["sources"]) == ("COUNT", ["other"])


async def test_count_denied_for_one_subject_kind_is_no_count_at_all() -> None:
    no_persons = rule(
        "count",
        uses=(Use.COUNT,),
        subject_kinds=(SubjectKind.ORGANISATION, SubjectKind.INDIVIDUAL_BUSINESS),
    )
    document = "{ records(kind: ADMINISTRATIVE_PENALTY) { totalCount nodes { id } } }"
    answer = await ask(gateway_of(READ, no_persons), document)
    assert len(answer["data"]["records"]["nodes"]) == 12
    assert answer["data"]["records"]["totalCount"] is None


async def test_count_without_denial_adds_up_all_providers() -> None:
    answer = await ask(gateway_of(EVERYTHING), COUNT_LIST)
    assert answer["data"]["subject"]["penalties"]["totalCount"] == 4


async def test_filter_denied_for_one_provider_leaves_the_others_records() -> None:
    base = rule("base", uses=(Use.READ, Use.COUNT))
    own = rule("filter", uses=(Use.FILTER,), condition=Condition(is_source=True))
    document = f"""{{ subject(uscc: "{FIRM}") {{ penalties(
        filter: {{decidedOn: {{isNull: true}}}}) {{ totalCount nodes {{ id }} }} }} }}"""
    answer = await ask(gateway_of(base, own), document)
    assert codes(answer) == ["FILTER_DENIED"]
    connection = answer["data"]["subject"]["penalties"]
    assert (connection["totalCount"], len(connection["nodes"])) == (2, 2)


@pytest.mark.parametrize(
    ("arguments", "use", "code"),
    [
        ('filter: {documentNo: {eq: "x"}}', Use.FILTER, "FILTER_DENIED"),
        ("orderBy: [{field: DOCUMENT_NO}]", Use.ORDER, "ORDER_DENIED"),
    ],
)
async def test_filter_and_order_by_what_may_only_be_read_are_denied(
    arguments: str, use: Use, code: str
) -> None:
    other = tuple(each for each in Use if each is not use)
    document = f'{{ subject(uscc: "{FIRM}") {{ penalties({arguments}) {{ nodes {{ id }} }} }} }}'
    answer = await ask(gateway_of(rule("rest", uses=other)), document)
    assert answer["data"]["subject"]["penalties"] is None
    assert codes(answer) == [code]
    assert answer["extensions"]["sources"] == []


@pytest.mark.parametrize("use", ["filter", "order"])
async def test_masked_field_may_be_neither_filtered_nor_ordered_by(use: str) -> None:
    mask = rule("mask", Effect.MASK, coordinates=(f"{TYPE}.counterpartName",), mask=MaskKind.NAME)
    argument = {
        "filter": 'filter: {counterpartName: {startsWith: "郑"}}',
        "order": "orderBy: [{field: COUNTERPART_NAME}]",
    }[use]
    document = f'{{ subject(uscc: "{FIRM}") {{ penalties({argument}) {{ nodes {{ id }} }} }} }}'
    answer = await ask(gateway_of(EVERYTHING, mask), document)
    assert answer["data"]["subject"]["penalties"] is None
    assert codes(answer) == [f"{use.upper()}_DENIED"]


class IndiscreetAdapter(ReferenceAdapter):
    """Lists records about anybody, whomever it was asked for."""

    async def fetch(self, requests: Sequence[RecordRequest], context: FetchContext) -> Any:
        open_requests = [
            item._replace(selection=replace(item.selection, subject_kinds=None))
            for item in requests
        ]
        return await super().fetch(open_requests, context)


NUMBERS = "nodes { ... on AdministrativePenalty { documentNo } }"
ORGANISATIONS = rule(
    "organisations", subject_kinds=(SubjectKind.ORGANISATION, SubjectKind.INDIVIDUAL_BUSINESS)
)


@pytest.mark.parametrize(
    "members",
    [NUMBERS, "nodes { id }", "edges { cursor }"],
)
async def test_records_about_persons_never_pass_where_only_organisations_are_permitted(
    members: str,
) -> None:
    manifest = replace(manifest_for("own", CODE), entries=(entry_for(KIND),))
    adapter = IndiscreetAdapter(manifest, RECORDS)
    gateway = SmallGateway({"own": adapter}, rules=policies(ORGANISATIONS))
    answer = await ask(gateway, f"{{ records(kind: ADMINISTRATIVE_PENALTY) {{ {members} }} }}")
    assert codes(answer) == ["FIELD_DENIED", "SOURCE_MALFORMED"]
    assert answer["data"]["records"] is None


@pytest.mark.parametrize("members", [NUMBERS, "edges { cursor }"])
async def test_records_about_organisations_are_listed_where_only_they_are_permitted(
    members: str,
) -> None:
    document = f"{{ records(kind: ADMINISTRATIVE_PENALTY) {{ {members} }} }}"
    answer = await ask(gateway_of(ORGANISATIONS), document)
    assert codes(answer) == ["FIELD_DENIED"]
    (found,) = answer["data"]["records"].values()
    assert len(found) == 8


CONSENTED = HandEntitlements(
    consented={SHOP: ConsentTerms("C-1", 1, frozenset({f"{TYPE}.remark", TYPE}))}
)
PAGE = """query($u: [USCC!]!, $a: String) { subjects(usccs: $u) {
    penalties(first: 1, after: $a) { nodes { id subject { id } } pageInfo { endCursor } } } }"""


async def test_cursor_is_valid_for_one_subject_and_refused_beside_another() -> None:
    """Also where the two subjects need different permissions, so that each is asked for alone."""
    gateway = gateway_of(EVERYTHING, entitlements=CONSENTED)
    first = await ask(gateway, PAGE, u=[FIRM])
    cursor = first["data"]["subjects"][0]["penalties"]["pageInfo"]["endCursor"]
    alone = await ask(gateway, PAGE, u=[FIRM], a=cursor)
    assert codes(alone) == []
    twice = await ask(gateway, PAGE, u=[FIRM, FIRM], a=cursor)
    assert codes(twice) == []
    for keys in ([FIRM, SHOP], [SHOP, FIRM]):
        answer = await ask(gateway, PAGE, u=keys, a=cursor)
        assert codes(answer) == ["CURSOR_NOT_VALID_HERE"]
        assert [item["penalties"] for item in answer["data"]["subjects"]] == [None, None]
        assert answer["extensions"]["sources"] == []
        assert answer["extensions"]["access"] == {"clear": [], "masked": [], "denied": []}


async def test_most_profiles_are_taken_and_one_more_is_refused() -> None:
    firms = [make_uscc("9", "1", "410199", f"MA9R{number:04}").code for number in range(17)]
    terms = {
        code: ConsentTerms(f"C-{n}", 1, frozenset({f"{TYPE}.x{n}"})) for n, code in enumerate(firms)
    }
    gateway = gateway_of(EVERYTHING, entitlements=HandEntitlements(consented=terms))
    answer = await ask(gateway, PAGE, u=firms[:16])
    assert len(answer["data"]["subjects"]) == 16
    with pytest.raises(BadRequest) as caught:
        await ask(gateway, PAGE, u=firms)
    assert caught.value.code == "TOO_MANY_ACCESS_PROFILES"


async def test_marked_records_count_as_under_objection_everywhere() -> None:
    effects = {("own", KIND): RecordEffects(marked=("r1",))}
    gateway = gateway_of(EVERYTHING, entitlements=HandEntitlements(record_effects=effects))
    filtered = "filter: {meta: {objectionMark: {eq: true}}}"
    document = f"""{{ subject(uscc: "{FIRM}") {{ penalties({filtered}) {{
        totalCount nodes {{ meta {{ objectionMark recordId }} }} }} }}
        recordStatistics(kind: ADMINISTRATIVE_PENALTY,
            groupBy: {{administrativePenalty: [META_OBJECTION_MARK]}})
        {{ suppressedGroups groups {{ count values {{ value }} }} }} }}"""
    answer = await ask(gateway, document)
    assert codes(answer) == []
    connection = answer["data"]["subject"]["penalties"]
    assert connection["totalCount"] == 1
    assert connection["nodes"] == [{"meta": {"objectionMark": True, "recordId": "r1"}}]
    # One marked of twelve is a small group, and the other goes with it.
    assert answer["data"]["recordStatistics"] == {"suppressedGroups": 2, "groups": []}


@pytest.mark.parametrize(
    ("filtered", "expected"),
    [
        ("", []),
        ('filter: {administrativePenalty: {decidedOn: {ge: "2026-01-01"}}}', ["AGGREGATE_DENIED"]),
    ],
    ids=["of all records", "of a filtered set"],
)
async def test_what_may_be_summed_but_not_read_is_summed_over_whole_sets_only(
    filtered: str, expected: list[str]
) -> None:
    """Two filters that differ by one record would tell its value by subtraction."""
    gateway = gateway_of(
        READ,
        rule("count", uses=(Use.COUNT,)),
        rule("unread", Effect.FORBID, uses=(Use.READ,), coordinates=(f"{TYPE}.fineAmount",)),
    )
    document = f"""{{ recordStatistics(kind: ADMINISTRATIVE_PENALTY, {filtered}
        sum: {{administrativePenalty: [FINE_AMOUNT]}}) {{ groups {{ sums {{ value }} }} }} }}"""
    answer = await ask(gateway, document)
    assert codes(answer) == expected
    assert (answer["data"]["recordStatistics"] is None) == bool(expected)


@pytest.mark.parametrize(
    ("unread", "expected"), [("fineAmount", [{"count": 12}]), ("meta.decidedOn", [])]
)
async def test_five_records_of_few_subjects_are_not_counted_by_what_may_not_be_read(
    unread: str, expected: list[Any]
) -> None:
    """All twelve are about three subjects, of whom the group would tell the hidden value."""
    records = [replace(each, values={"meta.decidedOn": "2026-01-01"}) for each in RECORDS]
    adapters = {
        slug: ReferenceAdapter(
            replace(manifest_for(slug, code), entries=(entry_for(KIND),)), records
        )
        for slug, code in (("own", CODE), ("other", OTHER_CODE))
    }
    rules = policies(
        READ,
        rule("count", uses=(Use.COUNT,)),
        rule("unread", Effect.FORBID, uses=(Use.READ,), coordinates=(f"{TYPE}.{unread}",)),
    )
    document = """{ recordStatistics(kind: ADMINISTRATIVE_PENALTY,
        groupBy: {administrativePenalty: [META_DECIDED_ON]}) { groups { count } } }"""
    answer = await ask(SmallGateway(adapters, rules=rules), document)
    assert answer["data"]["recordStatistics"]["groups"] == expected


async def test_hidden_records_are_nowhere() -> None:
    effects = {("own", KIND): RecordEffects(hidden=("r1", "r4"))}
    gateway = gateway_of(EVERYTHING, entitlements=HandEntitlements(record_effects=effects))
    document = f"""{{ subject(uscc: "{FIRM}") {{ penalties {{
        totalCount nodes {{ meta {{ adapter }} }} }} }}
        recordStatistics(kind: ADMINISTRATIVE_PENALTY) {{ groups {{ count }} }} }}"""
    answer = await ask(gateway, document)
    connection = answer["data"]["subject"]["penalties"]
    assert connection["totalCount"] == 2
    assert [node["meta"]["adapter"] for node in connection["nodes"]] == ["other", "other"]
    assert answer["data"]["recordStatistics"]["groups"] == [{"count": 10}]


async def test_hidden_record_that_a_department_returns_all_the_same_is_not_shown() -> None:
    class Forgetful(ReferenceAdapter):
        async def fetch(self, requests: Sequence[RecordRequest], context: FetchContext) -> Any:
            whole = Comparison("meta.decidedOn", Operator.GE, "2026-01-01")
            return await super().fetch(
                [r._replace(selection=replace(r.selection, predicate=whole)) for r in requests],
                context,
            )

    manifest = replace(manifest_for("own", CODE), entries=(entry_for(KIND),))
    effects = {("own", KIND): RecordEffects(hidden=("r1",))}
    gateway = SmallGateway(
        {"own": Forgetful(manifest, RECORDS)},
        rules=policies(EVERYTHING),
        entitlements=HandEntitlements(record_effects=effects),
    )
    answer = await ask(gateway, COUNT_LIST)
    assert codes(answer) == ["SOURCE_MALFORMED"]


async def test_grant_opens_records_of_who_gave_it() -> None:
    field = f"{TYPE}.remark"
    granted = Granted(((OTHER_CODE, frozenset({TYPE, field})),))
    gateway = gateway_of(
        rule("kind", coordinates=(TYPE,), uses=(Use.READ,)),
        rule("remark", coordinates=(field,), condition=Condition(grant=True)),
        entitlements=HandEntitlements(grants=granted),
    )
    document = f'{{ subject(uscc: "{FIRM}") {{ penalties {{ nodes {{ remark }} }} }} }}'
    answer = await ask(gateway, document)
    (denied,) = answer["extensions"]["access"]["denied"]
    assert denied["coordinate"] == field
    assert denied["sources"] == ["own"]
