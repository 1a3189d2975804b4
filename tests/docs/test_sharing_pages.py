"""The pages on grants and consents: their commands run in order, their operations are valid."""

from __future__ import annotations

import asyncio
import datetime as dt
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from graphql import parse, validate

from gateway.cli import main
from gateway.demo.databases import DemoDatabases
from gateway.demo.departments import DepartmentAccess
from gateway.demo.files import DemoFiles
from gateway.demo.provision import provision
from schema.build import build_schema, core_schema
from tests.docs.sources import ROOT
from tests.support.postgres import DatabaseFactory
from tests.support.store import store_address

PAGES = ("sharing-grants", "consents")
# Port 9 of the loopback interface: nobody listens.
NOWHERE = "postgresql://nobody:x@127.0.0.1:9/none"
WRITTEN_ON = dt.date(2026, 11, 10)
_DATE = re.compile(r"\b20\d\d-\d\d-\d\d\b")
_NUMBER = re.compile(r"\b(?:SG|CL)-[0-9a-f]{16}\b")


def page(name: str) -> str:
    return (ROOT / "docs" / "how-to" / f"{name}.md").read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL)
    return [re.sub(rf"^{indent}", "", block, flags=re.MULTILINE) for indent, block in found]


def as_of_today(text: str) -> str:
    """The text with its dates as far from today as they were from the day it was written."""
    shift = dt.date.today() - WRITTEN_ON

    def moved(match: re.Match[str]) -> str:
        return (dt.date.fromisoformat(match[0]) + shift).isoformat()

    return _DATE.sub(moved, text)


@pytest.fixture
def folder(databases: DatabaseFactory, store_template: str, tmp_path: Path) -> Iterator[Path]:
    """A folder with settings `gateway.toml` of the demonstration's departments."""
    address = databases.create(store_template)
    made = DemoFiles(tmp_path / "data", tmp_path / "build")
    made.make_folders()
    access = {
        slug: DepartmentAccess(slug, NOWHERE, NOWHERE) for slug in ("market", "tax", "courts")
    }
    found = DemoDatabases(access, store_address(address).url, None, None)
    asyncio.run(provision(found, made, 8480))
    yield tmp_path
    databases.drop(address.database)


@pytest.mark.parametrize("name", PAGES)
def test_pages_of_both_languages_have_the_same_examples(name: str) -> None:
    for language in ("sh", "toml", "graphql"):
        english = blocks(page(name), language)
        assert english == blocks(page(f"{name}.zh-CN"), language)
        assert english


@pytest.mark.parametrize("name", PAGES)
def test_commands_of_a_page_run_in_order(
    folder: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = page(name)
    (document,) = re.findall(r"`(\w+\.toml)`:", text)
    (content,) = blocks(text, "toml")
    (folder / "data" / document).write_text(as_of_today(content), encoding="utf-8")
    settings = DemoFiles(folder / "data", folder / "build").settings
    monkeypatch.chdir(settings.parent)
    given: str | None = None
    for command in "".join(blocks(text, "sh")).splitlines():
        words = shlex.split(command)
        assert words[0] == "credit-gateway"
        line = [settings.name if word == "gateway.toml" else word for word in words[1:]]
        if given is not None:
            line = [_NUMBER.sub(given, word) for word in line]
        result = CliRunner(env={"COLUMNS": "220"}).invoke(main, line)
        assert result.exit_code == 0, (command, result.output)
        number = _NUMBER.search(result.output)
        given = given or (number[0] if number else None)


@pytest.mark.parametrize("name", PAGES)
def test_operations_of_a_page_are_valid(name: str) -> None:
    schema = core_schema(build_schema())
    for operation in blocks(page(name), "graphql"):
        assert validate(schema, parse(operation)) == []
