"""Own field collection, for several runtime types at one place at once.

GraphQL collects the fields of one object; at one place there may stand organisations beside
persons, which select differently. Here every selection is followed for the set of columns whose
type it fits, so that the order of a place is that of the document.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLIncludeDirective,
    GraphQLSchema,
    GraphQLSkipDirective,
    InlineFragmentNode,
    NamedTypeNode,
    SelectionNode,
    SelectionSetNode,
    is_abstract_type,
    is_object_type,
)
from graphql.execution.values import get_directive_values

Columns = frozenset[int]
Part = tuple[SelectionSetNode, Columns]
"""A selection set with the columns that it is for."""


@dataclass
class Selected:
    """One response key of a place: its field nodes with the columns each is for."""

    key: str
    nodes: list[tuple[FieldNode, Columns]] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.nodes[0][0].name.value

    @property
    def node(self) -> FieldNode:
        return self.nodes[0][0]

    @property
    def columns(self) -> Columns:
        return frozenset[int]().union(*(columns for _, columns in self.nodes))

    @property
    def parts(self) -> list[Part]:
        return [(node.selection_set, columns) for node, columns in self.nodes if node.selection_set]


@dataclass(frozen=True)
class Collector:
    """Collects fields of one operation."""

    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Any

    def collect(self, parts: Sequence[Part], types: Mapping[int, str]) -> list[Selected]:
        """Response keys in document order.

        Args:
            types: name of the object type that stands in each column.
        """
        found: dict[str, Selected] = {}
        for selection_set, columns in parts:
            for node, fitting in self._fields(selection_set, columns, types):
                key = node.alias.value if node.alias else node.name.value
                found.setdefault(key, Selected(key)).nodes.append((node, fitting))
        return list(found.values())

    def _fields(
        self, selection_set: SelectionSetNode, columns: Columns, types: Mapping[int, str]
    ) -> Iterator[tuple[FieldNode, Columns]]:
        for selection in selection_set.selections:
            if not self._is_included(selection):
                continue
            if isinstance(selection, FieldNode):
                yield selection, columns
                continue
            inside: FragmentDefinitionNode | InlineFragmentNode
            if isinstance(selection, FragmentSpreadNode):
                inside = self.fragments[selection.name.value]
            else:
                assert isinstance(selection, InlineFragmentNode)
                inside = selection
            fitting = self._fitting(inside.type_condition, columns, types)
            if fitting:
                yield from self._fields(inside.selection_set, fitting, types)

    def _fitting(
        self, condition: NamedTypeNode | None, columns: Columns, types: Mapping[int, str]
    ) -> Columns:
        if condition is None:
            return columns
        wanted = self.schema.type_map[condition.name.value]
        return frozenset(
            column
            for column in columns
            if wanted.name == types[column]
            or (
                is_abstract_type(wanted)
                and is_object_type(actual := self.schema.type_map[types[column]])
                and self.schema.is_sub_type(wanted, actual)
            )
        )

    def _is_included(self, node: SelectionNode) -> bool:
        skip = get_directive_values(GraphQLSkipDirective, node, self.variables)
        include = get_directive_values(GraphQLIncludeDirective, node, self.variables)
        return not (skip and skip["if"]) and (include is None or bool(include["if"]))
