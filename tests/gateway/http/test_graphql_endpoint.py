"""The GraphQL endpoint: what it reads, which status it answers with, and what it never shows."""

from __future__ import annotations

import json
from urllib.parse import quote, urlencode

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.errors import BadRequest, ClientError, Refused, TooManyRequests, Unavailable
from gateway.http.accept import GRAPHQL_RESPONSE, JSON
from gateway.http.graphql_endpoint import GraphQLEndpoint
from gateway.http.limits import HttpLimits
from tests.gateway.http.asgi import Headers, Reply, call, post
from tests.gateway.http.conftest import HandClock, Memory
from tests.gateway.http.small_pipeline import (
    SECRET,
    BrokenPipeline,
    RefusingPipeline,
    SmallPipeline,
)

LIMITS = HttpLimits()
ACCEPT_JSON = (("accept", JSON),)
ACCEPT_GRAPHQL = (("accept", GRAPHQL_RESPONSE),)
HELLO = {"query": "{hello}"}


async def get(
    endpoint: GraphQLEndpoint, headers: Headers = ACCEPT_JSON, **parameters: str
) -> Reply:
    """Send parameters by GET."""
    return await call(endpoint, "GET", query=urlencode(parameters), headers=headers)


class TestAnswers:
    async def test_a_post_is_answered(self, endpoint: GraphQLEndpoint) -> None:
        reply = await post(endpoint, HELLO)
        assert (reply.status, reply.json()) == (200, {"data": {"hello": "hello None"}})
        assert reply.headers["content-type"] == "application/json; charset=utf-8"

    async def test_variables_and_operation_name_reach_the_pipeline(
        self, endpoint: GraphQLEndpoint
    ) -> None:
        text = "query A {hello} query B($v: Int!) {echo(value: $v)}"
        body = {"query": text, "operationName": "B", "variables": {"v": 7}, "extensions": {"x": 1}}
        assert (await post(endpoint, body)).json() == {"data": {"echo": 7}}

    async def test_null_is_the_same_as_absent(self, endpoint: GraphQLEndpoint) -> None:
        body = {**HELLO, "operationName": None, "variables": None, "extensions": None}
        assert (await post(endpoint, body)).status == 200

    async def test_a_body_in_parts_is_answered(self, endpoint: GraphQLEndpoint) -> None:
        data = orjson.dumps(HELLO)
        headers = (("content-type", "application/json"), ("content-length", str(len(data))))
        parts = [data[:3], data[3:9], data[9:], b""]
        assert (await call(endpoint, "POST", headers=headers, parts=parts)).status == 200

    async def test_a_get_is_answered(self, endpoint: GraphQLEndpoint) -> None:
        reply = await get(
            endpoint,
            query="query B($v: Int!) {echo(value: $v)}",
            variables='{"v": 7}',
            operationName="",
            extensions='{"x": 1}',
        )
        assert (reply.status, reply.json()) == (200, {"data": {"echo": 7}})

    async def test_facts_and_credentials_reach_the_pipeline(
        self, endpoint: GraphQLEndpoint, pipeline: SmallPipeline, clock: HandClock
    ) -> None:
        await post(endpoint, HELLO, [("authorization", "Bearer t"), ("dpop", "proof")])
        _, credentials, facts = pipeline.asked[0]
        assert (credentials.authorization, credentials.dpop) == ("Bearer t", "proof")
        assert "Bearer" not in repr(credentials)
        assert (facts.request_id, facts.method, facts.path) == ("request-1", "POST", "/graphql")
        assert (facts.peer, facts.received_at) == ("192.0.2.7", "2026-03-01T08:00:00Z")
        assert facts.deadline == clock.now + LIMITS.query_s

    async def test_every_response_is_safe_to_show_and_to_keep(
        self, endpoint: GraphQLEndpoint
    ) -> None:
        for reply in (await post(endpoint, HELLO), await post(endpoint, b"nonsense")):
            assert reply.headers["cache-control"] == "no-store"
            assert reply.headers["x-content-type-options"] == "nosniff"
            assert "default-src 'none'" in reply.headers["content-security-policy"]
            assert reply.headers["x-request-id"] == "request-1"

    async def test_observers_are_told(self, endpoint: GraphQLEndpoint, memory: Memory) -> None:
        await post(endpoint, HELLO)
        await post(endpoint, b"nonsense")
        good, bad = memory.records
        assert (good.status, good.code, good.note.client_id) == (200, None, "client-7")
        assert (bad.status, bad.code, bad.request_bytes) == (400, "MALFORMED_JSON", 8)


