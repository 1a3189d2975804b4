"""The page on persons works as it stands: its commands, its code, its request and its query."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from gateway.demo.city.authorities import MARKET_BUREAU
from gateway.demo.city.cases import CASES
from gateway.demo.city.settings import CitySettings
from gateway.demo.postgres import RunningPostgres
from policies.model import Caller, CallerClass, Purpose
from tests.docs.sources import ROOT
from tests.support.running_gateway import running_gateway

PAGES = ("persons.md", "persons.zh-CN.md")
OFFICER = Caller(CallerClass.DEPARTMENT, MARKET_BUREAU.code, Purpose.PENALTY_CASE)


def blocks(page: str, language: str) -> list[str]:
    """Code blocks of a page, without their indentation."""
    text = (ROOT / "docs" / "how-to" / page).read_text(encoding="utf-8")
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL)
    return [re.sub(rf"^{indent}", "", block, flags=re.MULTILINE) for indent, block in found]


def test_both_languages_show_the_same_code() -> None:
    for language in ("sh", "json", "graphql", "python"):
        assert blocks(PAGES[0], language) == blocks(PAGES[1], language)
        assert blocks(PAGES[0], language)


def test_keys_are_made_and_changed_as_shown(tmp_path: Path) -> None:
    for commands in blocks(PAGES[0], "sh"):
        if "curl" not in commands:
            subprocess.run(["bash", "-euc", commands], cwd=tmp_path, check=True)
    for name in ("network-2026.key", "network-2027.key"):
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
    (code,) = blocks(PAGES[0], "python")
    subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        check=True,
        env={"PYTHONPATH": str(ROOT)},
    )


@pytest.fixture(scope="module")
def answers(embedded_postgres: RunningPostgres) -> list[httpx.Response]:
    """What a gateway over a small city answers to the request and the query of the page."""
    (request,) = blocks(PAGES[0], "json")
    (query,) = blocks(PAGES[0], "graphql")
    with running_gateway(embedded_postgres, CitySettings(subjects=1_000)) as gateway:
        headers = {
            "authorization": gateway.authorization(OFFICER, "罚-2026-7"),
            "content-type": "application/json",
        }
        path = gateway.url.replace("/graphql", "/person-references")
        made = httpx.post(path, content=request, headers=headers, timeout=20)
        variables = {"person": made.json()["references"][0]}
        body = {"query": query, "variables": variables}
        found = httpx.post(gateway.url, json=body, headers=headers, timeout=20)
        headers["authorization"] = gateway.authorization(OFFICER, "罚-2026-8")
        elsewhere = httpx.post(gateway.url, json=body, headers=headers, timeout=20)
    return [made, found, elsewhere]


def test_page_names_the_person_of_the_city() -> None:
    (request,) = blocks(PAGES[0], "json")
    (person,) = json.loads(request)["persons"]
    assert person["documentNumber"] == CASES.defaulter_person.head.id_no


def test_reference_leads_to_the_persons_records(answers: list[httpx.Response]) -> None:
    made, found, _ = answers
    (reference,) = made.json()["references"]
    assert made.status_code == 200
    person = found.json()["data"]["person"]
    assert person["id"] == reference
    assert person["judgmentDefaulters"]["totalCount"] == 2
    names = {node["name"] for node in person["judgmentDefaulters"]["nodes"]}
    assert names == {CASES.defaulter_person.head_name}


def test_reference_is_refused_in_another_matter(answers: list[httpx.Response]) -> None:
    (error,) = answers[2].json()["errors"]
    assert error["extensions"]["code"] == "PERSON_REFERENCE_NOT_VALID_HERE"
