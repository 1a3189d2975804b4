"""What entries say of released records and of who was decided about how, by a whole server."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from gateway.audit.entry import RecordHasher
from gateway.audit.log import AuditLog
from gateway.demo.city.cases import CASES
from gateway.demo.provision import Provisioned
from gateway.store.connect import StoreAddress, connector
from gateway.store.pool import LightPool
from tests.e2e.serving import Client

FIRM = CASES.penalised_firm.code
OFTEN = CASES.often_penalised_firm.code
DISHONEST = {
    "penalties": "ADMINISTRATIVE_PENALTY",
    "taxArrears": "TAX_ARREARS",
    "judgmentDefaulters": "JUDGMENT_DEFAULTER",
    "abnormalOperations": "ABNORMAL_OPERATION_ENTRY",
}
IDENTITY = "meta { recordId sourceDepartmentCode }"
PATHS = {"rows": f"id {IDENTITY}", "built": IDENTITY}


def newest(provisioned: Provisioned) -> Mapping[str, Any]:
    """Members of the newest entry."""
    found: Mapping[str, Any] = _read(provisioned, lambda log: log.last(1))[0].members()
    return found


def decisions(provisioned: Provisioned, sha256: str) -> set[tuple[str, str, str]]:
    """Decisions that an entry names."""
    found = _read(provisioned, lambda log: log.decisions(sha256))
    return {(each["coordinate"], each["use"], each["outcome"]) for each in found}


def _read(provisioned: Provisioned, work: Any) -> Any:
    async def run() -> Any:
        pool = LightPool(connector(StoreAddress(provisioned.settings.store.url)), 1)
        try:
            return await work(AuditLog(pool))
        finally:
            await pool.aclose()

    return asyncio.run(run())


def references(provisioned: Provisioned, subjects: Sequence[Mapping[str, Any]]) -> set[str]:
    """Hashes of the dishonest records in an answer."""
    hasher = RecordHasher(provisioned.settings.keys.audit)
    return {
        hasher.hash(f"{meta['sourceDepartmentCode']}/{kind}/{meta['recordId']}")
        for subject in subjects
        for name, kind in DISHONEST.items()
        for meta in (node["meta"] for node in subject[name]["nodes"])
    }


@pytest.mark.parametrize("node", PATHS.values(), ids=PATHS)
def test_each_dishonest_record_of_an_answer_is_on_record(
    client: Client, provisioned: Provisioned, node: str
) -> None:
    lists = " ".join(f"{name}(first: 20) {{ nodes {{ {node} }} }}" for name in DISHONEST)
    document = f"""query($u: [USCC!]!) {{ subjects(usccs: $u) {{ {lists}
        licences(first: 5) {{ nodes {{ {node} }} }} }} }}"""
    answer = client.ask(document, {"u": [FIRM, OFTEN]}, "inspector")
    assert answer.codes == []
    expected = references(provisioned, answer.data["subjects"])
    assert len(expected) > 3
    released = newest(provisioned)["released"]
    assert set(released) == expected
    assert len(released) == len(expected)


def test_counted_records_are_not_released(client: Client, provisioned: Provisioned) -> None:
    document = "query($u: USCC!) { subject(uscc: $u) { penalties { totalCount } } }"
    assert client.ask(document, {"u": FIRM}, "inspector").data["subject"]["penalties"]
    assert newest(provisioned)["released"] == []


def test_listed_records_are_released_as_far_as_the_page_goes(
    client: Client, provisioned: Provisioned
) -> None:
    document = f"""{{ records(kind: ADMINISTRATIVE_PENALTY, first: 7) {{
        nodes {{ {IDENTITY} }} pageInfo {{ hasNextPage }} }} }}"""
    answer = client.ask(document, profile="inspector")
    nodes = answer.data["records"]["nodes"]
    assert answer.data["records"]["pageInfo"]["hasNextPage"]
    assert len(newest(provisioned)["released"]) == len(nodes) == 7


def test_entry_tells_apart_what_was_decided_about_whom(
    client: Client, provisioned: Provisioned
) -> None:
    document = """query($u: [USCC!]!) { subjects(usccs: $u) {
        registration { name } taxpayerCredit { grade } } }"""
    answer = client.ask(document, {"u": [FIRM, OFTEN]}, "firm")
    assert answer.status == 200
    entry = newest(provisioned)
    parts = {
        position: decisions(provisioned, share["decisions"])
        for share in entry["shares"]
        for position in share["subjects"]
    }
    assert sorted(parts) == [0, 1]
    assert ("TaxpayerCredit.grade", "read", "CLEAR") in parts[0]
    assert not any(outcome == "CLEAR" for _, _, outcome in parts[1])
    assert decisions(provisioned, entry["decisions"]) == parts[0] | parts[1]


def test_entry_about_subjects_that_stand_alike_has_no_shares(
    client: Client, provisioned: Provisioned
) -> None:
    document = "query($u: [USCC!]!) { subjects(usccs: $u) { registration { name } } }"
    client.ask(document, {"u": [FIRM, OFTEN]}, "inspector")
    assert newest(provisioned)["shares"] == []
