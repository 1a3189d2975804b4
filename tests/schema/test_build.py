"""The GraphQL schema that is built is the one that is checked in, and every denial can be null."""

from __future__ import annotations

import re

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    get_named_type,
    is_introspection_type,
    validate_schema,
)

from schema.build import build_schema, core_schema
from schema.filters import INPUTS, enum_name
from schema.model import KindModel
from schema.records import MODEL
from scripts import print_schema

SCHEMA = core_schema(build_schema())
CHINESE = re.compile("[\u4e00-\u9fff]")
# What the gateway makes itself and no rule decides on.
NEVER_DENIED = {
    *("id", "uscc", "nodes", "edges", "node", "cursor", "pageInfo"),
    *("hasNextPage", "hasPreviousPage"),
}
# Answers of no department: the catalogue, sources, statistics of what was permitted, grants,
# consents and requests shown to those whom they concern.
MADE_BY_THE_GATEWAY = {
    *("CatalogueItem", "CatalogueField", "Source", "RecordStatistics", "StatisticsGroup"),
    *("StatisticsValue", "_Service", "AccessExplanation", "AccessDecision", "AccessRule"),
    *("AccessWay", "SharingGrant", "Consent", "Notification", "ActLine"),
    *("SourceQuality", "RefusedRows", "MissingItem", "Timeliness"),
    *("LoggedRequest", "RequestedField"),
}
ROOTS_NOBODY_DENIES = {"catalogue", "sources", "_entities", "_service"}


def test_printed_schema_is_the_one_checked_in() -> None:
    text = print_schema.PAGE.read_text(encoding="utf-8")
    assert text == print_schema.printed(), "run `make docs`"


def test_schema_is_valid() -> None:
    assert validate_schema(SCHEMA) == []


def object_types() -> list[GraphQLObjectType | GraphQLInterfaceType]:
    return [
        found
        for found in SCHEMA.type_map.values()
        if isinstance(found, GraphQLObjectType | GraphQLInterfaceType)
        and not is_introspection_type(found)
    ]


@pytest.mark.parametrize("owner", object_types(), ids=lambda owner: owner.name)
def test_no_field_that_may_be_denied_is_non_null(
    owner: GraphQLObjectType | GraphQLInterfaceType,
) -> None:
    if owner.name in MADE_BY_THE_GATEWAY:
        return
    needed = {
        name for name, field in owner.fields.items() if isinstance(field.type, GraphQLNonNull)
    }
    allowed = ROOTS_NOBODY_DENIES if owner.name == "Query" else NEVER_DENIED
    assert needed <= allowed


def test_records_in_lists_are_never_null_but_subjects_may_be() -> None:
    subjects = SCHEMA.query_type.fields["subjects"].type  # type: ignore[union-attr]
    assert isinstance(subjects, GraphQLList)
    assert not isinstance(subjects.of_type, GraphQLNonNull)


@pytest.mark.parametrize("kind", MODEL.kinds.values(), ids=lambda kind: kind.type_name)
def test_every_coordinate_is_a_field_of_the_schema_with_a_chinese_description(
    kind: KindModel,
) -> None:
    record = SCHEMA.type_map[kind.type_name]
    assert isinstance(record, GraphQLObjectType)
    assert CHINESE.search(record.description or "")
    for field in kind.fields:
        owner: object = record
        for part in field.name.split("."):
            assert isinstance(owner, GraphQLObjectType)
            found = owner.fields[part]
            owner = get_named_type(found.type)
        assert field.declaration.name_zh in (found.description or "")


@pytest.mark.parametrize("kind", MODEL.kinds.values(), ids=lambda kind: kind.type_name)
def test_filters_and_orders_hold_what_may_be_compared_and_nothing_else(kind: KindModel) -> None:
    given = SCHEMA.type_map[f"{kind.type_name}Filter"]
    assert isinstance(given, GraphQLInputObjectType)
    own = {field.name for field in kind.filterable if not field.is_meta}
    assert set(given.fields) == {"meta", *own}
    fields = SCHEMA.type_map[f"{kind.type_name}Field"]
    assert isinstance(fields, GraphQLEnumType)
    assert set(fields.values) == {enum_name(field.name) for field in kind.comparable}
    assert kind.kind in INPUTS


def test_organisation_is_an_entity_by_its_code() -> None:
    text = print_schema.printed()
    assert re.search(r'type Organisation implements .* @key\(fields: "uscc"\)', text)
    assert "union _Entity = Organisation" in text
    assert text.startswith('schema @link(url: "https://specs.apollo.dev/federation/v2')
