"""What is told of the schema is the part that the caller's class sees; all else runs as asked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import orjson
import pytest
from graphql import build_client_schema, get_introspection_query, validate_schema

from gateway.answering.answer import Resolved
from gateway.answering.resolve import Resolver
from gateway.catalogue import CatalogueContext
from gateway.conformance import ReferenceAdapter
from gateway.fetching.registry import Registry
from gateway.operation.types import OperationRequest
from gateway.visibility.parts import SchemaParts
from policies.loader import load_policies
from policies.model import Caller, CallerClass, Purpose
from policies.situations import sample_caller
from schema.records import MODEL
from tests.support.awkward_department import FIRM, awkward_records, manifest_for
from tests.support.small_gateway import SCHEMA, SmallGateway

PUBLIC = sample_caller(CallerClass.PUBLIC, Purpose.PUBLIC_DISPLAY)
BANK = sample_caller(CallerClass.INSTITUTION, Purpose.PRE_LOAN)
BANK_AFTERWARDS = sample_caller(CallerClass.INSTITUTION, Purpose.POST_LOAN)
POLICIES = load_policies(MODEL, dt.date(2026, 9, 22))


class Resolving:
    """A gateway under the project's rules, and its resolver."""

    def __init__(self) -> None:
        adapter = ReferenceAdapter(manifest_for(), awkward_records(1))
        self.small = SmallGateway({"reference": adapter}, rules=POLICIES)
        catalogue = CatalogueContext(Registry({"reference": adapter}, ()), MODEL)
        self._resolver = Resolver(SCHEMA, SchemaParts(SCHEMA), lambda _plan: catalogue)

    async def resolve(
        self, document: str, caller: Caller, variables: Mapping[str, Any] | None = None
    ) -> Resolved:
        """What the resolver says, without the planned fields."""
        given = variables or {}
        operation = self.small.operations.load(OperationRequest(document, None, given), "test")
        planned = self.small.plans.plan(operation, given)
        authorized = self.small.authorizer.authorize(planned.plan, caller, POLICIES)
        return await self._resolver.resolve(authorized, operation, given)


@pytest.fixture(scope="module")
def resolving() -> Resolving:
    return Resolving()


async def test_hidden_type_is_null_for_the_public_only(resolving: Resolving) -> None:
    document = """query($u: USCC!, $n: String!, $f: TaxPaymentFilter, $yes: Boolean!) {
        __type(name: $n) @include(if: $yes) { ...Named }
        subject(uscc: $u) { taxPayments(filter: $f) { totalCount } } }
        fragment Named on __Type { name fields { name } }"""
    variables = {"u": FIRM, "n": "TaxPayment", "f": None, "yes": True}
    hidden = await resolving.resolve(document, PUBLIC, variables)
    assert (hidden.data, list(hidden.errors)) == ({"__type": None}, [])
    shown = await resolving.resolve(document, BANK, variables)
    names = {field["name"] for field in shown.data["__type"]["fields"]}
    assert "paidAmount" in names
    other = await resolving.resolve(document, PUBLIC, {**variables, "n": "TaxArrears"})
    assert other.data["__type"]["name"] == "TaxArrears"


async def test_introspection_is_a_valid_schema_of_the_class(resolving: Resolving) -> None:
    told = await resolving.resolve(get_introspection_query(), PUBLIC)
    schema = build_client_schema(told.data)  # type: ignore[arg-type]
    assert validate_schema(schema) == []
    assert "TaxPayment" not in schema.type_map
    assert "legalRepresentativeIdNo" not in str(told.data)


async def test_what_the_schema_says_is_remembered_for_the_class(resolving: Resolving) -> None:
    document = "{ __schema { types { name } } a: _service { sdl } }"
    first = await resolving.resolve(document, BANK)
    assert await resolving.resolve(document, BANK_AFTERWARDS) is first
    public = await resolving.resolve(document, PUBLIC)
    assert public.data != first.data
    assert "type TaxPayment " in first.data["a"]["sdl"]
    assert "TaxPayment" not in public.data["a"]["sdl"]


async def test_schema_and_catalogue_stand_in_one_answer(resolving: Resolving) -> None:
    document = "{ a: catalogue { kind fields { name } } _service { sdl } b: sources { slug } }"
    found = await resolving.resolve(document, PUBLIC)
    assert set(found.data) == {"a", "_service", "b"}
    kinds = {item["kind"] for item in found.data["a"]}
    assert "TAX_PAYMENT" in kinds  # the catalogue is public, whatever the class may read
    assert found.data["b"] == [{"slug": "reference"}]


async def test_hidden_field_validates_and_is_denied(resolving: Resolving) -> None:
    document = """query($u: USCC!) { subject(uscc: $u) { registration { legalRepresentativeIdNo }
        taxPayments { nodes { paidAmount } } } }"""
    given = {"u": FIRM}
    body = orjson.loads(await resolving.small.body(document, given, PUBLIC))
    denied = {error["extensions"]["coordinate"]: error["extensions"] for error in body["errors"]}
    assert set(denied) == {"Registration.legalRepresentativeIdNo", "TaxPayment"}
    assert {each["code"] for each in denied.values()} == {"FIELD_DENIED"}
    assert body["data"]["subject"]["taxPayments"] is None
    wrong = document.replace("legalRepresentativeIdNo", "legalRepresentativeIdN")
    bodies = [await resolving.small.body(wrong, given, each) for each in (PUBLIC, BANK)]
    assert bodies[0] == bodies[1]
    assert b"Did you mean" not in bodies[0]
