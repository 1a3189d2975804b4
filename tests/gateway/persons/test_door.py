"""Departments are asked by network references, and no change of keys loses an answer."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
import pytest

from gateway.contract import (
    Adapter,
    Batch,
    CommandAdapter,
    ExplainingAdapter,
    FetchContext,
    JsonBatch,
    MappingFailed,
    QualityAdapter,
    RecordRequest,
    RowBatch,
    StatisticsAdapter,
)
from gateway.identity.principal import Principal
from gateway.persons.door import PersonDoor, behind_doors
from gateway.persons.network import NetworkKeys
from gateway.persons.references import PersonReferences
from schema.codes import IdentityDocumentType, RecordKind
from schema.identifiers import parse_document
from schema.identifiers.network_reference import NetworkKey, opened_reference
from tests.gateway.persons.departments import (
    CLERK_NUMBER,
    NEW,
    NUMBER,
    OLD,
    KeyOf,
    all_under,
    departments,
    half_under,
    network_of,
)
from tests.support.awkward_department import FIRM
from tests.support.small_gateway import OFFICER, SmallGateway, codes

BOTH_OLD = {"one": all_under(OLD), "two": all_under(OLD)}
PHASES: Mapping[str, tuple[Mapping[str, KeyOf], Sequence[NetworkKey]]] = {
    "the new key is in force, nobody has changed": (BOTH_OLD, (NEW, OLD)),
    "one department has changed": ({"one": all_under(NEW), "two": all_under(OLD)}, (NEW, OLD)),
    "one changes row by row": ({"one": half_under(OLD, NEW), "two": all_under(OLD)}, (NEW, OLD)),
    "both change row by row": (
        {"one": half_under(OLD, NEW), "two": half_under(NEW, OLD)},
        (NEW, OLD),
    ),
    "the other has changed": ({"one": all_under(OLD), "two": all_under(NEW)}, (OLD, NEW)),
    "both have changed": ({"one": all_under(NEW), "two": all_under(NEW)}, (NEW, OLD)),
    "the old key is gone": ({"one": all_under(NEW), "two": all_under(NEW)}, (NEW,)),
}


def reference_of(gateway: SmallGateway, number: str) -> str:
    document = parse_document(IdentityDocumentType.RESIDENT_ID, number)
    key = NetworkKeys([OLD]).key_of_document(document)
    return PersonReferences(gateway.opaque, Principal(OFFICER, "test")).reference(key)


ONE = "query($p: PersonReference!, $after: String) { person(reference: $p) { id %s } }"
LIST = """{
  totalCount
  edges { cursor node { id subject { id ... on Person { licences(first: 3) {
    totalCount nodes { id meta { subjectId recordId } }
  } } } } }
  pageInfo { hasNextPage endCursor }
}"""


def one(field: str, first: int, more: str = "", below: str = LIST) -> str:
    """A query for one list of one person."""
    return ONE % f"{field}(after: $after, first: {first}{more}) {below}"


BALANCES = "{ nodes { balance } totalCount pageInfo { hasNextPage } }"
QUERIES = {
    "records of a person": one("penalties", 100),
    "ordered by a number": one(
        "penalties", 100, ", orderBy: [{field: FINE_AMOUNT, direction: DESC}]"
    ),
    "ordered by a text": one(
        "judgmentDefaulters", 100, ", orderBy: [{field: NAME, direction: ASC}]"
    ),
    "a page that is too short": one("penalties", 3),
    "what a source builds alone": one("taxArrears", 100, below=BALANCES),
    "filtered": one("penalties", 9, ', filter: {fineAmount: {ge: "1.00"}}'),
    "from everybody's records on": """query($p: PersonReference!) {
      person(reference: $p) { id }
      records(kind: JUDGMENT_DEFAULTER, first: 30) { nodes { id subject { id
        ... on CreditSubject { penalties(first: 4) { totalCount nodes { id meta { subjectId } } } }
      } } }
    }""",
    "counted": """query($p: PersonReference!) {
      person(reference: $p) { id }
      recordStatistics(kind: ADMINISTRATIVE_PENALTY) { groups { count } }
    }""",
    "responsible persons": f"""query($p: PersonReference!) {{
      person(reference: $p) {{ id }}
      subject(uscc: "{FIRM}") {{ majorTaxViolations(first: 50) {{
        nodes {{ id financeResponsible {{ name personRef }} }}
      }} }}
    }}""",
}


async def asked(adapters: Mapping[str, Adapter], query: str) -> Any:
    """The answer, to the person's own reference, and what is on the page behind it."""
    gateway = SmallGateway(adapters)
    variables = {"p": reference_of(gateway, NUMBER)}
    answer = await gateway.ask(QUERIES[query], variables)
    assert codes(answer) == []
    pages = [answer]
    if "$after" in QUERIES[query]:
        while cursor := _next(answer):
            answer = await gateway.ask(QUERIES[query], {**variables, "after": cursor})
            assert codes(answer) == []
            pages.append(answer)
    return pages


