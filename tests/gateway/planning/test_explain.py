"""The text of a plan: golden files beside this module, one operation and its text per case.

After a wanted change, write the texts anew with CREDIT_GATEWAY_WRITE_GOLDEN=1 and read the
difference.
"""

from collections.abc import Mapping
from pathlib import Path

import pytest
from graphql import GraphQLSchema

from gateway.opaque import OpaqueCodec
from gateway.operation.budget import NewDocumentBudget
from gateway.operation.limits import Limits
from gateway.operation.operations import Operations
from gateway.operation.types import OperationRequest
from gateway.planning.explain import NoNotes, explain_plan, predicate_text
from gateway.planning.plans import Plans
from schema.build import build_schema, core_schema
from schema.predicate import (
    ALWAYS,
    NEVER,
    And,
    Comparison,
    Includes,
    IsNull,
    Not,
    OneOf,
    Operator,
    Or,
    StartsWith,
)
from tests.support.golden import compare_with_golden

GOLDEN = Path(__file__).parent / "golden"
CASES = sorted(path.stem for path in GOLDEN.glob("*.graphql"))
FIRM = "91410199MA9DEM028G"
VARIABLES = {
    "uscc": FIRM,
    "usccs": [FIRM],
    "filter": {"meta": {"decidedOn": {"ge": "2025-01-01"}}, "fineAmount": {"gt": "1000.00"}},
}


@pytest.fixture(scope="module")
def core() -> GraphQLSchema:
    return core_schema(build_schema())


def plan_text(core: GraphQLSchema, document: str, variables: Mapping[str, object]) -> str:
    opaque = OpaqueCodec((b"k" * 64,))
    operations = Operations(core, Limits(), NewDocumentBudget(lambda: 0.0))
    request = OperationRequest(document, None, variables)
    operation = operations.load(request, "test")
    planned = Plans(core, opaque).plan(operation, request.variables)
    return "\n".join(explain_plan(planned.plan, NoNotes())) + "\n"


@pytest.mark.parametrize("case", CASES)
def test_explain_plan_golden_operation_gives_golden_text(core: GraphQLSchema, case: str) -> None:
    document = (GOLDEN / f"{case}.graphql").read_text(encoding="utf-8")
    used = {name: value for name, value in VARIABLES.items() if f"${name}" in document}
    compare_with_golden(GOLDEN / f"{case}.txt", plan_text(core, document, used))


def test_explain_plan_other_subject_gives_the_same_text(core: GraphQLSchema) -> None:
    document = (GOLDEN / "one_firm.graphql").read_text(encoding="utf-8")
    first = plan_text(core, document, {"uscc": FIRM})
    assert plan_text(core, document, {"uscc": "91410199MA9DEM01XG"}) == first
    assert FIRM not in first


def test_explain_plan_id_of_a_subject_gives_one_subject(core: GraphQLSchema) -> None:
    node = OpaqueCodec((b"k" * 64,)).subject_id(FIRM)
    document = f'{{ node(id: "{node}") {{ ... on Organisation {{ registration {{ name }} }} }} }}'
    assert plan_text(core, document, {}).splitlines()[:2] == [
        "node: one subject by key",
        "  node.registration: first record of kind REGISTRATION",
    ]


def test_explain_plan_foreign_id_gives_null(core: GraphQLSchema) -> None:
    text = plan_text(core, '{ node(id: "AAAA") { id } __typename }', {})
    assert text == "node: null, the id is none of ours\n__typename: name of the root type\n"


@pytest.mark.parametrize(
    ("predicate", "text"),
    [
        (ALWAYS, "always"),
        (NEVER, "never"),
        (Comparison("fineAmount", Operator.GE, "10.00"), "fineAmount >= `10.00`"),
        (Comparison("performed", Operator.EQ, True), "performed = true"),
        (OneOf("year", (2024, 2025)), "year in (2024, 2025)"),
        (StartsWith("name", "郑州"), "name begins with `郑州`"),
        (Includes("categories", "FINE"), "categories holds `FINE`"),
        (Not(IsNull("name")), "not name is missing"),
        (
            And((IsNull("a"), Or((IsNull("b"), And((IsNull("c"), IsNull("d"))))))),
            "a is missing and (b is missing or (c is missing and d is missing))",
        ),
        (Not(Or((IsNull("a"), IsNull("b")))), "not (a is missing or b is missing)"),
    ],
)
def test_predicate_text_reads_like_a_sentence(predicate: object, text: str) -> None:
    assert predicate_text(predicate) == text  # type: ignore[arg-type]
