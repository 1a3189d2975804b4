"""Persons in queries: named by references, shown under references, alike whoever they are."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest

from gateway.conformance import ReferenceAdapter, ReferenceRecord
from gateway.identity.principal import Principal
from gateway.persons.references import PersonReferences
from policies.model import Caller
from schema.codes import RecordKind
from tests.support.awkward_department import FIRM, PERSON, awkward_records, manifest_for
from tests.support.small_gateway import OFFICER, SmallGateway, codes

CLERK = "P:" + "ab" * 32
UNKNOWN = "P:" + "0d" * 32
OTHER = replace(OFFICER, organisation="11410199MB0T00007B")
PERSON_QUERY = """query($p: PersonReference!) {
  person(reference: $p) { __typename id penalties(first: 2) { totalCount nodes { remark } } }
}"""


@pytest.fixture
def gateway() -> SmallGateway:
    clerk = ReferenceRecord(
        RecordKind.MAJOR_TAX_VIOLATION,
        "with-a-clerk",
        FIRM,
        {
            "meta.decidedOn": "2026-10-31",
            "financeResponsible.personRef": [CLERK[2:], None],
            "financeResponsible.name": ["甲", "乙"],
        },
    )
    return SmallGateway(
        {"reference": ReferenceAdapter(manifest_for(), [*awkward_records(1), clerk])}
    )


def reference(gateway: SmallGateway, key: str = PERSON, caller: Caller = OFFICER) -> str:
    return PersonReferences(gateway.opaque, Principal(caller, "test")).reference(key)


async def test_person_is_found_by_its_reference(gateway: SmallGateway) -> None:
    text = reference(gateway)
    answer = await gateway.ask(PERSON_QUERY, {"p": text})
    person = answer["data"]["person"]
    assert (person["__typename"], person["id"]) == ("Person", text)
    assert person["penalties"]["totalCount"] > 0
    assert len(person["penalties"]["nodes"]) == min(2, person["penalties"]["totalCount"])


async def test_reference_may_stand_in_the_document_and_twice(gateway: SmallGateway) -> None:
    one, other = reference(gateway), reference(gateway, CLERK)
    document = (
        f'{{ a: person(reference: "{one}") {{ id }} b: person(reference: "{other}") {{ id }} }}'
    )
    assert (await gateway.ask(document))["data"] == {"a": {"id": one}, "b": {"id": other}}


async def test_unknown_person_is_answered_like_a_known_one_without_records(
    gateway: SmallGateway,
) -> None:
    document = (
        "query($p: PersonReference!) { person(reference: $p) { id licences { totalCount } } }"
    )
    known, unknown = [
        await gateway.body(document, {"p": reference(gateway, key)}) for key in (CLERK, UNKNOWN)
    ]
    assert len(known) == len(unknown)
    assert orjson.loads(unknown)["data"]["person"]["licences"] == {"totalCount": 0}


NODE = "query($p: ID!) { node(id: $p) { id ... on Person { penalties { totalCount } } } }"


@pytest.mark.parametrize("document", [PERSON_QUERY, NODE])
async def test_reference_of_another_caller_is_refused_and_known_as_such(
    gateway: SmallGateway, document: str
) -> None:
    foreign = reference(gateway, caller=OTHER)
    for _ in range(2):  # the second time the plan is remembered
        answer = await gateway.ask(document, {"p": foreign})
        assert codes(answer) == ["PERSON_REFERENCE_NOT_VALID_HERE"]
        assert answer["errors"][0]["locations"]
        assert "data" not in answer
        assert foreign not in orjson.dumps(answer).decode()
        allowed = await gateway.ask(document, {"p": foreign}, caller=OTHER)
        assert codes(allowed) == []


async def test_node_takes_a_reference(gateway: SmallGateway) -> None:
    text = reference(gateway)
    answer = await gateway.ask(NODE, {"p": text})
    assert answer["data"]["node"]["id"] == text
    assert answer["data"]["node"]["penalties"]["totalCount"] > 0


async def test_id_that_holds_a_person_without_a_caller_is_none_of_ours(
    gateway: SmallGateway,
) -> None:
    answer = await gateway.ask(NODE, {"p": gateway.opaque.subject_id(PERSON)})
    assert answer["data"] == {"node": None}


@pytest.mark.parametrize("value", [7, "", "p.", "P:" + "5e" * 32, "p.a b", "p." + "A" * 201, None])
async def test_what_is_no_reference_in_form_is_a_bad_variable(
    gateway: SmallGateway, value: Any
) -> None:
    assert codes(await gateway.ask(PERSON_QUERY, {"p": value})) == ["VARIABLE_INVALID"]


SHOWN = """{
  records(kind: JUDGMENT_DEFAULTER, first: 50) {
    nodes { meta { subjectId } subject { __typename id ... on Person { licences(first: 1) { totalCount } } } }
  }
}"""  # noqa: E501


async def test_records_name_persons_by_references_of_the_caller(gateway: SmallGateway) -> None:
    for caller in (OFFICER, OTHER):
        nodes = (await gateway.ask(SHOWN, caller=caller))["data"]["records"]["nodes"]
        persons = [node for node in nodes if node["subject"]["__typename"] == "Person"]
        text = reference(gateway, caller=caller)
        assert {node["subject"]["id"] for node in persons} == {text}
        assert {node["meta"]["subjectId"] for node in persons} == {text}
        assert PERSON[2:] not in orjson.dumps(nodes).decode()
        organisations = [node for node in nodes if node not in persons]
        assert {len(node["meta"]["subjectId"]) for node in organisations} == {18}


async def test_responsible_person_leads_to_the_person(gateway: SmallGateway) -> None:
    document = f"""{{ subject(uscc: "{FIRM}") {{
      majorTaxViolations(first: 1, orderBy: [{{field: META_DECIDED_ON, direction: DESC}}]) {{
        nodes {{ financeResponsible {{ name personRef }} }}
      }}
    }} }}"""
    answer = await gateway.ask(document)
    (node,) = answer["data"]["subject"]["majorTaxViolations"]["nodes"]
    text = reference(gateway, CLERK)
    assert node["financeResponsible"] == [
        {"name": "甲", "personRef": text},
        {"name": "乙", "personRef": None},
    ]
    found = await gateway.ask(
        "query($p: PersonReference!) { person(reference: $p) { id } }", {"p": text}
    )
    assert found["data"]["person"]["id"] == text
