"""The commands `effect`: what they do stands in the log, and the record under its sealed id."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from gateway.cli import main
from gateway.opaque import OpaqueCodec
from gateway.store.connect import StoreAddress, connector
from schema.codes import RecordKind
from tests.gateway.cli.test_audit_log import SETTINGS, private

RECORD = OpaqueCodec([bytes(64)]).record_id(
    RecordKind.ADMINISTRATIVE_PENALTY.value, "market", "no. 7"
)


@pytest.fixture
def config(tmp_path: Path, store: StoreAddress) -> str:
    private(tmp_path / "store", store.url.encode())
    private(tmp_path / "opaque", bytes(64))
    private(tmp_path / "audit", bytes(32))
    made = ["audit", "new-key", "--origin", "log.example/audit", str(tmp_path / "log.pem")]
    assert CliRunner().invoke(main, made).exit_code == 0
    (tmp_path / "gateway.toml").write_text(SETTINGS.format(hash="sha256"))
    return str(tmp_path / "gateway.toml")


def run(act: str, config: str, *arguments: str, record: str = RECORD) -> Result:
    given = ["--config", config, "--record", record, "--cause", "R-1", *arguments]
    return CliRunner().invoke(main, ["effect", act, *given])


def rows(store: StoreAddress, statement: str) -> list[tuple[Any, ...]]:
    async def read() -> list[tuple[Any, ...]]:
        connection = await connector(store)()
        found = [tuple(row) for row in await connection.fetch(statement)]
        await connection.close()
        return found

    return asyncio.run(read())


def test_effect_begins_and_ends_on_record(config: str, store: StoreAddress) -> None:
    hidden = ("--effect", "HIDDEN", "--hidden-from", "public")
    done = run("begin", config, *hidden)
    assert done.exit_code == 0, done.output
    held = rows(store, "SELECT department, record_id, effect, hidden_from FROM record_effect")
    assert held == [("market", "no. 7", "HIDDEN", ["public"])]
    assert run("end", config, "--effect", "HIDDEN").exit_code == 0
    assert rows(store, "SELECT * FROM record_effect") == []
    entries = rows(
        store,
        "SELECT d.json, e.entry FROM audit_entry AS e JOIN audit_decisions AS d"
        " ON d.sha256 = decode(entry_member(e.entry, 'decisions'), 'hex') ORDER BY e.entry_no",
    )
    said = [json.loads(row[0])[0] for row in entries]
    assert [(line["act"], line["outcome"], line["object"]) for line in said] == [
        ("BEGIN_EFFECT", "HIDDEN", RECORD),
        ("END_EFFECT", "LIFTED", RECORD),
    ]
    assert not any(b"no. 7" in content for row in entries for content in row)


@pytest.mark.parametrize(
    ("record", "arguments", "expected"),
    [
        ("nothing", ("--effect", "ENDED"), "expected the id of a record"),
        (RECORD, ("--effect", "HIDDEN"), "only what is HIDDEN"),
        (RECORD, ("--effect", "MARKED", "--hidden-from", "public"), "only what is HIDDEN"),
    ],
    ids=["no-record", "hidden-from-nobody", "marked-and-hidden"],
)
def test_effect_that_is_not_possible_is_refused(
    config: str, record: str, arguments: tuple[str, ...], expected: str
) -> None:
    done = run("begin", config, *arguments, record=record)
    assert (done.exit_code, expected in done.output) == (1, True), done.output
