"""The command: report, tables, exit codes, and no value of a row on either."""

import asyncio
import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from gateway.cli.load import LOADERS, load
from plugins.market.registration_import.command import load_market
from tests.plugins.market.registration_import.conftest import Market
from tests.plugins.market.registration_import.extracts import Extract, extract_of, row_number

_ROWS = Extract(
    (
        row_number(1),
        row_number(2, code=str(row_number(2).code).lower()),
        row_number(3, code="410105000012345"),
    )
)


def run(*arguments: str | Path, url: str | None = None) -> Result:
    environment = {"CREDIT_GATEWAY_MARKET_URL": url} if url else {}
    return CliRunner().invoke(load_market, [str(a) for a in arguments], env=environment)


@pytest.fixture
def extract(tmp_path: Path) -> Path:
    path = tmp_path / "[extract].csv"
    path.write_text(_ROWS.csv_text(), encoding="utf-8")
    return path


@pytest.fixture
def report(tmp_path: Path) -> Path:
    return tmp_path / "report.json"


@pytest.mark.usefixtures("market")
def test_command_accounts_for_every_row(market_url: str, extract: Path, report: Path) -> None:
    result = run(extract, "--report", report, url=market_url)
    assert result.exit_code == 0, result.output
    counts = {
        "read": 3,
        "loaded": 2,
        "inserted": 2,
        "replaced": 0,
        "unchanged": 0,
        "quarantined": 1,
    }
    written = json.loads(report.read_text(encoding="utf-8"))
    (file,) = written.pop("files")
    assert written == {
        "report_version": 1,
        "totals": counts,
        "by_rule": {"OLD_REGISTRATION_NUMBER": 1},
        "flags": {"LOWER_CASE": 1},
        "quarantine": [
            {
                "file": "[extract].csv",
                "line": 4,
                "record": 3,
                "rule": "OLD_REGISTRATION_NUMBER",
                "reason": "registration number of digits, expected a unified social credit code",
            }
        ],
    }
    assert file["rows"] == counts
    assert file["encoding"] == "utf-8"
    assert "first line" in file["encoding_decided_by"]
    assert (file["layout"], file["has_header"], file["ignored_columns"]) == ("CSV", True, [])
    assert len(file["sha256"]) == 64
    assert "[extract].csv" in result.output
    assert "OLD_REGISTRATION_NUMBER" in result.output


@pytest.mark.usefixtures("market")
def test_command_shows_no_value_of_a_row(market_url: str, extract: Path, report: Path) -> None:
    shown = run(extract, "--report", report, url=market_url).output + report.read_text("utf-8")
    for row in _ROWS.rows:
        for value in (row.name, row.code, row.address, row.legal_representative):
            assert str(value) not in shown


@pytest.mark.usefixtures("market")
def test_command_without_quarantine_writes_an_empty_list(
    market_url: str, tmp_path: Path, report: Path
) -> None:
    path = tmp_path / "a.json"
    path.write_text(extract_of(2).json_text(), encoding="utf-8")
    arguments = (path, "--report", report, "--encoding", "utf-8", "--database", market_url)
    assert run(*arguments).exit_code == 0
    written = json.loads(report.read_text(encoding="utf-8"))
    assert written["quarantine"] == []
    assert written["files"][0]["encoding_decided_by"] == "declared"


@pytest.mark.usefixtures("market")
@pytest.mark.parametrize("name", ["missing.csv", "other.csv"])
def test_command_one_unusable_file_stops_before_anything_is_written(
    market_url: str, extract: Path, report: Path, tmp_path: Path, name: str
) -> None:
    (tmp_path / "other.csv").write_text("a,b\n", encoding="utf-8")
    result = run(extract, tmp_path / name, "--report", report, url=market_url)
    assert result.exit_code == 2
    assert result.output.startswith(f"error: `{name}`")
    assert result.output.count("\n") == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == ["[extract].csv", "other.csv"]


def test_command_report_that_cannot_be_written_is_unusable(extract: Path, tmp_path: Path) -> None:
    for place in (tmp_path / "none" / "report.json", tmp_path):
        result = run(extract, "--report", place, url="postgresql://127.0.0.1:1/none")
        assert result.exit_code == 2
        assert "cannot be written" in result.output


@pytest.mark.parametrize(
    "url", ["postgresql://user:hidden@127.0.0.1:1/none", "hidden", "http://hidden"]
)
def test_command_database_that_cannot_be_reached_is_told_without_its_address(
    extract: Path, report: Path, url: str
) -> None:
    result = run(extract, "--report", report, url=url)
    assert result.exit_code == 2
    assert "database cannot be reached" in result.output
    assert "hidden" not in result.output
    assert not report.exists()


def test_command_database_of_another_kind_is_told(
    market_url: str, extract: Path, report: Path
) -> None:
    result = run(extract, "--report", report, url=market_url)
    assert result.exit_code == 2
    assert "scjg.qy_djxx" in result.output


async def test_command_stopped_by_the_database_tells_how_to_go_on(
    market: Market, extract: Path, report: Path
) -> None:
    await market.connection.execute("""
        CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql
            AS $$ BEGIN RAISE EXCEPTION 'internal %', NEW.qymc; END $$;
        CREATE TRIGGER fail BEFORE INSERT ON scjg.qy_djxx FOR EACH ROW EXECUTE FUNCTION fail();
    """)
    result = await asyncio.to_thread(run, extract, "--report", report, url=market.url)
    assert result.exit_code == 2
    assert "call again" in result.output
    assert "internal" not in result.output
    await market.connection.execute("DROP TRIGGER fail ON scjg.qy_djxx")
    result = await asyncio.to_thread(run, extract, "--report", report, url=market.url)
    assert result.exit_code == 0


async def test_command_shows_the_loaded_rows_to_the_department(
    market: Market, extract: Path, report: Path
) -> None:
    # The runner starts an event loop of its own, so it needs a thread without one.
    result = await asyncio.to_thread(run, extract, "--report", report, url=market.url)
    assert result.exit_code == 0
    assert [row[0] for row in await market.rows()] == sorted(
        str(row_number(n).code) for n in (1, 2)
    )


def test_load_group_finds_the_command_through_its_entry_point() -> None:
    context = click.Context(load)
    assert "market" in load.list_commands(context), "install the project first: make setup"
    assert load.get_command(context, "market") is load_market


def test_load_group_does_not_know_other_departments() -> None:
    assert LOADERS == "credit_gateway.loaders"
    result = CliRunner().invoke(load, ["nobody"])
    assert result.exit_code == 2
    assert "No such command" in result.output