class TestStatusByMediaType:
    @pytest.mark.parametrize(
        "body",
        [
            {"query": "{"},
            {"query": "{nowhere}"},
            {"query": "query A {hello} query B {hello}"},
            {"query": "query($v: Int!) {echo(value: $v)}", "variables": {"v": "x"}},
        ],
        ids=["syntax", "validation", "operation", "variables"],
    )
    async def test_a_request_error_is_200_as_json_and_400_as_graphql_response(
        self, endpoint: GraphQLEndpoint, body: object
    ) -> None:
        assert (await post(endpoint, body, ACCEPT_JSON)).status == 200
        reply = await post(endpoint, body, ACCEPT_GRAPHQL)
        assert reply.status == 400
        assert reply.headers["content-type"] == f"{GRAPHQL_RESPONSE}; charset=utf-8"
        assert "data" not in reply.json()

    @pytest.mark.parametrize("accept", [ACCEPT_JSON, ACCEPT_GRAPHQL])
    async def test_a_field_error_is_200_as_both(
        self, endpoint: GraphQLEndpoint, accept: Headers
    ) -> None:
        reply = await post(endpoint, {"query": "{hello refused}"}, accept)
        assert (reply.status, reply.json()["data"]["refused"]) == (200, None)
        assert reply.json()["errors"][0]["path"] == ["refused"]

    @pytest.mark.parametrize("accept", [ACCEPT_JSON, ACCEPT_GRAPHQL])
    @pytest.mark.parametrize(
        "body",
        [
            b"nonsense",
            b'{"query":',
            {},
            {"qeury": "{hello}"},
            {"query": 1},
            {"query": None},
            {**HELLO, "operationName": 1},
            {**HELLO, "variables": [7]},
            {**HELLO, "variables": "7"},
            {**HELLO, "extensions": []},
            "text",
            7,
            None,
        ],
    )
    async def test_what_is_no_request_is_400_as_both(
        self, endpoint: GraphQLEndpoint, accept: Headers, body: object
    ) -> None:
        reply = await post(endpoint, body, accept)
        assert (reply.status, reply.code in ("MALFORMED_JSON", "INVALID_PARAMETERS")) == (400, True)
        assert reply.headers["content-type"].startswith(accept[0][1])


