"""The commands that keep, copy, prove and verify the audit log, as an operator runs them."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.cli import main
from gateway.logkeeping import kept_log
from gateway.settings import load_settings
from gateway.store.connect import StoreAddress, connector
from tests.support.translog import add_entries

SETTINGS = """
[store]
url = {{ file = "store" }}
[identity]
issuer = "https://issuer.example"
audience = "credit-gateway"
jwks = "jwks.json"
[keys]
opaque_files = ["opaque"]
audit_file = "audit"
[audit_log]
origin = "log.example/audit"
key_file = "log.pem"
segments = "segments"
hash = "{hash}"
"""


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["audit", *arguments])


def private(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    path.chmod(0o600)


@pytest.fixture(params=["sha256", "sm3"])
def config(request: pytest.FixtureRequest, tmp_path: Path, store: StoreAddress) -> Path:
    private(tmp_path / "store", store.url.encode())
    private(tmp_path / "opaque", bytes(64))
    private(tmp_path / "audit", bytes(32))
    made = run("new-key", "--origin", "log.example/audit", str(tmp_path / "log.pem"))
    assert made.exit_code == 0, made.output
    (tmp_path / "gateway.toml").write_text(SETTINGS.format(hash=request.param))
    return tmp_path / "gateway.toml"


async def keep(config: Path, names: list[str]) -> None:
    """Record entries while the log is kept, until it covers them."""
    settings = load_settings(config, {})
    assert settings.audit_log is not None
    address = StoreAddress(settings.store.url)
    connection = await connector(address)()
    async with kept_log(settings.audit_log, address):
        await add_entries(connection, names)
        async with asyncio.timeout(20):
            while await connection.fetchval("SELECT tree_size FROM audit_log_head") < len(names):
                pass
    await connection.close()


def test_new_key_is_private_and_prints_what_others_check_with(tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    done = run("new-key", "--origin", "w.example/1", "--witness", str(file))
    assert done.output.startswith("w.example/1+")
    assert file.stat().st_mode & 0o777 == 0o600
    again = run("new-key", "--origin", "w.example/1", str(file))
    assert (again.exit_code, "cannot be made: File exists" in again.output) == (1, True)
    assert run("new-key", "--origin", "a b", str(tmp_path / "x")).exit_code == 1


def test_log_is_kept_exported_proven_and_verified(config: Path) -> None:
    asyncio.run(keep(config, [f"r-{number}" for number in range(30)]))
    key = run("key", "--config", str(config)).output.strip()
    good = run("verify", "--config", str(config))
    assert good.exit_code == 0, good.output
    assert good.output.count("30 entries covered, 0 not covered") == 2
    folder = config.parent / "export"
    exported = run("export", "--config", str(config), str(folder))
    assert exported.exit_code == 0, exported.output
    command = [sys.executable, str(folder / "verify_audit_log.py"), str(folder), "--key", key]
    alone = subprocess.run(command, capture_output=True, text=True, cwd=folder)
    assert (alone.returncode, "everything holds" in alone.stdout) == (0, True), alone.stdout
    proven = run("prove", "--config", str(config), "r-7")
    proof = json.loads(proven.output)
    assert (proof["leafIndex"], proof["treeSize"]) == (7, 30)
    (folder / "proof.json").write_text(proven.output)
    suite = "sm3" if 'hash = "sm3"' in config.read_text() else "sha256"
    proving = [*command[:2], "--proof", str(folder / "proof.json"), "--key", key, "--hash", suite]
    assert subprocess.run(proving, capture_output=True, cwd=folder).returncode == 0


def test_verify_says_what_was_altered_and_what_was_put_back(config: Path) -> None:
    asyncio.run(keep(config, [f"r-{number}" for number in range(9)]))
    segments = config.parent / "segments"
    path = segments / f"segment-{0:020}.log"
    path.write_bytes(path.read_bytes().replace(b'"r-4"', b'"r-5"', 1))
    done = run("verify", "--config", str(config), "--json")
    assert done.exit_code == 1
    store, files = (json.loads(line) for line in done.output.splitlines())
    assert store["problems"] == []
    assert [(each["code"], each["place"]) for each in files["problems"]] == [("ALTERED_ENTRY", 4)]
    kept = config.parent / "kept.txt"
    kept.write_text((segments / f"checkpoints-{0:020}.txt").read_text().replace("\n9\n", "\n90\n"))
    done = run("verify", "--config", str(config), "--trusted", str(kept))
    assert "PUT_BACK: the log has 9 leaves, a checkpoint of 90 was kept" in done.output


def test_younger_entries_are_said_to_be_not_covered(config: Path, store: StoreAddress) -> None:
    asyncio.run(keep(config, ["r-1"]))

    async def add() -> None:
        connection = await connector(store)()
        await add_entries(connection, ["r-2"])
        await connection.close()

    asyncio.run(add())
    proven = run("prove", "--config", str(config), "r-2")
    assert json.loads(proven.output)["state"] == "NOT_YET_COVERED"
    assert "1 entries covered, 1 not covered" in run("verify", "--config", str(config)).output


def test_commands_without_a_log_say_so(config: Path) -> None:
    config.write_text(config.read_text().partition("[audit_log]")[0])
    done = run("verify", "--config", str(config))
    assert (done.exit_code, "no section `audit_log`" in done.output) == (1, True)


def test_folder_of_another_log_is_refused(config: Path) -> None:
    asyncio.run(keep(config, ["r-1"]))
    folder = config.parent / "export"
    assert run("export", "--config", str(config), str(folder)).exit_code == 0
    os.rename(config.parent / "log.pem", config.parent / "old.pem")
    run("new-key", "--origin", "log.example/audit", str(config.parent / "log.pem"))
    done = run("export", "--config", str(config), str(folder))
    assert (done.exit_code, "has another signature" in done.output) == (1, True), done.output
