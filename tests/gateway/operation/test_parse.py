"""Syntax errors: place and kind, never what was written."""

from __future__ import annotations

import pytest

from gateway.operation.errors import RequestError
from tests.gateway.operation.conftest import Loader

SECRET = "王小明110101199003078811"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the document is not valid GraphQL: unexpected <EOF>"),
        ("{a", "the document is not valid GraphQL: unexpected <EOF>, expected Name"),
        ("{}", "the document is not valid GraphQL: unexpected '}', expected Name"),
        (
            f'{{a "{SECRET}"}}',
            "the document is not valid GraphQL: unexpected String, expected Name",
        ),
        (
            f'{{a """{SECRET}"""}}',
            "the document is not valid GraphQL: unexpected BlockString, expected Name",
        ),
        (f"{{firm(code: {SECRET})}}", "the document is not valid GraphQL"),
        (
            "{a 110101199003078811}",
            "the document is not valid GraphQL: unexpected Int, expected Name",
        ),
        ('{firm(code: "110101)}', "the document is not valid GraphQL"),
        ('{firm(code: "\\u110")}', "the document is not valid GraphQL"),
        ("{a(b: 0110101)}", "the document is not valid GraphQL"),
        ("\ufeff{a\x00}", "the document is not valid GraphQL"),
    ],
)
def test_a_syntax_error_names_kinds_only(loader: Loader, text: str, message: str) -> None:
    assert loader.errors(text) == [("SYNTAX_ERROR", message)]


def test_a_syntax_error_names_its_place(loader: Loader) -> None:
    with pytest.raises(RequestError) as caught:
        loader.load("{\n  a )\n}")
    assert caught.value.errors[0].formatted["locations"] == [{"line": 2, "column": 5}]


@pytest.mark.parametrize(
    "text",
    ["{a" * 400, "{firm(filter: " + "[" * 450, "{" + "...{" * 300 + "a" + "}" * 301],
    ids=["fields", "lists", "inline fragments"],
)
def test_nesting_that_exhausts_the_parser_is_too_deep(loader: Loader, text: str) -> None:
    assert loader.codes(text) == ["TOO_DEEP"]
