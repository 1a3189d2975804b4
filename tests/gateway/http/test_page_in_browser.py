"""The query page in a real browser: it asks, explains, switches language, and fits a phone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest
from graphql import graphql_sync

from gateway.errors import Unauthenticated
from gateway.http.clock import SystemClock
from gateway.http.metrics import Metrics
from gateway.http.routes import Readiness
from gateway.http.types import Credentials, RequestFacts
from gateway.operation.errors import RequestError
from gateway.operation.types import OperationAnswer, OperationRequest
from schema.build import build_schema, core_schema
from tests.gateway.http.browser import Page, browsing
from tests.gateway.http.building import build_http_app
from tests.gateway.http.serving import serving
from tests.gateway.operation.conftest import Loader

BUILD = Path(__file__).parents[3] / "build"
PICTURES = BUILD / "query-page"
GRAPHIQL = BUILD / "graphiql"
CODE = "91410100MADEM0A15B"
ANSWER: dict[str, Any] = {
    "data": {
        "searchSubjects": {
            "totalCount": 2,
            "nodes": [
                {
                    "uscc": CODE,
                    "registration": {
                        "name": "郑州示例机械有限公司",
                        "status": "ACTIVE",
                        "establishedOn": "2016-04-12",
                        "legalRepresentativeName": "王**",
                        "legalRepresentativeIdNo": None,
                    },
                }
            ],
        }
    },
    "errors": [
        {
            "message": "field `Registration.legalRepresentativeIdNo` is not permitted"
            " for this caller and purpose",
            "path": ["searchSubjects"],
            "extensions": {
                "code": "FIELD_DENIED",
                "coordinate": "Registration.legalRepresentativeIdNo",
                "rule": "registration.default",
                "missing": "ANOTHER_CALLER",
            },
        },
        {
            "message": "department `tax` does not answer in time",
            "path": ["searchSubjects", "nodes"],
            "extensions": {"code": "SOURCE_TIMED_OUT", "source": "tax"},
        },
    ],
    "extensions": {
        "access": {
            "clear": [
                "searchSubjects.nodes.registration.name",
                "searchSubjects.nodes.registration.status",
                {"path": "searchSubjects.nodes.taxpayerCredit.grade", "positions": [0, 1, 4]},
            ],
            "masked": [
                {
                    "path": "searchSubjects.nodes.registration.legalRepresentativeName",
                    "coordinate": "Registration.legalRepresentativeName",
                    "mask": "NAME",
                    "rules": ["market.names.public"],
                }
            ],
            "denied": [
                {
                    "path": "searchSubjects.nodes.registration.legalRepresentativeIdNo",
                    "coordinate": "Registration.legalRepresentativeIdNo",
                    "use": "READ",
                    "rules": ["default-deny"],
                    "missing": "ANOTHER_CALLER",
                }
            ],
        },
        "sources": [
            {"source": "market", "outcome": "ANSWERED", "asOf": "2026-03-01T08:00:00Z"},
            {"source": "tax", "outcome": "TIMED_OUT"},
        ],
    },
}


class Showcase:
    """Loads operations against the real schema; introspection is executed, the rest is one answer.

    The answer has the form that `docs/reference/answers.md` prescribes.
    """

    def __init__(self) -> None:
        self.schema = core_schema(build_schema())
        self.loader = Loader(self.schema)
        self.asked: list[tuple[OperationRequest, Credentials]] = []

    async def answer(
        self, request: OperationRequest, credentials: Credentials, facts: RequestFacts
    ) -> OperationAnswer:
        """Return the response."""
        self.asked.append((request, credentials))
        if credentials.authorization == "Bearer bad":
            raise Unauthenticated("INVALID_TOKEN", "the token is not valid")
        try:
            self.loader.load(request.document, request.operation_name)
        except RequestError as error:
            return error.answer()
        if "__schema" in request.document:
            result = graphql_sync(self.schema, request.document)
            return OperationAnswer(orjson.dumps(result.formatted), is_request_error=False)
        return OperationAnswer(orjson.dumps(ANSWER), is_request_error=False)


@asynccontextmanager
async def opened(
    width: int = 1360,
    height: int = 900,
    language: str = "en",
    path: str = "/",
    ready: str = "document.getElementById('query').value.includes('searchSubjects')",
) -> AsyncIterator[tuple[Page, Showcase]]:
    """Open a page of a real server in a real browser; `ready` is true as soon as it is usable."""

    async def readiness() -> Readiness:
        return Readiness(())

    showcase = Showcase()
    app = build_http_app(showcase, SystemClock(), Metrics(), readiness, graphiql_folder=GRAPHIQL)
    async with browsing() as page, serving(app) as port:
        await page.open(f"http://127.0.0.1:{port}{path}", width, height, language)
        await page.wait_for(ready)
        yield page, showcase


async def text_of(page: Page, name: str) -> str:
    """Return the text of an element by its id."""
    text: str = await page.evaluate(f"document.getElementById('{name}').innerText")
    return text


async def set_query(page: Page, text: str, caret: int | None = None) -> None:
    """Put a text into the editor and the caret behind it, or where it is wanted."""
    at = len(text) if caret is None else caret
    await page.evaluate(
        f"(() => {{ const f = document.getElementById('query'); f.focus();"
        f" f.value = {orjson.dumps(text).decode()}; f.setSelectionRange({at}, {at});"
        " f.dispatchEvent(new Event('input')); })()"
    )


async def query_of(page: Page) -> str:
    """Return the text in the editor."""
    text: str = await page.evaluate("document.getElementById('query').value")
    return text


async def test_a_query_is_asked_and_explained() -> None:
    async with opened() as (page, showcase):
        await page.evaluate("document.getElementById('token').value = 'Bearer secret'")
        await page.evaluate("document.getElementById('query').focus()")
        await page.press("Enter", 13, modifiers=2)
        await page.wait_for("document.querySelector('#access details')")
        assert showcase.asked[0][1].authorization == "Bearer secret"
        assert "郑州示例机械有限公司" in await text_of(page, "body")
        access = await text_of(page, "access")
        assert "Not shown: 1" in access
        assert "You may not read this field. Another kind of caller may." in access
        assert "family name only" in access
        assert "market.names.public" in access
        assert "subjects 1–2, 5" in await page.evaluate(
            "document.getElementById('access').textContent"
        )
        sources = await text_of(page, "sources")
        assert "too slow" in sources
        assert "2026-03-01 08:00:00 UTC" in sources
        assert "department `tax` does not answer in time" in await text_of(page, "problems")
        assert "Status 200" in await text_of(page, "status")
        await page.screenshot(PICTURES / "answer.png")
        assert page.complaints == []


async def test_an_error_in_the_query_leads_to_its_line() -> None:
    async with opened() as (page, _):
        await set_query(page, "{\n  nowhere\n}")
        await page.evaluate("document.getElementById('run').click()")
        await page.wait_for("document.querySelector('#problems button')")
        assert "VALIDATION_FAILED" in await text_of(page, "problems")
        await page.evaluate("document.querySelector('#problems button').click()")
        assert await page.evaluate("document.activeElement.id") == "query"
        assert await page.evaluate("document.getElementById('query').selectionStart") == 4


async def test_a_bad_token_is_told() -> None:
    async with opened() as (page, _):
        await page.evaluate("document.getElementById('token').value = 'bad'")
        await page.evaluate("document.getElementById('run').click()")
        await page.wait_for("document.querySelector('#problems li')")
        assert "INVALID_TOKEN" in await text_of(page, "problems")
        assert "Status 401" in await text_of(page, "status")


async def test_variables_that_are_no_object_are_not_sent() -> None:
    async with opened() as (page, showcase):
        await page.evaluate("document.getElementById('variables').value = '[1]'")
        await page.evaluate("document.getElementById('run').click()")
        assert await text_of(page, "status") == "The variables are not a JSON object."
        assert showcase.asked == []


async def test_the_editor_helps_with_brackets_and_lines() -> None:
    async with opened() as (page, _):
        await set_query(page, "")
        await page.press("{", 219, text="{")
        assert await query_of(page) == "{}"
        await page.press("Enter", 13)
        assert await query_of(page) == "{\n  \n}"
        await page.press("Tab", 9)
        assert await query_of(page) == "{\n    \n}"
        await set_query(page, '{ a(b: "}") # {\n  c(d: [1)\n}')
        assert await text_of(page, "brackets") == "“[” on line 2 is not closed."
        await set_query(page, "{ a }")
        assert await page.evaluate("document.getElementById('brackets').textContent") == ""


async def test_escape_lets_tab_leave_the_editor() -> None:
    async with opened() as (page, _):
        await page.evaluate("document.getElementById('query').focus()")
        await page.press("Escape", 27)
        await page.press("Tab", 9)
        assert await page.evaluate("document.activeElement.id") == "variables"


async def test_the_schema_can_be_looked_through() -> None:
    async with opened() as (page, _):
        await page.evaluate("document.getElementById('load-schema').click()")
        await page.wait_for("document.querySelector('#types h3')")
        assert "searchSubjects:" in await text_of(page, "types")
        await page.evaluate(
            "[...document.querySelectorAll('#types li .line button.word')]"
            ".find((each) => each.textContent === 'Organisation').click()"
        )
        assert "统一社会信用代码" in await text_of(page, "types")
        await set_query(page, "{ subject }", 10)
        await page.evaluate("document.querySelector('#types .insert').click()")
        assert "subject id" in await query_of(page)
        await page.evaluate(
            "(() => { const s = document.getElementById('search'); s.value = '失信';"
            " s.dispatchEvent(new Event('input')); })()"
        )
        assert "JudgmentDefaulter" in await text_of(page, "types")
        await page.screenshot(PICTURES / "schema.png")


async def test_the_page_speaks_chinese_and_fits_a_phone() -> None:
    async with opened(360, 740, "zh-CN") as (page, _):
        assert "查询" in await text_of(page, "ask-title")
        assert await page.evaluate("document.documentElement.lang") == "zh-CN"
        await page.evaluate("document.getElementById('run').click()")
        await page.wait_for("document.querySelector('#access details')")
        assert "您不能查看该字段" in await text_of(page, "access")
        await page.evaluate("document.getElementById('load-schema').click()")
        await page.wait_for("document.querySelector('#types h3')")
        overflow = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert overflow <= 0
        await page.screenshot(PICTURES / "phone.png")
        await page.evaluate("document.getElementById('language').click()")
        assert await text_of(page, "ask-title") == "Query"
        assert "You may not read this field" in await text_of(page, "access")


async def test_every_control_has_a_name_and_enough_contrast() -> None:
    async with opened() as (page, _):
        nameless = await page.evaluate(
            "[...document.querySelectorAll('input, select, textarea, button')].filter((each) =>"
            " !each.textContent.trim() && !each.labels?.length && !each.ariaLabel"
            " && !each.getAttribute('aria-labelledby')).map((each) => each.id)"
        )
        assert nameless == []
        for scheme in ("light", "dark"):
            features = [{"name": "prefers-color-scheme", "value": scheme}]
            await page.command("Emulation.setEmulatedMedia", features=features)
            contrasts = await page.evaluate(CONTRASTS)
            assert {name: value for name, value in contrasts.items() if value < 4.5} == {}, scheme
        await page.evaluate("document.getElementById('run').click()")
        await page.wait_for("document.querySelector('#access details')")
        await page.screenshot(PICTURES / "dark.png")


@pytest.mark.skipif(
    not (GRAPHIQL / "graphiql.js").is_file(), reason="GraphiQL was not built by `make graphiql`"
)
async def test_graphiql_starts_and_reads_the_schema() -> None:
    ready = "document.querySelector('.graphiql-execute-button')"
    async with opened(path="/graphiql", ready=ready) as (page, showcase):
        await page.evaluate("document.querySelector('.graphiql-sidebar button').click()")
        await page.wait_for("document.body.innerText.includes('Query')")
        assert any("__schema" in request.document for request, _ in showcase.asked)
        await page.wait_for("!document.querySelector('.graphiql-spinner')")
        await page.screenshot(PICTURES / "graphiql.png")
        assert page.complaints == []


CONTRASTS = """(() => {
  const style = getComputedStyle(document.documentElement);
  const light = (hex) => {
    const full = hex.length === 4 ? hex.replace(/[^#]/g, '$&$&') : hex;
    const parts = [1, 3, 5].map((at) => parseInt(full.slice(at, at + 2), 16) / 255)
      .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
  };
  const ratio = (one, other) => {
    const [low, high] = [light(one), light(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const colour = (name) => style.getPropertyValue(`--${name}`).trim();
  const found = {};
  for (const ground of ['paper', 'panel'])
    for (const ink of 'ink soft accent clear masked denied key text number'.split(' '))
      found[`${ink} on ${ground}`] = ratio(colour(ink), colour(ground));
  found['on-accent on accent'] = ratio(colour('on-accent'), colour('accent'));
  return found;
})()"""
