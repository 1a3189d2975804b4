"""Who may name persons by documents, what is on record of it, and that all are answered alike."""

from __future__ import annotations

import datetime as dt
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import pytest

from gateway.audit.types import AuditEntry, OutdatedDecisionError
from gateway.entitlements.types import POLICY_AREA, ClientTerms, RulesInForce
from gateway.errors import ClientError, TooManyRequests, Unauthenticated
from gateway.identity.authenticate import Authenticator
from gateway.identity.issuer import LocalIssuer, TokenRequest
from gateway.identity.keys import generate_key
from gateway.identity.principal import Principal
from gateway.identity.prover import Prover
from gateway.opaque import OpaqueCodec
from gateway.person_references import MOST_PERSONS, PersonDesk, may_name_persons
from gateway.persons.network import NetworkKeys
from gateway.persons.references import PersonReferences
from gateway.persons.types import StatedDocument
from gateway.request import Credentials, QuotaUse, RequestFacts
from policies.loader import load_policies
from policies.model import Caller, CallerClass, Purpose
from schema.identifiers import make_uscc
from schema.identifiers.network_reference import NetworkKey, network_reference
from schema.records import MODEL
from tests.support.admission import admission_of
from tests.support.sender import BEARER, URL

OLD = NetworkKey(bytes(32), bytes([1]) * 64)
NEW = NetworkKey(bytes(32), bytes([2]) * 64)
NETWORK = NetworkKeys([NEW, OLD])
OPAQUE = OpaqueCodec([bytes(range(64))])
RULES = load_policies(MODEL, dt.date(2026, 11, 2))


def code(beginning: str, organisation: str) -> str:
    """A valid code under the division that is not assigned."""
    return make_uscc(beginning[0], beginning[1], "410199", organisation).code


BUREAU, BANK = code("11", "MB0T0000"), code("91", "MA9BANK1")
NUMBER, OTHER_NUMBER = "410102209901010014", "410181209912310026"
OWN = StatedDocument("RESIDENT_ID", NUMBER)
OTHER = StatedDocument("RESIDENT_ID", OTHER_NUMBER)
PROVER = Prover(generate_key(), time.time, lambda: secrets.token_hex(8))
ISSUER = LocalIssuer("i", "a", generate_key(), time.time, lambda: "token-1")
OFFICER = TokenRequest(
    Caller(CallerClass.DEPARTMENT, BUREAU, Purpose.PENALTY_CASE), "tax-bureau", "罚-2026-7", "o-7"
)


def person_token(key: NetworkKey, number: str = NUMBER) -> TokenRequest:
    reference = network_reference(key, "RESIDENT_ID", number)
    return TokenRequest(
        Caller(CallerClass.SUBJECT, f"P:{reference}", Purpose.SELF_QUERY), "citizen-portal"
    )


@dataclass
class MemoryRecorder:
    """Remembers entries; refuses them if told to."""

    error: Exception | None = None
    is_outdated: bool = False
    use: QuotaUse | None = None
    entries: list[AuditEntry] = field(default_factory=list)

    async def commit(self, entry: AuditEntry) -> QuotaUse | None:
        if self.error is not None:
            raise self.error
        if self.is_outdated and entry.marks:
            raise OutdatedDecisionError(frozenset({POLICY_AREA}))
        self.entries.append(entry)
        return self.use


@dataclass
class HandStandings:
    """Standings of clients, of whom one may be suspended."""

    suspended: str | None = None

    def client(self, client_id: str) -> ClientTerms:
        return ClientTerms((f"client:{client_id}", 1), client_id == self.suspended)


def desk_of(
    recorder: MemoryRecorder,
    network: NetworkKeys | None = NETWORK,
    suspended: str | None = None,
) -> PersonDesk:
    return PersonDesk(
        Authenticator(ISSUER.token_rules(), BEARER, time.time, person_key=NETWORK.key_of_named),
        lambda: RulesInForce(RULES, 7),
        admission_of(HandStandings(suspended).client),
        network,
        partial(PersonReferences, OPAQUE),
        recorder,
    )


async def asked(
    desk: PersonDesk, token: TokenRequest | None, *documents: StatedDocument
) -> Sequence[str]:
    facts = RequestFacts(
        "r-1", "POST", "/person-references", "peer", "local", "2026-11-02T08:00:00Z", 1e9
    )
    return await desk.references(documents, credentials_of(token), facts)


