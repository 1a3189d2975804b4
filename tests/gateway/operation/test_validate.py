"""Validation: places and types in messages, no values and no suggestions."""

from __future__ import annotations

import pytest

from gateway.errors import ClientError
from gateway.operation.errors import RequestError
from gateway.operation.limits import Limits
from gateway.operation.validate import refuse_mutation_by_get
from schema.build import build_schema, core_schema
from tests.gateway.operation.conftest import Loader


def test_an_unknown_field_brings_no_suggestion(loader: Loader) -> None:
    assert loader.errors("{firm{nam}}") == [
        ("VALIDATION_FAILED", "Cannot query field 'nam' on type 'Firm'.")
    ]


@pytest.mark.parametrize(
    ("text", "type_name"),
    [
        ("{firm{count(of: 91410000123)}}", "Int"),
        ('{firm{count(of: "91410000123")}}', "Int"),
        ("{firm(filter: {kind: PENALTIES}){name}}", "Filter"),
        ("{firm(filter: {secret91410000123: 1}){name}}", "Filter"),
        ("{firm(filter: 91410000123){name}}", "Filter"),
        ("query($a: Int = 91410000123) {firm{count(of: $a)}}", "Int"),
        ("{a @skip(if: 91410000123)}", "Boolean"),
    ],
)
def test_a_wrong_literal_is_not_repeated(loader: Loader, text: str, type_name: str) -> None:
    assert loader.errors(text) == [
        ("VALIDATION_FAILED", f"value is not valid for type `{type_name}`")
    ]


@pytest.mark.parametrize(
    ("text", "message", "place"),
    [
        (
            '{subject(uscc: "911101053182987532") {uscc}}',
            "USCC is not valid: unified social credit code ends with check character `2`, "
            "expected `C`",
            (1, 16),
        ),
        (
            '{subjects(usccs: ["91410100MA45K1KE05", "9141"]) {uscc}}',
            "USCC is not valid: unified social credit code has 4 characters, expected 18",
            (1, 41),
        ),
        (
            "{subject(uscc: 91410100) {uscc}}",
            "USCC cannot represent a value that is not a string",
            (1, 16),
        ),
        (
            'query($c: USCC! = "9141") {subject(uscc: $c) {uscc}}',
            "USCC is not valid: unified social credit code has 4 characters, expected 18",
            (1, 19),
        ),
        (
            '{a: records(kind: TAX_ARREARS, filter: {taxArrears: {balance: {ge: "x"}}})'
            "{totalCount}}",
            "Money is a string of yuan with at most two decimals, such as `1200.50`",
            (1, 68),
        ),
        (
            "{records(kind: TAX_ARREARS, filter: {taxArrears: {meta: {decidedOn: "
            '{le: "2000-02-31"}}}}) {totalCount}}',
            "Date is an ISO 8601 calendar date, such as `2026-09-22`",
            (1, 74),
        ),
    ],
)
def test_a_scalar_of_ours_says_what_is_wrong_and_where(
    text: str, message: str, place: tuple[int, int]
) -> None:
    with pytest.raises(RequestError) as caught:
        Loader(core_schema(build_schema())).load(text)
    (error,) = caught.value.errors
    line, column = place
    assert error.formatted == {
        "message": message,
        "locations": [{"line": line, "column": column}],
        "extensions": {"code": "VALIDATION_FAILED"},
    }


def test_errors_have_places_and_are_counted(loader: Loader) -> None:
    text = "{firm{" + " ".join(f"x{i}" for i in range(40)) + "}}"
    with pytest.raises(RequestError) as caught:
        loader.load(text)
    errors = caught.value.errors
    assert len(errors) == Limits().errors + 1
    assert errors[0].formatted["locations"] == [{"line": 1, "column": 7}]
    assert errors[-1].message.startswith("Too many validation errors")


def test_a_long_name_is_cut(loader: Loader) -> None:
    ((_, message),) = loader.errors("{" + "a" * 50_000 + "}")
    assert len(message) == 400


def test_fields_that_would_take_too_long_to_compare_are_too_complex(loader: Loader) -> None:
    text = "{firm{...F " + "count(of: 1) " * 30 + "}} fragment F on Firm {count(of: 1)}"
    assert loader.codes(text) == []
    tight = Loader(loader.schema, limits=Limits(comparisons=100))
    assert tight.codes(text) == ["TOO_COMPLEX"]


def test_conflicting_fields_are_refused(loader: Loader) -> None:
    assert loader.codes("{firm{name: size name}}") == ["VALIDATION_FAILED"]


def test_type_definitions_do_not_run(loader: Loader) -> None:
    assert loader.codes("{a} type T {x: Int}") == ["VALIDATION_FAILED"]


def test_an_operation_type_that_the_schema_lacks_is_refused(loader: Loader) -> None:
    assert loader.codes("subscription {a}") == ["VALIDATION_FAILED"]


def test_a_mutation_by_get_is_refused_with_405(loader: Loader) -> None:
    with pytest.raises(ClientError) as caught:
        refuse_mutation_by_get(loader.load("mutation {touch}"), "GET")
    assert (caught.value.status, caught.value.code) == (405, "METHOD_NOT_ALLOWED")
    assert caught.value.headers == (("allow", "POST"),)


def test_a_query_by_get_and_a_mutation_by_post_pass(loader: Loader) -> None:
    refuse_mutation_by_get(loader.load("{a}"), "GET")
    refuse_mutation_by_get(loader.load("mutation {touch}"), "POST")
