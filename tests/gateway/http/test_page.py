"""The query page's files: small, nothing inline, nothing from outside, examples that run."""

from __future__ import annotations

import re
from typing import Any

import orjson
import pytest
from graphql import OperationDefinitionNode
from graphql.execution.values import get_variable_values

from gateway.http.dispatch import HttpApp
from gateway.http.page_assets import page_assets
from schema.build import build_schema, core_schema
from tests.gateway.http.asgi import Peer, call, http_scope
from tests.gateway.http.conftest import HandClock, Memory
from tests.gateway.http.test_dispatch import build
from tests.gateway.operation.conftest import Loader

ASSETS = page_assets(has_graphiql=True)
TEXTS = {name: asset.body.decode() for name, asset in ASSETS.items()}
EXAMPLES: list[dict[str, Any]] = orjson.loads(ASSETS["examples.json"].body)


@pytest.fixture
def app(clock: HandClock, memory: Memory) -> HttpApp:
    return build(clock, memory)


def test_the_page_is_at_most_60_kb() -> None:
    assert sum(len(asset.body) for asset in ASSETS.values()) <= 60_000


async def test_the_policy_forbids_inline_code_and_other_hosts(app: HttpApp) -> None:
    reply = await call(app, "GET", "/")
    policy = reply.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert "*" not in policy


def test_nothing_is_inline_and_nothing_is_loaded_from_outside() -> None:
    page = TEXTS["index.html"]
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\bon[a-z]+=|\bstyle=|javascript:", page)
    for name, text in TEXTS.items():
        addresses = re.findall(r"(?:https?:)?//[a-z][\w.-]*\.\w+\S*", text)
        assert [each for each in addresses if "www.w3.org/2000/svg" not in each] == [], name
    for path in re.findall(r'(?:src|href)="([^"#]+)"', page):
        assert path == "/graphiql" or path.removeprefix("/page/") in ASSETS


def test_text_is_never_read_as_html() -> None:
    for name, text in TEXTS.items():
        found = re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", text)
        assert found == [], name


def test_the_token_is_not_stored() -> None:
    for name, text in TEXTS.items():
        assert re.findall(r"localStorage|sessionStorage|document\.cookie|indexedDB", text) == [], (
            name
        )


def test_both_languages_have_the_same_words() -> None:
    english, chinese = re.findall(r"^  (?:en|zh): \{\n(.*?)^  \},$", TEXTS["words.js"], re.S | re.M)
    names = [set(re.findall(r"\b(\w+): (?=['(\w{])", part)) for part in (english, chinese)]
    assert names[0] == names[1]
    assert len(names[0]) > 60


def test_every_word_that_the_page_asks_for_exists() -> None:
    known = set(re.findall(r"\b(\w+): (?=['(\w{])", TEXTS["words.js"]))
    used = set(re.findall(r'data-(?:word|placeholder|label)="(\w+)"', TEXTS["index.html"]))
    for name in ("page.js", "editor.js", "answer.js", "schema.js"):
        used |= set(re.findall(r"\bword\('(\w+)'", TEXTS[name]))
    assert used - known == set()


def test_every_id_that_the_scripts_ask_for_exists() -> None:
    ids = set(re.findall(r'\bid="([\w-]+)"', TEXTS["index.html"]))
    assert set(re.findall(r"\$\('([\w-]+)'\)", TEXTS["page.js"])) <= ids


@pytest.mark.parametrize("example", EXAMPLES, ids=[each["title"]["en"] for each in EXAMPLES])
def test_every_example_is_valid(example: dict[str, Any]) -> None:
    schema = core_schema(build_schema())
    operation = Loader(schema).load("\n".join(example["query"])).operation
    assert isinstance(operation, OperationDefinitionNode)
    values = get_variable_values(schema, operation.variable_definitions or (), example["variables"])
    assert not isinstance(values, list), values
    assert example["title"]["zh"]


def test_the_schema_browsers_query_is_valid() -> None:
    query = re.search(r"INTROSPECTION = `(.*?)`", TEXTS["schema.js"], re.S)
    inner = re.search(r"TYPE = '(.*?)'", TEXTS["schema.js"])
    assert query is not None
    assert inner is not None
    text = query[1].replace("${TYPE}", inner[1])
    assert Loader(core_schema(build_schema())).codes(text) == []


async def test_a_file_that_the_browser_has_is_not_sent_again(app: HttpApp) -> None:
    first = await call(app, "GET", "/page/page.css")
    headers = [("if-none-match", first.headers["etag"])]
    peer = Peer([b""])
    await app(http_scope("GET", "/page/page.css", "", headers, None), peer.receive, peer.send)
    assert (peer.sent[0]["status"], peer.sent[1].get("body", b"")) == (304, b"")
