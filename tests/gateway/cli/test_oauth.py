"""The commands `oauth`: keys are listed and rotated, and no private half is shown."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.cli import main
from gateway.oauth.signing_keys import KeyRegister, StoredKey
from gateway.store.connect import StoreAddress, connector
from gateway.store.pool import LightPool
from tests.support.store import store, store_template

__all__ = ["store", "store_template"]

OAUTH = '[oauth]\nissuer = "https://gateway.example"\nseal_file = "seal"\n'


def written(folder: Path, store_url: str, oauth: str = OAUTH) -> str:
    for name, size in (("opaque", 64), ("audit", 32), ("seal", 32)):
        (folder / name).write_bytes(bytes(size))
        (folder / name).chmod(0o600)
    path = folder / "settings.toml"
    path.write_text(
        f"[store]\nurl = {json.dumps(store_url)}\n"
        '[identity]\nissuer = "https://i.example"\naudience = "a"\njwks = "jwks.json"\n'
        f'[keys]\nopaque_files = ["opaque"]\naudit_file = "audit"\n{oauth}',
        encoding="utf-8",
    )
    return str(path)


def run(*arguments: str) -> str:
    result = CliRunner().invoke(main, ["oauth", *arguments])
    assert result.exit_code == 0, result.output
    return result.output


def stored(address: StoreAddress) -> list[StoredKey]:
    async def read() -> list[StoredKey]:
        pool = LightPool(connector(address), 1)
        try:
            return list(await KeyRegister(pool).read())
        finally:
            await pool.aclose()

    return asyncio.run(read())


def test_keys_are_rotated_and_listed(store: StoreAddress, tmp_path: Path) -> None:
    config = written(tmp_path, store.url)
    run("rotate", "--config", config)
    run("rotate", "--config", config)
    first, second = stored(store)[-2:]
    assert second.signs_from > second.made_at
    listed = run("keys", "--config", config)
    assert first.kid in listed
    assert second.kid in listed
    assert "revoked" not in listed


def test_a_key_that_became_known_is_revoked(store: StoreAddress, tmp_path: Path) -> None:
    config = written(tmp_path, store.url)
    run("rotate", "--config", config)
    shown = run("revoke", "--config", config)
    *before, newest = stored(store)
    assert newest.kid in shown
    assert newest.signs_from == newest.made_at
    assert before
    assert all(key.revoked_at is not None for key in before)
    assert run("keys", "--config", config).count("revoked") == len(before)


@pytest.mark.parametrize("command", ["keys", "rotate"])
def test_settings_without_the_section_are_refused(
    store: StoreAddress, tmp_path: Path, command: str
) -> None:
    config = written(tmp_path, store.url, oauth="")
    result = CliRunner().invoke(main, ["oauth", command, "--config", config])
    assert result.exit_code == 1
    assert "no section `oauth`" in result.output
