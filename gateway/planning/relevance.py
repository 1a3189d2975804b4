"""Which variables a plan depends on. The others are filled in when a plan runs.

Keys, cursors and representations are read at run time; every other use of a variable shapes the
plan. So does a variable that stands where a value is needed and may itself be null: whether the
operation can run depends on it.
"""

from __future__ import annotations

from typing import Any

from graphql import (
    ArgumentNode,
    DocumentNode,
    NonNullTypeNode,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    visit,
)

_NEEDED = frozenset({"uscc", "usccs", "representations", "reference"})
RUNTIME_ARGUMENTS = _NEEDED | {"after"}


class _Uses(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.relevant: set[str] = set()
        self.needed: set[str] = set()
        self.maybe_null: set[str] = set()
        self._runtime: set[int] = set()

    def enter_argument(self, node: ArgumentNode, *_: Any) -> None:
        if node.name.value in RUNTIME_ARGUMENTS and isinstance(node.value, VariableNode):
            self._runtime.add(id(node.value))
            if node.name.value in _NEEDED:
                self.needed.add(node.value.name.value)

    def enter_variable(self, node: VariableNode, *_: Any) -> None:
        if id(node) not in self._runtime:
            self.relevant.add(node.name.value)

    def enter_variable_definition(self, node: VariableDefinitionNode, *_: Any) -> Any:
        if not isinstance(node.type, NonNullTypeNode):
            self.maybe_null.add(node.variable.name.value)
        return self.SKIP


def relevant_variables(document: DocumentNode) -> frozenset[str]:
    """Names of the variables that shape the plan, over all operations of the document."""
    uses = _Uses()
    visit(document, uses)
    return frozenset(uses.relevant | (uses.needed & uses.maybe_null))
