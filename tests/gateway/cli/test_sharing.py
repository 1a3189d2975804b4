"""The commands `grant` and `consent` on a store of their own, departments never asked."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.audit.log import AuditLog
from gateway.cli import main
from gateway.cli.store import run_on_store
from gateway.demo.city.authorities import MARKET_BUREAU, TAX_BUREAU
from gateway.demo.databases import DemoDatabases
from gateway.demo.departments import DepartmentAccess
from gateway.demo.files import DemoFiles
from gateway.demo.profiles import CREDIT_CENTRE
from gateway.demo.provision import provision
from gateway.store.connect import StoreAddress
from policies.sharing.loader import SHARING
from tests.gateway.entitlements.test_consent_file import GOOD
from tests.support.entries import FIRM
from tests.support.postgres import DatabaseFactory
from tests.support.store import store_address

# Port 9 of the loopback interface: nobody listens.
NOWHERE = "postgresql://nobody:x@127.0.0.1:9/none"
WISH = f"""
provider = "{TAX_BUREAU.code}"
catalogue_code = "C09-01"
coordinates = ["TaxpayerCredit.score"]
purposes = ["INSPECTION"]
legal_basis = "样例条例 第一条"
scenario = "双随机抽查"
scope = "被抽查企业"
mode = "FILE"
impact_assessment = "PIA-1"
impact_assessed_on = 2026-01-05
valid_until = 2099-01-01T00:00:00+08:00
"""
LETTER = GOOD.replace("2027-01-01", "2100-01-01").replace("2026-01-01", "2099-12-01")
PROVIDER = ("--organisation", TAX_BUREAU.code)
CENTRE = ("--as", "credit-centre", "--organisation", CREDIT_CENTRE)


@pytest.fixture(scope="module")
def store(databases: DatabaseFactory, store_template: str) -> Iterator[StoreAddress]:
    """The gateway's own database of this module."""
    address = databases.create(store_template)
    yield store_address(address)
    databases.drop(address.database)


@pytest.fixture(scope="module")
def config(store: StoreAddress, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Settings with the demonstration's departments, which nobody can reach."""
    folder = tmp_path_factory.mktemp("sharing")
    made = DemoFiles(folder / "data", folder / "build")
    made.make_folders()
    access = {
        slug: DepartmentAccess(slug, NOWHERE, NOWHERE) for slug in ("market", "tax", "courts")
    }
    asyncio.run(provision(DemoDatabases(access, store.url, None, None), made, 8480))
    return str(made.settings)


def run(config: str, group: str, command: str, *arguments: str) -> Result:
    runner = CliRunner(env={"COLUMNS": "220"})
    return runner.invoke(main, [group, command, "--config", config, *arguments])


def done(config: str, group: str, command: str, *arguments: str) -> str:
    """The output of a command that succeeds."""
    result = run(config, group, command, *arguments)
    assert result.exit_code == 0, result.output
    return result.output


def written(folder: Path, text: str) -> str:
    path = folder / "document.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_grant_from_request_to_revocation(config: str, store: StoreAddress, tmp_path: Path) -> None:
    consumer = ("--organisation", MARKET_BUREAU.code)
    asked = done(config, "grant", "request", *consumer, written(tmp_path, WISH))
    number = asked.split()[0]
    assert "REQUESTED, answer due" in asked
    assert number in done(config, "grant", "list", "--state", "REQUESTED")
    assert number not in done(config, "grant", "list", "--overdue")
    extended = done(config, "grant", "extend", *PROVIDER, "--reason", "需论证", number)
    assert extended == f"{number} REQUESTED\n"
    refused = run(config, "grant", "decide", *PROVIDER, "--refuse", number)
    assert refused.exit_code == 1
    assert "needs a reason" in refused.output
    assert done(config, "grant", "decide", *PROVIDER, "--accept", number) == f"{number} ACTIVE\n"
    suspended = done(config, "grant", "suspend", *CENTRE, "--reason", "核查", number)
    assert suspended == f"{number} SUSPENDED\n"
    assert done(config, "grant", "resume", *CENTRE, number) == f"{number} ACTIVE\n"
    revoked = done(
        config, "grant", "revoke", *PROVIDER, "--user", "officer-9", "--reason", "违规", number
    )
    assert revoked == f"{number} REVOKED\n"
    shown = json.loads(done(config, "grant", "show", number))
    assert [line["act"] for line in shown["history"]] == [
        "REQUEST_GRANT",
        "EXTEND_GRANT",
        "DECIDE_GRANT",
        "SUSPEND_GRANT",
        "RESUME_GRANT",
        "REVOKE_GRANT",
    ]
    assert shown["supply_due_on"] is not None
    last = run_on_store(store, lambda pool: AuditLog(pool).last(1))[0].members()
    assert (last["operationName"], last["outcome"]) == ("REVOKE_GRANT", "ANSWERED")
    assert (last["organisation"], last["userRef"]) == (TAX_BUREAU.code, "officer-9")


def test_refusal_at_the_console_is_on_record(
    config: str, store: StoreAddress, tmp_path: Path
) -> None:
    wish = written(tmp_path, WISH.replace("C09-01", "C99-99"))
    result = run(config, "grant", "request", "--organisation", MARKET_BUREAU.code, wish)
    assert result.exit_code == 1
    assert "has no catalogue entry `C99-99`" in result.output
    last = run_on_store(store, lambda pool: AuditLog(pool).last(1))[0].members()
    assert (last["operationName"], last["outcome"]) == ("REQUEST_GRANT", "GRANT_ITEMS_REFUSED")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('mode = "FILE"', 'mode = "PIGEON"', "`mode` is `PIGEON`"),
        ("2026-01-05", '"soon"', "`impact_assessed_on` is no date"),
        ("2026-01-05", "2026-01-05T00:00:00Z", "`impact_assessed_on` is no date"),
        ('["INSPECTION"]', "[]", "`purposes` is empty"),
        ('scope = "被抽查企业"', "", "the request lacks `scope`"),
        ('scope = "被抽查企业"', 'scope = "x"\nfee = 1', "a request has no item `fee`"),
    ],
)
def test_wrong_request_file_names_the_item(
    config: str, tmp_path: Path, old: str, new: str, said: str
) -> None:
    file = written(tmp_path, WISH.replace(old, new))
    result = run(config, "grant", "request", "--organisation", MARKET_BUREAU.code, file)
    assert result.exit_code == 1
    assert said in result.output


