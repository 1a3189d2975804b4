"""Who looked at me, and what did we ask: of a whole server."""

from __future__ import annotations

from typing import Any

from gateway.demo.city.cases import CASES, DEMO_BANK
from tests.e2e.serving import Client

FIRM = CASES.penalised_firm.code
WITHOUT = CASES.firm_without_consent.code
LOG = """query($u: USCC!, $f: LookUpFilter) { subject(uscc: $u) { accessLog(
    first: 100, filter: $f, orderBy: [{ field: META_RECORD_ID, direction: DESC }]) {
        totalCount nodes { callerClass organisation clientId isOwn purpose matterNo consentNos
        outcome requestId fields { coordinate use shown } proof
        meta { sourceDepartmentName } subject { id } } } } }"""
QUESTION = """query Look($u: [USCC!]!) { subjects(usccs: $u) { registration { name }
    taxpayerCredit { grade } } }"""
OWN = """query($p: String, $c: String, $o: String, $first: Int = 20, $after: String) {
    accessLog(purpose: $p, coordinate: $c, organisation: $o, first: $first, after: $after) {
        entryNo at organisation actingFor clientId userRef purpose matterNo operationName outcome
        subjectCount rowCount fields { coordinate use outcome } consentNos proof } }"""


def log_of(client: Client, **filters: Any) -> list[Any]:
    answer = client.ask(LOG, {"u": FIRM, "f": filters or None}, "firm")
    assert answer.codes == []
    nodes: list[Any] = answer.data["subject"]["accessLog"]["nodes"]
    return nodes


def without_proofs(lines: list[Any]) -> list[Any]:
    """Lines as they stay: a proof is under the newest checkpoint, which there may be another of."""
    return [{name: value for name, value in line.items() if name != "proof"} for line in lines]


def by_consent(client: Client, asked: list[str]) -> None:
    """Ask as the bank until the server has its consents afresh, as it may not on a slow machine."""
    for _ in range(50):
        answer = client.ask(QUESTION, {"u": asked}, "bank")
        if answer.data["subjects"][-1]["taxpayerCredit"]:
            return
    raise AssertionError("the bank's consents are not known to the server")


def test_firm_sees_who_looked_and_what_was_shown(client: Client) -> None:
    client.ask(QUESTION, {"u": [FIRM]}, "licence-officer")
    by_consent(client, [WITHOUT, FIRM])
    client.ask(QUESTION, {"u": [FIRM]}, "inspector")
    client.ask(QUESTION, {"u": [WITHOUT]}, "licence-officer")
    by_bank, by_officer = log_of(client, isOwn={"eq": False})[:2]
    assert by_officer["organisation"]
    assert by_officer["purpose"] == "LICENCE_REVIEW"
    assert by_officer["matterNo"] == "许可-2026-3305"
    assert by_bank["organisation"] == DEMO_BANK
    assert by_bank["consentNos"]
    assert by_bank["outcome"] == "ANSWERED"
    shown = {each["coordinate"]: each["shown"] for each in by_bank["fields"]}
    assert shown["TaxpayerCredit.grade"] == "CLEAR"
    assert by_bank["proof"]


def test_firm_is_told_nothing_of_an_inspection(client: Client) -> None:
    before = without_proofs(log_of(client, isOwn={"eq": False}))
    client.ask(QUESTION, {"u": [FIRM]}, "inspector")
    assert without_proofs(log_of(client, isOwn={"eq": False})) == before


def test_bank_without_consent_is_a_refused_look_up_of_its_own_only(client: Client) -> None:
    by_consent(client, [FIRM])
    document = """query($u: USCC!) { subject(uscc: $u) { taxPayments { nodes { item } } } }"""
    client.ask(document, {"u": FIRM}, "bank")
    refused, answered = log_of(client, organisation={"eq": DEMO_BANK})[:2]
    assert refused["outcome"] == "REFUSED"
    assert {each["shown"] for each in refused["fields"]} == {"REFUSED"}
    assert answered["outcome"] == "ANSWERED"


def test_organisation_sees_its_own_requests_and_no_others(client: Client) -> None:
    client.ask(QUESTION, {"u": [FIRM, WITHOUT]}, "inspector")
    client.ask(QUESTION, {"u": [FIRM]}, "bank")
    line = client.ask(OWN, {"p": "INSPECTION"}, "inspector").data["accessLog"][0]
    assert line["operationName"] == "Look"
    assert line["matterNo"] == "双随机-2026-0117"
    assert line["userRef"] == "market-inspection-officer-07"
    assert line["subjectCount"] == 2
    assert line["rowCount"] > 1
    assert "TaxpayerCredit.grade" in {each["coordinate"] for each in line["fields"]}
    mine = client.ask(OWN, {"first": 100}, "bank").data["accessLog"]
    assert {DEMO_BANK} == {each["actingFor"] or each["organisation"] for each in mine}
    assert client.ask(OWN, {"o": DEMO_BANK}, "inspector").codes == ["ACT_NOT_PERMITTED"]


def test_institution_sees_what_a_platform_asked_for_it(client: Client) -> None:
    client.ask(QUESTION, {"u": [FIRM]}, "platform")
    theirs = client.ask(OWN, {"first": 1}, "bank").data["accessLog"][0]
    assert theirs["clientId"] == "financing-platform"
    own = client.ask(OWN, {"first": 100}, "platform").data["accessLog"]
    assert {each["clientId"] for each in own} == {"financing-platform"}


def test_auditor_searches_by_purpose_field_and_organisation(client: Client) -> None:
    client.ask(QUESTION, {"u": [FIRM]}, "bank")
    asked = {"p": "PRE_LOAN", "c": "TaxpayerCredit.grade", "o": DEMO_BANK, "first": 2}
    first, second = client.ask(OWN, asked, "auditor").data["accessLog"]
    assert first["organisation"] == DEMO_BANK
    older = client.ask(OWN, {**asked, "after": first["entryNo"]}, "auditor").data["accessLog"]
    assert older[0]["entryNo"] == second["entryNo"]
    assert client.ask(OWN, {"c": "TaxPayment.taxKind", "o": FIRM}, "auditor").data == {
        "accessLog": []
    }


def test_root_log_refuses_subjects_the_public_and_odd_arguments(client: Client) -> None:
    for profile in ("firm", "public"):
        assert client.ask(OWN, {}, profile).codes == ["ACT_NOT_PERMITTED"]
    for arguments in ({"first": 101}, {"first": -1}, {"after": "x"}, {"after": "9" * 30}):
        answer = client.ask(OWN, arguments, "auditor")
        assert answer.codes == ["ARGUMENT_OUT_OF_RANGE"]
