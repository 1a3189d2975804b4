"""Each class sees what it could ever read or use of the schema, and that is a valid schema."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Mapping
from random import Random
from typing import Any

import pytest
from graphql import (
    GraphQLSchema,
    build_ast_schema,
    get_introspection_query,
    get_named_type,
    graphql_sync,
    parse,
    validate_schema,
)

from gateway.visibility import parts as parts_module
from gateway.visibility.members import ACTS, permissions
from gateway.visibility.parts import SchemaPart, SchemaParts
from policies.engine import PolicySet
from policies.loader import load_policies
from policies.model import CallerClass, Use
from policies.sharing.loader import load_sharing
from policies.sharing.model import Act, ActRule, ActRules, Party
from policies.situations import reach
from schema.filters import enum_name
from schema.model import FieldModel
from schema.records import MODEL
from tests.support.small_gateway import SCHEMA

SHARING = load_sharing()
PARTS = SchemaParts(SCHEMA, SHARING.acts)
EVERYTHING = frozenset((name, use) for name in MODEL.coordinates for use in Use)


@pytest.fixture(scope="module")
def policies() -> PolicySet:
    return load_policies(MODEL, dt.date(2026, 9, 22))


@pytest.fixture(scope="module")
def made(policies: PolicySet) -> Mapping[CallerClass, SchemaPart]:
    return {caller_class: PARTS.make(policies, caller_class) for caller_class in CallerClass}


def introspection(schema: GraphQLSchema) -> dict[str, Any]:
    """The answer to the standard query, types and their members in one order."""
    answer = graphql_sync(schema, get_introspection_query())
    assert answer.errors is None
    assert answer.data is not None
    found: dict[str, Any] = answer.data["__schema"]
    for each in found["types"]:
        for part in ("interfaces", "possibleTypes"):
            each[part] = sorted(item["name"] for item in each[part] or ())
    found["types"] = {each["name"]: each for each in found["types"]}
    return found


def test_every_class_gets_a_valid_schema(made: Mapping[CallerClass, SchemaPart]) -> None:
    for part in made.values():
        assert validate_schema(part.schema) == []
        again = build_ast_schema(parse(part.sdl), assume_valid_sdl=True)
        assert validate_schema(again) == []
        types = introspection(part.schema)["types"]
        assert set(types) >= set(introspection(again)["types"])
        assert "Organisation" in types


def member(schema: GraphQLSchema, path: str) -> bool:
    """Whether a type has a member, by `Type.a.b` through the types of its fields."""
    name, *steps = path.split(".")
    for step in steps:
        found = schema.type_map.get(name)
        inner = getattr(found, "fields", None) or getattr(found, "values", None) or {}
        if step not in inner:
            return False
        kept: Any = getattr(inner[step], "type", None)
        name = get_named_type(kept).name if kept is not None else ""
    return True


@pytest.mark.parametrize("caller_class", CallerClass)
def test_member_stands_exactly_where_its_use_is_open_to_the_class(
    made: Mapping[CallerClass, SchemaPart], policies: PolicySet, caller_class: CallerClass
) -> None:
    schema, opened = made[caller_class].schema, reach(policies, caller_class)
    for kind in MODEL.kinds.values():
        has_kind = (kind.type_name, Use.READ) in opened
        assert (kind.type_name in schema.type_map) == has_kind
        if kind.type_name != "Registration":  # a subject has one, and no list of them
            count = f"{kind.type_name}Connection.totalCount"
            assert member(schema, count) == ((kind.type_name, Use.COUNT) in opened and has_kind)
    for field in MODEL.fields():
        if not field.is_meta:
            assert member(schema, field.coordinate) == ((field.coordinate, Use.READ) in opened)
    for field, place in inputs():
        uses = (Use.FILTER,) if "Filter." in place else (Use.ORDER, Use.AGGREGATE)
        assert member(schema, place) == any((field.coordinate, use) in opened for use in uses)


def inputs() -> list[tuple[FieldModel, str]]:
    """Fields with the places where they are filtered and ordered by."""
    found = []
    for kind in MODEL.kinds.values():
        name = kind.type_name
        found += [(f, f"{name}Filter.{f.name}") for f in kind.filterable if not f.is_meta]
        found += [(f, f"{name}Field.{enum_name(f.name)}") for f in kind.comparable]
    return found


def test_public_sees_no_tax_payments_and_no_identity_numbers(
    made: Mapping[CallerClass, SchemaPart],
) -> None:
    public, bank = made[CallerClass.PUBLIC], made[CallerClass.INSTITUTION]
    assert "taxPayments" not in public.sdl
    assert "taxPayments" in bank.sdl
    for part in (public, bank):
        assert "legalRepresentativeIdNo" not in part.sdl
        assert "LEGAL_REPRESENTATIVE_ID_NO" not in part.sdl
        assert "legalRepresentativeName" in part.sdl
        assert "disclosureState" not in part.sdl
    assert "legalRepresentativeIdNo" in made[CallerClass.SUBJECT].sdl


def test_auditor_sees_subjects_and_the_catalogue_only(
    made: Mapping[CallerClass, SchemaPart],
) -> None:
    types = introspection(made[CallerClass.AUDITOR].schema)["types"]
    roots = {field["name"] for field in types["Query"]["fields"]}
    assert {"catalogue", "sources", "subject"} <= roots
    assert roots.isdisjoint({"records", "recordStatistics", "searchSubjects"})
    assert "CreditRecord" not in types
    assert "RecordKind" in types  # the catalogue names every kind


def test_acts_stand_exactly_where_a_rule_lets_the_class_act(
    made: Mapping[CallerClass, SchemaPart],
) -> None:
    assert SCHEMA.mutation_type is not None
    assert {f"Mutation.{name}" for name in SCHEMA.mutation_type.fields} <= set(ACTS)
    for caller_class, part in made.items():
        for place, act in ACTS.items():
            may = any(rule.act is act and rule.who is caller_class for rule in SHARING.acts.rules)
            assert member(part.schema, place) == may
    assert made[CallerClass.PUBLIC].schema.mutation_type is None
    assert "SharingGrant" not in made[CallerClass.PUBLIC].schema.type_map


def test_everything_open_is_the_full_schema(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts_module, "reach", lambda *_: EVERYTHING)
    part = SchemaParts(SCHEMA, ActRules(tuple(_open_to_public(act) for act in Act))).make(
        PolicySet((), MODEL, dt.date(2026, 9, 22)), CallerClass.PUBLIC
    )
    full, found = introspection(SCHEMA), introspection(part.schema)
    assert found["types"] == full["types"]
    assert found["directives"] == full["directives"]


def _open_to_public(act: Act) -> ActRule:
    return ActRule("acts.test", act, CallerClass.PUBLIC, Party.ANYBODY, "样例", "a rule of a test")


@pytest.mark.parametrize("seed", range(20))
def test_whatever_is_open_the_part_is_a_valid_schema(
    monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    random = Random(seed)
    share = random.choice((0.001, 0.01, 0.1, 0.5, 0.9))
    opened = frozenset(each for each in sorted(EVERYTHING, key=str) if random.random() < share)
    monkeypatch.setattr(parts_module, "reach", lambda *_: opened)
    part = PARTS.make(PolicySet((), MODEL, dt.date(2026, 9, 22)), CallerClass.PUBLIC)
    assert validate_schema(part.schema) == []


def test_permissions_name_what_the_schema_has() -> None:
    for place in permissions(SCHEMA):
        assert place in SCHEMA.type_map or member(SCHEMA, place), place


async def test_part_is_made_once_for_a_class_and_the_rules_of_a_day(policies: PolicySet) -> None:
    parts = SchemaParts(SCHEMA)
    public = CallerClass.PUBLIC
    first, second = await asyncio.gather(*(parts.part(policies, public) for _ in range(2)))
    assert first is second
    assert await parts.part(policies, CallerClass.AUDITOR) is not first
    tomorrow = policies.on(policies.today + dt.timedelta(days=1))
    assert await parts.part(tomorrow, public) is not first
    fewer = PolicySet(policies.rules[:-1], MODEL, policies.today)
    assert await parts.part(fewer, public) is not first
    for days in range(parts_module.KEPT):
        await parts.part(PolicySet((), MODEL, policies.today + dt.timedelta(days)), public)
    assert await parts.part(policies, public) is not first
