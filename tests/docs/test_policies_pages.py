"""The pages on asking the rules: every command is run, and every printed answer compared."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from graphql import parse, validate

from gateway.cli import main
from schema.build import build_schema, core_schema
from tests.docs.sources import ROOT

PAGES = [ROOT / "docs" / "how-to" / name for name in ("policies.md", "policies.zh-CN.md")]
_BLOCK = re.compile(r"(?:^`([^`\n]+)`:\n\n)?^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
# What depends on the day and on every single rule.
_VARYING = [(re.compile(r"\b\d{4}-\d\d-\d\d\b"), "DAY"), (re.compile(r"\b[0-9a-f]{16}\b"), "HASH")]
_VARYING.append((re.compile(r"\b\d+ (rules|cases)\b"), r"N \1"))


def blocks(page: Path) -> Iterator[tuple[str, str, str]]:
    """Language, name of the file and text of each block."""
    for name, language, text in _BLOCK.findall(page.read_text(encoding="utf-8")):
        yield language, name, text


def steady(text: str) -> str:
    """The text without what varies."""
    for pattern, word in _VARYING:
        text = pattern.sub(word, text)
    return text


def run(line: str, folder: Path) -> str:
    """Run one command of a page; return what it printed."""
    command, _, target = line.partition(" > ")
    words = shlex.split(command)
    if words[0] == "credit-gateway":
        result = CliRunner().invoke(main, words[1:])
        assert result.exit_code in (0, 1), result.output
        output = result.output
    else:
        assert words[0] == "cp"
        output = subprocess.run(
            words, cwd=folder, check=True, capture_output=True, text=True
        ).stdout
    if target:
        (folder / target).write_text(output, encoding="utf-8")
        return ""
    return output


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_print_what_the_page_says(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(ROOT / "policies", tmp_path / "policies")
    monkeypatch.chdir(tmp_path)
    printed, compared = "", 0
    for language, name, text in blocks(page):
        if language == "sh":
            printed = "".join(run(line, tmp_path) for line in text.splitlines())
        elif language == "toml":
            (tmp_path / name).write_text(text, encoding="utf-8")
        elif language == "text":
            assert steady(printed) == steady(text)
            compared += 1
    assert compared == 5
    assert (tmp_path / "matrix.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_queries_fit_the_schema(page: Path) -> None:
    queries = [text for language, _, text in blocks(page) if language == "graphql"]
    assert len(queries) == 1
    assert validate(core_schema(build_schema()), parse(queries[0])) == []


def test_both_pages_have_the_same_commands() -> None:
    commands = [
        [
            text.replace("--lang zh", "--lang en")
            for language, _, text in blocks(page)
            if language == "sh"
        ]
        for page in PAGES
    ]
    assert commands[0] == commands[1]
