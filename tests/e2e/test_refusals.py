"""Who is refused and why, over HTTP: tokens, denied fields beside permitted ones, masks, a bank."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from gateway.contract import AdapterSettings
from gateway.demo.city.authorities import MARKET_BUREAU
from gateway.demo.city.cases import CASES
from gateway.demo.departments import Departments
from gateway.demo.provision import AUDIENCE, ISSUER, Provisioned
from gateway.identity.issuer import LocalIssuer, TokenRequest
from gateway.identity.keys import generate_key
from gateway.store.connect import postgres_url
from policies.model import Caller, CallerClass, Purpose
from tests.e2e.conftest import provision_in
from tests.e2e.serving import Client, served
from tests.support.postgres import DatabaseFactory

FIRM = CASES.penalised_firm.code
CONSENTING, SILENT = CASES.clean_firm.code, CASES.firm_without_consent.code
DOCUMENT = f"""{{ subject(uscc: "{FIRM}") {{
    registration {{ name legalRepresentativeIdNo }} taxpayerCredit {{ score }} }} }}"""
REQUEST = TokenRequest(
    Caller(CallerClass.DEPARTMENT, MARKET_BUREAU.code, Purpose.INSPECTION), "inspection", "样例-1"
)


@pytest.fixture(scope="module")
def issuer() -> LocalIssuer:
    return issuer_of(ISSUER, AUDIENCE, time.time())


def issuer_of(name: str, audience: str, now: float) -> LocalIssuer:
    return LocalIssuer(name, audience, _KEY, lambda: now, lambda: os.urandom(8).hex())


_KEY = generate_key()


@pytest.fixture(scope="module")
def own_keys(
    provisioned: Provisioned, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Client]:
    """A server that trusts the tests' own key."""
    jwks = tmp_path_factory.mktemp("keys") / "jwks.json"
    jwks.write_bytes(orjson.dumps(issuer_of(ISSUER, AUDIENCE, 0.0).jwks()))
    identity = replace(provisioned.settings.identity, jwks=jwks, is_demo=False)
    with served(replace(provisioned.settings, identity=identity), {"public": None}) as client:
        yield client


def test_good_token_is_taken(own_keys: Client, issuer: LocalIssuer) -> None:
    answer = own_keys.ask(DOCUMENT, token=issuer.mint(REQUEST))
    assert answer.status == 200
    assert answer.data["subject"]["registration"]["name"] == CASES.penalised_firm.name


def bad_token(fault: str) -> str:
    now = time.time()
    others = LocalIssuer(ISSUER, AUDIENCE, generate_key(), time.time, lambda: "x" * 16)
    issuers = {
        "expired": issuer_of(ISSUER, AUDIENCE, now - 3_600),
        "not yet": issuer_of(ISSUER, AUDIENCE, now + 3_600),
        "audience": issuer_of(ISSUER, "another", now),
        "issuer": issuer_of("https://evil.example", AUDIENCE, now),
        "key": others,
    }
    return issuers[fault].mint(REQUEST) if fault in issuers else "a.b.c"


@pytest.mark.parametrize("fault", ["expired", "not yet", "audience", "issuer", "key", "garbage"])
def test_bad_token_is_refused_and_never_taken_for_the_public(own_keys: Client, fault: str) -> None:
    answer = own_keys.ask(DOCUMENT, token=bad_token(fault))
    assert answer.status == 401
    assert "data" not in answer.body
    assert len(answer.codes) == 1


def test_denied_field_stands_beside_a_permitted_one(client: Client) -> None:
    answer = client.ask(DOCUMENT)
    subject = answer.data["subject"]
    assert subject["registration"]["name"] == CASES.penalised_firm.name
    assert subject["registration"]["legalRepresentativeIdNo"] is None
    assert answer.denied("subject.registration.legalRepresentativeIdNo") == ["READ"]
    assert "subject.registration.name" in answer.access["clear"]
    paths = [error["path"] for error in answer.errors]
    assert ["subject", "registration", "legalRepresentativeIdNo"] in paths


def test_aliases_of_one_field_are_decided_alike_and_fields_of_one_alias_apart(
    client: Client,
) -> None:
    document = f"""{{ subject(uscc: "{FIRM}") {{ registration {{
        name: legalRepresentativeIdNo legalRepresentativeIdNo: name }} }} }}"""
    answer = client.ask(document)
    registration = answer.data["subject"]["registration"]
    assert registration == {"name": None, "legalRepresentativeIdNo": CASES.penalised_firm.name}
    assert answer.denied("subject.registration.name") == ["READ"]


