"""A router joins the gateway with a second subgraph, and callers keep their own rights."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from gateway.audit.log import AuditLog
from gateway.demo.city.cases import CASES
from gateway.demo.city.organisations import case_code
from gateway.store.connect import connector
from gateway.store.pool import LightPool
from tests.peers.composers import COMPOSERS, Subgraph, compose, second_subgraph
from tests.peers.router import RunningRouter, running_router, running_second_subgraph
from tests.support.running_gateway import RunningGateway

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("gateway")]

CLEAN, PENALISED, VILLAGE = (
    case.code for case in (CASES.clean_firm, CASES.penalised_firm, CASES.village)
)
UNKNOWN = case_code("91", "MA9DEMYY")
MALFORMED = "911101053182987532"
PERMITS = {CLEAN: 5, PENALISED: 3, VILLAGE: 1, UNKNOWN: 9, MALFORMED: 20}

FIRM = "uscc registration { name } parkingPermits"
ONE = "query One($uscc: USCC!) { subject(uscc: $uscc) { %s } }"
HOLDERS = "query Holders { parkingHolders(atLeast: 2, atMost: 8) { %s } }"
PENALTIES = "penalties(first: 1) { totalCount }"
SECRET = "registration { name legalRepresentativeIdNo }"


@pytest.fixture(scope="module")
def parking() -> Iterator[Subgraph]:
    with running_second_subgraph(PERMITS) as url:
        yield second_subgraph(url)


@pytest.fixture(scope="module", params=COMPOSERS)
def router(
    request: pytest.FixtureRequest, credit: Subgraph, parking: Subgraph
) -> Iterator[RunningRouter]:
    composition = compose(request.param, [credit, parking])
    assert composition.supergraph is not None
    with running_router(composition.supergraph) as running:
        yield running


def test_one_organisation_has_fields_of_both(router: RunningRouter) -> None:
    answer = router.ask(ONE % f"{FIRM} parkingPlaces(first: 2) {{ nodes {{ number }} }}", on(CLEAN))
    assert answer == {
        "data": {
            "subject": {
                "uscc": CLEAN,
                "registration": {"name": CASES.clean_firm.name},
                "parkingPermits": 5,
                "parkingPlaces": {"nodes": [{"number": 1}, {"number": 2}]},
            }
        }
    }


def test_several_organisations_have_fields_of_both(router: RunningRouter) -> None:
    query = f"query Some($usccs: [USCC!]!) {{ subjects(usccs: $usccs) {{ {FIRM} }} }}"
    answer = router.ask(query, {"usccs": [VILLAGE, CLEAN, PENALISED]})
    assert answer == {
        "data": {
            "subjects": [
                firm(VILLAGE, CASES.village.name, 1),
                firm(CLEAN, CASES.clean_firm.name, 5),
                firm(PENALISED, CASES.penalised_firm.name, 3),
            ]
        }
    }


def test_the_second_subgraph_may_come_first(router: RunningRouter) -> None:
    answer = router.ask(HOLDERS % FIRM)
    assert answer == {
        "data": {
            "parkingHolders": [
                firm(CLEAN, CASES.clean_firm.name, 5),
                firm(PENALISED, CASES.penalised_firm.name, 3),
            ]
        }
    }


def test_an_organisation_that_no_register_knows_has_no_record(router: RunningRouter) -> None:
    answer = router.ask(f"{{ parkingHolders(atLeast: 9, atMost: 9) {{ {FIRM} }} }}")
    assert answer == {"data": {"parkingHolders": [firm(UNKNOWN, None, 9)]}}


def test_a_malformed_code_costs_the_others_nothing(router: RunningRouter) -> None:
    answer = router.ask(f"{{ parkingHolders(atLeast: 5) {{ {FIRM} }} }}")
    assert answer["data"] == {
        "parkingHolders": [
            firm(MALFORMED, None, 20),
            firm(CLEAN, CASES.clean_firm.name, 5),
            firm(UNKNOWN, None, 9),
        ]
    }
    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "BAD_REPRESENTATION"


def test_the_end_callers_token_decides(router: RunningRouter, officer: str) -> None:
    counts = [
        router.ask(query, on(PENALISED), authorization)["data"]
        for query in (ONE % PENALTIES, HOLDERS % f"uscc {PENALTIES}")
        for authorization in (None, officer)
    ]
    one_public, one_officer, all_public, all_officer = counts
    assert total(one_public["subject"]) < total(one_officer["subject"])
    assert total(all_public["parkingHolders"][1]) == total(one_public["subject"])
    assert total(all_officer["parkingHolders"][1]) == total(one_officer["subject"])


def test_callers_at_the_same_time_are_not_confused(router: RunningRouter, officer: str) -> None:
    def count(authorization: str | None) -> int:
        answer = router.ask(HOLDERS % f"uscc {PENALTIES}", None, authorization)
        return total(answer["data"]["parkingHolders"][1])

    alone = {None: count(None), officer: count(officer)}
    assert alone[None] != alone[officer]
    callers = [None, officer] * 20
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(count, callers)) == [alone[caller] for caller in callers]


def test_the_token_goes_to_the_gateway_alone(router: RunningRouter, officer: str) -> None:
    assert router.ask("{ isCallerNamed }", None, officer) == {"data": {"isCallerNamed": False}}


def test_a_denied_field_arrives_as_null_with_its_code(router: RunningRouter) -> None:
    answer = router.ask(ONE % SECRET, on(CLEAN))
    registration = answer["data"]["subject"]["registration"]
    assert registration == {"name": CASES.clean_firm.name, "legalRepresentativeIdNo": None}
    (error,) = answer["errors"]
    assert error["path"] == ["subject", "registration", "legalRepresentativeIdNo"]
    assert error["extensions"]["code"] == "FIELD_DENIED"
    assert error["extensions"]["coordinate"] == "Registration.legalRepresentativeIdNo"
    assert error["extensions"]["rule"]
    assert error["extensions"]["missing"] == "ANOTHER_CALLER"


def test_a_field_denied_behind_the_second_subgraph_keeps_its_code(router: RunningRouter) -> None:
    answer = router.ask(HOLDERS % SECRET)
    firms = [each["registration"] for each in answer["data"]["parkingHolders"]]
    assert [each["name"] for each in firms] == [CASES.clean_firm.name, CASES.penalised_firm.name]
    assert [each["legalRepresentativeIdNo"] for each in firms] == [None, None]
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"FIELD_DENIED"}


def test_access_and_sources_do_not_pass_the_router(router: RunningRouter) -> None:
    assert "extensions" not in router.ask(ONE % SECRET, on(CLEAN))


@pytest.mark.parametrize("query", [ONE % FIRM, HOLDERS % FIRM])
def test_a_bad_token_is_refused_and_never_the_public(router: RunningRouter, query: str) -> None:
    answer = router.ask(query, on(CLEAN), "Bearer none")
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"TOKEN_INVALID"}
    assert CASES.clean_firm.name not in str(answer)


def test_entities_are_audited(router: RunningRouter, gateway: RunningGateway, officer: str) -> None:
    before = audit_entries(gateway)
    router.ask(HOLDERS % FIRM, None, officer)
    (entry,) = audit_entries(gateway)[len(before) :]
    assert entry["outcome"] == "ANSWERED"
    assert entry["callerClass"] == "department"
    assert entry["matterNo"] == "M-1"
    assert len(entry["subjects"]) == 2
    assert ("market", "ANSWERED") in {
        (each["slug"], each["outcome"]) for each in entry["departments"]
    }


def audit_entries(gateway: RunningGateway) -> Sequence[Mapping[str, Any]]:
    """Return every entry of the audit log, the oldest first."""

    async def read() -> Sequence[Mapping[str, Any]]:
        pool = LightPool(connector(gateway.store), 1)
        try:
            return [entry.members() for entry in await AuditLog(pool).last(10_000)]
        finally:
            await pool.aclose()

    return asyncio.run(read())


def on(uscc: str) -> Mapping[str, str]:
    return {"uscc": uscc}


def firm(uscc: str, name: str | None, permits: int) -> Mapping[str, object]:
    registration = None if name is None else {"name": name}
    return {"uscc": uscc, "registration": registration, "parkingPermits": permits}


def total(subject: Mapping[str, Any]) -> int:
    count: int = subject["penalties"]["totalCount"]
    return count
