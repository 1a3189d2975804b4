"""Field collection (GraphQL specification, section 6.3.2) for one concrete type."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLIncludeDirective,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLSkipDirective,
    GraphQLUnionType,
    InlineFragmentNode,
    SelectionSetNode,
    get_directive_values,
)
from graphql.execution.values import VariableValues

Collected = dict[str, list[FieldNode]]


class Collector:
    """Collects fields of selection sets under the variables of one plan."""

    def __init__(
        self, schema: GraphQLSchema, document: DocumentNode, variables: VariableValues
    ) -> None:
        self.schema = schema
        self.variables = variables
        self._fragments: Mapping[str, FragmentDefinitionNode] = {
            node.name.value: node
            for node in document.definitions
            if isinstance(node, FragmentDefinitionNode)
        }

    def collect(
        self, object_type: GraphQLObjectType, selection_sets: Iterable[SelectionSetNode | None]
    ) -> Collected:
        """Fields that apply to the type, grouped by response key, in document order."""
        collected: Collected = {}
        visited: set[str] = set()
        for selection_set in selection_sets:
            if selection_set is not None:
                self._into(collected, visited, object_type, selection_set)
        return collected

    def below(self, object_type: GraphQLObjectType, fields: Iterable[FieldNode]) -> Collected:
        """Fields of the merged selection sets below the given fields."""
        return self.collect(object_type, (field.selection_set for field in fields))

    def keys_below(self, fields: Iterable[FieldNode]) -> tuple[str, ...]:
        """Response keys below the given fields in document order, whatever their types."""
        collected: Collected = {}
        visited: set[str] = set()
        for field in fields:
            if field.selection_set is not None:
                self._into(collected, visited, None, field.selection_set)
        return tuple(collected)

    def _into(
        self,
        collected: Collected,
        visited: set[str],
        object_type: GraphQLObjectType | None,
        selection_set: SelectionSetNode,
    ) -> None:
        for selection in selection_set.selections:
            if not self._is_included(selection):
                continue
            if isinstance(selection, FieldNode):
                key = selection.alias.value if selection.alias else selection.name.value
                collected.setdefault(key, []).append(selection)
            elif isinstance(selection, InlineFragmentNode):
                if self._applies(selection.type_condition, object_type):
                    self._into(collected, visited, object_type, selection.selection_set)
            elif isinstance(selection, FragmentSpreadNode):
                self._spread(collected, visited, object_type, selection.name.value)

    def _spread(
        self,
        collected: Collected,
        visited: set[str],
        object_type: GraphQLObjectType | None,
        name: str,
    ) -> None:
        if name in visited:
            return
        visited.add(name)
        fragment = self._fragments[name]
        if self._applies(fragment.type_condition, object_type):
            self._into(collected, visited, object_type, fragment.selection_set)

    def _is_included(self, node: Any) -> bool:
        if not node.directives:
            return True
        skip = get_directive_values(GraphQLSkipDirective, node, self.variables)
        if skip and skip["if"] is True:
            return False
        include = get_directive_values(GraphQLIncludeDirective, node, self.variables)
        return not (include and include["if"] is False)

    def _applies(self, condition: Any, object_type: GraphQLObjectType | None) -> bool:
        if condition is None or object_type is None:
            return True
        named = self.schema.type_map[condition.name.value]
        if isinstance(named, GraphQLInterfaceType | GraphQLUnionType):
            return self.schema.is_sub_type(named, object_type)
        return named is object_type
