"""The command `explain`, on a store with one consent and departments that cannot be reached.

Golden files lie beside this module: an operation, its arguments on the first line as a comment,
and the text. See `tests.support.golden` for writing them anew.
"""

import asyncio
import json
import shlex
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.cli import main
from gateway.cli.store import run_on_store
from gateway.demo.city.cases import CASES, DEMO_BANK
from gateway.demo.databases import DemoDatabases
from gateway.demo.departments import DepartmentAccess
from gateway.demo.files import DemoFiles
from gateway.demo.provision import provision
from gateway.entitlements.consent_register import ConsentRegister
from gateway.store.connect import StoreAddress
from gateway.store.pool import LightPool
from tests.support.golden import compare_with_golden
from tests.support.postgres import DatabaseFactory
from tests.support.store import store_address

GOLDEN = Path(__file__).parent / "golden"
CASES_OF_GOLDEN = sorted(path.stem for path in GOLDEN.glob("*.graphql"))
# Port 9 of the loopback interface: nobody listens, so that fetching anything would fail.
NOWHERE = "postgresql://nobody:x@127.0.0.1:9/none"
FIRM = CASES.penalised_firm.code


@pytest.fixture(scope="module")
def files(
    databases: DatabaseFactory, store_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DemoFiles]:
    """A gateway's settings: a store with the demonstration's consents, no department reachable."""
    address = databases.create(store_template)
    yield provisioned(store_address(address), tmp_path_factory.mktemp("explain"))
    databases.drop(address.database)


def provisioned(store: StoreAddress, folder: Path) -> DemoFiles:
    made = DemoFiles(folder / "data", folder / "build")
    made.make_folders()
    access = {
        slug: DepartmentAccess(slug, NOWHERE, NOWHERE) for slug in ("market", "tax", "courts")
    }
    asyncio.run(provision(DemoDatabases(access, store.url, None, None), made, 8480))
    return made


def explain(files: DemoFiles, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["explain", "--config", str(files.settings), *arguments])


@pytest.mark.parametrize("case", CASES_OF_GOLDEN)
def test_explain_golden_operation_gives_golden_text(files: DemoFiles, case: str) -> None:
    document = GOLDEN / f"{case}.graphql"
    first = document.read_text(encoding="utf-8").splitlines()[0]
    arguments = shlex.split(first.removeprefix("#"))
    result = explain(files, *arguments, str(document))
    assert result.exit_code == 0, result.output
    compare_with_golden(GOLDEN / f"{case}.txt", without_statements(result.stdout))


def without_statements(text: str) -> str:
    """The text without the SQL below each call: how a kit writes it is tested there."""
    plan, _, calls = text.rpartition("\n\n")
    kept = [line for line in calls.splitlines() if not line.startswith("  ")]
    return "\n".join((plan, "", *kept)) + "\n"


def test_explain_token_names_the_caller(files: DemoFiles) -> None:
    query = f'{{ subject(uscc: "{FIRM}") {{ taxpayerCredit {{ score }} }} }}'
    result = explain(files, "--token", str(files.tokens / "bank"), "-e", query)
    assert f"caller: institution, purpose PRE_LOAN, organisation {DEMO_BANK}" in result.output
    assert "clear score by tax.lending-credit-score-consented" in result.output


def test_explain_withdrawn_consent_denies(store: StoreAddress, tmp_path: Path) -> None:
    files = provisioned(store, tmp_path)

    async def withdraw(pool: LightPool) -> None:
        register = ConsentRegister(pool)
        (line,) = await register.list_consents(FIRM)
        await register.withdraw(line.consent_no, datetime.now(UTC))

    run_on_store(store, withdraw)
    query = f'{{ subject(uscc: "{FIRM}") {{ taxpayerCredit {{ score }} }} }}'
    result = explain(files, "--token", str(files.tokens / "bank"), "-e", query)
    assert "denied score (needs the subject's consent) by default.deny" in result.output


def test_explain_statement_holds_no_code_of_a_subject(files: DemoFiles) -> None:
    variables = json.dumps({"uscc": FIRM})
    query = "query Q($uscc: USCC!) { subject(uscc: $uscc) { registration { name } } }"
    result = explain(files, "-e", query, "--variables", variables)
    assert 'FROM "scjg"."qy_djxx"' in result.output
    assert FIRM not in result.output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "give either QUERYFILE or -e QUERY"),
        (("-e", "{ nothing }"), "query: "),
        (("-e", "query Q($u: USCC!) { subject(uscc: $u) { uscc } }"), "query: "),
        (("-e", "{ __typename }", "--variables", "["), "--variables is no JSON"),
        (("-e", "{ __typename }", "--variables", "[]"), "--variables is no JSON object"),
        (("-e", "{ __typename }", "--as", "department"), "needs --purpose"),
        (
            ("-e", "{ __typename }", "--as", "auditor"),
            "a caller of class `auditor` needs --organisation",
        ),
        (
            ("-e", "{ __typename }", "--organisation", FIRM),
            "a caller of class `public` has no --organisation",
        ),
        (
            ("-e", "{ __typename }", "--as", "auditor", "--organisation", "123"),
            "`123` is no unified social credit code",
        ),
    ],
)
def test_explain_what_cannot_be_explained_is_one_sentence(
    files: DemoFiles, arguments: tuple[str, ...], words: str
) -> None:
    result = explain(files, *arguments)
    assert result.exit_code in (1, 2)
    assert words in result.output
    assert "Traceback" not in result.output


def test_explain_bad_token_is_named_by_its_file(files: DemoFiles, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("no.such.token")
    result = explain(files, "--token", str(token), "-e", "{ __typename }")
    assert result.exit_code == 1
    assert f"token `{token}`: " in result.output


def test_explain_store_down_is_one_sentence(store: StoreAddress, tmp_path: Path) -> None:
    files = provisioned(store, tmp_path)
    (files.secrets / "store-url").write_text(NOWHERE)
    result = explain(files, "-e", "{ __typename }")
    assert result.exit_code == 1
    assert result.output.startswith("Error: ")
    assert "Traceback" not in result.output