def _next(answer: Any) -> str | None:
    for member in answer["data"]["person"].values():
        if isinstance(member, dict) and member["pageInfo"]["hasNextPage"]:
            return str(member["pageInfo"]["endCursor"])
    return None


@pytest.mark.parametrize("query", list(QUERIES))
async def test_no_change_of_keys_loses_or_changes_an_answer(query: str) -> None:
    before = await asked(network_of(BOTH_OLD, OLD), query)
    text = orjson.dumps(before).decode()
    assert text.count('"id"') > 1 or "balance" in text or "count" in text
    for phase, (keys, in_force) in PHASES.items():
        assert await asked(network_of(keys, *in_force), query) == before, phase


async def test_person_has_records_of_both_departments() -> None:
    (answer, *_) = await asked(network_of(BOTH_OLD, OLD), "records of a person")
    penalties = answer["data"]["person"]["penalties"]
    found = {
        inner["meta"]["recordId"].partition("-")[0]
        for edge in penalties["edges"]
        for inner in edge["node"]["subject"]["licences"]["nodes"]
    }
    assert penalties["totalCount"] > 4
    assert found == {"one", "two"}


async def test_responsible_person_is_the_same_person_whoever_names_it() -> None:
    gateway = SmallGateway(network_of(BOTH_OLD, OLD))
    document = QUERIES["responsible persons"]
    answer = await gateway.ask(document, {"p": reference_of(gateway, NUMBER)})
    named = {
        part["personRef"]
        for node in answer["data"]["subject"]["majorTaxViolations"]["nodes"]
        for part in node["financeResponsible"] or ()
    }
    assert named - {None} == {reference_of(gateway, CLERK_NUMBER)}


class _Recording:
    """An adapter that remembers what it was asked."""

    def __init__(self, adapter: Adapter) -> None:
        self._adapter = adapter
        self.manifest = adapter.manifest
        self.health = adapter.health
        self.open, self.aclose = adapter.open, adapter.aclose
        self.asked: list[Sequence[RecordRequest]] = []

    async def fetch(
        self, requests: Sequence[RecordRequest], context: FetchContext
    ) -> Sequence[Batch]:
        self.asked.append(requests)
        return await self._adapter.fetch(requests, context)


async def _recorded(query: str, variables: Mapping[str, str], *in_force: NetworkKey) -> Any:
    recording = _Recording(departments({"one": all_under(OLD)})["one"])
    gateway = SmallGateway(behind_doors({"one": recording}, NetworkKeys(in_force)))
    given = {name: reference_of(gateway, number) for name, number in variables.items()}
    assert codes(await gateway.ask(query, given)) == []
    return recording.asked


@pytest.mark.parametrize("in_force", [(OLD,), (NEW, OLD)])
async def test_department_is_asked_by_references_under_every_key_in_one_call(
    in_force: tuple[NetworkKey, ...],
) -> None:
    query = "query($p: PersonReference!) { person(reference: $p) { penalties { totalCount } } }"
    (requests,) = await _recorded(query, {"p": NUMBER}, *in_force)
    references = [request.keys[0].removeprefix("P:") for request in requests]
    opened = [
        opened_reference(key.seal, reference)
        for key, reference in zip(in_force, references, strict=True)
    ]
    assert len(set(references)) == len(in_force)
    assert len(set(opened)) == 1
    assert opened[0] is not None


async def test_requests_without_persons_pass_as_they_are() -> None:
    query = f'{{ subject(uscc: "{FIRM}") {{ penalties {{ nodes {{ facts }} }} }} }}'
    for in_force in ((OLD,), (NEW, OLD)):
        (requests,) = await _recorded(query, {}, *in_force)
        assert {request.keys for request in requests} == {(FIRM,)}


