"""Controls over a log in the store: alarms are entries of the same log, each once."""

from __future__ import annotations

import datetime as dt
import json
import secrets
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from gateway.audit.entry import RecordHasher
from gateway.audit.log import AuditLog
from gateway.audit.references import SubjectReferences
from gateway.audit.types import AuditEntry
from gateway.audit.within import TransactionRecorder
from gateway.cli import main
from gateway.controls.load import KINDS, ControlsError, load_controls
from gateway.controls.run import find_alarms, raise_alarms
from gateway.identity.principal import Principal
from gateway.store.connect import StoreAddress
from gateway.store.pool import LightPool
from policies.model import Caller, CallerClass, Purpose
from tests.support.entries import ORGAN, audit_entry

NOW = dt.datetime(2026, 11, 25, 2, tzinfo=dt.UTC)
AT = "2026-11-25T02:00:00Z"
SINCE = dt.date(2026, 11, 20)


def recorder() -> TransactionRecorder:
    return TransactionRecorder(SubjectReferences(secrets.token_bytes), RecordHasher(bytes(32)))


async def write(pool: LightPool, *entries: AuditEntry) -> None:
    for entry in entries:
        async with pool.connection() as connection, connection.transaction():
            await recorder().record(connection, entry)


def night(number: int, request_id: str | None = None, matter_no: str | None = "M") -> AuditEntry:
    """A request of one officer at night."""
    caller = Caller(CallerClass.DEPARTMENT, ORGAN, Purpose.TENDER)
    principal = Principal(caller, "organ", matter_no, "u-7")
    at = f"2026-11-23T18:00:{number:02}Z"
    return audit_entry(request_id or f"r-{number}", principal=principal, at=at)


async def run(pool: LightPool, since: dt.date = SINCE) -> list[str]:
    """Run the controls of the project; returns the names of the alarms that are new."""
    controls = load_controls()
    found = await find_alarms(pool, controls, since, NOW, lambda day: day.weekday() < 5)
    raised = await raise_alarms(pool, recorder(), controls, found, AT, "auditor-1")
    return [alarm.control.id for alarm in raised]


async def test_finding_is_an_alarm_in_the_log_with_its_evidence(store_pool: LightPool) -> None:
    await write(store_pool, *(night(number) for number in range(6)))
    assert await run(store_pool) == ["outside-office-hours"]
    log = AuditLog(store_pool)
    (alarm,) = await log.last(1)
    members = alarm.members()
    assert members["kind"] == "ALARM"
    assert members["outcome"] == "ALARM_RAISED"
    assert members["operationName"] == "outside-office-hours"
    assert members["warnings"] == ["office-hours"]
    assert members["userRef"] == "auditor-1"
    (evidence,) = await log.decisions(members["decisions"])
    assert evidence["about"] == {"client": "organ", "day": "2026-11-24", "user": "u-7"}
    assert (evidence["found"], evidence["limit"]) == (6, 5)
    shown = [entry.entry_no for entry in await log.last(7)][:6]
    assert evidence["entries"] == shown


async def test_second_run_raises_nothing_new(store_pool: LightPool) -> None:
    await write(store_pool, *(night(number, matter_no=None) for number in range(5)))
    assert sorted(await run(store_pool)) == ["no-matter-number", "outside-office-hours"]
    assert await run(store_pool) == []
    assert await run(store_pool, SINCE - dt.timedelta(days=3)) == []
    # more of the same on the same day is the same finding
    await write(store_pool, night(9))
    assert await run(store_pool) == []


async def test_request_cannot_pass_for_an_alarm_by_its_id(store_pool: LightPool) -> None:
    await write(store_pool, *(night(number) for number in range(5)))
    controls = load_controls()
    (alarm,) = await find_alarms(store_pool, controls, SINCE, NOW, lambda _day: True)
    await write(store_pool, audit_entry(alarm.name, at="2026-11-01T00:00:00Z"))
    assert await run(store_pool) == ["outside-office-hours"]


async def test_quiet_log_raises_nothing(store_pool: LightPool) -> None:
    await write(store_pool, audit_entry("r-1", at="2026-11-23T02:00:00Z"))
    assert await run(store_pool) == []


def test_controls_of_the_project_are_one_of_each_kind() -> None:
    assert {control.kind for control in load_controls().controls} == set(KINDS)


GOOD = """
in_force_from = 2026-01-01
[[control]]
id = "c"
kind = "repetition"
least_requests = 3
within_days = 5
basis = "b"
intent = "i"
"""


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("least_requests = 3\n", "", "least_requests"),
        ("= 3", "= 0", "least_requests"),
        ("= 3", "= true", "least_requests"),
        ('kind = "repetition"', 'kind = "magic"', "magic"),
        ('basis = "b"', 'basis = ""', "basis"),
        ("within_days = 5", "within_days = 5\nwithin_hours = 5", "within_hours"),
        ("2026-01-01", '"today"', "in_force_from"),
        ("[[control]]", "[control]", "control"),
    ],
)
def test_file_of_controls_that_is_not_understood_is_refused(
    tmp_path: Path, old: str, new: str, what: str
) -> None:
    path = tmp_path / "controls.toml"
    path.write_text(GOOD, "utf-8")
    assert load_controls(path).controls[0].id == "c"
    path.write_text(GOOD.replace(old, new), "utf-8")
    with pytest.raises(ControlsError, match=what):
        load_controls(path)


def invoke(*arguments: str) -> Any:
    return CliRunner().invoke(main, list(arguments))


def test_commands_search_close_matters_and_run_controls(
    store: StoreAddress, tmp_path: Path
) -> None:
    url = tmp_path / "url"
    url.write_text(store.url, "utf-8")
    at = ("--store-url-file", str(url))
    closed = invoke(
        "audit", "close-matter", *at, "--organisation", ORGAN, "--matter", "M-1", "--user", "me"
    )
    assert closed.exit_code == 0, closed.output
    found = invoke("audit", "search", *at, "--organisation", ORGAN, "--json")
    line = json.loads(found.output)
    assert (line["kind"], line["operationName"], line["userRef"]) == ("ACT", "CLOSE_MATTER", "me")
    assert invoke("audit", "search", *at, "--purpose", "TENDER", "--json").output == ""
    assert "CLOSE_MATTER" not in invoke("audit", "search", *at, "--client", "other").output
    tomorrow = (dt.datetime.now(dt.UTC) + dt.timedelta(days=2)).date().isoformat()
    late = invoke(
        *("audit", "close-matter", *at, "--organisation", ORGAN, "--matter", "M", "--on", tomorrow)
    )
    assert late.exit_code == 1
    run = invoke("audit", "controls", *at)
    assert run.output.endswith("0 of them new on record\n"), run.output
