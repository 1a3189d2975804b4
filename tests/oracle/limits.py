"""How large a generated operation is, fragments expanded: own measure of design limits."""

from __future__ import annotations

from dataclasses import dataclass

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSyntaxError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    parse,
)

_TOKENS, _DEPTH, _ALIASES, _FIELDS, _ROOTS = 1_000, 12, 30, 500, 5


@dataclass(frozen=True)
class Size:
    """Size of a selection set."""

    depth: int = 0
    aliases: int = 0
    fields: int = 0
    roots: int = 0

    def beside(self, other: Size) -> Size:
        """Size of both beside each other."""
        return Size(
            max(self.depth, other.depth),
            self.aliases + other.aliases,
            self.fields + other.fields,
            self.roots + other.roots,
        )


def is_within_limits(document: str) -> bool:
    """Whether the gateway must accept the document."""
    try:
        parsed = parse(document, max_tokens=_TOKENS)
    except GraphQLSyntaxError:
        return False
    fragments = {
        node.name.value: node.selection_set
        for node in parsed.definitions
        if isinstance(node, FragmentDefinitionNode)
    }
    size = Size()
    for node in parsed.definitions:
        if isinstance(node, OperationDefinitionNode):
            operation = _size(node.selection_set, fragments)
            if operation.roots > _ROOTS:
                return False
            size = size.beside(operation)
    return size.depth <= _DEPTH and size.aliases <= _ALIASES and size.fields <= _FIELDS


def _size(selected: SelectionSetNode, fragments: dict[str, SelectionSetNode]) -> Size:
    total = Size()
    for selection in selected.selections:
        if isinstance(selection, FieldNode):
            below = selection.selection_set
            inside = _size(below, fragments) if below else Size()
            is_aliased = selection.alias is not None
            one = Size(inside.depth + 1, inside.aliases + is_aliased, inside.fields + 1, 1)
        elif isinstance(selection, FragmentSpreadNode):
            one = _size(fragments[selection.name.value], fragments)
        else:
            assert isinstance(selection, InlineFragmentNode)
            one = _size(selection.selection_set, fragments)
        total = total.beside(one)
    return total
