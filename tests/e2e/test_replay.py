"""Entries are decided anew: equal under the rules of their time, and never if they were altered."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from gateway.audit.log import AuditLog, StoredEntry
from gateway.cli import main
from gateway.cli.store import run_on_store
from gateway.demo.city.cases import CASES
from gateway.demo.provision import Provisioned
from gateway.store.connect import StoreAddress
from gateway.store.pool import LightPool
from tests.e2e.serving import Client
from tests.e2e.test_policy_reload import ARREARS, Place, place, worker

__all__ = ["place"]

FIRM = CASES.penalised_firm.code
SUBJECT = f"""{{ subject(uscc: "{FIRM}") {{
  registration {{ name address legalRepresentativePhone }}
  taxpayerCredit {{ grade score }}
  penalties(first: 2, filter: {{ counterpartName: {{ startsWith: "2026-01-01" }} }}) {{
    totalCount nodes {{ documentNo }} }}
}} }}"""


def entries(store: str, count: int = 100) -> list[StoredEntry]:
    found = run_on_store(StoreAddress(store), lambda pool: AuditLog(pool).last(count))
    return [each for each in found if each.members().get("grounds") is not None]


def last_line(done: Result) -> Any:
    """What the command said; servers of this process may have logged before."""
    return json.loads(done.output.strip().splitlines()[-1])


@pytest.fixture
def replay(tmp_path: Path) -> Callable[[str, str], Result]:
    def run(store: str, request_id: str) -> Result:
        (tmp_path / "url").write_text(store)
        url = ("--store-url-file", str(tmp_path / "url"))
        return CliRunner().invoke(main, ["audit", "replay", *url, request_id, "--json"])

    return run


def test_what_every_caller_asked_is_decided_alike_again(
    client: Client, provisioned: Provisioned, replay: Callable[[str, str], Result]
) -> None:
    for profile in client.tokens:
        assert client.ask(SUBJECT, profile=profile).status == 200
    assert client.ask(ARREARS).status == 200
    store = provisioned.settings.store.url
    found = entries(store, len(client.tokens) + 1)
    assert len(found) == len(client.tokens) + 1
    for entry in found:
        done = replay(store, entry.members()["requestId"])
        assert done.exit_code == 0, done.output
        assert last_line(done)["isEqual"] is True


def test_grounds_hold_no_subject_and_no_value(client: Client, provisioned: Provisioned) -> None:
    answer = client.ask(SUBJECT)
    name = answer.body["data"]["subject"]["registration"]["name"]
    store = provisioned.settings.store.url
    digest = bytes.fromhex(entries(store, 1)[0].members()["grounds"])

    async def read(pool: LightPool) -> str:
        async with pool.connection() as connection:
            found: bytes = await connection.fetchval(
                "SELECT json FROM audit_decisions WHERE sha256 = $1", digest
            )
        return found.decode()

    grounds = run_on_store(StoreAddress(store), read)
    assert "Registration.name" in grounds
    for hidden in (FIRM, name, "2026-01-01"):
        assert hidden not in grounds


@pytest.mark.parametrize(
    ("member", "value"),
    [("purpose", "AUDIT"), ("callerClass", "auditor"), ("organisation", FIRM), ("decisions", None)],
    ids=["purpose", "class", "organisation", "decisions"],
)
def test_altered_entry_differs(
    client: Client,
    provisioned: Provisioned,
    replay: Callable[[str, str], Result],
    member: str,
    value: str | None,
) -> None:
    client.ask(SUBJECT)
    store = provisioned.settings.store.url
    entry = entries(store, 1)[0]
    other = client.ask(ARREARS)
    assert other.status == 200
    altered: dict[str, Any] = dict(entry.members())
    altered[member] = value or entries(store, 1)[0].members()["decisions"]

    # beside the entry, since entries themselves are never changed
    encoded = json.dumps(altered, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    request_id = f"altered-{member}"

    async def add(pool: LightPool) -> None:
        async with pool.connection() as connection:
            await connection.execute(
                "INSERT INTO audit_entry (at, request_id, client_id, purpose, outcome, entry) "
                "SELECT at, $2, client_id, purpose, outcome, $3 FROM audit_entry "
                "WHERE entry_no = $1",
                entry.entry_no,
                request_id,
                encoded.encode(),
            )

    run_on_store(StoreAddress(store), add)
    done = replay(store, request_id)
    assert done.exit_code == 1
    fields = {each["field"].split()[0] for each in last_line(done)["differences"]}
    assert member in fields


def test_an_old_entry_is_decided_under_the_rules_of_its_time(
    place: Place, replay: Callable[[str, str], Result]
) -> None:
    with worker(place) as client:
        assert client.ask(ARREARS).status == 200
    place.close_arrears()
    with worker(place) as client:
        assert "FIELD_DENIED" in client.ask(ARREARS).codes
        store = client.settings.store.url
        before, after = (each.members() for each in entries(store))
    assert before["policyVersion"] != after["policyVersion"]
    assert before["decisions"] != after["decisions"]
    for entry in (before, after):
        done = replay(store, entry["requestId"])
        assert done.exit_code == 0, done.output


def test_rules_that_were_in_force_are_not_altered(provisioned: Provisioned) -> None:
    async def alter(pool: LightPool) -> None:
        async with pool.connection() as connection:
            await connection.execute("UPDATE policy_text SET content = 'x'")

    with pytest.raises(Exception, match="kept as they were"):
        run_on_store(StoreAddress(provisioned.settings.store.url), alter)
