"""The pages on administrators work as they stand: every command of them, in their order."""

from __future__ import annotations

import json
import re
import shlex
import time
from pathlib import Path

import pyotp
import pytest
from click.testing import CliRunner

from gateway.cli import main
from gateway.store.connect import StoreAddress
from tests.docs.sources import ROOT
from tests.support.store import store, store_template

__all__ = ["store", "store_template"]
PAGES = ("administrators.md", "administrators.zh-CN.md")


def commands(page: str) -> list[str]:
    text = (ROOT / "docs" / "how-to" / page).read_text(encoding="utf-8")
    return [
        line
        for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
        for line in block.split("\n")
    ]


def test_both_languages_show_the_same_commands() -> None:
    assert commands(PAGES[0]) == commands(PAGES[1])


def test_the_commands_work(
    store: StoreAddress, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, size in (("opaque", 64), ("audit", 32)):
        Path(name).write_bytes(bytes(size))
        Path(name).chmod(0o600)
    Path("store.url").write_text(store.url)
    Path("gateway.toml").write_text(
        f"[store]\nurl = {json.dumps(store.url)}\n"
        '[identity]\nissuer = "https://i.example"\naudience = "a"\njwks = "jwks.json"\n'
        '[keys]\nopaque_files = ["opaque"]\naudit_file = "audit"\n'
    )
    secrets: dict[str, str] = {}
    number = ""
    ran = 0
    for line in commands(PAGES[0]):
        if not line or "data/" in line:
            continue
        words = shlex.split(line.replace("NUMBER", number))[1:]
        typed = None
        if words[1] == "sign-in":
            typed = pyotp.TOTP(secrets[words[4]]).at(int(time.time())) + "\n"
        done = CliRunner().invoke(main, words, input=typed)
        assert done.exit_code == 0, (line, done.output)
        if words[1] == "enrol":
            secrets[words[4]] = done.output.split()[1]
        if done.output.startswith("proposed as"):
            number = done.output.split()[2].rstrip(";")
        ran += 1
    assert ran == 16
