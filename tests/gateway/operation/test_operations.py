"""Loading: the choice of an operation, and what is remembered."""

from __future__ import annotations

import orjson
import pytest

from gateway.errors import TooManyRequests
from gateway.operation.budget import NewDocumentBudget
from gateway.operation.errors import RequestError
from gateway.operation.limits import Limits
from gateway.operation.operations import Operations
from gateway.operation.types import OperationRequest
from tests.gateway.operation.conftest import HandClock, Loader

TWO = "query A {a} query B {b}"


def test_an_operation_is_chosen_by_name(loader: Loader) -> None:
    name = loader.load(TWO, "B").operation.name
    assert name is not None
    assert name.value == "B"


@pytest.mark.parametrize(
    ("text", "name", "code"),
    [
        (TWO, None, "OPERATION_NAME_REQUIRED"),
        (TWO, "C", "OPERATION_NOT_FOUND"),
        (TWO, "", "OPERATION_NOT_FOUND"),
        ("{a}", "A", "OPERATION_NOT_FOUND"),
    ],
)
def test_a_choice_that_is_not_clear_is_refused(
    loader: Loader, text: str, name: str | None, code: str
) -> None:
    assert loader.codes(text, name) == [code]


def test_the_same_text_is_read_once(loader: Loader) -> None:
    first = loader.load("{a}")
    assert loader.load("{" + "a}") is first
    assert (loader.operations.sizes.hits, loader.operations.sizes.misses) == (1, 1)


def test_the_hash_is_the_sha256_of_the_text(loader: Loader) -> None:
    known = "460c3a93211614ac783c0f1d1bbbcb45a6da87d6421b5c0771772588f1015ff8"
    assert loader.load("{a}").document_hash == known


def test_a_refusal_is_remembered_and_holds_no_syntax_tree(loader: Loader) -> None:
    first = loader.errors("{nope}")
    assert loader.errors("{nope}") == first
    assert (loader.operations.sizes.refusals, loader.operations.sizes.misses) == (1, 1)
    with pytest.raises(RequestError) as caught:
        loader.load("{nope}")
    assert caught.value.errors[0].nodes is None


def test_the_answer_of_a_refusal_is_a_graphql_response_without_data(loader: Loader) -> None:
    with pytest.raises(RequestError) as caught:
        loader.load("{nope}")
    answer = caught.value.answer()
    assert answer.is_request_error
    assert orjson.loads(answer.body) == {
        "errors": [
            {
                "message": "Cannot query field 'nope' on type 'Query'.",
                "locations": [{"line": 1, "column": 2}],
                "extensions": {"code": "VALIDATION_FAILED"},
            }
        ]
    }


def test_only_new_documents_are_taken_from_the_budget(loader: Loader) -> None:
    clock = HandClock()
    operations = Operations(
        loader.schema, Limits(), NewDocumentBudget(clock, per_second=1.0, burst=2)
    )

    def load(text: str, client: str) -> None:
        operations.load(OperationRequest(text, None, {}), client)

    load("{a}", "one")
    with pytest.raises(RequestError):
        load("{nope}", "one")
    with pytest.raises(TooManyRequests) as caught:
        load("{b}", "one")
    assert caught.value.code == "TOO_MANY_NEW_DOCUMENTS"
    load("{a}", "one")
    with pytest.raises(RequestError):
        load("{nope}", "one")
    load("{b}", "two")
    load("{b}", "one")


def test_invalid_documents_push_no_valid_one_out(loader: Loader) -> None:
    operations = Operations(
        loader.schema,
        Limits(),
        NewDocumentBudget(loader.clock, burst=1_000),
        refusals_bytes=10_000,
    )
    first = operations.load(OperationRequest("{a}", None, {}), "client")
    for number in range(100):
        with pytest.raises(RequestError):
            operations.load(OperationRequest(f"{{x{number}}}", None, {}), "client")
    assert operations.load(OperationRequest("{a}", None, {}), "client") is first
    assert 0 < operations.sizes.refusals_bytes <= 10_000
