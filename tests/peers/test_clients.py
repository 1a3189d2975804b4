"""Clients as they are used: Apollo Client in Node.js, and HTTPX."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from gateway.demo.city.cases import CASES
from tests.support.npm import installed_tool
from tests.support.running_gateway import RunningGateway

FIRM = CASES.clean_firm
QUERY = """
query Firm($uscc: USCC!) {
  subject(uscc: $uscc) { uscc registration { name legalRepresentativeIdNo } }
}
"""
METHODS = {"post": ["POST"], "get": ["GET"], "persisted": ["GET", "POST"]}
"""How Apollo Client asks; by a document's hash first, and with the document when told so."""


def apollo(
    gateway: RunningGateway,
    query: str,
    uscc: str,
    authorization: str = "",
    methods: Mapping[str, list[str]] = METHODS,
) -> Mapping[str, Any]:
    """Return what Apollo Client made of the answers, by way of sending."""
    tool = installed_tool("federation")
    variables = json.dumps({"uscc": uscc})
    answers: Mapping[str, Any] = json.loads(
        tool.run("client.js", gateway.url, authorization, query, variables)
    )
    assert {way: answer["methods"] for way, answer in answers.items()} == methods
    return answers


class TestApolloClient:
    def test_reads_data_beside_a_denied_field(self, gateway: RunningGateway, officer: str) -> None:
        for answer in apollo(gateway, QUERY, FIRM.code, officer).values():
            registration = answer["data"]["subject"]["registration"]
            assert registration["name"] == FIRM.name
            assert registration["legalRepresentativeIdNo"] is None
            (error,) = answer["errors"]
            assert error["path"] == ["subject", "registration", "legalRepresentativeIdNo"]
            assert error["extensions"]["code"] == "FIELD_DENIED"

    @pytest.mark.parametrize(
        ("query", "uscc", "code"),
        [
            (QUERY.replace("name", "nickname"), FIRM.code, "VALIDATION_FAILED"),
            (QUERY, "12", "VARIABLE_INVALID"),
        ],
    )
    def test_takes_refusals_for_errors_of_graphql(
        self, gateway: RunningGateway, query: str, uscc: str, code: str
    ) -> None:
        for answer in apollo(gateway, query, uscc).values():
            assert_refused(answer, code)

    def test_asks_no_further_once_its_token_is_refused(self, gateway: RunningGateway) -> None:
        methods = {**METHODS, "persisted": ["GET"]}
        for answer in apollo(gateway, QUERY, FIRM.code, "Bearer none", methods).values():
            assert_refused(answer, "TOKEN_INVALID")


def assert_refused(answer: Mapping[str, Any], code: str) -> None:
    assert answer["data"] is None
    assert answer["kind"] == "CombinedGraphQLErrors"
    assert [error["extensions"]["code"] for error in answer["errors"]] == [code]


class TestHttpx:
    def test_post_and_get_answer_alike(
        self, gateway: RunningGateway, client: httpx.Client, officer: str
    ) -> None:
        headers = {"authorization": officer, "accept": "application/graphql-response+json"}
        variables = {"uscc": FIRM.code}
        posted = client.post(
            gateway.url, json={"query": QUERY, "variables": variables}, headers=headers
        )
        parameters = {"query": QUERY, "variables": json.dumps(variables)}
        got = client.get(gateway.url, params=parameters, headers=headers)
        assert posted.status_code == got.status_code == 200
        assert posted.headers["content-type"].startswith("application/graphql-response+json")
        assert posted.json() == got.json()
        assert posted.json()["data"]["subject"]["registration"]["name"] == FIRM.name
        assert posted.json()["extensions"]["sources"] == [
            {"source": "market", "outcome": "ANSWERED"}
        ]

    def test_a_bad_token_is_challenged(self, gateway: RunningGateway, client: httpx.Client) -> None:
        headers = {"authorization": "Bearer none"}
        answer = client.post(gateway.url, json={"query": "{ __typename }"}, headers=headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer ")
        assert answer.json()["errors"][0]["extensions"]["code"] == "TOKEN_INVALID"

    @pytest.mark.parametrize(
        ("media_type", "status"),
        [("application/graphql-response+json", 400), ("application/json", 200)],
    )
    def test_a_request_error_has_no_data(
        self, gateway: RunningGateway, client: httpx.Client, media_type: str, status: int
    ) -> None:
        headers = {"accept": media_type}
        answer = client.post(gateway.url, json={"query": "{ nothing }"}, headers=headers)
        assert answer.status_code == status
        assert "data" not in answer.json()
        (error,) = answer.json()["errors"]
        assert error["extensions"]["code"] == "VALIDATION_FAILED"
        assert error["locations"] == [{"line": 1, "column": 3}]
