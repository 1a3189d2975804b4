"""Contracts over HTTP: registered operations, pace, quotas, sweeps, and what a client is told."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest

from gateway.demo.city.cases import CASES
from gateway.demo.city.organisations import case_code
from gateway.demo.departments import Departments
from gateway.demo.profiles import PROFILES
from gateway.demo.provision import Provisioned
from gateway.demo.tour.questions import GRADE_AND_PAYMENTS, LOAN_PAYMENTS
from gateway.entitlements.client import Client as Registered
from gateway.entitlements.client_operations import OperationRegister
from gateway.entitlements.contract import Pace
from gateway.entitlements.registers import ClientRegister
from gateway.operation.operations import sha256_of
from gateway.operation.registration import Registration
from gateway.settings import ClientSettings
from gateway.store.connect import StoreAddress, connector, postgres_url
from gateway.store.pool import LightPool
from policies.model import CallerClass
from schema.build import build_schema, core_schema
from tests.e2e.conftest import provision_in
from tests.e2e.serving import Client, sender_headers, served
from tests.support.postgres import DatabaseFactory

FIRM, OTHER = CASES.clean_firm.code, CASES.penalised_firm.code
DOCUMENT_ID = f"sha256:{sha256_of(LOAN_PAYMENTS)}"
BANK = "demo-bank"
LISTED = "query Listed($codes: [USCC!]!) { subjects(usccs: $codes) { uscc } }"


@dataclass(frozen=True)
class World:
    """A server whose clients are bound by their contracts."""

    provisioned: Provisioned
    client: Client

    def post(self, body: Mapping[str, Any], profile: str = "bank") -> httpx.Response:
        token = self.client.tokens[profile]
        headers = {
            "accept": "application/graphql-response+json",
            **sender_headers(self.client.settings, token),
        }
        url = f"http://127.0.0.1:{self.client.port}/graphql"
        return self.client.http.post(url, json=body, headers=headers)

    def store(self, work: Callable[[LightPool], Awaitable[Any]]) -> Any:
        async def run() -> Any:
            address = StoreAddress(self.provisioned.settings.store.url)
            pool = LightPool(connector(address), 1)
            try:
                return await work(pool)
            finally:
                await pool.aclose()

        return asyncio.run(run())

    def entry(self, response: httpx.Response) -> Any:
        async def read(pool: LightPool) -> Any:
            async with pool.connection() as connection:
                return await connection.fetchval(
                    "SELECT entry FROM audit_entry WHERE request_id = $1",
                    response.headers["x-request-id"],
                )

        return json.loads(self.store(read))


@pytest.fixture(scope="module")
def bound(
    databases: DatabaseFactory, departments: Departments, tmp_path_factory: pytest.TempPathFactory
) -> Provisioned:
    """A demonstration as it is provisioned."""
    store_url = postgres_url(**databases.create().connect_arguments())
    folder = tmp_path_factory.mktemp("contracts")
    return provision_in(folder, departments, store_url, is_bound=True)


@pytest.fixture(scope="module")
def world(bound: Provisioned) -> Iterator[World]:
    clients = replace(bound.settings.clients, sweep_per_minute=3)
    settings = replace(bound.settings, clients=clients)
    with served(settings, bound.description.tokens) as client:
        yield World(bound, client)


def code(response: httpx.Response) -> str:
    found: str = response.json()["errors"][0]["extensions"]["code"]
    return found


def loan(**more: Any) -> dict[str, Any]:
    return {"variables": {"uscc": FIRM}, **more}


def until(condition: Callable[[], bool]) -> None:
    """Wait for what takes effect within a second; longer on a busy machine."""
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_bank_runs_its_operation_by_text_in_any_layout_and_by_id(world: World) -> None:
    bodies = [
        loan(query=LOAN_PAYMENTS),
        loan(query=" ".join(LOAN_PAYMENTS.split())),
        loan(documentId=DOCUMENT_ID),
        loan(extensions={"persistedQuery": {"version": 1, "sha256Hash": DOCUMENT_ID[7:]}}),
    ]
    answers = [world.post(body) for body in bodies]
    assert [answer.status_code for answer in answers] == [200] * 4
    assert answers[0].json()["data"]["subject"]["taxpayerCredit"]["score"] is not None
    assert len({json.dumps(answer.json()["data"]) for answer in answers}) == 1


def test_bank_is_refused_anything_else_on_record(world: World) -> None:
    query = LOAN_PAYMENTS.replace("grade score", "grade")
    refused = world.post(loan(query=query))
    assert (refused.status_code, code(refused)) == (403, "OPERATION_NOT_REGISTERED")
    assert "data" not in refused.json()
    entry = world.entry(refused)
    assert entry["outcome"] == "OPERATION_NOT_REGISTERED"
    assert entry["operationHash"] == sha256_of(query)
    assert (entry["subjects"], entry["units"]) == ([], 0)
    unknown = world.post(loan(documentId="sha256:" + "0" * 64))
    assert (unknown.status_code, code(unknown)) == (403, "OPERATION_NOT_REGISTERED")


def test_others_ask_anything_and_by_no_id(world: World) -> None:
    query = f'{{ subject(uscc: "{FIRM}") {{ registration {{ name }} }} }}'
    for profile in ("inspector", "public"):
        assert world.post({"query": query}, profile).status_code == 200
        refused = world.post(loan(documentId=DOCUMENT_ID), profile)
        assert (refused.status_code, code(refused)) == (400, "PERSISTED_QUERY_NOT_SUPPORTED")


def test_identified_clients_are_told_their_limits_and_the_public_nothing(world: World) -> None:
    bank = world.post(loan(documentId=DOCUMENT_ID))
    assert bank.headers["ratelimit-policy"] == (
        '"requests";q=600;w=6, "subjects";q=100000;w=86400;qu="subjects"'
    )
    assert re.fullmatch(
        r'"requests";r=\d+;t=\d+, "subjects";r=\d+;t=\d+', bank.headers["ratelimit"]
    )
    officer = world.post({"query": "{ __typename }"}, "inspector")
    assert officer.headers["ratelimit-policy"] == '"requests";q=600;w=6'
    public = world.post({"query": "{ __typename }"}, "public")
    assert not any(name.startswith("ratelimit") for name in public.headers)


def test_limits_told_are_the_same_for_known_and_unknown_subjects(world: World) -> None:
    """Each costs one subject, whether anything is held about it or not."""
    codes = [FIRM, CASES.foreign_firm.code, case_code("91", "MA9N0NE1")]
    left = [
        remaining(world.post({"query": LOAN_PAYMENTS, "variables": {"uscc": each}}))
        for each in codes
    ]
    assert [left[0] - left[1], left[1] - left[2]] == [1, 1]


def remaining(response: httpx.Response) -> int:
    """Subjects that are left."""
    found = re.search(r'"subjects";r=(\d+)', response.headers["ratelimit"])
    assert found is not None
    return int(found[1])


def test_operation_taken_out_is_refused_soon_and_answered_again_when_registered(
    world: World,
) -> None:
    registered = Registration(core_schema(build_schema())).read(LOAN_PAYMENTS, "PRE_LOAN")
    world.store(lambda pool: OperationRegister(pool).remove(BANK, "PRE_LOAN", "LoanPayments"))
    until(lambda: world.post(loan(query=LOAN_PAYMENTS)).status_code == 403)
    assert world.post(loan(query=GRADE_AND_PAYMENTS)).status_code == 200
    world.store(lambda pool: OperationRegister(pool).put(BANK, registered))
    until(lambda: world.post(loan(query=LOAN_PAYMENTS)).status_code == 200)


def test_operation_with_a_quota_counts_its_subjects_apart(world: World) -> None:
    registration = Registration(core_schema(build_schema()))
    few = registration.read(LOAN_PAYMENTS, "PRE_LOAN", quota_per_day=1)
    world.store(lambda pool: OperationRegister(pool).put(BANK, few))
    until(lambda: "q=1;" in world.post(loan(query=LOAN_PAYMENTS)).headers["ratelimit-policy"])
    over = world.post({"query": LOAN_PAYMENTS, "variables": {"uscc": OTHER}})
    assert (over.status_code, code(over)) == (429, "QUOTA_EXCEEDED")
    assert world.post(loan(query=LOAN_PAYMENTS)).status_code == 200
    free = {"query": GRADE_AND_PAYMENTS, "variables": {"uscc": OTHER}}
    assert world.post(free).status_code == 200
    usual = registration.read(LOAN_PAYMENTS, "PRE_LOAN")
    world.store(lambda pool: OperationRegister(pool).put(BANK, usual))


def test_sweep_is_answered_and_marked(world: World) -> None:
    codes = [CASES.clean_firm.code, CASES.penalised_firm.code, CASES.firm_without_consent.code]
    usual = world.post({"query": LISTED, "variables": {"codes": codes}}, "tax-officer")
    assert world.entry(usual)["warnings"] == []
    # the minute may end in between
    codes.append(CASES.home_business.code)
    swept = world.post({"query": LISTED, "variables": {"codes": codes}}, "tax-officer")
    assert swept.status_code == 200
    assert world.entry(swept)["warnings"] == ["QUERY_SWEEP"]
    url = f"http://127.0.0.1:{world.client.port}/metrics"
    assert 'gateway_query_sweeps_total{span="MINUTE"}' in world.client.http.get(url).text


def test_pace_is_refused_beyond_and_told(world: World) -> None:
    profile = PROFILES.association
    assert profile.client is not None
    slow = replace(profile.client, pace=Pace(requests_per_minute=1, burst=2))
    world.store(lambda pool: ClientRegister(pool).put(slow))

    def is_slow() -> bool:
        answer = world.post({"query": "{ __typename }"}, "association")
        return answer.headers["ratelimit-policy"] == '"requests";q=2;w=120'

    until(is_slow)
    until(lambda: world.post({"query": "{ __typename }"}, "association").status_code == 429)
    refused = world.post({"query": "{ __typename }"}, "association")
    assert code(refused) == "RATE_LIMITED"
    assert int(refused.headers["retry-after"]) > 0
    assert '"requests";r=0;' in refused.headers["ratelimit"]
    assert world.entry(refused)["outcome"] == "RATE_LIMITED"


def test_client_must_be_registered_where_the_settings_say_so(
    bound: Provisioned, world: World
) -> None:
    settings = replace(bound.settings, clients=ClientSettings())
    with served(settings, bound.description.tokens) as client:
        strict = World(bound, client)
        assert strict.post(loan(documentId=DOCUMENT_ID)).status_code == 200
        assert PROFILES.platform.client is not None
        moved = Registered(
            PROFILES.platform.client.client_id, CallerClass.PLATFORM, OTHER, "样例平台", None
        )
        world.store(lambda pool: ClientRegister(pool).put(moved))
        until(lambda: strict.post(loan(query=LOAN_PAYMENTS), "platform").status_code == 403)
        refused = strict.post(loan(query=LOAN_PAYMENTS), "platform")
        assert code(refused) == "CLIENT_UNKNOWN"
        assert world.entry(refused)["outcome"] == "CLIENT_UNKNOWN"