class TestRefusals:
    @pytest.mark.parametrize(
        ("body", "code"),
        [
            ([HELLO], "BATCH_NOT_SUPPORTED"),
            ([], "BATCH_NOT_SUPPORTED"),
            (b'{"query":"{hello}","query":"{hello}"}', "DUPLICATE_KEY"),
            (b'{"query":"{hello}","variables":{"a":{"b":1,"b":2}}}', "DUPLICATE_KEY"),
            (b'{"query":"{hello}","variables":{"a":' + b"[" * 31 + b"]" * 33, "JSON_TOO_DEEP"),
            ({"extensions": {"persistedQuery": {}}}, "PERSISTED_QUERY_NOT_SUPPORTED"),
            ({"extensions": {"persistedQuery": {}}, "query": 7}, "INVALID_PARAMETERS"),
            ({"extensions": {}}, "INVALID_PARAMETERS"),
        ],
    )
    async def test_a_body_is_refused(
        self, endpoint: GraphQLEndpoint, body: object, code: str
    ) -> None:
        reply = await post(endpoint, body)
        assert (reply.status, reply.code) == (400, code)

    @pytest.mark.parametrize("method", ["PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"])
    async def test_other_methods_are_405(self, endpoint: GraphQLEndpoint, method: str) -> None:
        reply = await call(endpoint, method)
        assert (reply.status, reply.code) == (405, "METHOD_NOT_ALLOWED")
        assert reply.headers["allow"] == "GET, POST"

    async def test_a_mutation_by_get_is_405(self, endpoint: GraphQLEndpoint) -> None:
        reply = await get(endpoint, query="mutation {touch}")
        assert (reply.status, reply.headers["allow"]) == (405, "POST")

    @pytest.mark.parametrize("accept", ["text/html", "image/*", "application/json;q=0"])
    async def test_an_unknown_accept_is_406(self, endpoint: GraphQLEndpoint, accept: str) -> None:
        reply = await post(endpoint, HELLO, [("accept", accept)])
        assert (reply.status, reply.code) == (406, "NOT_ACCEPTABLE")

    @pytest.mark.parametrize(
        "headers",
        [
            (),
            [("accept", "*/*")],
            [("accept", "application/*")],
            [("accept", "*/*"), ("sec-fetch-mode", "navigate")],
            [("accept", "*/*"), ("sec-fetch-mode", "no-cors")],
            [("accept", "text/html"), ("sec-fetch-mode", "cors")],
        ],
    )
    async def test_a_get_without_an_explicit_type_is_406(
        self, endpoint: GraphQLEndpoint, headers: Headers
    ) -> None:
        assert (await get(endpoint, headers, query="{hello}")).status == 406

    async def test_a_get_by_a_script_is_answered(self, endpoint: GraphQLEndpoint) -> None:
        headers = [("accept", "*/*"), ("sec-fetch-mode", "cors")]
        assert (await get(endpoint, headers, query="{hello}")).status == 200

    @pytest.mark.parametrize(
        "headers",
        [
            (),
            [("content-type", "text/plain")],
            [("content-type", "application/graphql")],
            [("content-type", "application/x-www-form-urlencoded")],
            [("content-type", "application/json; charset=gbk")],
            [("content-type", 'application/json; charset="utf-8"; charset=utf-16')],
            [("content-type", "application/json, text/plain")],
            [("content-type", "application/json"), ("content-encoding", "gzip")],
        ],
    )
    async def test_another_content_type_is_415(
        self, endpoint: GraphQLEndpoint, headers: Headers
    ) -> None:
        assert (await post(endpoint, HELLO, content_type=headers)).status == 415

    @pytest.mark.parametrize(
        "content_type",
        [
            "application/json;charset=UTF-8",
            'Application/JSON; charset="utf-8"',
            "application/json;",
        ],
    )
    async def test_json_in_utf8_is_read(self, endpoint: GraphQLEndpoint, content_type: str) -> None:
        headers = [("content-type", content_type)]
        assert (await post(endpoint, HELLO, content_type=headers)).status == 200

    async def test_a_body_without_length_is_411(self, endpoint: GraphQLEndpoint) -> None:
        headers = [("content-type", "application/json")]
        reply = await call(endpoint, "POST", headers=headers, parts=[orjson.dumps(HELLO)])
        assert (reply.status, reply.code) == (411, "LENGTH_REQUIRED")

    @pytest.mark.parametrize("method", ["POST", "GET"])
    async def test_a_chunked_body_is_411_and_no_header_is_believed(
        self, endpoint: GraphQLEndpoint, pipeline: SmallPipeline, method: str
    ) -> None:
        headers = [
            ("content-type", "application/json"),
            ("accept", JSON),
            ("transfer-encoding", "chunked"),
            ("authorization", "Bearer from-a-trailer"),
        ]
        parts = [orjson.dumps(HELLO)]
        reply = await call(endpoint, method, query="query={hello}", headers=headers, parts=parts)
        assert (reply.status, reply.headers["connection"]) == (411, "close")
        assert pipeline.asked == []

    @pytest.mark.parametrize(
        "name", ["authorization", "dpop", "content-type", "content-length", "idempotency-key"]
    )
    async def test_a_repeated_header_is_400(self, endpoint: GraphQLEndpoint, name: str) -> None:
        reply = await post(endpoint, HELLO, [(name, "1"), (name, "1")])
        assert (reply.status, reply.code) == (400, "REPEATED_HEADER")

    @pytest.mark.parametrize("key", ["k", "!~" * 32, '"8e03978e-40d5-43dd-bc93-6894a57f9324"'])
    async def test_an_idempotency_key_is_handed_on(
        self, endpoint: GraphQLEndpoint, pipeline: SmallPipeline, key: str
    ) -> None:
        assert (await post(endpoint, HELLO, [("idempotency-key", key)])).status == 200
        assert pipeline.asked[-1][2].idempotency_key == key
        await post(endpoint, HELLO)
        assert pipeline.asked[-1][2].idempotency_key is None

    @pytest.mark.parametrize("key", ["", "k" * 65, "a b", "a\tb", "\xe9"])
    async def test_an_idempotency_key_of_other_characters_is_400(
        self, endpoint: GraphQLEndpoint, pipeline: SmallPipeline, key: str
    ) -> None:
        reply = await post(endpoint, HELLO, [("idempotency-key", key)])
        assert (reply.status, reply.code) == (400, "MALFORMED_HEADER")
        assert pipeline.asked == []

    async def test_a_length_that_is_no_number_is_400(self, endpoint: GraphQLEndpoint) -> None:
        headers = [("content-type", "application/json"), ("content-length", "-1")]
        reply = await call(endpoint, "POST", headers=headers)
        assert (reply.status, reply.code) == (400, "MALFORMED_HEADER")

    @pytest.mark.parametrize(
        ("query", "code"),
        [
            ("query=%7Bhello%7D&query=%7Bhello%7D", "DUPLICATE_KEY"),
            ("query=%7Bhello%7D&variables=%7B%22a%22%3A1%2C%22a%22%3A1%7D", "DUPLICATE_KEY"),
            ("query=%7Bhello%7D&variables=%7B", "MALFORMED_JSON"),
            ("query=%7Bhello%7D&variables=[]", "INVALID_PARAMETERS"),
            ("query=%FF", "INVALID_PARAMETERS"),
            ("extensions=%7B%22persistedQuery%22:%7B%7D%7D", "PERSISTED_QUERY_NOT_SUPPORTED"),
            ("query=é", "INVALID_PARAMETERS"),
            ("", "INVALID_PARAMETERS"),
            ("&".join(f"x{i}=1" for i in range(17)), "INVALID_PARAMETERS"),
        ],
    )
    async def test_a_query_string_is_refused(
        self, endpoint: GraphQLEndpoint, query: str, code: str
    ) -> None:
        reply = await call(endpoint, "GET", query=query, headers=ACCEPT_JSON)
        assert (reply.status, reply.code) == (400, code)


