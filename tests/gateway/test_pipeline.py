"""No answer leaves before its entry is committed, and whatever is refused is on record."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import orjson
import pytest

from gateway.answering.answer import Answerer
from gateway.answering.resolve import Resolver
from gateway.audit.types import AuditEntry, ConsentUse, OutdatedDecisionError, Quota
from gateway.catalogue import CatalogueContext
from gateway.conformance import ReferenceAdapter
from gateway.contract import SourceUnavailable
from gateway.entitlements.contract import ClientContract, RegisteredOperation
from gateway.entitlements.types import ClientTerms, ConsentTerms, Entitlements, OneOff, RulesInForce
from gateway.errors import BadRequest, Claimant, TooManyRequests, Unauthenticated, Unavailable
from gateway.fetching.registry import Registry
from gateway.http.types import CallerNote, Credentials, RequestFacts
from gateway.identity.access_token import TokenRules
from gateway.identity.authenticate import Authenticator
from gateway.identity.principal import Principal
from gateway.opaque import OpaqueCodec
from gateway.operation.budget import NewDocumentBudget
from gateway.operation.limits import Limits
from gateway.operation.operations import Operations, normal_sha256, sha256_of
from gateway.operation.types import OperationAnswer, OperationRequest
from gateway.persons.references import PersonReferences
from gateway.pipeline import Pipeline, Stages, _may_be_swept
from gateway.request import QuotaUse
from gateway.visibility.parts import SchemaParts
from policies.model import Caller, CallerClass, Purpose
from schema.codes import RecordKind
from schema.records import MODEL
from tests.support.admission import admission_of
from tests.support.awkward_department import FIRM, PERSON, SHOP, awkward_records, manifest_for
from tests.support.sender import BEARER
from tests.support.small_gateway import SCHEMA, HandEntitlements, SmallGateway, policies
from tests.support.stages import no_mutations

OPAQUE = OpaqueCodec([bytes(range(64))])
LIST = "query Q($u: [USCC!]!) { subjects(usccs: $u) { penalties(first: 2) { nodes { remark } } } }"


@dataclass
class MemoryRecorder:
    """Keeps entries in memory, or cannot."""

    entries: list[AuditEntry] = field(default_factory=list)
    error: Exception | None = None
    outdated: int = 0

    async def commit(self, entry: AuditEntry) -> QuotaUse | None:
        """Keep one entry, or raise."""
        if self.outdated and entry.outcome == "ANSWERED":
            self.outdated -= 1
            raise OutdatedDecisionError(frozenset({"policy"}))
        self.entries.append(entry)
        if self.error is not None:
            raise self.error
        return QuotaUse(10, 2, 0)


NEVER_CHANGED = ClientTerms(("client:public", 0))


@dataclass
class HandStandings:
    """What a test says of clients and consents."""

    client_terms: ClientTerms = NEVER_CHANGED
    refreshed: list[Collection[str]] = field(default_factory=list)
    repeat_keys: list[bytes] = field(default_factory=list)
    consented: HandEntitlements = field(default_factory=HandEntitlements)

    def client(self, client_id: str) -> ClientTerms:
        """The same for every client."""
        return self.client_terms

    def repeating(self, repeat_key: bytes) -> Entitlements:
        """Entitlements of a repetition."""
        self.repeat_keys.append(repeat_key)
        return self.consented

    async def refresh(self, areas: Collection[str]) -> None:
        """Take note of it."""
        self.refreshed.append(areas)


class FailingAnswerer(Answerer):
    """Has a defect."""

    def answer(self, *_: Any) -> Any:
        raise KeyError("a value of a record")


def pipeline_of(
    recorder: MemoryRecorder,
    answerer: Answerer | None = None,
    standings: HandStandings | None = None,
    adapter: ReferenceAdapter | None = None,
    consented: Mapping[str, ConsentTerms] | None = None,
) -> Pipeline:
    adapter = adapter or ReferenceAdapter(manifest_for(), awkward_records(1))
    entitlements = HandEntitlements(consented=consented or {})
    small = SmallGateway({"reference": adapter}, entitlements=entitlements)
    catalogue = CatalogueContext(Registry({"reference": adapter}, ()), MODEL)
    standings = standings or HandStandings()
    stages = Stages(
        authenticator=Authenticator(
            TokenRules("i", "a", {}, max_lifetime_s=300), BEARER, time.time
        ),
        admission=admission_of(standings.client),
        operations=Operations(SCHEMA, Limits(), NewDocumentBudget(time.monotonic, burst=4)),
        plans=small.plans,
        authorizer=small.authorizer,
        fetcher=small.fetcher,
        resolver=Resolver(SCHEMA, SchemaParts(SCHEMA), lambda _plan: catalogue),
        answerer=answerer or Answerer(OPAQUE),
        mutations=no_mutations(),
        persons=partial(PersonReferences, small.opaque),
        recorder=recorder,
        standings=standings,
        rules=lambda: RulesInForce(small.rules, 0),
    )
    return Pipeline(stages)


async def answer(
    pipeline: Pipeline,
    document: str,
    variables: Mapping[str, Any] | None = None,
    authorization: str | None = None,
    *,
    idempotency_key: str | None = None,
    patience_s: float = 30.0,
    note: CallerNote | None = None,
) -> OperationAnswer:
    facts = RequestFacts(
        "r-1",
        "POST",
        "/graphql",
        "peer",
        "local",
        "2026-11-02T08:00:00Z",
        time.monotonic() + patience_s,
        note or CallerNote(),
        idempotency_key,
    )
    request = OperationRequest(document, None, variables or {})
    return await pipeline.answer(request, Credentials(authorization), facts)


async def test_entry_says_who_read_what_of_whom_and_no_value() -> None:
    recorder = MemoryRecorder()
    found = await answer(pipeline_of(recorder), LIST, {"u": [FIRM, SHOP, FIRM]})
    assert not found.is_request_error
    (entry,) = recorder.entries
    assert entry.outcome == "ANSWERED"
    assert (entry.request_id, entry.operation_name) == ("r-1", "Q")
    assert entry.policy_version == policies().version
    assert entry.subjects == (FIRM, SHOP)
    assert entry.units == 2
    (department,) = entry.departments
    assert (department.slug, department.outcome) == ("reference", "ANSWERED")
    decisions = orjson.loads(entry.decisions.json)
    assert {"AdministrativePenalty.remark"} <= {item["coordinate"] for item in decisions}
    values = [
        node["remark"]
        for subject in orjson.loads(found.body)["data"]["subjects"]
        for node in subject["penalties"]["nodes"]
        if node["remark"]
    ]
    assert all(value not in entry.decisions.json.decode() for value in values)


LISTED = {
    "by kind": ("records(kind: ADMINISTRATIVE_PENALTY, first: 30) { nodes { __typename } }", 3),
    "by a search": ("searchSubjects(first: 5) { nodes { __typename } }", 2),
    "nobody's": ("records(kind: ADMINISTRATIVE_PENALTY, first: 30) { totalCount }", 0),
}


@pytest.mark.parametrize("name", list(LISTED))
async def test_subjects_of_lists_are_on_record_and_counted(name: str) -> None:
    fields, expected = LISTED[name]
    recorder = MemoryRecorder()
    await answer(pipeline_of(recorder), f"{{ {fields} }}")
    (entry,) = recorder.entries
    assert len(entry.subjects) == entry.units == expected
    assert set(entry.subjects) <= {FIRM, SHOP, PERSON}


async def test_subject_of_a_record_found_by_its_id_is_on_record_and_counted() -> None:
    recorder = MemoryRecorder()
    pipeline = pipeline_of(recorder)
    first = "{ records(kind: TAX_ARREARS, first: 1) { nodes { id } } }"
    (node,) = orjson.loads((await answer(pipeline, first)).body)["data"]["records"]["nodes"]
    await answer(pipeline, f'{{ node(id: "{node["id"]}") {{ __typename }} }}')
    listed, found = recorder.entries
    assert found.subjects == listed.subjects
    assert found.units == 1


async def test_no_entry_no_answer() -> None:
    recorder = MemoryRecorder(error=Unavailable("AUDIT_UNAVAILABLE", "no entry can be made"))
    with pytest.raises(Unavailable):
        await answer(pipeline_of(recorder), LIST, {"u": [FIRM]})


REFUSALS = {
    "syntax": ("{", {}, "SYNTAX"),
    "unknown field": ("{ nope }", {}, "VALIDATION_FAILED"),
    "variable": (LIST, {"u": ["x"]}, "VARIABLE_INVALID"),
    "argument": (
        f'{{ subject(uscc: "{FIRM}") {{ penalties(first: 999) {{ totalCount }} }} }}',
        {},
        "ARGUMENT_OUT_OF_RANGE",
    ),
}


@pytest.mark.parametrize("name", list(REFUSALS))
async def test_operation_that_does_not_run_is_on_record(name: str) -> None:
    document, variables, code = REFUSALS[name]
    recorder = MemoryRecorder()
    found = await answer(pipeline_of(recorder), document, variables)
    assert found.is_request_error
    assert "data" not in orjson.loads(found.body)
    (entry,) = recorder.entries
    assert entry.outcome.startswith(code)
    assert entry.subjects == ()


async def test_refusal_after_planning_is_on_record() -> None:
    recorder = MemoryRecorder()
    with pytest.raises(BadRequest):
        await answer(pipeline_of(recorder), LIST, {"u": [FIRM] * 201})
    assert [entry.outcome for entry in recorder.entries] == ["TOO_MANY_SUBJECTS"]


async def test_defect_is_on_record_and_raised() -> None:
    recorder = MemoryRecorder()
    with pytest.raises(KeyError):
        await answer(pipeline_of(recorder, FailingAnswerer(OPAQUE)), LIST, {"u": [FIRM]})
    assert [entry.outcome for entry in recorder.entries] == ["INTERNAL_ERROR"]


async def test_answer_that_was_not_built_released_nothing() -> None:
    """Whatever was fetched: only what stands in a whole answer is on record as released."""
    listed = "{ records(kind: JUDGMENT_DEFAULTER, first: 5) { nodes { __typename } } }"
    recorder = MemoryRecorder()
    await answer(pipeline_of(recorder), listed)
    with pytest.raises(KeyError):
        await answer(pipeline_of(recorder, FailingAnswerer(OPAQUE)), listed)
    built, failed = recorder.entries
    assert built.released
    assert (failed.outcome, failed.released) == ("INTERNAL_ERROR", ())


async def test_bad_token_stops_before_anything_is_done() -> None:
    recorder = MemoryRecorder()
    with pytest.raises(Unauthenticated):
        await answer(pipeline_of(recorder), LIST, {"u": [FIRM]}, "Bearer x")
    assert recorder.entries == []


class RefusingAuthenticator(Authenticator):
    """Finds a genuine token whose claims it refuses, or one that is forged."""

    def authenticate(self, credentials: Credentials, method: str, path: str) -> Principal:
        error = Unauthenticated("TOKEN_INVALID", "the claim `purpose` is unknown")
        if credentials.authorization == "genuine":
            error.claimant = Claimant("bank-1", "t-1")
        raise error


async def test_genuine_token_whose_claims_are_refused_is_on_record() -> None:
    recorder = MemoryRecorder()
    pipeline = pipeline_of(recorder)
    refusing = RefusingAuthenticator(
        TokenRules("i", "a", {}, max_lifetime_s=300), BEARER, time.time
    )
    pipeline._stages = replace(pipeline._stages, authenticator=refusing)
    for authorization in ("forged", "genuine"):
        with pytest.raises(Unauthenticated):
            await answer(pipeline, LIST, {"u": [FIRM]}, authorization)
    (entry,) = recorder.entries
    assert (entry.outcome, entry.principal.client_id) == ("TOKEN_INVALID", "bank-1")
    assert (entry.principal.token_id, entry.subjects, entry.units) == ("t-1", (), 0)


async def test_genuine_tokens_without_their_proof_fill_the_log_to_a_bound_only() -> None:
    recorder = MemoryRecorder()
    pipeline = pipeline_of(recorder)
    refusing = RefusingAuthenticator(
        TokenRules("i", "a", {}, max_lifetime_s=300), BEARER, time.time
    )
    pipeline._stages = replace(
        pipeline._stages,
        authenticator=refusing,
        admission=admission_of(lambda _: NEVER_CHANGED, clock=lambda: 0.0),
    )
    for _ in range(60):
        with pytest.raises(Unauthenticated):
            await answer(pipeline, LIST, {"u": [FIRM]}, "genuine")
    with pytest.raises(TooManyRequests):
        await answer(pipeline, LIST, {"u": [FIRM]}, "genuine")
    assert len(recorder.entries) == 60


async def test_budget_of_new_documents_is_the_callers() -> None:
    recorder = MemoryRecorder()
    pipeline = pipeline_of(recorder)
    for number in range(4):
        await answer(pipeline, f"{{ a{number}: __typename }}")
    with pytest.raises(TooManyRequests):
        await answer(pipeline, "{ b: __typename }")
    assert len(recorder.entries) == 5
    assert (await answer(pipeline, "{ a0: __typename }")).body.startswith(b'{"data":{"a0":"Query"}')


async def test_fields_that_no_department_answers_stand_among_the_others() -> None:
    document = f"""{{ a: catalogue {{ kind }} subject(uscc: "{FIRM}") {{ uscc }}
        b: sources {{ slug state }} c: __typename __schema {{ queryType {{ name }} }} }}"""
    found = orjson.loads((await answer(pipeline_of(MemoryRecorder()), document)).body)
    assert list(found["data"]) == ["a", "subject", "b", "c", "__schema"]
    assert found["data"]["b"] == [{"slug": "reference", "state": "UP"}]
    assert "errors" not in found


async def test_answer_that_is_outdated_is_made_anew_and_only_the_second_is_on_record() -> None:
    recorder, standings = MemoryRecorder(outdated=1), HandStandings()
    found = await answer(pipeline_of(recorder, standings=standings), LIST, {"u": [FIRM]})
    assert not found.is_request_error
    assert [entry.outcome for entry in recorder.entries] == ["ANSWERED"]
    assert standings.refreshed == [frozenset({"policy"})]


async def test_answer_that_is_outdated_again_is_refused_on_record() -> None:
    recorder = MemoryRecorder(outdated=2)
    with pytest.raises(Unavailable) as caught:
        await answer(pipeline_of(recorder), LIST, {"u": [FIRM]})
    assert caught.value.code == "ENTITLEMENTS_CHANGED"
    assert [entry.outcome for entry in recorder.entries] == ["ENTITLEMENTS_CHANGED"]


async def test_answer_that_is_outdated_at_its_deadline_is_refused_on_record() -> None:
    recorder, standings = MemoryRecorder(outdated=1), HandStandings()
    with pytest.raises(Unavailable):
        await answer(
            pipeline_of(recorder, standings=standings), LIST, {"u": [FIRM]}, patience_s=0.0
        )
    assert [entry.outcome for entry in recorder.entries] == ["ENTITLEMENTS_CHANGED"]
    assert standings.refreshed == []


async def test_suspended_client_is_asked_nothing_and_is_on_record() -> None:
    recorder = MemoryRecorder()
    standings = HandStandings(ClientTerms(("client:public", 3), is_suspended=True))
    with pytest.raises(Unauthenticated) as caught:
        await answer(pipeline_of(recorder, standings=standings), LIST, {"u": [FIRM]})
    assert caught.value.code == "CLIENT_SUSPENDED"
    (entry,) = recorder.entries
    assert (entry.outcome, entry.subjects, entry.departments) == ("CLIENT_SUSPENDED", (), ())


async def test_use_of_the_quota_is_noted_for_response_headers() -> None:
    note = CallerNote()
    await answer(pipeline_of(MemoryRecorder()), LIST, {"u": [FIRM]}, note=note)
    assert note.quota == QuotaUse(10, 2, 0)


async def test_query_with_an_idempotency_key_is_known_by_key_document_and_variables() -> None:
    standings = HandStandings()
    pipeline = pipeline_of(MemoryRecorder(), standings=standings)
    other = LIST.replace("query Q", "query R")
    for document, subjects, key in (
        (LIST, [FIRM], "k-1"),
        (LIST, [FIRM], "k-1"),
        (LIST, [FIRM], "k-2"),
        (LIST, [SHOP], "k-1"),
        (other, [FIRM], "k-1"),
    ):
        await answer(pipeline, document, {"u": subjects}, idempotency_key=key)
    await answer(pipeline, LIST, {"u": [FIRM]})
    first, again, *others = standings.repeat_keys
    assert first == again
    assert len({first, *others}) == 4
    assert len(standings.repeat_keys) == 5


async def test_consent_used_by_a_repetition_counts_for_it_alone() -> None:
    one_off = OneOff(FIRM, frozenset({RecordKind.ADMINISTRATIVE_PENALTY}), b"k" * 32)
    terms = ConsentTerms("C-1", 4, frozenset({"AdministrativePenalty"}), one_off)
    standings = HandStandings(consented=HandEntitlements(consented={FIRM: terms}))
    recorder = MemoryRecorder()
    pipeline = pipeline_of(recorder, standings=standings)
    await answer(pipeline, LIST, {"u": [FIRM]}, idempotency_key="k-1")
    await answer(pipeline, LIST, {"u": [FIRM]})
    repeated, other = recorder.entries
    assert repeated.consents == (ConsentUse("C-1", 4, ("ADMINISTRATIVE_PENALTY",), b"k" * 32),)
    assert other.consents == ()


class PartlyDown(ReferenceAdapter):
    """Does not answer calls that ask for penalties."""

    async def fetch(self, requests: Any, context: Any) -> Any:
        if any(request.selection.kind is RecordKind.ADMINISTRATIVE_PENALTY for request in requests):
            raise SourceUnavailable("down")
        return await super().fetch(requests, context)


async def test_one_off_consent_is_used_up_by_what_was_told_even_if_that_is_nothing() -> None:
    kinds = frozenset({RecordKind.ADMINISTRATIVE_PENALTY, RecordKind.TAX_ARREARS})
    terms = ConsentTerms("C-1", 4, frozenset(), OneOff(FIRM, kinds))
    document = """query($u: [USCC!]!) { subjects(usccs: $u) {
        taxArrears(first: 1) { totalCount } registration { name } %s } }"""
    penalties = "penalties(first: 1) { nodes { remark } }"
    nothing_held = [
        record for record in awkward_records(1) if record.kind is not RecordKind.TAX_ARREARS
    ]
    for is_down, asked, delivered in (
        (False, penalties, ("ADMINISTRATIVE_PENALTY", "TAX_ARREARS")),
        (False, "", ("TAX_ARREARS",)),
        (True, penalties, ()),
        (True, "", ("TAX_ARREARS",)),
    ):
        adapter = (PartlyDown if is_down else ReferenceAdapter)(manifest_for(), nothing_held)
        recorder = MemoryRecorder()
        pipeline = pipeline_of(recorder, adapter=adapter, consented={FIRM: terms})
        await answer(pipeline, document % asked, {"u": [FIRM, SHOP]})
        (entry,) = recorder.entries
        assert entry.consents == (ConsentUse("C-1", 4, delivered),), (is_down, asked)


async def test_operation_of_a_contract_relies_on_it_and_counts_against_its_own_quota() -> None:
    registered = RegisteredOperation(
        "Q", "PUBLIC_DISPLAY", normal_sha256(LIST), sha256_of(LIST), LIST, quota_per_day=5
    )
    mark = ("client:public", 3)
    contract = ClientContract("association", None, operations=(registered,))
    standings = HandStandings(ClientTerms(mark, contract=contract))
    recorder = MemoryRecorder()
    await answer(pipeline_of(recorder, standings=standings), LIST, {"u": [FIRM]})
    (entry,) = recorder.entries
    assert mark in entry.marks
    assert entry.quota == Quota("public#PUBLIC_DISPLAY#Q", 5)
    assert entry.warnings == ()


@pytest.mark.parametrize(
    ("caller_class", "subjects", "counts"),
    [
        (CallerClass.SUBJECT, (FIRM,), False),
        (CallerClass.SUBJECT, (), False),
        (CallerClass.SUBJECT, (FIRM, SHOP), True),
        (CallerClass.SUBJECT, (SHOP,), True),
        (CallerClass.DEPARTMENT, (FIRM,), True),
        (CallerClass.PUBLIC, (SHOP,), False),
    ],
)
def test_who_asks_about_itself_sweeps_over_nobody(
    caller_class: CallerClass, subjects: tuple[str, ...], counts: bool
) -> None:
    caller = Caller(caller_class, FIRM, Purpose.SELF_QUERY)
    assert _may_be_swept(caller, subjects) is counts


async def test_query_by_document_id_is_on_record_by_the_hash_of_its_document() -> None:
    registered = RegisteredOperation(
        "Q", "PUBLIC_DISPLAY", normal_sha256(LIST), sha256_of(LIST), LIST
    )
    contract = ClientContract("association", None, operations=(registered,))
    standings = HandStandings(ClientTerms(("client:public", 3), contract=contract))
    recorder = MemoryRecorder()
    pipeline = pipeline_of(recorder, standings=standings)
    request = OperationRequest("", None, {"u": [FIRM]}, f"sha256:{sha256_of(LIST)}")
    facts = RequestFacts("r-1", "POST", "/graphql", "peer", "local", "2026-11-02T08:00:00Z", 1e12)
    found = await pipeline.answer(request, Credentials(None), facts)
    assert "data" in orjson.loads(found.body)
    assert recorder.entries[0].operation_hash == sha256_of(LIST)