def credentials_of(token: TokenRequest | None) -> Credentials:
    if token is None:
        return Credentials(None)
    minted = ISSUER.mint(token)
    if token.jkt is None:
        return Credentials(f"Bearer {minted}")
    sent = PROVER.headers("POST", f"{URL}/person-references", minted)
    return Credentials(sent["authorization"], sent["dpop"])


async def refused(token: TokenRequest | None, *documents: StatedDocument) -> ClientError:
    """The refusal, which must be on record wherever the caller is known."""
    recorder = MemoryRecorder()
    with pytest.raises(ClientError) as caught:
        await asked(desk_of(recorder), token, *documents)
    if token is not None and not isinstance(caught.value, Unauthenticated):
        (entry,) = recorder.entries
        assert (entry.outcome, entry.operation_name) == (caught.value.code, "person-references")
        assert (entry.subjects, entry.units) == ((), 0)
    for document in documents:
        assert not document.number or document.number not in caught.value.message
    return caught.value


async def test_officer_gets_references_of_its_matter() -> None:
    recorder = MemoryRecorder()
    one, other, again = await asked(desk_of(recorder), OFFICER, OWN, OTHER, OWN)
    assert one == again != other
    assert len(one) == len(other)
    principal = Principal(OFFICER.caller, OFFICER.client_id, OFFICER.matter_no)
    read = PersonReferences(OPAQUE, principal).key
    network = {read(one): NUMBER, read(other): OTHER_NUMBER}
    for key, number in network.items():
        assert key is not None
        expected = [network_reference(each, "RESIDENT_ID", number) for each in (NEW, OLD)]
        assert list(NETWORK.references(key)) == expected


async def test_entry_says_who_asked_for_whom_and_no_number() -> None:
    recorder = MemoryRecorder()
    await asked(desk_of(recorder), OFFICER, OWN, OTHER, OWN)
    (entry,) = recorder.entries
    assert (entry.outcome, entry.operation_name) == ("ANSWERED", "person-references")
    assert (entry.principal.client_id, entry.principal.matter_no) == ("tax-bureau", "罚-2026-7")
    assert len(entry.subjects) == 2
    assert entry.units == 2
    assert all(key.startswith("P:") for key in entry.subjects)
    assert entry.marks == ((POLICY_AREA, 7),)
    assert NUMBER not in repr(entry)


async def test_nothing_leaves_unrecorded_or_over_the_quota() -> None:
    error = TooManyRequests("QUOTA_EXCEEDED", "used up")
    with pytest.raises(TooManyRequests):
        await asked(desk_of(MemoryRecorder(error)), OFFICER, OWN)


async def test_use_of_the_quota_is_noted() -> None:
    use = QuotaUse(*range(len(QuotaUse._fields)))
    facts = RequestFacts("r", "POST", "/", "peer", "local", "2026-11-02T08:00:00Z", 1e9)
    credentials = Credentials(f"Bearer {ISSUER.mint(OFFICER)}")
    await desk_of(MemoryRecorder(use=use)).references((OWN,), credentials, facts)
    assert facts.note.quota is use


async def test_rules_that_changed_meanwhile_give_nothing() -> None:
    recorder = MemoryRecorder(is_outdated=True)
    with pytest.raises(ClientError) as caught:
        await asked(desk_of(recorder), OFFICER, OWN)
    assert (caught.value.code, caught.value.status) == ("ENTITLEMENTS_CHANGED", 503)
    (entry,) = recorder.entries
    assert (entry.outcome, entry.subjects) == ("ENTITLEMENTS_CHANGED", ())


async def test_suspended_client_is_refused_on_record() -> None:
    recorder = MemoryRecorder()
    with pytest.raises(Unauthenticated) as caught:
        await asked(desk_of(recorder, suspended="tax-bureau"), OFFICER, OWN)
    assert caught.value.code == "CLIENT_SUSPENDED"
    assert [entry.outcome for entry in recorder.entries] == ["CLIENT_SUSPENDED"]


@pytest.mark.parametrize("key", [OLD, NEW])
async def test_person_gets_a_reference_of_itself_under_either_key(key: NetworkKey) -> None:
    recorder = MemoryRecorder()
    (one,) = await asked(desk_of(recorder), person_token(key), OWN)
    assert one.startswith("p.")
    (entry,) = recorder.entries
    assert entry.subjects == (entry.principal.caller.organisation,)


@pytest.mark.parametrize("documents", [(OTHER,), (OWN, OTHER), (OTHER, OWN)])
async def test_person_gets_no_reference_of_anybody_else(
    documents: Sequence[StatedDocument],
) -> None:
    assert (await refused(person_token(OLD), *documents)).code == "PERSON_NOT_YOURSELF"


