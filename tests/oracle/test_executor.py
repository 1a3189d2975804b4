"""The oracle's answers to small operations, worked out by hand from the page."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from policies.model import Caller, CallerClass, Purpose, Use
from tests.oracle import hand_world as hand
from tests.oracle.executor import Oracle
from tests.oracle.ids import Sealing
from tests.oracle.world import Effect, World

_OFFICER = Caller(CallerClass.DEPARTMENT, hand.FIRST, Purpose.INSPECTION)
_UNKNOWN = "91410100706782213G"


def _body(world: World, document: str, variables: dict[str, Any] | None = None) -> bytes:
    return Oracle(world).answer(document, None, variables or {}, _OFFICER)


def _answer(world: World, document: str, variables: dict[str, Any] | None = None) -> Any:
    return orjson.loads(_body(world, document, variables))


def _penalties(selection: str, arguments: str = "") -> str:
    return f'{{ subject(uscc: "{hand.FIRM}") {{ penalties{arguments} {{ {selection} }} }} }}'


def test_whole_body_is_written_as_the_page_says() -> None:
    document = _penalties("a: nodes { documentNo facts meta { adapter } } totalCount")
    assert _body(hand.world(hand.everything_clear), document) == (
        b'{"data":{"subject":{"penalties":{"a":['
        b'{"documentNo":"No a","facts":"a: call ****","meta":{"adapter":"first"}},'
        b'{"documentNo":"No c","facts":"c: call ****","meta":{"adapter":"second"}},'
        b'{"documentNo":"No b","facts":"b: call ****","meta":{"adapter":"first"}}],'
        b'"totalCount":3}}},"extensions":{"access":{"clear":['
        b'"subject.penalties.a.documentNo","subject.penalties.a.facts",'
        b'"subject.penalties.a.meta.adapter","subject.penalties.totalCount"],'
        b'"masked":[],"denied":[]},"sources":[{"source":"first","outcome":"ANSWERED"},'
        b'{"source":"second","outcome":"ANSWERED"}]}}'
    )


def test_denied_leaf_is_null_with_one_error() -> None:
    world = hand.world(hand.denying("AdministrativePenalty.facts"))
    answer = _answer(world, _penalties("nodes { facts }"))
    assert answer["data"]["subject"]["penalties"]["nodes"] == [{"facts": None}] * 3
    assert answer["errors"] == [
        {
            "message": "field `AdministrativePenalty.facts` is not permitted"
            " for this caller and purpose",
            "path": ["subject", "penalties", "nodes", "facts"],
            "extensions": {
                "code": "FIELD_DENIED",
                "coordinate": "AdministrativePenalty.facts",
                "rule": "no",
                "missing": "CONSENT",
            },
        }
    ]


def test_denied_kind_is_null_and_nothing_below_is_reported() -> None:
    world = hand.world(hand.denying("AdministrativePenalty"))
    answer = _answer(world, _penalties("nodes { facts }"))
    assert answer["data"] == {"subject": {"penalties": None}}
    assert answer["extensions"]["access"]["clear"] == []
    assert [entry["path"] for entry in answer["extensions"]["access"]["denied"]] == [
        "subject.penalties"
    ]
    assert answer["extensions"]["sources"] == [{"source": "first", "outcome": "ANSWERED"}]


def test_outcomes_of_several_subjects_name_their_positions() -> None:
    document = (
        f'{{ subjects(usccs: ["{hand.SHOP}", "{_UNKNOWN}", "{hand.FIRM}"])'
        " { penalties { nodes { fineAmount } } } }"
    )
    answer = _answer(hand.world(hand.banding_shops), document)
    assert answer["data"]["subjects"] == [
        {"penalties": {"nodes": [{"fineAmount": "0-1万"}]}},
        None,
        {"penalties": {"nodes": [{"fineAmount": v} for v in ("20000.00", "300.00", None)]}},
    ]
    path = "subjects.penalties.nodes.fineAmount"
    assert answer["extensions"]["access"]["clear"] == [{"path": path, "positions": [1, 2]}]
    assert answer["extensions"]["access"]["masked"] == [
        {
            "path": path,
            "coordinate": "AdministrativePenalty.fineAmount",
            "mask": "AMOUNT_BAND",
            "rules": ["band"],
            "positions": [0],
        }
    ]


def test_outcomes_of_several_providers_name_their_sources() -> None:
    answer = _answer(hand.world(hand.denying_own_penalties), _penalties("nodes { documentNo }"))
    assert answer["data"]["subject"]["penalties"]["nodes"] == [{"documentNo": "No c"}]
    access = answer["extensions"]["access"]
    assert access["clear"] == [
        {"path": "subject.penalties.nodes.documentNo", "sources": ["second"]}
    ]
    assert access["denied"][0]["sources"] == ["first"]


def test_records_name_subject_kinds() -> None:
    document = (
        "{ records(kind: ADMINISTRATIVE_PENALTY, first: 1)"
        " { nodes { ... on AdministrativePenalty { fineAmount } } pageInfo { hasNextPage } } }"
    )
    answer = _answer(hand.world(hand.banding_shops), document)
    assert answer["data"]["records"] == {
        "nodes": [{"fineAmount": "20000.00"}],
        "pageInfo": {"hasNextPage": True},
    }
    access = answer["extensions"]["access"]
    assert access["clear"][0]["subjectKinds"] == ["ORGANISATION", "NATURAL_PERSON"]
    assert access["masked"][0]["subjectKinds"] == ["INDIVIDUAL_BUSINESS"]


@pytest.mark.parametrize(
    ("use", "argument", "code"),
    [
        (Use.FILTER, '(filter: {documentNo: {eq: "No a"}})', "FILTER_DENIED"),
        (Use.ORDER, "(orderBy: [{field: DOCUMENT_NO}])", "ORDER_DENIED"),
    ],
)
def test_denied_filter_or_order_leaves_nobody_to_ask(use: Use, argument: str, code: str) -> None:
    world = hand.world(hand.denying("AdministrativePenalty.documentNo", use=use))
    answer = _answer(world, _penalties("nodes { facts }", argument))
    assert answer["data"] == {"subject": {"penalties": None}}
    assert [error["extensions"]["code"] for error in answer["errors"]] == [code]
    assert answer["extensions"]["access"]["clear"] == ["subject.penalties.nodes.facts"]


def test_cursor_pages_over_both_departments_and_is_bound_to_its_list() -> None:
    world = hand.world(hand.everything_clear)
    document = (
        f'query ($after: String) {{ subject(uscc: "{hand.FIRM}") {{ penalties(first: 1, '
        "after: $after) { edges { cursor node { documentNo } } pageInfo { hasNextPage } } } }"
    )
    after, seen = None, []
    for _ in range(3):
        found = _answer(world, document, {"after": after})["data"]["subject"]["penalties"]
        seen.append((found["edges"][0]["node"]["documentNo"], found["pageInfo"]["hasNextPage"]))
        after = found["edges"][0]["cursor"]
    assert seen == [("No a", True), ("No c", True), ("No b", False)]
    other = document.replace("first: 1", "first: 1, orderBy: [{field: DOCUMENT_NO}]")
    refused = _answer(world, other, {"after": after})
    assert refused["data"] == {"subject": {"penalties": None}}
    assert refused["errors"][0]["extensions"] == {"code": "CURSOR_NOT_VALID_HERE"}
    assert refused["extensions"]["sources"] == [{"source": "first", "outcome": "ANSWERED"}]


def test_cursor_and_ids_are_sealed_as_the_page_says() -> None:
    world = hand.world(hand.everything_clear)
    answer = _answer(world, _penalties("edges { cursor node { id } }", "(first: 1)"))
    edge = answer["data"]["subject"]["penalties"]["edges"][0]
    sealing = Sealing(hand.KEY)
    assert sealing.open(edge["node"]["id"], ["id"]) == [
        "R",
        "ADMINISTRATIVE_PENALTY",
        hand.FIRST,
        "a",
    ]
    place: list[Any] = ["cursor", hand.FIRM, "Organisation.penalties", hand.PENALTY.value, None]
    place += [[["meta.decidedOn", "DESC"]], "department"]
    assert sealing.open(edge["cursor"], place) == [
        ["2026-01-03"],
        hand.FIRST,
        "a",
        [hand.FIRST, hand.SECOND],
    ]


def test_node_finds_the_record_and_hides_what_is_hidden() -> None:
    text = Sealing(hand.KEY).seal(["R", hand.PENALTY.value, hand.SECOND, "c"], ["id"])
    document = f'{{ node(id: "{text}") {{ ... on AdministrativePenalty {{ documentNo }} }} }}'
    assert _answer(hand.world(hand.everything_clear), document)["data"] == {
        "node": {"documentNo": "No c"}
    }
    effect = Effect("second", hand.PENALTY, "c", hidden_from=hand.ALL_CALLERS)
    hidden = _answer(hand.world(hand.everything_clear, (effect,)), document)
    assert hidden["data"] == {"node": None}
    assert "errors" not in hidden


def test_mark_counts_in_data_filter_and_count() -> None:
    world = hand.world(hand.everything_clear, (Effect("first", hand.PENALTY, "b", is_marked=True),))
    argument = "(filter: {meta: {objectionMark: {eq: true}}})"
    selection = "totalCount nodes { documentNo meta { objectionMark } }"
    assert _answer(world, _penalties(selection, argument))["data"]["subject"]["penalties"] == {
        "totalCount": 1,
        "nodes": [{"documentNo": "No b", "meta": {"objectionMark": True}}],
    }


def test_parts_are_null_only_if_every_selected_leaf_is_denied() -> None:
    world = hand.world(hand.denying("Registration.shareholders.name"))

    def parts(selection: str) -> Any:
        document = (
            f'{{ subject(uscc: "{hand.FIRM}") {{ registration {{ shareholders'
            f" {{ {selection} }} }} }} }}"
        )
        return _answer(world, document)["data"]["subject"]["registration"]["shareholders"]

    assert parts("name") is None
    assert parts("__typename") is None
    assert parts("name subscribed") == [
        {"name": None, "subscribed": "1.00"},
        {"name": None, "subscribed": None},
    ]


def test_failed_department_is_named_and_the_rest_stands() -> None:
    world = hand.world(hand.everything_clear)
    failing = World(
        world.departments,
        world.decide,
        world.today,
        world.fetched_at,
        world.sealing,
        failures={"second": "TIMED_OUT"},
    )
    answer = _answer(failing, _penalties("nodes { documentNo } totalCount"))
    assert answer["data"]["subject"]["penalties"] == {
        "nodes": [{"documentNo": "No a"}, {"documentNo": "No b"}],
        "totalCount": None,
    }
    assert answer["errors"] == [
        {
            "message": "department `second` did not answer in time",
            "path": ["subject", "penalties"],
            "extensions": {"code": "SOURCE_TIMED_OUT", "source": "second"},
        }
    ]
    assert answer["extensions"]["sources"][1]["outcome"] == "TIMED_OUT"


def test_small_groups_are_left_out_two_at_least() -> None:
    document = (
        "{ recordStatistics(kind: ADMINISTRATIVE_PENALTY,"
        " groupBy: {administrativePenalty: [META_OBJECTION_MARK]})"
        " { groups { count } suppressedGroups } }"
    )
    assert _answer(hand.world(hand.everything_clear), document)["data"]["recordStatistics"] == {
        "groups": [],
        "suppressedGroups": 1,
    }