class TestAtAndAboveEachLimit:
    async def test_body(self, endpoint: GraphQLEndpoint) -> None:
        def body(size: int) -> bytes:
            data = orjson.dumps(HELLO)
            return data + b" " * (size - len(data))

        assert (await post(endpoint, body(LIMITS.body_bytes))).status == 200
        reply = await post(endpoint, body(LIMITS.body_bytes + 1))
        assert (reply.status, reply.code) == (413, "BODY_TOO_LARGE")
        assert reply.headers["connection"] == "close"

    async def test_body_that_is_longer_than_it_said(self, endpoint: GraphQLEndpoint) -> None:
        headers = (("content-type", "application/json"), ("content-length", "10"))
        parts = [b" " * 60_000, b" " * 60_000]
        assert (await call(endpoint, "POST", headers=headers, parts=parts)).status == 413

    async def test_query_string(self, endpoint: GraphQLEndpoint) -> None:
        def query(size: int) -> str:
            return "query=" + quote("{hello}") + "+" * (size - 6 - len(quote("{hello}")))

        longest = query(LIMITS.query_string_bytes)
        assert (await call(endpoint, "GET", query=longest, headers=ACCEPT_JSON)).status == 200
        reply = await call(endpoint, "GET", query=longest + "+", headers=ACCEPT_JSON)
        assert (reply.status, reply.code) == (414, "URI_TOO_LONG")

    async def test_depth(self, endpoint: GraphQLEndpoint) -> None:
        def nested(depth: int) -> bytes:
            inner = "[" * (depth - 2) + "]" * (depth - 2)
            return b'{"query":"{hello}","variables":{"a":' + inner.encode() + b"}}"

        assert (await post(endpoint, nested(LIMITS.json_depth))).status == 200
        assert (await post(endpoint, nested(LIMITS.json_depth + 1))).code == "JSON_TOO_DEEP"

    async def test_variables(self, endpoint: GraphQLEndpoint) -> None:
        def variables(count: int) -> object:
            return {**HELLO, "variables": {f"v{i}": i for i in range(count)}}

        assert (await post(endpoint, variables(LIMITS.variables))).status == 200
        reply = await post(endpoint, variables(LIMITS.variables + 1))
        assert (reply.status, reply.code) == (400, "TOO_MANY_VARIABLES")

    async def test_size_of_variables(self, endpoint: GraphQLEndpoint) -> None:
        def variables(size: int) -> object:
            return {**HELLO, "variables": {"a": "x" * (size - len('{"a":""}'))}}

        assert (await post(endpoint, variables(LIMITS.variables_bytes))).status == 200
        reply = await post(endpoint, variables(LIMITS.variables_bytes + 1))
        assert (reply.status, reply.code) == (400, "VARIABLES_TOO_LARGE")

    async def test_size_of_variables_that_grow(self, endpoint: GraphQLEndpoint) -> None:
        numbers = b",".join([b"1e15"] * 2_000)
        body = b'{"query":"{hello}","variables":{"a":[' + numbers + b"]}}"
        assert len(body) < LIMITS.variables_bytes
        assert (await post(endpoint, body)).code == "VARIABLES_TOO_LARGE"


