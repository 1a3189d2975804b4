"""Root fields that no department answers: introspection, `_service`, catalogue, sources, why.

They run on the generic executor, on an operation that holds only them. What tells of the schema
runs on the part of it that the caller's class sees, and is remembered for the class; the others
run on the full schema.
"""

from __future__ import annotations

import inspect
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    NamedTypeNode,
    OperationDefinitionNode,
    SelectionSetNode,
    TypeNode,
    VariableDefinitionNode,
    execute,
)

from gateway.answering.answer import NOTHING_RESOLVED, Resolved
from gateway.answering.why import Reasoner
from gateway.authorization.plan import AuthorizedPlan
from gateway.errors import ClientError
from gateway.operation.types import ValidatedOperation
from gateway.planning.types import ResolvedRoot
from gateway.visibility.parts import SchemaPart, SchemaParts
from schema.query import ResolverContext

OF_SCHEMA_ALONE = frozenset({"__schema", "__type", "_service"})


class Resolver:
    """Runs the fields that are not planned.

    Args:
        context_for: what resolvers may ask on behalf of a caller.
        kept: answers about the schema that are remembered.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        parts: SchemaParts,
        context_for: Callable[[AuthorizedPlan], ResolverContext],
        kept: int = 64,
    ) -> None:
        self._schema = schema
        self._parts = parts
        self._context_for = context_for
        self._kept = kept
        self._remembered: OrderedDict[tuple[bytes, SchemaPart], Resolved] = OrderedDict()

    async def resolve(
        self,
        authorized: AuthorizedPlan,
        operation: ValidatedOperation,
        variables: Mapping[str, Any],
    ) -> Resolved:
        """Values by response key.

        Args:
            variables: raw, as the client sent them.
        """
        plan = authorized.plan
        roots = [root for root in plan.roots.values() if isinstance(root, ResolvedRoot)]
        if not roots:
            return NOTHING_RESOLVED
        of_schema = [root for root in roots if _name(root) in OF_SCHEMA_ALONE]
        others = [root for root in roots if _name(root) not in OF_SCHEMA_ALONE]
        told = NOTHING_RESOLVED
        if of_schema:
            told = await self._of_schema(authorized, of_schema, operation, variables)
        if not others:
            return told
        context, root = self._context_for(authorized), Reasoner(self._schema, authorized)
        found = await _run(self._schema, others, operation, variables, context, root)
        return Resolved({**told.data, **found.data}, (*told.errors, *found.errors))

    async def _of_schema(
        self,
        authorized: AuthorizedPlan,
        roots: Sequence[ResolvedRoot],
        operation: ValidatedOperation,
        variables: Mapping[str, Any],
    ) -> Resolved:
        """What the schema's part of the caller's class says; remembered for the class."""
        caller_class = authorized.caller.caller_class
        part = await self._parts.part(authorized.policies, caller_class)
        key = (authorized.plan.key, part)
        resolved = self._remembered.get(key)
        if resolved is None:
            service = {"_service": {"sdl": part.sdl}}
            resolved = await _run(part.schema, roots, operation, variables, None, service)
            self._remembered[key] = resolved
            if len(self._remembered) > self._kept:
                self._remembered.popitem(last=False)
        return resolved


def _name(root: ResolvedRoot) -> str:
    return root.fields[0].name.value


async def _run(
    schema: GraphQLSchema,
    roots: Sequence[ResolvedRoot],
    operation: ValidatedOperation,
    variables: Mapping[str, Any],
    context: ResolverContext | None,
    root_value: Any,
) -> Resolved:
    result = execute(
        schema,
        _narrowed(schema, [field for root in roots for field in root.fields], operation),
        root_value=root_value,
        context_value=context,
        variable_values=dict(variables),
    )
    if inspect.isawaitable(result):
        result = await result
    errors = [coded_error(error) for error in result.errors or ()]
    return Resolved(result.data or {}, errors)


def _narrowed(
    schema: GraphQLSchema, fields: Iterable[FieldNode], operation: ValidatedOperation
) -> DocumentNode:
    """The operation with these root fields only, and variables that the schema has types for."""
    original = operation.operation
    narrowed = OperationDefinitionNode(
        operation=original.operation,
        name=original.name,
        directives=original.directives,
        variable_definitions=tuple(
            each
            for each in original.variable_definitions or ()
            if _type_name(each) in schema.type_map
        ),
        selection_set=SelectionSetNode(selections=tuple(fields)),
    )
    fragments = [
        node for node in operation.document.definitions if isinstance(node, FragmentDefinitionNode)
    ]
    return DocumentNode(definitions=(narrowed, *fragments))


def _type_name(variable: VariableDefinitionNode) -> str:
    node: TypeNode = variable.type
    while not isinstance(node, NamedTypeNode):
        node = node.type  # type: ignore[attr-defined]
    return node.name.value


def coded_error(error: GraphQLError) -> dict[str, Any]:
    """The error as the caller sees it: its own text only where that is meant for clients."""
    cause = error.original_error
    code, message = "RESOLVE_FAILED", "the field could not be resolved"
    if isinstance(cause, ClientError):
        code, message = cause.code, cause.message
    return {**error.formatted, "message": message, "extensions": {"code": code}}
