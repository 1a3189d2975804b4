"""Builds the GraphQL schema: one full schema, the same for every caller."""

from __future__ import annotations

import strawberry
from graphql import GraphQLSchema
from strawberry.federation import Schema
from strawberry.schema.config import StrawberryConfig

from schema.mutation import Mutation
from schema.query import Query
from schema.records import RECORD_TYPES
from schema.scalars import SCALARS
from schema.subject import Person


def build_schema() -> Schema:
    """Return the Strawberry schema, an Apollo Federation 2 subgraph; suggestions are off."""
    return Schema(
        query=Query,
        mutation=Mutation,
        types=[*RECORD_TYPES, Person],
        config=StrawberryConfig(scalar_map=SCALARS, disable_field_suggestions=True),
        federation_version="2.3",
    )


def core_schema(schema: strawberry.Schema) -> GraphQLSchema:
    """The graphql-core schema behind a Strawberry schema, for parsing and validation."""
    return schema._schema
