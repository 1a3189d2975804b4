"""What a class sees of the schema, and what it is told of its permissions, over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from graphql import build_client_schema, get_introspection_query, validate_schema

from gateway.audit.log import AuditLog
from gateway.demo.provision import Provisioned
from gateway.store.connect import StoreAddress, connector
from gateway.store.pool import LightPool
from tests.e2e.serving import Client

TYPE = "query($n: String!) { __type(name: $n) { fields { name } } _service { sdl } }"
WHY = """query($c: String!, $u: FieldUse!) { why(coordinate: $c, use: $u) { callerClass purpose
    decisions { sources outcome missing rules { id legalBasis } ways { facts purposes } } } }"""
PAYMENT = "Organisation.taxPayments.paidAmount"


def test_public_and_department_see_their_own_parts(client: Client) -> None:
    public = client.ask(TYPE, {"n": "TaxPayment"})
    officer = client.ask(TYPE, {"n": "TaxPayment"}, "inspector")
    assert public.codes == officer.codes == []
    assert public.data["__type"] is None
    assert "paidAmount" in {field["name"] for field in officer.data["__type"]["fields"]}
    assert "taxPayments" not in public.data["_service"]["sdl"]
    assert "taxPayments" in officer.data["_service"]["sdl"]


@pytest.mark.parametrize("profile", ["public", "inspector", "bank"])
def test_introspection_of_every_class_is_a_valid_schema(client: Client, profile: str) -> None:
    answer = client.ask(get_introspection_query(), profile=profile)
    assert answer.codes == []
    assert validate_schema(build_client_schema(answer.data)) == []
    assert ("decideGrant" in str(answer.data)) == (profile == "inspector")


def test_why_tells_what_an_answer_then_does(client: Client) -> None:
    told = client.ask(WHY, {"c": PAYMENT, "u": "READ"}, "bank").data["why"]
    assert told["callerClass"] == "institution"
    (decision,) = told["decisions"]
    assert (decision["outcome"], decision["missing"]) == ("DENIED", "CONSENT")
    assert decision["sources"] == ["tax"]
    assert ["CONSENT"] in [way["facts"] for way in decision["ways"]]
    unknown = client.ask(WHY, {"c": "TaxPayment.gone", "u": "READ"}, "bank")
    assert unknown.data == {"why": None}
    assert unknown.codes == ["COORDINATE_UNKNOWN"]


def test_why_asks_no_department_and_is_on_record(client: Client, provisioned: Provisioned) -> None:
    before = len(audit_entries(provisioned))
    answer = client.ask(WHY, {"c": PAYMENT, "u": "ORDER"}, "inspector")
    assert answer.sources == {}
    (entry,) = audit_entries(provisioned)[before:]
    assert (entry["outcome"], entry["callerClass"]) == ("ANSWERED", "department")
    assert entry["departments"] == []


def audit_entries(provisioned: Provisioned) -> Sequence[Mapping[str, Any]]:
    """Every entry of the audit log, the oldest first."""

    async def read() -> Sequence[Mapping[str, Any]]:
        pool = LightPool(connector(StoreAddress(provisioned.settings.store.url)), 1)
        try:
            return [entry.members() for entry in await AuditLog(pool).last(10_000)]
        finally:
            await pool.aclose()

    return asyncio.run(read())
