"""Mutations over the whole path: acts and their audit entry are one, refusals have codes."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import asyncpg
import orjson
import pytest

from gateway.audit.entry import RecordHasher
from gateway.audit.log import AuditLog
from gateway.audit.references import SubjectReferences
from gateway.audit.types import AuditEntry
from gateway.audit.within import TransactionRecorder
from gateway.entitlements.types import ClientTerms
from gateway.errors import ClientError, Refused, Unavailable
from gateway.http.types import Credentials, RequestFacts
from gateway.identity.access_token import TokenRules
from gateway.identity.authenticate import Authenticator
from gateway.identity.principal import ANONYMOUS, Principal
from gateway.mutations.office import Office
from gateway.mutations.run import Mutations
from gateway.operation.types import OperationRequest
from gateway.pipeline import Pipeline
from gateway.store.pool import Connection, LightPool
from tests.support.entries import BANK, FIRM
from tests.support.sender import BEARER
from tests.support.sharing import (
    CONSUMER,
    CREDIT_CENTRE,
    LENDER,
    MARKET,
    OWNER,
    PROVIDER,
    SCORE,
    TAX,
    HandOffice,
)
from tests.support.small_gateway import SCHEMA, SmallGateway
from tests.support.stages import ListRecorder, SetStandings, stages_over

REQUEST = """mutation M($input: GrantRequest!) {
    requestGrant(input: $input) {
        grantNo state consumer fields isOverdue history { act state organisation } } }"""
INPUT = {
    "provider": TAX,
    "catalogueCode": "C09-01",
    "fields": [SCORE],
    "purposes": ["INSPECTION"],
    "legalBasis": "样例条例 第一条",
    "scenario": "双随机抽查",
    "scope": "被抽查企业",
    "impactAssessment": "PIA-1",
    "impactAssessedOn": "2026-10-09",
    "validUntil": "2027-11-01T00:00:00Z",
}
LETTER = {
    "subject": FIRM,
    "authoriserName": "样例商行",
    "institutionName": "样例银行",
    "institutionLicenceNo": "B0000S000000000",
    "institutionContact": "0371-00000000",
    "purpose": "PRE_LOAN",
    "recordKinds": ["TAXPAYER_CREDIT"],
    "fields": [SCORE],
    "isOneOff": False,
    "validFrom": "2026-11-01T00:00:00Z",
    "processing": "自动化查询",
    "retention": "六个月",
    "restrictions": "不作他用，不得转供",
    "bansOtherUse": True,
    "bansOnwardSupply": True,
    "howToWithdraw": "平台或书面",
    "signerName": "样例人",
    "signerRole": "LEGAL_REPRESENTATIVE",
    "form": "ELECTRONIC_SEAL",
    "sealCertificate": "SEAL-1",
    "signedAt": "2026-10-31T00:00:00Z",
    "documentSha256": "ab" * 32,
}
FILE = "mutation($input: ConsentLetter!) { fileConsentLetter(input: $input) { consentNo state } }"


class KnownCaller(Authenticator):
    """Takes everybody for the principal that a test sets."""

    def __init__(self) -> None:
        super().__init__(TokenRules("i", "a", {}, max_lifetime_s=300), BEARER, time.time)
        self.principal = ANONYMOUS

    def authenticate(self, credentials: Credentials, method: str, path: str) -> Principal:
        return self.principal


class BrokenRecorder(TransactionRecorder):
    """Writes entries, then fails as the test wants."""

    def __init__(self, standings: SetStandings) -> None:
        super().__init__(
            SubjectReferences(secrets.token_bytes), RecordHasher(bytes(32)), standings.client
        )
        self.error: BaseException | None = None
        self.times = 1_000

    async def record(self, connection: Connection, entry: AuditEntry) -> None:
        await super().record(connection, entry)
        if self.error is not None and self.times > 0:
            self.times -= 1
            raise self.error


@dataclass
class World:
    """A pipeline over a real store, and who is calling."""

    pipeline: Pipeline
    caller: KnownCaller
    recorder: BrokenRecorder
    refusals: list[AuditEntry]
    pool: LightPool
    standings: SetStandings

    async def send(
        self,
        document: str,
        variables: Mapping[str, Any] | None = None,
        who: Any = CONSUMER,
        method: str = "POST",
    ) -> Any:
        """The answer as a value."""
        self.caller.principal = (
            ANONYMOUS
            if who is None
            else Principal(who.caller, who.client_id, who.matter_no, who.user_ref)
        )
        facts = RequestFacts(
            secrets.token_hex(4),
            method,
            "/graphql",
            "peer",
            "local",
            "2026-11-02T02:00:00Z",
            time.monotonic() + 30,
        )
        request = OperationRequest(document, None, variables or {})
        answer = await self.pipeline.answer(request, Credentials(None), facts)
        return orjson.loads(answer.body)

    async def entries(self) -> list[tuple[Mapping[str, Any], list[Any]]]:
        """Stored entries with their decisions, oldest first."""
        log = AuditLog(self.pool)
        return [
            (entry.members(), list(await log.decisions(entry.members()["decisions"])))
            for entry in await log.last(100)
        ]

    async def count(self, table: str) -> int:
        async with self.pool.connection() as connection:
            found: int = await connection.fetchval(f"SELECT count(*) FROM {table}")
        return found


@pytest.fixture
def world(emptied_pool: LightPool) -> World:
    caller, standings = KnownCaller(), SetStandings()
    recorder = BrokenRecorder(standings)
    office: Office = HandOffice().office()
    others = ListRecorder()
    stages = stages_over(SmallGateway({}), others, emptied_pool, office)
    mutations = Mutations(SCHEMA, emptied_pool, recorder, office, standings)
    pipeline = Pipeline(replace(stages, authenticator=caller, mutations=mutations))
    return World(pipeline, caller, recorder, others.entries, emptied_pool, standings)


def codes(answer: Any) -> list[str]:
    return [error["extensions"]["code"] for error in answer.get("errors", ())]


async def test_act_and_entry_are_committed_together(world: World) -> None:
    before = await world.count("audit_entry")
    answer = await world.send(REQUEST, {"input": INPUT})
    assert "errors" not in answer
    grant = answer["data"]["requestGrant"]
    assert (grant["state"], grant["consumer"], grant["fields"]) == ("REQUESTED", MARKET, [SCORE])
    assert grant["history"] == [
        {"act": "REQUEST_GRANT", "state": "REQUESTED", "organisation": MARKET}
    ]
    assert await world.count("audit_entry") == before + 1
    members, decisions = (await world.entries())[-1]
    assert (members["outcome"], members["operationName"]) == ("ANSWERED", "M")
    assert (members["clientId"], members["userRef"]) == (CONSUMER.client_id, "officer-07")
    assert decisions == [
        {
            "act": "REQUEST_GRANT",
            "object": grant["grantNo"],
            "outcome": "REQUESTED",
            "rules": ["acts.consumer-requests"],
        }
    ]
    assert world.refusals == []


async def test_entry_names_the_subject_by_reference_only(world: World) -> None:
    await world.send(FILE, {"input": LETTER}, LENDER)
    members, _ = (await world.entries())[-1]
    assert len(members["subjects"]) == 1
    assert FIRM not in str(members)


@pytest.mark.parametrize(
    "error",
    [
        Unavailable("AUDIT_UNAVAILABLE", "no"),
        Refused("CLIENT_SUSPENDED", "no"),
        KeyError("a value"),
        ConnectionResetError(),
        asyncio.CancelledError(),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_no_entry_no_act(world: World, error: BaseException) -> None:
    entries = await world.count("audit_entry")
    world.recorder.error = error
    with pytest.raises(BaseException) as raised:
        await world.send(REQUEST, {"input": INPUT})
    assert isinstance(raised.value, ClientError | KeyError | asyncio.CancelledError)
    assert [await world.count(table) for table in ("sharing_grant", "entitlement_act")] == [0, 0]
    assert await world.count("audit_entry") == entries


async def test_operation_that_lost_a_race_is_run_again(world: World) -> None:
    world.recorder.error, world.recorder.times = asyncpg.UniqueViolationError("another worker"), 2
    answer = await world.send(REQUEST, {"input": INPUT})
    assert "errors" not in answer
    assert await world.count("sharing_grant") == 1
    assert await world.count("entitlement_act") == 1


async def test_client_that_was_suspended_meanwhile_does_nothing(world: World) -> None:
    async with world.pool.connection() as connection:
        await connection.execute(
            "INSERT INTO client (client_id, caller_class, name, is_suspended)"
            " VALUES ($1, 'department', '样例', true) ON CONFLICT DO NOTHING",
            CONSUMER.client_id,
        )
        epoch = await connection.fetchval(
            "SELECT epoch FROM entitlement_epoch WHERE area = $1", f"client:{CONSUMER.client_id}"
        )
    area = f"client:{CONSUMER.client_id}"
    # this worker has not heard of the suspension yet
    world.standings.known = ClientTerms((area, epoch - 1))
    world.standings.after_refresh = ClientTerms((area, epoch), is_suspended=True)
    with pytest.raises(ClientError) as raised:
        await world.send(REQUEST, {"input": INPUT})
    assert raised.value.code == "CLIENT_SUSPENDED"
    assert world.standings.refreshed == [frozenset({area})]
    assert await world.count("sharing_grant") == 0
    assert [entry.outcome for entry in world.refusals] == ["CLIENT_SUSPENDED"]


async def test_store_that_stays_behind_answers_unavailable(world: World) -> None:
    world.recorder.error = asyncpg.DeadlockDetectedError("deadlock")
    with pytest.raises(Unavailable):
        await world.send(REQUEST, {"input": INPUT})
    assert await world.count("sharing_grant") == 0
    assert [entry.outcome for entry in world.refusals] == ["AUDIT_UNAVAILABLE"]


async def test_root_fields_run_in_order_and_a_refused_one_leaves_the_others(world: World) -> None:
    document = """mutation($input: GrantRequest!) {
        first: requestGrant(input: $input) { grantNo }
        again: requestGrant(input: $input) { grantNo }
        none: decideGrant(grantNo: "SG-99", decision: ACCEPT) { state }
        typename: __typename }"""
    answer = await world.send(document, {"input": INPUT})
    assert list(answer["data"]) == ["first", "again", "none", "typename"]
    assert answer["data"]["typename"] == "Mutation"
    assert answer["data"]["again"] is None
    assert codes(answer) == ["GRANT_ALREADY_REQUESTED", "GRANT_NOT_FOUND"]
    assert [error["path"] for error in answer["errors"]] == [["again"], ["none"]]
    assert answer["data"]["first"]["grantNo"] in answer["errors"][0]["message"]
    assert await world.count("sharing_grant") == 1
    members, decisions = (await world.entries())[-1]
    assert members["outcome"] == "ANSWERED"
    assert [item["outcome"] for item in decisions] == [
        "REQUESTED",
        "GRANT_ALREADY_REQUESTED",
        "GRANT_NOT_FOUND",
    ]


async def test_refused_act_is_on_record_with_its_code(world: World) -> None:
    answer = await world.send(REQUEST, {"input": INPUT}, LENDER)
    assert answer["data"] == {"requestGrant": None}
    assert codes(answer) == ["ACT_NOT_PERMITTED"]
    members, decisions = (await world.entries())[-1]
    assert members["outcome"] == "ACT_NOT_PERMITTED"
    assert decisions == [
        {"act": "REQUEST_GRANT", "object": None, "outcome": "ACT_NOT_PERMITTED", "rules": []}
    ]


async def test_public_may_do_nothing(world: World) -> None:
    document = """mutation { a: withdrawConsent(consentNo: "CL-1") { state }
        b: revokeGrant(grantNo: "SG-1", reason: "x") { state } }"""
    answer = await world.send(document, who=None)
    assert codes(answer) == ["ACT_NOT_PERMITTED", "ACT_NOT_PERMITTED"]


async def test_mutation_by_get_is_refused_and_on_record(world: World) -> None:
    with pytest.raises(ClientError) as raised:
        await world.send(REQUEST, {"input": INPUT}, method="GET")
    assert (raised.value.code, raised.value.status) == ("METHOD_NOT_ALLOWED", 405)
    assert [entry.outcome for entry in world.refusals] == ["METHOD_NOT_ALLOWED"]
    assert await world.count("sharing_grant") == 0


async def test_wrong_variable_does_not_run(world: World) -> None:
    answer = await world.send(REQUEST, {"input": {**INPUT, "provider": "x"}})
    assert "data" not in answer
    assert codes(answer) == ["VARIABLE_INVALID"]
    assert [entry.outcome for entry in world.refusals] == ["VARIABLE_INVALID"]


@pytest.mark.parametrize(
    "changes",
    [
        {"purposes": ["CURIOSITY"]},
        {"purposes": []},
        {"fields": ["TaxpayerCredit.mood"]},
        {"fields": []},
        {"scope": "a\0b"},
        {"validUntil": "2020-01-01T00:00:00Z"},
    ],
)
async def test_terms_that_say_nothing_good_are_refused(world: World, changes: Any) -> None:
    answer = await world.send(REQUEST, {"input": {**INPUT, **changes}})
    assert codes(answer) == ["TERMS_INVALID"]


async def test_odd_numbers_find_nothing(world: World) -> None:
    document = 'mutation($n: String!) { revokeGrant(grantNo: $n, reason: "x") { state } }'
    for number in ("", "\0", "a\0b", "x" * 5_000, "'; DROP TABLE sharing_grant; --", "\u202e"):
        assert codes(await world.send(document, {"n": number}, PROVIDER)) == ["GRANT_NOT_FOUND"]


async def test_two_officers_deciding_at_once_decide_once(world: World) -> None:
    number = (await world.send(REQUEST, {"input": INPUT}))["data"]["requestGrant"]["grantNo"]
    decide = """mutation($n: String!, $d: Decision!) {
        decideGrant(grantNo: $n, decision: $d, reason: "样例") { state } }"""
    answers = await asyncio.gather(
        *(world.send(decide, {"n": number, "d": d}, PROVIDER) for d in ("ACCEPT", "REFUSE") * 3)
    )
    assert sum("errors" not in answer for answer in answers) == 1
    assert {code for answer in answers for code in codes(answer)} == {"GRANT_STATE_CONFLICT"}
    assert await world.count("entitlement_act") == 2


async def test_life_of_a_letter_as_its_parties_see_it(world: World) -> None:
    filed = await world.send(FILE, {"input": LETTER}, LENDER)
    number = filed["data"]["fileConsentLetter"]["consentNo"]
    assert filed["data"]["fileConsentLetter"]["state"] == "SIGNED"
    read = """{ notifications { kind consentNo institutionName howToWithdraw }
        consents { consentNo state subjectCode institution validTo isLetter documentSha256 } }"""
    seen = (await world.send(read, who=OWNER))["data"]
    assert seen["notifications"] == [
        {
            "kind": "CONSENT_FILED",
            "consentNo": number,
            "institutionName": "样例银行",
            "howToWithdraw": "平台或书面",
        }
    ]
    assert seen["consents"] == [
        {
            "consentNo": number,
            "state": "SIGNED",
            "subjectCode": FIRM,
            "institution": BANK,
            "validTo": "2027-11-01T00:00:00Z",
            "isLetter": True,
            "documentSha256": "ab" * 32,
        }
    ]
    check = (
        "mutation($n: String!) { checkConsentLetter(consentNo: $n, decision: ACCEPT) { state } }"
    )
    checked = await world.send(check, {"n": number}, CREDIT_CENTRE)
    assert checked["data"]["checkConsentLetter"] == {"state": "ACTIVE"}
    withdraw = "mutation($n: String!) { withdrawConsent(consentNo: $n) { state } }"
    withdrawn = await world.send(withdraw, {"n": number}, OWNER)
    assert withdrawn["data"]["withdrawConsent"] == {"state": "WITHDRAWN"}


async def test_reading_is_for_those_concerned_and_bounded(world: World) -> None:
    await world.send(REQUEST, {"input": INPUT})
    read = "query($f: Int!) { grants(first: $f, state: REQUESTED) { grantNo consumer } }"
    for who in (CONSUMER, PROVIDER, CREDIT_CENTRE):
        assert len((await world.send(read, {"f": 10}, who))["data"]["grants"]) == 1
    for first in (-1, 101):
        assert codes(await world.send(read, {"f": first})) == ["ARGUMENT_OUT_OF_RANGE"]
    answer = await world.send(read, {"f": 1}, LENDER)
    assert answer["data"] == {"grants": None}
    assert codes(answer) == ["ACT_NOT_PERMITTED"]
    answer = await world.send("{ notifications { kind } consents { state } }", who=None)
    assert codes(answer) == ["ACT_NOT_PERMITTED", "ACT_NOT_PERMITTED"]
