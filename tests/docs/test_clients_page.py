"""The page on clients: its commands run in order, and both languages have the same examples."""

import json
import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner
from joserfc.jwk import ECKey

from gateway.cli import main
from gateway.store.connect import StoreAddress
from tests.docs.sources import ROOT
from tests.support.store import store, store_template

__all__ = ["store", "store_template"]


def page(name: str) -> str:
    return (ROOT / "docs" / "how-to" / f"{name}.md").read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def test_pages_of_both_languages_have_the_same_examples() -> None:
    for language in ("sh", "graphql", "json", "text"):
        english = blocks(page("clients"), language)
        assert english == blocks(page("clients.zh-CN"), language)
        assert english


def test_commands_of_the_page_run_in_order(
    store: StoreAddress, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = page("clients")
    (tmp_path / "store.url").write_text(store.url, encoding="utf-8")
    (tmp_path / "grade.graphql").write_text("".join(blocks(text, "graphql")), encoding="utf-8")
    key = ECKey.generate_key("P-256", private=True).as_dict(private=False)
    (tmp_path / "new-keys.json").write_text(json.dumps({"keys": [key]}), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    for command in "".join(blocks(text, "sh")).splitlines():
        words = shlex.split(command)
        assert words[0] == "credit-gateway"
        if words[1:3] == ["client", "ask"]:
            # needs a server: the demonstration's test runs the line that its tour prints
            continue
        result = CliRunner().invoke(main, words[1:])
        assert result.exit_code == 0, (command, result.output)
        # nothing was read yet
        assert result.output or "report" in words
