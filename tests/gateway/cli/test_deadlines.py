"""The commands `deadlines` and `calendar load`, on the credit centre's database."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.cli import main
from gateway.demo.databases import DemoDatabases
from gateway.demo.departments import DepartmentAccess
from gateway.demo.files import DemoFiles
from gateway.demo.provision import provision
from plugins.creditcentre.adapter import CreditCentre
from plugins.creditcentre.install import tables
from plugins.creditcentre.settings import CentreSettings
from tests.plugins.creditcentre.centre import Centre
from tests.support.lifecycle import Clockface, address_of, fill
from tests.support.postgres import DatabaseFactory
from tests.support.store import store_address

NOWHERE = "postgresql://nobody:x@127.0.0.1:9/none"
NOTICED_ON = "2026-12-28"


@pytest.fixture
def config(databases: DatabaseFactory, store_template: str, tmp_path: Path) -> Iterator[str]:
    """Settings with a credit centre in which one notice of listing is served."""
    store, database = databases.create(store_template), databases.create()
    fill(database, tables())
    url = address_of(database).url
    asyncio.run(_notify(url, address_of(database)))
    files = DemoFiles(tmp_path / "data", tmp_path / "build")
    files.make_folders()
    nobody = {"market": DepartmentAccess("market", NOWHERE, NOWHERE)}
    asyncio.run(provision(DemoDatabases(nobody, store_address(store).url, None, None), files, 8480))
    secret = files.write_secret("centre-url", url)
    name = json.dumps(str(secret.relative_to(files.data)))
    with files.settings.open("a", encoding="utf-8") as settings:
        settings.write("[adapters.creditcentre]\n")
        settings.write(f"url = {{ file = {name} }}\ncommand_url = {{ file = {name} }}\n")
    _today(files.settings, "2026-12-30")
    yield str(files.settings)
    databases.drop(store.database)
    databases.drop(database.database)


async def _notify(url: str, address: object) -> None:
    adapter = CreditCentre(CentreSettings(url, url), clock := Clockface())
    centre = Centre(adapter, clock, address)  # type: ignore[arg-type]
    case_no = await centre.proposed()
    on = date.fromisoformat(NOTICED_ON)
    said = centre.notice(servedOn=NOTICED_ON)
    await centre.done("serveListingNotice", caseNo=case_no, on=on, **said)
    await adapter.aclose()


def _today(path: Path, day: str) -> None:
    text = re.sub(r"(?m)^today = .*$", f"today = {day}", path.read_text(encoding="utf-8"))
    path.write_text(text, encoding="utf-8")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def test_deadline_is_provisional_until_the_year_is_loaded(config: str, tmp_path: Path) -> None:
    shown = run("deadlines", "--config", config, "--json")
    assert shown.exit_code == 0
    [line] = map(json.loads, shown.output.splitlines())
    assert (line["whose"], line["state"], line["isProvisional"]) == ("subject", "RUNNING", True)
    notice = tmp_path / "2027.json"
    off = [{"date": f"2027-01-{day:02}", "isOffDay": True} for day in (1, 4, 5)]
    days = [*off, {"date": "2027-10-01", "isOffDay": True}]
    notice.write_text(json.dumps({"year": 2027, "days": days}), encoding="utf-8")
    loaded = run("calendar", "load", "--config", config, str(notice))
    assert loaded.exit_code == 0
    assert f"{line['dueOn']} -> 2027-01-07, final" in loaded.output
    assert "1 deadlines were reckoned anew" in loaded.output
    again = run("calendar", "load", "--config", config, str(notice))
    assert "0 deadlines were reckoned anew" in again.output
    _today(Path(config), "2027-01-08")
    overdue = run("deadlines", "--config", config)
    assert (overdue.exit_code, "OVERDUE" in overdue.output) == (1, True)


def test_calendar_without_days_is_refused(config: str, tmp_path: Path) -> None:
    empty = tmp_path / "2027.json"
    empty.write_text('{"year": 2027, "days": []}', encoding="utf-8")
    refused = run("calendar", "load", "--config", config, str(empty))
    assert (refused.exit_code, "announces nothing" in refused.output) == (1, True)
