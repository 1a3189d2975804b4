"""The query in the README gives the answer in the README."""

import json
import re

import httpx
import pytest

from gateway.demo.city.settings import CitySettings
from gateway.demo.postgres import RunningPostgres
from tests.docs.sources import ROOT
from tests.support.running_gateway import running_gateway


def example(name: str) -> tuple[str, object]:
    """Return query and answer of a README."""
    text = (ROOT / name).read_text(encoding="utf-8")
    query = re.search(r"```graphql\n(.*?)```", text, re.DOTALL)
    answer = re.search(r"```json\n(.*?)```", text, re.DOTALL)
    assert query is not None
    assert answer is not None
    return query[1], json.loads(answer[1])


def test_readmes_have_the_same_example() -> None:
    assert example("README.md") == example("README.zh-CN.md")


@pytest.fixture(scope="module")
def readme_answer(embedded_postgres: RunningPostgres) -> object:
    """Return what a gateway over a small city answers to the public."""
    query, _ = example("README.md")
    with running_gateway(embedded_postgres, CitySettings(subjects=1_000)) as gateway:
        response = httpx.post(gateway.url, json={"query": query}, timeout=20)
    assert response.status_code == 200
    found: object = response.json()
    return found


def test_query_gives_the_answer_shown(readme_answer: object) -> None:
    _, answer = example("README.md")
    assert readme_answer == answer
