"""Contracts of clients at the console: who, what for, how fast, and which operations."""

import hashlib
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.cli.client import client
from gateway.store.connect import StoreAddress

CODE = "91410199MA9DEM028G"
GRADE = """query Grade($uscc: USCC!) {
  subject(uscc: $uscc) {
    registration { name legalRepresentativePhone }
    taxpayerCredit { score }
    penalties(first: 1) { totalCount }
  }
}
"""


@pytest.fixture
def option(store: StoreAddress, tmp_path: Path) -> tuple[str, str]:
    """The option that names the store."""
    path = tmp_path / "store.url"
    path.write_text(store.url)
    return ("--store-url-file", str(path))


def run(*arguments: str) -> Result:
    return CliRunner().invoke(client, list(arguments))


def add_bank(option: tuple[str, str], *more: str) -> None:
    arguments = ("--class", "institution", "--name", "样例银行", "--organisation", CODE)
    result = run("add", *option, "bank-1", *arguments, "--purpose", "PRE_LOAN", *more)
    assert result.output == "bank-1 registered\n"


def add_operation(
    option: tuple[str, str], path: Path, text: str = GRADE, purpose: str = "PRE_LOAN"
) -> Result:
    path.write_text(text, encoding="utf-8")
    arguments = ("--client", "bank-1", "--purpose", purpose, "--quota", "7", "--lang", "en")
    return run("operation", "add", *option, str(path), *arguments)


def test_contract_shows_what_was_registered(option: tuple[str, str], tmp_path: Path) -> None:
    add_bank(option, "--quota", "5", "--rate", "60", "--burst", "10")
    assert add_operation(option, tmp_path / "grade.graphql").exit_code == 0
    shown = json.loads(run("show", *option, "bank-1").output)
    document_id = f"sha256:{hashlib.sha256(GRADE.encode()).hexdigest()}"
    expected = {
        "clientId": "bank-1",
        "callerClass": "institution",
        "organisation": CODE,
        "name": "样例银行",
        "state": "ACTIVE",
        "quotaPerDay": 5,
        "usedToday": 0,
        "purposes": ["PRE_LOAN"],
        "mayAskAnything": None,
        "requestsPerMinute": 60,
        "burst": 10,
        "operations": [
            {
                "name": "Grade",
                "purpose": "PRE_LOAN",
                "documentId": document_id,
                "quotaPerDay": 7,
                "usedToday": 0,
            }
        ],
    }
    assert {name: shown[name] for name in expected} == expected


def test_operation_add_tells_what_it_would_get(option: tuple[str, str], tmp_path: Path) -> None:
    add_bank(option)
    output = add_operation(option, tmp_path / "grade.graphql").output
    assert "  Registration.name read: CLEAR\n" in output
    assert "  Registration.legalRepresentativePhone read: DENIED\n" in output
    consent = "the subject's consent for field and purpose"
    assert f"  TaxpayerCredit.score read: DENIED; with {consent}: CLEAR\n" in output
    assert "  AdministrativePenalty count: CLEAR\n" in output


def test_operation_remove_takes_it_out(option: tuple[str, str], tmp_path: Path) -> None:
    add_bank(option)
    add_operation(option, tmp_path / "grade.graphql")
    assert (
        "PRE_LOAN  Grade  sha256:" in run("operation", "list", *option, "--client", "bank-1").output
    )
    named = ("Grade", "--client", "bank-1", "--purpose", "PRE_LOAN")
    assert run("operation", "remove", *option, *named).output.endswith("Grade  removed\n")
    assert run("operation", "list", *option, "--client", "bank-1").output == ""
    again = run("operation", "remove", *option, *named)
    assert (again.exit_code, "has no operation `Grade`" in again.output) == (1, True)


def test_operation_of_the_same_name_does_not_replace_another(
    option: tuple[str, str], tmp_path: Path
) -> None:
    add_bank(option)
    add_operation(option, tmp_path / "grade.graphql")
    laid_out = add_operation(option, tmp_path / "grade.graphql", " ".join(GRADE.split()))
    assert laid_out.exit_code == 0
    other = add_operation(option, tmp_path / "grade.graphql", GRADE.replace("name ", ""))
    assert (other.exit_code, "another operation `Grade`" in other.output) == (1, True)


@pytest.mark.parametrize(
    ("text", "purpose", "reason"),
    [
        ("query Grade { nothing }", "PRE_LOAN", "grade.graphql`:1"),
        ("{ sources { slug } }", "PRE_LOAN", "has no name"),
        ("query A { sources { slug } } query B { sources { slug } }", "PRE_LOAN", "2 operations"),
        (GRADE, "POST_LOAN", "does not name the purpose `POST_LOAN`"),
    ],
)
def test_operation_that_requests_could_not_run_is_not_registered(
    option: tuple[str, str], tmp_path: Path, text: str, purpose: str, reason: str
) -> None:
    add_bank(option)
    result = add_operation(option, tmp_path / "grade.graphql", text, purpose)
    assert result.exit_code == 1
    assert reason in result.output
    assert run("operation", "list", *option, "--client", "bank-1").output == ""


def test_operation_of_a_client_that_is_not_registered_is_refused(
    option: tuple[str, str], tmp_path: Path
) -> None:
    result = add_operation(option, tmp_path / "grade.graphql")
    assert (result.exit_code, "no client `bank-1`" in result.output) == (1, True)


def test_client_add_takes_rate_and_burst_together(option: tuple[str, str]) -> None:
    arguments = ("--class", "department", "--name", "样例局", "--rate", "60")
    result = run("add", *option, "office-1", *arguments)
    assert (result.exit_code, "given together" in result.output) == (2, True)
