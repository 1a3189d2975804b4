"""A small real pipeline: a schema of a few fields, loaded and executed by graphql-core."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

import orjson
from graphql import GraphQLSchema, build_schema, execute
from graphql.pyutils import is_awaitable

from gateway.errors import ClientError, Unauthenticated
from gateway.http.types import Credentials, RequestFacts
from gateway.operation.budget import NewDocumentBudget
from gateway.operation.errors import RequestError
from gateway.operation.limits import Limits
from gateway.operation.operations import Operations
from gateway.operation.types import OperationAnswer, OperationRequest
from gateway.operation.validate import refuse_mutation_by_get

SDL = """
type Query { hello(name: String): String echo(value: Int!): Int slow: Int refused: Int }
type Mutation { touch: Int }
"""
SECRET = "91410000MA40000012"


class DefectError(Exception):
    """A defect whose text holds a value that must not be seen."""


@dataclass
class SmallPipeline:
    """Answers operations; remembers what it was asked with, and whether it was cancelled."""

    schema: GraphQLSchema = field(default_factory=lambda: build_schema(SDL))
    asked: list[tuple[OperationRequest, Credentials, RequestFacts]] = field(default_factory=list)
    started: asyncio.Event = field(default_factory=asyncio.Event)
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.operations = Operations(
            self.schema, Limits(), NewDocumentBudget(time.monotonic, burst=10_000)
        )

    async def answer(
        self, request: OperationRequest, credentials: Credentials, facts: RequestFacts
    ) -> OperationAnswer:
        """Return the response of graphql-core."""
        self.asked.append((request, credentials, facts))
        facts.note.client_id = "client-7"
        facts.note.purpose = "PUBLIC_DISPLAY"
        if credentials.authorization == "Bearer bad":
            challenge = ("www-authenticate", 'Bearer error="invalid_token"')
            raise Unauthenticated("INVALID_TOKEN", "the token is not valid", headers=(challenge,))
        try:
            operation = self.operations.load(request, facts.peer)
        except RequestError as error:
            return error.answer()
        refuse_mutation_by_get(operation, facts.method)
        return await self._execute(request, operation.document)

    async def _execute(self, request: OperationRequest, document: object) -> OperationAnswer:
        result = execute(
            self.schema,
            document,  # type: ignore[arg-type]
            self,
            variable_values=dict(request.variables),
            operation_name=request.operation_name,
        )
        if is_awaitable(result):
            result = await result
        formatted = result.formatted  # type: ignore[union-attr]
        errors = formatted.get("errors", [])
        is_request_error = bool(errors) and not any("path" in error for error in errors)
        if is_request_error:
            formatted = {"errors": errors}
        return OperationAnswer(orjson.dumps(formatted), is_request_error)

    def hello(self, _info: object, name: str | None = None) -> str:
        return f"hello {name}"

    def echo(self, _info: object, value: int) -> int:
        return value

    def touch(self, _info: object) -> int:
        return 1

    def refused(self, _info: object) -> int:
        raise ValueError("not permitted")

    async def slow(self, _info: object) -> int:
        self.started.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        return 0


class BrokenPipeline:
    """A pipeline with a defect."""

    async def answer(
        self, request: OperationRequest, credentials: Credentials, facts: RequestFacts
    ) -> OperationAnswer:
        """Fail as a database driver would, its text holding a value."""
        try:
            raise KeyError(SECRET)
        except KeyError as error:
            raise DefectError(f"duplicate key ({SECRET})") from error


@dataclass
class RefusingPipeline:
    """A pipeline that refuses everything in one way."""

    error: ClientError

    async def answer(
        self, request: OperationRequest, credentials: Credentials, facts: RequestFacts
    ) -> OperationAnswer:
        """Raise the error."""
        raise self.error