async def test_reference_under_no_key_in_force_is_no_subject() -> None:
    gateway = SmallGateway(network_of({"one": all_under(OLD)}, NEW))
    document = (
        "{ records(kind: JUDGMENT_DEFAULTER, first: 50) { nodes { subject { __typename } } } }"
    )
    answer = await gateway.ask(document)
    types = [node["subject"] for node in answer["data"]["records"]["nodes"]]
    assert {"__typename": "Person"} not in types


def has_statically(adapter: Adapter, name: str) -> bool:
    """Whether a member is found as Python 3.12 looks for it in `isinstance` with a protocol."""
    missing = object()
    return inspect.getattr_static(adapter, name, missing) is not missing


class _OffersAll(_Recording):
    """An adapter with everything that an adapter can offer."""

    async def statistics(self, *_: Any) -> Any: ...
    async def submit(self, *_: Any) -> Any: ...
    async def quality(self, *_: Any) -> Any: ...
    def explain(self, *_: Any) -> str:
        return "SELECT 1"


class _OffersNothing(_Recording):
    """An adapter that answers requests, and no more."""


CAPABILITIES = (
    (StatisticsAdapter, "statistics"),
    (CommandAdapter, "submit"),
    (ExplainingAdapter, "explain"),
    (QualityAdapter, "quality"),
)


@pytest.mark.parametrize(("protocol", "name"), CAPABILITIES, ids=[name for _, name in CAPABILITIES])
@pytest.mark.parametrize("offers", [True, False])
def test_a_door_offers_what_its_adapter_offers(
    protocol: type[Any], name: str, offers: bool
) -> None:
    department = departments({"one": all_under(OLD)})["one"]
    inner = _OffersAll(department) if offers else _OffersNothing(department)
    door = PersonDoor(inner, NetworkKeys([OLD]))
    assert isinstance(inner, protocol) is offers
    assert isinstance(door, protocol) is offers
    assert has_statically(door, name) is offers
    assert door.manifest is inner.manifest


def test_json_is_not_built_of_what_may_come_in_two_parts() -> None:
    inner = departments({"one": all_under(OLD)})["one"]
    builds = {entry.kind: entry.json for entry in inner.manifest.entries}
    rotating = PersonDoor(inner, NetworkKeys([NEW, OLD])).manifest
    by_rows = {entry.kind for entry in rotating.entries if entry.json != builds[entry.kind]}
    assert RecordKind.ADMINISTRATIVE_PENALTY in by_rows
    assert RecordKind.REGISTRATION not in by_rows


class _Answering(_Recording):
    """An adapter that answers what the test says."""

    answer: Sequence[Batch] = ()

    async def fetch(
        self, requests: Sequence[RecordRequest], context: FetchContext
    ) -> Sequence[Batch]:
        return self.answer


_JSON = JsonBatch((b"",), (0,), None, {})
MALFORMED: dict[str, Any] = {
    "nothing": None,
    "no batches": (),
    "one batch too few": (RowBatch([[]]),),
    "JSON of what may come in two parts": (_JSON, _JSON),
    "no groups": (RowBatch(None), RowBatch(None)),  # type: ignore[arg-type]
    "rows that are none": (RowBatch([[7]]), RowBatch([[7]])),  # type: ignore[list-item]
    "rows that are too short": (RowBatch([[()]]), RowBatch([[()]])),
    "groups of other numbers": (RowBatch([[]]), RowBatch([[], []])),
}


@pytest.mark.parametrize("name", list(MALFORMED))
def test_answer_that_does_not_fit_the_requests_is_malformed(name: str) -> None:
    (requests,) = asyncio.run(
        _recorded(
            "query($p: PersonReference!) "
            "{ person(reference: $p) { penalties { nodes { subject { id } } } } }",
            {"p": NUMBER},
            OLD,
        )
    )
    adapter = _Answering(departments({"one": all_under(OLD)})["one"])
    adapter.answer = MALFORMED[name]
    door = PersonDoor(adapter, NetworkKeys([NEW, OLD]))
    inside = requests[0]._replace(keys=("P:" + "5e" * 16,))
    with pytest.raises(MappingFailed):
        asyncio.run(door.fetch([inside], FetchContext("t", 0.0, "2026-11-02T08:00:00Z")))
