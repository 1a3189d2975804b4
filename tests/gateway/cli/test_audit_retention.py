"""The commands that erase subjects and archive old entries, as an operator runs them."""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.cli import main
from gateway.logkeeping import kept_log
from gateway.settings import load_settings
from gateway.store.connect import StoreAddress, connector
from gateway.store.pool import Connection
from tests.gateway.cli.test_audit_log import SETTINGS, private
from tests.gateway.retention.logs import OLD, YOUNG, add
from tests.support.entries import FIRM

_COVERED = "SELECT (SELECT tree_size FROM audit_log_head) >= $1"
_PROGRESS = """
SELECT (SELECT sealed_size FROM audit_archive) + (SELECT dropped_size FROM audit_archive)
"""


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["audit", *arguments])


@pytest.fixture
def config(tmp_path: Path, store: StoreAddress) -> Path:
    private(tmp_path / "store", store.url.encode())
    private(tmp_path / "opaque", bytes(64))
    private(tmp_path / "audit", bytes(32))
    assert run("new-key", "--origin", "log.example/audit", str(tmp_path / "log.pem")).exit_code == 0
    settings = SETTINGS.format(hash="sha256") + 'archive = "archive"\n'
    (tmp_path / "gateway.toml").write_text(settings)
    return tmp_path / "gateway.toml"


async def keep(config: Path, batches: list[tuple[list[str], str]]) -> None:
    """Record entries of several times, and keep the log until it covers each batch."""
    settings = load_settings(config, {})
    assert settings.audit_log is not None
    address, leaves = StoreAddress(settings.store.url), 0
    connection = await connector(address)()
    async with kept_log(settings.audit_log, address):
        for names, at in batches:
            await add(connection, names, at)
            leaves += len(names)
            async with asyncio.timeout(60):
                while not await connection.fetchval(_COVERED, leaves):
                    pass
    await connection.close()


def names(prefix: str, count: int) -> list[str]:
    return [f"{prefix}-{number}" for number in range(count)]


def test_old_entries_are_archived_proven_and_verified(config: Path) -> None:
    asyncio.run(keep(config, [(names("old", 6), OLD), (names("young", 4), YOUNG)]))
    refused = run("archive", "--config", str(config), "--before", "2026-05-02")
    assert refused.exit_code == 1
    assert "are kept for 5 years" in refused.output
    done = run("archive", "--config", str(config))
    assert done.exit_code == 0, done.output
    assert "6 entries have left the store" in done.output
    verified = run("verify", "--config", str(config))
    assert verified.exit_code == 0, verified.output
    assert "archive in" in verified.output
    folder = config.parent / "export"
    exported = run("export", "--config", str(config), str(folder))
    assert exported.exit_code == 0, exported.output
    proven = run("prove", "--config", str(config), "old-3")
    (folder / "proof.json").write_text(proven.output)
    key = run("key", "--config", str(config)).output.strip()
    for asked in (["."], ["--proof", "proof.json"]):
        command = [sys.executable, "verify_audit_log.py", *asked, "--key", key]
        assert subprocess.run(command, capture_output=True, cwd=folder).returncode == 0


def test_subject_is_erased_on_record(config: Path, store: StoreAddress) -> None:
    async def mention() -> None:
        connection: Connection = await connector(store)()
        await add(connection, ["r-1"], YOUNG)
        await connection.execute(
            "INSERT INTO subject_reference SELECT $1, reference FROM audit_subject", FIRM
        )
        await connection.close()

    asyncio.run(mention())
    asked = ["erase", "--config", str(config), "--subject", FIRM, "--reason", "liquidated"]
    refused = run(*asked)
    assert (refused.exit_code, "name the decision of a court" in refused.output) == (1, True)
    done = run(*asked, "--order", "court 7", "--user", "li")
    assert done.exit_code == 0, done.output
    assert "1 requests are about nobody any more" in done.output
    event = done.output.partition("on record as ")[2].split()[0]
    shown = run("show", "--store-url-file", str(config.parent / "store"), event)
    assert json.loads(shown.output)["actor"] == "li"
    tail = run("tail", "--store-url-file", str(config.parent / "store"))
    assert tail.exit_code == 0, tail.output
    unknown = run(*asked[:3], "--subject", "nobody", "--reason", "x")
    assert "expected a unified social credit code" in unknown.output


@pytest.mark.long
def test_archive_killed_again_and_again_loses_nothing(config: Path, store: StoreAddress) -> None:
    old, young = 30_000, 50
    batches = [(names(f"old{n}", 1_000), OLD) for n in range(old // 1_000)]
    asyncio.run(keep(config, [*batches, (names("young", young), YOUNG)]))
    chance, command = random.Random(5), [sys.executable, "-m", "gateway", "audit", "archive"]
    folder = config.parent / "archive"

    async def kill_on_the_way() -> bool:
        """Run it, and kill it after some progress of files or rows; whether it ended before."""
        connection = await connector(store)()

        async def progress() -> int:
            written = sum(path.stat().st_size for path in folder.glob("*"))
            return written // 500 + int(await connection.fetchval(_PROGRESS))

        wanted = await progress() + chance.randrange(1, 8_000)
        process = subprocess.Popen(  # noqa: ASYNC220
            [*command, "--config", str(config)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while process.poll() is None and await progress() < wanted:
            pass
        process.kill()
        await connection.close()
        return process.wait() == 0

    kills = 0
    while not asyncio.run(kill_on_the_way()):
        kills += 1
        assert run("verify", "--config", str(config)).exit_code == 0
    assert kills > 3
    verified = run("verify", "--config", str(config), "--json")
    assert verified.exit_code == 0, verified.output
    found = json.loads(verified.output.splitlines()[0])
    assert found["leaves"] >= old + young
