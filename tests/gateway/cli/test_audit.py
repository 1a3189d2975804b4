"""The command `audit` against a real store."""

import asyncio
import json
import secrets
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.audit.entry import RecordHasher
from gateway.audit.recorder import GroupCommitRecorder
from gateway.audit.references import SubjectReferences
from gateway.cli.audit import audit
from gateway.cli.store import run_on_store
from gateway.store.connect import StoreAddress
from gateway.store.pool import LightPool
from tests.support.entries import audit_entry
from tests.support.standings import followed


@pytest.fixture
def url_file(store: StoreAddress, tmp_path: Path) -> str:
    path = tmp_path / "store.url"
    path.write_text(store.url + "\n")
    return str(path)


def run(command: object, *arguments: str) -> Result:
    return CliRunner(env={"COLUMNS": "200"}).invoke(command, arguments)  # type: ignore[arg-type]


def record(store: StoreAddress, *request_ids: str) -> None:
    async def work(pool: LightPool) -> None:
        async with followed(store) as standings:
            recorder = GroupCommitRecorder(
                pool, SubjectReferences(secrets.token_bytes), RecordHasher(bytes(32)), standings
            )
            await recorder.open()
            await asyncio.gather(*(recorder.commit(audit_entry(each)) for each in request_ids))
            await recorder.aclose()

    run_on_store(store, work)


def test_audit_tail_shows_the_newest_entries(store: StoreAddress, url_file: str) -> None:
    record(store, "r-1", "r-2", "r-3")
    result = run(audit, "tail", "--store-url-file", url_file, "-n", "2")
    assert result.exit_code == 0
    assert "r-1" not in result.output
    assert result.output.index("r-2") < result.output.index("r-3")


def test_audit_show_prints_entry_and_decisions(store: StoreAddress, url_file: str) -> None:
    record(store, "r-1", "r-2")
    result = run(audit, "show", "--store-url-file", url_file, "r-2")
    shown = json.loads(result.output)
    assert shown["requestId"] == "r-2"
    assert shown["decisions"] == [{"coordinate": "TaxpayerCredit.grade", "outcome": "CLEAR"}]


def test_audit_show_unknown_request_fails(url_file: str) -> None:
    result = run(audit, "show", "--store-url-file", url_file, "r-9")
    assert result.exit_code == 1
    assert "no entry of a request `r-9`" in result.output


def test_audit_unreachable_store_fails_without_the_password(tmp_path: Path) -> None:
    path = tmp_path / "store.url"
    path.write_text("postgresql://gateway:secret@127.0.0.1:1/x")
    result = run(audit, "tail", "--store-url-file", str(path))
    assert result.exit_code == 1
    assert "cannot be reached" in result.output
    assert "secret" not in result.output
