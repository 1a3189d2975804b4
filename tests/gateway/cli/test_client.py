"""Suspending, resuming and listing clients on a real store."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.cli.client import client
from gateway.cli.store import run_on_store
from gateway.entitlements.client import Client
from gateway.entitlements.registers import ClientRegister
from gateway.store.connect import StoreAddress
from policies.model import CallerClass
from tests.support.entries import BANK


@pytest.fixture
def option(store: StoreAddress, tmp_path: Path) -> tuple[str, str]:
    """The option that names the store."""
    path = tmp_path / "store.url"
    path.write_text(store.url)
    bank = Client("bank-1", CallerClass.INSTITUTION, BANK, "样例银行", 5)
    run_on_store(store, lambda pool: ClientRegister(pool).put(bank))
    return ("--store-url-file", str(path))


def run(*arguments: str) -> Result:
    return CliRunner().invoke(client, list(arguments))


def test_client_suspend_and_resume_show_in_the_list(option: tuple[str, str]) -> None:
    assert run("suspend", *option, "bank-1").output == "bank-1 SUSPENDED\n"
    assert "bank-1  institution  SUSPENDED  0 of 5 subjects today" in run("list", *option).output
    assert run("resume", *option, "bank-1").output == "bank-1 ACTIVE\n"
    line = json.loads(run("list", *option, "--json").output)
    assert (line["clientId"], line["state"], line["quotaPerDay"], line["usedToday"]) == (
        "bank-1",
        "ACTIVE",
        5,
        0,
    )


def test_client_suspend_keeps_when_the_client_is_entered_again(
    store: StoreAddress, option: tuple[str, str]
) -> None:
    run("suspend", *option, "bank-1")
    again = Client("bank-1", CallerClass.INSTITUTION, BANK, "样例银行", 6)
    run_on_store(store, lambda pool: ClientRegister(pool).put(again))
    assert "SUSPENDED  0 of 6" in run("list", *option).output


def test_client_unknown_fails(option: tuple[str, str]) -> None:
    for command in ("suspend", "resume"):
        result = run(command, *option, "nobody")
        assert result.exit_code == 1
        assert "no client `nobody`" in result.output
