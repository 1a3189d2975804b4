"""The oracle: answers an operation by plain graphql-core execution over tables in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from graphql import (
    ExecutionResult,
    FragmentDefinitionNode,
    GraphQLSchema,
    execute,
    get_operation_ast,
    parse,
)
from graphql.execution.values import get_variable_values

from policies.model import Caller
from tests.oracle.access import Access
from tests.oracle.asking import Asking
from tests.oracle.collect import Collector
from tests.oracle.report import Report
from tests.oracle.resolvers import attached_schema
from tests.oracle.walk import Walk
from tests.oracle.world import World


@dataclass(frozen=True)
class TracedAnswer:
    """A response, and how telling it is.

    Attributes:
        rows: number of records in it.
        is_eventful: it has a next page, a mask or a denial.
    """

    body: bytes
    rows: int
    is_eventful: bool


@dataclass(frozen=True)
class Oracle:
    """Answers valid operations that run; a refused request is none of its matters."""

    world: World
    schema: GraphQLSchema = field(default_factory=attached_schema)
    _latest: dict[str, Any] = field(default_factory=dict, repr=False)

    def answer(
        self,
        document: str,
        operation_name: str | None,
        variables: Mapping[str, Any],
        caller: Caller,
    ) -> bytes:
        """The bytes of the response."""
        return self.traced(document, operation_name, variables, caller).body

    def traced(
        self,
        document: str,
        operation_name: str | None,
        variables: Mapping[str, Any],
        caller: Caller,
    ) -> TracedAnswer:
        """The response with what it holds, for measuring how telling an operation is.

        The latest response is remembered: generator and harness ask for the same one in turn.
        """
        key = (document, operation_name, orjson.dumps(variables), caller)
        if self._latest.get("key") != key:
            answer = self._traced(document, operation_name, variables, caller)
            self._latest.update(key=key, answer=answer)
        latest: TracedAnswer = self._latest["answer"]
        return latest

    def _traced(
        self,
        document: str,
        operation_name: str | None,
        variables: Mapping[str, Any],
        caller: Caller,
    ) -> TracedAnswer:
        parsed = parse(document)
        operation = get_operation_ast(parsed, operation_name)
        assert operation is not None, "the document has no such operation"
        asking = Asking(self.schema, Access(self.world, caller))
        result = execute(
            self.schema,
            parsed,
            context_value=asking,
            variable_values=dict(variables),
            operation_name=operation_name,
        )
        assert isinstance(result, ExecutionResult)
        assert not result.errors, f"the oracle could not answer: {result.errors}"
        fragments = {
            node.name.value: node
            for node in parsed.definitions
            if isinstance(node, FragmentDefinitionNode)
        }
        coerced = get_variable_values(
            self.schema, operation.variable_definitions or (), dict(variables)
        )
        report = Report(self.world.failures)
        Walk(Collector(self.schema, fragments, coerced), asking, report).operation(operation)
        body: dict[str, Any] = {"data": result.data}
        if errors := report.errors():
            body["errors"] = errors
        written = orjson.dumps({**body, "extensions": report.extensions()})
        is_limited = bool(report.masked or report.denied)
        return TracedAnswer(written, report.rows, is_limited or b'"hasNextPage":true' in written)
