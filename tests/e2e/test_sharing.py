"""Grants and letters over HTTP, from the first request to the last: what opens, and what closes."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from gateway.demo.city.authorities import TAX_BUREAU
from gateway.demo.city.cases import CASES
from gateway.demo.departments import Departments
from gateway.store.connect import postgres_url
from tests.e2e.conftest import provision_in
from tests.e2e.serving import Client, served
from tests.support.postgres import DatabaseFactory

FIRM = CASES.firm_without_consent.code
OWNER = CASES.penalised_firm.code
EFFECTIVE_S = 1.0
NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)


def wire(days: int) -> str:
    return f"{NOW + dt.timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}"


@pytest.fixture(scope="module")
def client(
    databases: DatabaseFactory, departments: Departments, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Client]:
    """A server with a store of its own."""
    address = databases.create()
    found = provision_in(
        tmp_path_factory.mktemp("sharing"), departments, postgres_url(**address.connect_arguments())
    )
    with served(found.settings, found.description.tokens) as client:
        yield client
    databases.drop(address.database)


def within_a_second(holds: Callable[[], bool]) -> None:
    """Return when it holds; fail if it does not within a second."""
    deadline = time.monotonic() + EFFECTIVE_S
    while not holds():
        assert time.monotonic() < deadline, "not effective within a second"


SCORE = f"""{{ subject(uscc: "{FIRM}") {{ taxpayerCredit {{ year score }} }} }}"""


def reads_score(client: Client) -> bool:
    answer = client.ask(SCORE, profile="inspector")
    return "FIELD_DENIED" not in answer.codes and bool(answer.data["subject"]["taxpayerCredit"])


def act(client: Client, profile: str, call: str, variables: Any = None, head: str = "") -> Any:
    answer = client.ask(f"mutation{head} {{ done: {call} }}", variables, profile=profile)
    assert answer.errors == []
    return answer.data["done"]


def test_grant_opens_a_field_and_its_end_closes_it(client: Client) -> None:
    assert not reads_score(client)
    wish = {
        "provider": TAX_BUREAU.code,
        "catalogueCode": "C09-01",
        "fields": ["TaxpayerCredit.score"],
        "purposes": ["INSPECTION"],
        "legalBasis": "样例条例 第一条",
        "scenario": "双随机抽查",
        "scope": "被抽查企业",
        "impactAssessment": "PIA-1",
        "impactAssessedOn": wire(-30)[:10],
        "validUntil": wire(30),
    }
    call = "requestGrant(input: $input) { grantNo state answerDueOn isOverdue }"
    asked = act(client, "inspector", call, {"input": wish}, "($input: GrantRequest!)")
    assert asked["state"] == "REQUESTED"
    assert not asked["isOverdue"]
    number = f'grantNo: "{asked["grantNo"]}"'
    seen = client.ask("{ grants(state: REQUESTED) { grantNo } }", profile="tax-officer").data
    assert [grant["grantNo"] for grant in seen["grants"]] == [asked["grantNo"]]
    for profile, code in (
        ("inspector", "ACT_NOT_PERMITTED"),
        ("licence-officer", "GRANT_NOT_FOUND"),
    ):
        document = f"mutation {{ decideGrant({number}, decision: ACCEPT) {{ state }} }}"
        assert client.ask(document, profile=profile).codes == [code]
    assert not reads_score(client)
    act(client, "tax-officer", f"decideGrant({number}, decision: ACCEPT) {{ state }}")
    within_a_second(lambda: reads_score(client))
    act(client, "credit-centre", f'suspendGrant({number}, reason: "核查") {{ state }}')
    within_a_second(lambda: not reads_score(client))
    act(client, "tax-officer", f"resumeGrant({number}) {{ state }}")
    within_a_second(lambda: reads_score(client))
    act(client, "tax-officer", f'revokeGrant({number}, reason: "超范围使用") {{ state }}')
    within_a_second(lambda: not reads_score(client))


GRADE = f"""{{ subject(uscc: "{OWNER}") {{ taxpayerCredit {{ year score }} }} }}"""


def bank_reads(client: Client) -> bool:
    answer = client.ask(GRADE, profile="bank")
    return answer.status == 200 and "FIELD_DENIED" not in answer.codes


def letter(**changes: Any) -> dict[str, Any]:
    """A complete letter of the firm."""
    return {
        "subject": OWNER,
        "authoriserName": CASES.penalised_firm.name,
        "institutionName": "郑州示例银行",
        "institutionLicenceNo": "B0000S000000000",
        "institutionContact": "0371-00000000",
        "purpose": "PRE_LOAN",
        "recordKinds": ["TAXPAYER_CREDIT"],
        "fields": ["TaxpayerCredit.score", "TaxpayerCredit.year"],
        "isOneOff": False,
        "validFrom": wire(-1),
        "processing": "自动化查询",
        "retention": "六个月",
        "restrictions": "不作他用，不得转供",
        "bansOtherUse": True,
        "bansOnwardSupply": True,
        "howToWithdraw": "平台撤回或书面通知",
        "signerName": "样例人",
        "signerRole": "ATTORNEY",
        "signerProof": "委托书 1 号",
        "form": "WET_INK_SCAN",
        "signedAt": wire(-1),
        "documentSha256": "cd" * 32,
        **changes,
    }


def test_letter_releases_data_between_its_check_and_its_withdrawal(client: Client) -> None:
    before = client.ask("{ consents(state: ACTIVE) { consentNo } }", profile="firm").data
    for consent in before["consents"]:
        number = consent["consentNo"]
        act(client, "firm", f'withdrawConsent(consentNo: "{number}") {{ state }}')
    within_a_second(lambda: not bank_reads(client))
    call = "fileConsentLetter(input: $input) { consentNo state }"
    head = "($input: ConsentLetter!)"
    filed = act(client, "bank", call, {"input": letter()}, head)
    assert filed["state"] == "SIGNED"
    number = f'consentNo: "{filed["consentNo"]}"'
    (notice, *_) = client.ask(
        "{ notifications { kind consentNo howToWithdraw } }", profile="firm"
    ).data["notifications"]
    assert (notice["kind"], notice["consentNo"]) == ("CONSENT_FILED", filed["consentNo"])
    assert not bank_reads(client)
    act(client, "credit-centre", f"checkConsentLetter({number}, decision: ACCEPT) {{ state }}")
    within_a_second(lambda: bank_reads(client))
    act(client, "firm", f"withdrawConsent({number}) {{ state }}")
    within_a_second(lambda: not bank_reads(client))


def test_mutation_by_get_is_refused(client: Client) -> None:
    response = httpx.get(
        f"http://127.0.0.1:{client.port}/graphql",
        params={"query": 'mutation { withdrawConsent(consentNo: "CL-1") { state } }'},
        headers={"accept": "application/graphql-response+json"},
        timeout=30,
    )
    assert response.status_code == 405
    assert response.headers["allow"] == "POST"
    assert response.json()["errors"][0]["extensions"]["code"] == "METHOD_NOT_ALLOWED"


def test_mutation_as_a_simple_form_is_refused(client: Client) -> None:
    response = httpx.post(
        f"http://127.0.0.1:{client.port}/graphql",
        content='{"query":"mutation { __typename }"}',
        headers={"content-type": "text/plain", "accept": "application/json"},
        timeout=30,
    )
    assert response.status_code == 415