def test_folder_of_sharing_is_the_settings(config: str, tmp_path: Path) -> None:
    folder = tmp_path / "sharing"
    shutil.copytree(SHARING, folder)
    consents = folder / "consents.toml"
    consents.write_text(consents.read_text().replace("value = 36", "value = "))
    settings = Path(config).with_name("other.toml")
    text = Path(config).read_text()
    assert "[policies]" not in text
    settings.write_text(f'{text}\n[policies]\nsharing = "{folder}"\n')
    settings.chmod(0o600)
    result = run(str(settings), "consent", "file", written(tmp_path, LETTER))
    assert "expected at most 6 days" in result.output
    checked = CliRunner().invoke(main, ["check", "--config", str(settings)])
    assert "sharing: good, 31 rules on acts" in checked.output
    (folder / "clocks.toml").write_text("version = 1")
    checked = CliRunner().invoke(main, ["check", "--config", str(settings)])
    assert checked.exit_code == 1
    assert "sharing: clocks.toml: key `version`" in checked.output


def test_unknown_numbers_and_codes_are_said(config: str) -> None:
    for group in ("grant", "consent"):
        result = run(config, group, "show", "X-1")
        assert result.exit_code == 1
        assert f"there is no {group} `X-1`" in result.output
    result = run(config, "grant", "resume", *PROVIDER, "X-1")
    assert "there is no grant `X-1`" in result.output


def test_consent_from_letter_to_withdrawal(
    config: str, store: StoreAddress, tmp_path: Path
) -> None:
    filed = done(config, "consent", "file", written(tmp_path, LETTER))
    number = filed.split()[0]
    assert filed == f"{number} SIGNED\n"
    assert number in done(config, "consent", "list", "--subject", FIRM, "--state", "SIGNED")
    again = run(config, "consent", "file", written(tmp_path, LETTER))
    assert "filed before" in again.output
    checked = done(config, "consent", "check", *CENTRE[2:], "--accept", number)
    assert checked == f"{number} ACTIVE\n"
    stranger = run(config, "consent", "withdraw", "--as", "subject", *PROVIDER, number)
    assert "that concerns you" in stranger.output
    withdrawn = done(
        config, "consent", "withdraw", "--as", "subject", "--organisation", FIRM, number
    )
    assert withdrawn == f"{number} WITHDRAWN\n"
    shown = json.loads(done(config, "consent", "show", number))
    assert (shown["state"], shown["is_letter"]) == ("WITHDRAWN", True)
    assert [line["act"] for line in shown["history"]] == [
        "FILE_LETTER",
        "CHECK_LETTER",
        "WITHDRAW_CONSENT",
    ]
    last = run_on_store(store, lambda pool: AuditLog(pool).last(1))[0].members()
    assert last["callerReference"] == last["subjects"][0]


def test_wrong_letter_files_nothing(config: str, tmp_path: Path) -> None:
    before = done(config, "consent", "list")
    for old, new, said in (
        ("PRE_LOAN", "CURIOSITY", "`purpose` is `CURIOSITY`"),
        ("bans_onward_supply = true", "bans_onward_supply = false", "does not ban onward supply"),
    ):
        result = run(config, "consent", "file", written(tmp_path, LETTER.replace(old, new)))
        assert result.exit_code == 1
        assert said in result.output
    assert done(config, "consent", "list") == before
