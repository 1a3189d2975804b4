"""Makes a failing operation smaller: drops one selection, argument or directive after another."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from typing import Any

from graphql import (
    REMOVE,
    ArgumentNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    InlineFragmentNode,
    Node,
    ObjectFieldNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    Visitor,
    get_operation_ast,
    parse,
    print_ast,
    validate,
    visit,
)

from tests.oracle.operations import Operation

Fails = Callable[[Operation], Awaitable[bool]]
_DROPPED = (FieldNode, FragmentSpreadNode, InlineFragmentNode, ArgumentNode, DirectiveNode)
_MOST_TRIES = 600


async def shrunk(operation: Operation, schema: GraphQLSchema, fails: Fails) -> Operation:
    """The smallest operation found that still fails."""
    smallest = operation
    tries = 0
    is_smaller = True
    while is_smaller and tries < _MOST_TRIES:
        is_smaller = False
        for candidate in _smaller(smallest, schema):
            tries += 1
            if await fails(candidate):
                smallest, is_smaller = candidate, True
                break
            if tries >= _MOST_TRIES:
                break
    return smallest


def _smaller(operation: Operation, schema: GraphQLSchema) -> Iterator[Operation]:
    document = parse(operation.document)
    for target in [*_nodes(document)]:
        for changed in (_without(document, target), _spliced(document, target)):
            if changed is not None and (made := _valid(operation, schema, changed)) is not None:
                yield made


def _nodes(document: DocumentNode) -> list[Node]:
    """Nodes that may be dropped, outer ones first."""
    found: list[Node] = []

    class Finder(Visitor):
        def enter(self, node: Node, *_: Any) -> None:
            if isinstance(node, (*_DROPPED, ObjectFieldNode, OperationDefinitionNode)):
                found.append(node)

    visit(document, Finder())
    return found


def _without(document: DocumentNode, target: Node) -> DocumentNode:
    class Dropper(Visitor):
        def enter(self, node: Node, *_: Any) -> Any:
            return REMOVE if node is target else None

    changed: DocumentNode = visit(document, Dropper())
    return changed


def _spliced(document: DocumentNode, target: Node) -> DocumentNode | None:
    """The document with a fragment's members in the place of the fragment."""
    if isinstance(target, FragmentSpreadNode):
        inside = next(
            node.selection_set
            for node in document.definitions
            if isinstance(node, FragmentDefinitionNode) and node.name.value == target.name.value
        )
    elif isinstance(target, InlineFragmentNode):
        inside = target.selection_set
    else:
        return None

    class Splicer(Visitor):
        def enter_selection_set(self, node: SelectionSetNode, *_: Any) -> Any:
            if target not in node.selections:
                return None
            members: list[Any] = []
            for selection in node.selections:
                members += inside.selections if selection is target else [selection]
            return SelectionSetNode(selections=tuple(members))

    changed: DocumentNode = visit(document, Splicer())
    return changed


def _valid(operation: Operation, schema: GraphQLSchema, document: DocumentNode) -> Operation | None:
    """The changed operation without what nothing uses any more, None if it is not valid."""
    cleaned = _without_unused(document)
    if "{}" in print_ast(cleaned).replace(": {}", ""):
        return None
    try:
        parsed = parse(print_ast(cleaned))
    except GraphQLError:
        return None
    if validate(schema, parsed) or get_operation_ast(parsed, operation.operation_name) is None:
        return None
    used = _variables(parsed)
    variables = {name: value for name, value in operation.variables.items() if name in used}
    return replace(operation, document=print_ast(parsed), variables=variables)


def _without_unused(document: DocumentNode) -> DocumentNode:
    for _ in range(4):
        spread = set()

        class Finder(Visitor):
            def enter_fragment_spread(self, node: FragmentSpreadNode, *_: Any) -> None:
                spread.add(node.name.value)  # noqa: B023 - used within this round only

        visit(document, Finder())
        kept = tuple(
            node
            for node in document.definitions
            if not isinstance(node, FragmentDefinitionNode) or node.name.value in spread
        )
        document = DocumentNode(definitions=kept)
    used = _variables(document)

    class Dropper(Visitor):
        def enter_variable_definition(self, node: Any, *_: Any) -> Any:
            return REMOVE if node.variable.name.value not in used else None

    changed: DocumentNode = visit(document, Dropper())
    return changed


def _variables(document: DocumentNode) -> set[str]:
    """Variables used, those only declared left out."""
    used: set[str] = set()

    class Finder(Visitor):
        def enter_variable(self, node: VariableNode, _key: Any, parent: Any, *_: Any) -> None:
            if getattr(parent, "kind", "") != "variable_definition":
                used.add(node.name.value)

    visit(document, Finder())
    return used
