"""A small schema, and operations loaded against it with a clock that tests move."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from graphql import GraphQLSchema, build_schema

from gateway.operation.budget import NewDocumentBudget
from gateway.operation.errors import RequestError
from gateway.operation.limits import Limits
from gateway.operation.operations import Operations
from gateway.operation.types import OperationRequest, ValidatedOperation

SCHEMA = """
scalar Code
enum Kind { PENALTY LICENCE }
interface Named { name: String }
input Filter { code: Code, kind: Kind, inner: Filter }
type Query { a: Int b: Int c: Int d: Int e: Int f: Int firm(code: Code, filter: Filter): Firm }
type Mutation { touch: Int }
type Firm implements Named { name: String size: Int count(of: Int): Int parent: Firm }
"""


@dataclass
class HandClock:
    """Seconds that only a test moves."""

    now: float = 100.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Loader:
    """Loads documents as one client."""

    schema: GraphQLSchema
    clock: HandClock = field(default_factory=HandClock)
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        self.operations = Operations(
            self.schema, self.limits, NewDocumentBudget(self.clock, burst=100_000)
        )

    def load(self, text: str, name: str | None = None) -> ValidatedOperation:
        """Return the operation."""
        return self.operations.load(OperationRequest(text, name, {}), "client")

    def codes(self, text: str, name: str | None = None) -> list[str]:
        """Return the codes of the errors that refuse a document; empty if it is accepted."""
        return [code for code, _ in self.errors(text, name)]

    def errors(self, text: str, name: str | None = None) -> list[tuple[str, str]]:
        """Return code and message of each error that refuses a document."""
        try:
            self.load(text, name)
        except RequestError as error:
            return [((each.extensions or {})["code"], each.message) for each in error.errors]
        return []


@pytest.fixture
def loader() -> Loader:
    return Loader(build_schema(SCHEMA))