class TestErrorsFromThePipeline:
    @pytest.mark.parametrize("accept", [ACCEPT_JSON, ACCEPT_GRAPHQL])
    @pytest.mark.parametrize(
        "error",
        [
            BadRequest("A", "text"),
            Refused("B", "text"),
            TooManyRequests("C", "text", headers=(("retry-after", "3"),)),
            Unavailable("D", "text"),
        ],
    )
    async def test_a_client_error_keeps_status_code_and_headers(
        self, clock: HandClock, error: ClientError, accept: Headers
    ) -> None:
        reply = await post(GraphQLEndpoint(RefusingPipeline(error), clock), HELLO, accept)
        assert (reply.status, reply.code) == (error.status, error.code)
        assert reply.json() == {"errors": [{"message": "text", "extensions": {"code": error.code}}]}
        assert dict(error.headers).items() <= reply.headers.items()

    async def test_a_bad_token_brings_the_challenge(self, endpoint: GraphQLEndpoint) -> None:
        reply = await post(endpoint, HELLO, [("authorization", "Bearer bad")])
        assert reply.status == 401
        assert reply.headers["www-authenticate"].startswith("Bearer")

    async def test_a_challenge_names_the_metadata_of_the_resource(
        self, clock: HandClock, pipeline: SmallPipeline
    ) -> None:
        url = "https://gateway.example/.well-known/oauth-protected-resource/graphql"
        app = GraphQLEndpoint(pipeline, clock, metadata_url=url)
        reply = await post(app, HELLO, [("authorization", "Bearer bad")])
        expected = f'Bearer error="invalid_token", resource_metadata="{url}"'
        assert reply.headers["www-authenticate"] == expected

    async def test_a_defect_shows_the_request_id_only(
        self, clock: HandClock, memory: Memory
    ) -> None:
        app = GraphQLEndpoint(BrokenPipeline(), clock, [memory], new_request_id=lambda: "id-9")
        reply = await post(app, HELLO)
        assert (reply.status, reply.code) == (500, "INTERNAL_ERROR")
        assert reply.json()["errors"][0]["extensions"]["requestId"] == "id-9"
        assert SECRET.encode() not in reply.body
        assert [request_id for request_id, _ in memory.defects] == ["id-9"]
        assert [record.status for record in memory.records] == [500]


FUZZED = st.one_of(
    st.binary(max_size=200),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda below: st.lists(below) | st.dictionaries(st.text(), below),
        max_leaves=10,
    ).map(lambda value: repr(value).encode(errors="replace")),
    st.fixed_dictionaries(
        {},
        optional={
            "query": st.one_of(st.text(), st.sampled_from(["{hello}", "{echo(value: $v)}"])),
            "operationName": st.one_of(st.none(), st.text(), st.integers()),
            "variables": st.one_of(st.none(), st.text(), st.dictionaries(st.text(), st.text())),
            "extensions": st.one_of(st.none(), st.lists(st.integers())),
        },
    ).map(lambda members: json.dumps(members).encode()),
)


class TestAnything:
    @given(body=FUZZED, accept=st.sampled_from([(), ACCEPT_JSON, ACCEPT_GRAPHQL]))
    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    async def test_any_body_gets_an_answer_below_500(
        self, endpoint: GraphQLEndpoint, body: bytes, accept: Headers
    ) -> None:
        reply = await post(endpoint, body, accept)
        assert reply.status in (200, 400)
        assert "data" in reply.json() or reply.code.isupper()

    @given(
        headers=st.lists(
            st.tuples(
                st.sampled_from(["accept", "content-type", "authorization", "content-length"]),
                st.text(st.characters(max_codepoint=255), max_size=40),
            ),
            max_size=4,
        ),
        query=st.text(st.characters(max_codepoint=127), max_size=80),
        method=st.sampled_from(["GET", "POST", "HEAD"]),
    )
    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    async def test_any_header_and_query_string_get_an_answer_below_500(
        self, endpoint: GraphQLEndpoint, headers: Headers, query: str, method: str
    ) -> None:
        reply = await call(endpoint, method, query=query, headers=headers)
        assert 200 <= reply.status < 500