async def test_without_a_token_there_is_a_challenge() -> None:
    error = await refused(None, OWN)
    assert (error.code, error.status) == ("TOKEN_REQUIRED", 401)
    assert dict(error.headers)["WWW-Authenticate"].startswith("Bearer ")


async def test_bad_token_is_refused_as_everywhere() -> None:
    recorder = MemoryRecorder()
    with pytest.raises(Unauthenticated) as caught:
        await desk_of(recorder).references(
            (OWN,),
            Credentials("Bearer x"),
            RequestFacts("r", "POST", "/", "peer", "local", "2026-11-02T08:00:00Z", 1e9),
        )
    assert caught.value.code == "TOKEN_INVALID"
    assert recorder.entries == []


async def test_department_without_a_matter_number_is_refused_on_record() -> None:
    error = await refused(replace(OFFICER, matter_no=None), OWN)
    assert error.code == "MATTER_NUMBER_REQUIRED"


@pytest.mark.parametrize(
    "caller",
    [
        Caller(CallerClass.INSTITUTION, BANK, Purpose.PRE_LOAN),
        Caller(CallerClass.PLATFORM, code("91", "MA9PLAT1"), Purpose.PRE_LOAN, BANK),
        Caller(CallerClass.CREDIT_CENTRE, code("12", "MB0C0001"), Purpose.OBJECTION_REVIEW),
        Caller(CallerClass.ASSOCIATION, code("51", "MJ0A0001"), Purpose.EVALUATION),
        Caller(CallerClass.AUDITOR, code("11", "MB0A0001"), Purpose.AUDIT),
        Caller(CallerClass.SUBJECT, BANK, Purpose.SELF_QUERY),
    ],
)
async def test_other_callers_name_nobody_by_a_document(caller: Caller) -> None:
    error = await refused(TokenRequest(caller, "client-1", jkt=PROVER.jkt), OWN)
    assert (error.code, error.status) == ("PERSONS_NOT_FOR_CALLER", 403)


@pytest.mark.parametrize("purpose", [Purpose.INSPECTION, Purpose.TENDER, Purpose.STATISTICS])
async def test_purpose_that_is_about_no_person_is_refused(purpose: Purpose) -> None:
    token = replace(OFFICER, caller=replace(OFFICER.caller, purpose=purpose))
    error = await refused(token, OWN)
    assert (error.code, error.status) == ("PURPOSE_NOT_FOR_PERSONS", 403)


def test_purposes_for_persons_are_those_that_the_rules_name_for_them() -> None:
    allowed = {
        purpose.value
        for purpose in Purpose
        if may_name_persons(Caller(CallerClass.DEPARTMENT, BUREAU, purpose), RULES)
    }
    assert allowed == {
        "LICENCE_REVIEW", "MARKET_ENTRY", "QUALIFICATION_REVIEW", "OBJECTION_REVIEW",
        "REPAIR_REVIEW", "LIST_DETERMINATION", "REWARD_REVIEW", "PENALTY_CASE", "FUND_GRANT",
        "AWARD", "COURT_ENFORCEMENT", "TAX_ADMIN",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (StatedDocument("DRIVING_LICENCE", NUMBER), "DOCUMENT_TYPE_UNKNOWN"),
        (StatedDocument("", NUMBER), "DOCUMENT_TYPE_UNKNOWN"),
        (StatedDocument("RESIDENT_ID", NUMBER[:-1] + "5"), "DOCUMENT_NUMBER_MALFORMED"),
        (StatedDocument("RESIDENT_ID", ""), "DOCUMENT_NUMBER_MALFORMED"),
        (StatedDocument("PASSPORT", "E-12345"), "DOCUMENT_NUMBER_MALFORMED"),
    ],
)
async def test_document_that_cannot_be_is_refused_by_its_position(
    document: StatedDocument, code: str
) -> None:
    error = await refused(OFFICER, OWN, document)
    assert (error.code, error.status) == (code, 400)
    assert "person 1" in error.message


async def test_so_many_persons_and_no_more() -> None:
    assert len(await asked(desk_of(MemoryRecorder()), OFFICER, *[OWN] * MOST_PERSONS)) == 50
    assert (await refused(OFFICER, *[OWN] * (MOST_PERSONS + 1))).code == "TOO_MANY_PERSONS"


async def test_without_network_keys_there_are_no_references() -> None:
    with pytest.raises(ClientError) as caught:
        await asked(desk_of(MemoryRecorder(), network=None), OFFICER, OWN)
    assert (caught.value.code, caught.value.status) == ("PERSON_REFERENCES_OFF", 404)
