"""Queries over HTTP against three departments: everything that GraphQL lets a caller write."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.demo.city.cases import CASES
from schema.identifiers import make_uscc
from tests.e2e.serving import Client

FIRM = CASES.penalised_firm.code
CLEAN = CASES.clean_firm.code
OFTEN = CASES.often_penalised_firm.code
SHOP = CASES.home_business.code
UNKNOWN = make_uscc("9", "1", "410199", "MA9XTRA1").code
DEPARTMENTS = {"market", "tax", "courts"}


def test_one_query_across_three_departments(client: Client) -> None:
    document = """query($u: USCC!) { subject(uscc: $u) { id uscc
        registration { name meta { sourceDepartmentName } }
        taxpayerCredit { grade } taxArrears(first: 2) { nodes { taxKind } }
        judgmentDefaulters { totalCount }
        penalties(first: 10) { nodes { meta { sourceDepartmentName } } } } }"""
    answer = client.ask(document, {"u": FIRM}, "inspector")
    assert answer.status == 200
    assert set(answer.sources) == DEPARTMENTS
    assert set(answer.sources.values()) == {"ANSWERED"}
    subject = answer.data["subject"]
    assert subject["uscc"] == FIRM
    assert subject["registration"]["name"] == CASES.penalised_firm.name
    names = {node["meta"]["sourceDepartmentName"] for node in subject["penalties"]["nodes"]}
    assert len(names) == 2


def test_aliases_fragments_and_directives(client: Client) -> None:
    document = """query($u: USCC!, $yes: Boolean!, $no: Boolean!) {
        __typename
        one: subject(uscc: $u) { ...Named again: uscc @skip(if: $yes) uscc @include(if: $yes) }
        two: subject(uscc: $u) { ... on CreditSubject { few: penalties(first: 1) { nodes { id } }
            more: penalties(first: 2) { ...Nodes } } ... @include(if: $no) { id } } }
        fragment Named on Organisation { registration { n: name ... on CreditRecord { id } } }
        fragment Nodes on AdministrativePenaltyConnection { nodes { id __typename } }"""
    answer = client.ask(document, {"u": FIRM, "yes": True, "no": False}, "inspector")
    assert answer.codes == []
    one, two = answer.data["one"], answer.data["two"]
    assert list(answer.data) == ["__typename", "one", "two"]
    assert list(one) == ["registration", "uscc"]
    assert set(one["registration"]) == {"n", "id"}
    assert list(two) == ["few", "more"]
    ids = [node["id"] for node in two["more"]["nodes"]]
    assert [node["id"] for node in two["few"]["nodes"]] == ids[:1]
    assert two["more"]["nodes"][0]["__typename"] == "AdministrativePenalty"


def test_two_hundred_subjects_keep_their_order_and_one_more_is_refused(client: Client) -> None:
    search = "{ searchSubjects(first: 100) { nodes { uscc } pageInfo { endCursor } } }"
    codes = [node["uscc"] for node in client.ask(search).data["searchSubjects"]["nodes"]]
    asked = [*codes, UNKNOWN, *reversed(codes[:98]), FIRM]
    document = """query($u: [USCC!]!) { subjects(usccs: $u) {
        uscc penalties(first: 1) { nodes { id } } } }"""
    answer = client.ask(document, {"u": asked})
    found = answer.data["subjects"]
    assert len(found) == len(asked) == 200
    assert [item and item["uscc"] for item in found] == [
        None if code == UNKNOWN else code for code in asked
    ]
    refused = client.ask(document, {"u": [*asked, FIRM]})
    assert (refused.status, refused.codes) == (400, ["TOO_MANY_SUBJECTS"])
    assert "data" not in refused.body


def test_unknown_code_is_null_and_reported_like_a_known_one(client: Client) -> None:
    document = """query($u: USCC!) { subject(uscc: $u) {
        taxpayerCredit { score } penalties { nodes { id } } } }"""
    known = client.ask(document, {"u": FIRM})
    unknown = client.ask(document, {"u": UNKNOWN})
    assert unknown.data == {"subject": None}
    assert unknown.body["extensions"] == known.body["extensions"]
    assert unknown.errors == known.errors


def test_node_finds_subject_and_record_and_nothing_else(client: Client) -> None:
    document = """query($u: USCC!) { subject(uscc: $u) { id
        judgmentDefaulters(first: 1) { nodes { id caseNo subject { id } } } } }"""
    subject = client.ask(document, {"u": CASES.defaulter_firm.code}).data["subject"]
    (record,) = subject["judgmentDefaulters"]["nodes"]
    node = """query($i: ID!) { node(id: $i) { __typename id ... on Organisation { uscc }
        ... on JudgmentDefaulter { caseNo subject { id } } } }"""
    assert client.ask(node, {"i": subject["id"]}).data["node"] == {
        "__typename": "Organisation",
        "id": subject["id"],
        "uscc": CASES.defaulter_firm.code,
    }
    found = client.ask(node, {"i": record["id"]}).data["node"]
    assert found == {"__typename": "JudgmentDefaulter", **record}
    for foreign in ("", "x", subject["id"][:-2], "é", "A" * 4_000):
        answer = client.ask(node, {"i": foreign})
        assert (answer.data, answer.codes) == ({"node": None}, [])


PAGES = """query($u: USCC!, $a: String, $n: Int!) { subject(uscc: $u) {
    penalties(first: $n, after: $a, orderBy: [{field: FINE_AMOUNT, direction: DESC}]) {
        totalCount pageInfo { hasNextPage endCursor }
        nodes { id fineAmount meta { sourceDepartmentCode } } } } }"""


def test_deep_paging_over_two_departments_has_no_gap_and_no_repeat(client: Client) -> None:
    nodes: list[Any] = []
    cursor, pages = None, 0
    while True:
        variables = {"u": OFTEN, "a": cursor, "n": 17}
        connection = client.ask(PAGES, variables, "inspector").data["subject"]["penalties"]
        nodes += connection["nodes"]
        pages += 1
        cursor = connection["pageInfo"]["endCursor"]
        if not connection["pageInfo"]["hasNextPage"]:
            break
    assert pages > 5
    assert len(nodes) == len({node["id"] for node in nodes}) == connection["totalCount"]
    amounts = [float(node["fineAmount"]) for node in nodes if node["fineAmount"] is not None]
    assert amounts == sorted(amounts, reverse=True)
    assert all(node["fineAmount"] is None for node in nodes[len(amounts) :])


@pytest.mark.parametrize(
    "change",
    [
        ("first subject", {"u": CLEAN}, PAGES),
        ("order", {}, PAGES.replace("DESC", "ASC")),
        ("field", {}, PAGES.replace("penalties(", "penalties(filter: {performed: {eq: true}}, ")),
    ],
    ids=lambda change: change[0],
)
def test_cursor_used_elsewhere_is_refused(client: Client, change: Any) -> None:
    variables = {"u": OFTEN, "n": 2}
    page = client.ask(PAGES, variables, "inspector").data["subject"]["penalties"]
    cursor = page["pageInfo"]["endCursor"]
    _, other, document = change
    answer = client.ask(document, {**variables, **other, "a": cursor}, "inspector")
    assert answer.codes == ["CURSOR_NOT_VALID_HERE"]
    assert answer.data["subject"]["penalties"] is None
    assert answer.errors[0]["path"] == ["subject", "penalties"]


def test_cursor_of_another_caller_class_is_refused(client: Client) -> None:
    page = client.ask(PAGES, {"u": OFTEN, "n": 2}, "inspector").data["subject"]["penalties"]
    variables = {"u": OFTEN, "n": 2, "a": page["pageInfo"]["endCursor"]}
    answer = client.ask(PAGES, variables)
    assert "CURSOR_NOT_VALID_HERE" in answer.codes or "ORDER_DENIED" in answer.codes
    assert answer.data["subject"]["penalties"] is None


@pytest.mark.parametrize(("first", "found"), [(0, 0), (1, 1), (100, 100)])
def test_page_size_is_what_was_asked(client: Client, first: int, found: int) -> None:
    connection = client.ask(PAGES, {"u": OFTEN, "n": first}, "inspector").data["subject"]
    assert len(connection["penalties"]["nodes"]) == found
    assert connection["penalties"]["pageInfo"]["hasNextPage"]


@pytest.mark.parametrize("first", [-1, 101])
def test_page_size_out_of_range_is_refused(client: Client, first: int) -> None:
    answer = client.ask(PAGES, {"u": OFTEN, "n": first}, "inspector")
    assert (answer.status, answer.codes) == (400, ["ARGUMENT_OUT_OF_RANGE"])


def test_person_stands_behind_a_record_and_has_no_code(client: Client) -> None:
    document = """{ records(kind: JUDGMENT_DEFAULTER, first: 20,
        filter: {judgmentDefaulter: {kind: {eq: NATURAL}}}) { nodes { ... on JudgmentDefaulter {
        kind subject { __typename id ... on Organisation { uscc } judgmentDefaulters {
            nodes { id } } } } } } }"""
    answer = client.ask(document, profile="licence-officer")
    persons = [
        node["subject"]
        for node in answer.data["records"]["nodes"]
        if node["subject"] and node["subject"]["__typename"] == "Person"
    ]
    assert persons
    for person in persons:
        assert "uscc" not in person
        assert person["judgmentDefaulters"]["nodes"]
    node = """query($i: ID!) { node(id: $i) {
        ... on Person { id judgmentDefaulters { nodes { id } } } } }"""
    again = client.ask(node, {"i": persons[0]["id"]}, "licence-officer")
    assert again.data["node"] == {
        "id": persons[0]["id"],
        "judgmentDefaulters": persons[0]["judgmentDefaulters"],
    }


ENTITIES = """query($r: [_Any!]!) { _entities(representations: $r) {
    ... on Organisation { uscc registration { name } } } }"""


def test_entities_are_answered_like_subjects(client: Client) -> None:
    codes = [FIRM, UNKNOWN, FIRM]
    representations = [{"__typename": "Organisation", "uscc": code} for code in codes]
    answer = client.ask(ENTITIES, {"r": representations})
    firm = {"uscc": FIRM, "registration": {"name": CASES.penalised_firm.name}}
    assert answer.data["_entities"] == [firm, None, firm]


@pytest.mark.parametrize(
    "representation",
    [
        {},
        {"__typename": "Organisation"},
        {"__typename": "Person", "uscc": FIRM},
        {"__typename": "Organisation", "uscc": FIRM[:-1]},
        {"__typename": "Organisation", "uscc": [FIRM]},
        "Organisation",
        "{",
        7,
        [],
    ],
    ids=repr,
)
def test_bad_representation_is_null_and_the_others_are_answered(
    client: Client, representation: Any
) -> None:
    good = {"__typename": "Organisation", "uscc": FIRM}
    answer = client.ask(ENTITIES, {"r": [representation, good]})
    firm = {"uscc": FIRM, "registration": {"name": CASES.penalised_firm.name}}
    assert answer.data["_entities"] == [None, firm]
    assert answer.codes == ["BAD_REPRESENTATION"]
    assert answer.errors[0]["path"] == ["_entities", 0]


def test_catalogue_sources_and_introspection_stand_beside_records(client: Client) -> None:
    document = """{ catalogue { kind legalBasis } sources { slug state } _service { sdl }
        __schema { queryType { name } } subject(uscc: "%s") { uscc } }"""
    answer = client.ask(document % FIRM)
    assert answer.codes == []
    assert {source["slug"] for source in answer.data["sources"]} == DEPARTMENTS
    assert {source["state"] for source in answer.data["sources"]} == {"UP"}
    assert answer.data["_service"]["sdl"].startswith("schema @link")
    assert answer.data["__schema"] == {"queryType": {"name": "Query"}}
    assert answer.data["subject"] == {"uscc": FIRM}


@pytest.mark.parametrize(
    "value", ["\x00", "a\x00b", "'; DROP TABLE x; --", "%", "\\", "𠮷", "x" * 500], ids=ascii
)
def test_any_text_can_be_searched_for_and_harms_nobody(client: Client, value: str) -> None:
    document = """query($v: String!) { searchSubjects(first: 1,
        filter: {name: {startsWith: $v}}) { nodes { uscc } }
        again: searchSubjects(first: 1, filter: {name: {in: [$v]}}) { nodes { uscc } } }"""
    answer = client.ask(document, {"v": value})
    assert answer.codes == []
    assert answer.data["searchSubjects"] == {"nodes": []}
    assert answer.sources == {"market": "ANSWERED"}


def test_order_by_every_comparable_field_is_answered_or_denied(client: Client) -> None:
    """A field that a department holds constant or does not supply orders too."""
    fields = client.ask('{ __type(name: "RegistrationField") { enumValues { name } } }')
    names = [value["name"] for value in fields.data["__type"]["enumValues"]]
    for name in names:
        document = (
            f"{{ searchSubjects(first: 2, orderBy: [{{field: {name}}}]) {{ nodes {{ uscc }} }} }}"
        )
        answer = client.ask(document, profile="inspector")
        assert set(answer.codes) <= {"ORDER_DENIED"}, name