BANK = """query($u: [USCC!]!) { subjects(usccs: $u) { taxpayerCredit { grade score }
    taxPayments(first: 1) { totalCount nodes { paidAmount } } } }"""


def test_bank_reads_what_one_firm_consented_to_and_nothing_of_the_other(client: Client) -> None:
    answer = client.ask(BANK, {"u": [CONSENTING, SILENT]}, "bank")
    consenting, silent = answer.data["subjects"]
    assert consenting["taxpayerCredit"]["grade"] == "A"
    assert silent["taxPayments"] is None
    places = [item.get("positions") for item in answer.access["denied"]]
    assert [1] in places
    assert all(positions != [0, 1] or positions is None for positions in places)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ('filter: {legalRepresentativeIdNo: {startsWith: "4"}}', "FILTER_DENIED"),
        ("orderBy: [{field: LEGAL_REPRESENTATIVE_ID_NO}]", "ORDER_DENIED"),
    ],
)
def test_hidden_field_cannot_be_found_out_by_filter_or_order(
    client: Client, arguments: str, code: str
) -> None:
    document = f"{{ searchSubjects({arguments}) {{ totalCount nodes {{ uscc }} }} }}"
    answer = client.ask(document)
    assert code in answer.codes
    assert answer.data["searchSubjects"] is None or not answer.data["searchSubjects"]["nodes"]
    assert answer.sources == {}


def test_count_that_is_denied_is_null(client: Client) -> None:
    answer = client.ask(
        f'{{ subject(uscc: "{FIRM}") {{ taxPayments {{ totalCount nodes {{ id }} }} }} }}'
    )
    assert answer.data["subject"]["taxPayments"] is None
    assert answer.codes == ["FIELD_DENIED"]


def test_department_switched_off_is_down_and_the_others_answer(provisioned: Provisioned) -> None:
    settings = provisioned.settings
    dead = AdapterSettings({"url": "postgresql://nobody@127.0.0.1:1/tax"})
    without_tax = replace(settings, adapters={**settings.adapters, "tax": dead})
    document = f"""{{ subject(uscc: "{FIRM}") {{ registration {{ name }}
        taxpayerCredit {{ grade }}
        penalties {{ totalCount nodes {{ meta {{ sourceDepartmentCode }} }} }} }}
        sources {{ slug state }} }}"""
    with served(without_tax, provisioned.description.tokens) as client:
        answer = client.ask(document, profile="inspector")
    assert answer.status == 200
    assert answer.sources == {"market": "ANSWERED", "tax": "DOWN"}
    subject = answer.data["subject"]
    assert subject["registration"]["name"] == CASES.penalised_firm.name
    assert subject["taxpayerCredit"] is None
    assert subject["penalties"]["totalCount"] is None
    assert len({n["meta"]["sourceDepartmentCode"] for n in subject["penalties"]["nodes"]}) == 1
    assert answer.codes.count("SOURCE_DOWN") == 2
    states = {source["slug"]: source["state"] for source in answer.data["sources"]}
    assert (states["tax"], states["market"]) == ("DOWN", "UP")


def test_badly_configured_department_is_quarantined_and_the_others_answer(
    provisioned: Provisioned,
) -> None:
    settings = provisioned.settings
    wrong = AdapterSettings({"uri": "postgresql://"})
    with served(
        replace(settings, adapters={**settings.adapters, "tax": wrong}),
        provisioned.description.tokens,
    ) as client:
        document = f"""{{ subject(uscc: "{FIRM}") {{
            registration {{ name }} taxpayerCredit {{ grade }} }} }}"""
        answer = client.ask(document, profile="inspector")
    assert answer.codes == ["SOURCE_DOWN"]
    assert answer.data["subject"]["taxpayerCredit"] is None
    assert answer.data["subject"]["registration"]["name"] == CASES.penalised_firm.name


def test_no_audit_no_answer(
    databases: DatabaseFactory, departments: Departments, tmp_path: Path
) -> None:
    address = databases.create()
    own = provision_in(tmp_path, departments, postgres_url(**address.connect_arguments()))
    with served(own.settings, own.description.tokens) as client:
        assert client.ask(DOCUMENT).status == 200
        databases.drop(address.database)
        for profile in ("public", "inspector"):
            answer = client.ask(DOCUMENT, profile=profile)
            assert answer.status == 503
            assert "data" not in answer.body
            assert CASES.penalised_firm.name not in str(answer.body)
