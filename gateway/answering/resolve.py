"""Root fields that no department answers: introspection, catalogue, sources, `_service`.

They run on the generic executor, on an operation that holds only them. What depends on nothing
but the schema is remembered.
"""

from __future__ import annotations

import inspect
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    SelectionSetNode,
    execute,
)

from gateway.answering.answer import NOTHING_RESOLVED, Resolved
from gateway.errors import ClientError
from gateway.operation.types import ValidatedOperation
from gateway.planning.types import FetchPlan, ResolvedRoot
from policies.model import Caller
from schema.query import ResolverContext

OF_SCHEMA_ALONE = frozenset({"__schema", "__type", "_service"})


class Resolver:
    """Runs the fields that are not planned.

    Args:
        context_for: what resolvers may ask on behalf of a caller.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        context_for: Callable[[Caller], ResolverContext],
        kept: int = 64,
    ) -> None:
        self._schema = schema
        self._context_for = context_for
        self._kept = kept
        self._remembered: OrderedDict[bytes, Resolved] = OrderedDict()

    async def resolve(
        self,
        plan: FetchPlan,
        operation: ValidatedOperation,
        variables: Mapping[str, Any],
        caller: Caller,
    ) -> Resolved:
        """Values by response key.

        Args:
            variables: raw, as the client sent them.
        """
        roots = [root for root in plan.roots.values() if isinstance(root, ResolvedRoot)]
        if not roots:
            return NOTHING_RESOLVED
        names = {field.name.value for root in roots for field in root.fields}
        is_fixed = names <= OF_SCHEMA_ALONE
        if is_fixed and plan.key in self._remembered:
            return self._remembered[plan.key]
        resolved = await self._run(roots, operation, variables, caller)
        if is_fixed:
            self._remembered[plan.key] = resolved
            if len(self._remembered) > self._kept:
                self._remembered.popitem(last=False)
        return resolved

    async def _run(
        self,
        roots: list[ResolvedRoot],
        operation: ValidatedOperation,
        variables: Mapping[str, Any],
        caller: Caller,
    ) -> Resolved:
        original = operation.operation
        selections = tuple(field for root in roots for field in root.fields)
        narrowed = OperationDefinitionNode(
            operation=original.operation,
            name=original.name,
            directives=original.directives,
            variable_definitions=original.variable_definitions,
            selection_set=SelectionSetNode(selections=selections),
        )
        fragments = [
            node
            for node in operation.document.definitions
            if isinstance(node, FragmentDefinitionNode)
        ]
        result = execute(
            self._schema,
            DocumentNode(definitions=(narrowed, *fragments)),
            context_value=self._context_for(caller),
            variable_values=dict(variables),
        )
        if inspect.isawaitable(result):
            result = await result
        errors = [coded_error(error) for error in result.errors or ()]
        return Resolved(result.data or {}, errors)


def coded_error(error: GraphQLError) -> dict[str, Any]:
    """The error as the caller sees it: its own text only where that is meant for clients."""
    cause = error.original_error
    code, message = "RESOLVE_FAILED", "the field could not be resolved"
    if isinstance(cause, ClientError):
        code, message = cause.code, cause.message
    return {**error.formatted, "message": message, "extensions": {"code": code}}
