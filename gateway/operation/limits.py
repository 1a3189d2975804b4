"""How large an operation may be, counted in one pass that expands no fragment twice.

Counting is syntactic: it runs before validation, on documents whose fragments may be unknown or
form a cycle; such a spread counts nothing here and is refused by validation.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    Source,
)

from gateway.operation.errors import refused

_INTROSPECTION_ROOTS = frozenset(("__schema", "__type"))


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of a document; each is the largest allowed value.

    All but `root_fields` hold for the whole document, each operation and each unused fragment
    counted, because all of it is validated.

    Attributes:
        tokens: lexical tokens.
        comments: comment lines.
        depth: nesting of fields, the root fields being 1.
        aliases: fields with an alias, fragments expanded.
        root_fields: fields of the root type in one operation, fragments expanded.
        fields: fields outside introspection, fragments expanded.
        introspection_depth: nesting of fields below and with `__schema` or `__type`.
        introspection_fields: fields below and with `__schema` or `__type`, fragments expanded.
        comparisons: steps that the search for conflicting fields may take.
        errors: validation errors that are reported.
    """

    tokens: int = 1_000
    comments: int = 1_000
    depth: int = 12
    aliases: int = 30
    root_fields: int = 5
    fields: int = 500
    introspection_depth: int = 16
    introspection_fields: int = 250
    comparisons: int = 20_000
    errors: int = 20


class _Size(NamedTuple):
    """Size of a selection set, fragments expanded.

    Attributes:
        width: fields of the set itself.
    """

    fields: int = 0
    depth: int = 0
    width: int = 0
    aliases: int = 0
    introspection_fields: int = 0
    introspection_depth: int = 0

    def beside(self, other: _Size) -> _Size:
        """Return the size of both in one selection set."""
        return _Size(
            self.fields + other.fields,
            max(self.depth, other.depth),
            self.width + other.width,
            self.aliases + other.aliases,
            self.introspection_fields + other.introspection_fields,
            max(self.introspection_depth, other.introspection_depth),
        )


_NOTHING = _Size()


def check_limits(document: DocumentNode, source: Source, limits: Limits) -> None:
    """Raise if the document is larger than allowed.

    Raises:
        RequestError: TOO_DEEP, TOO_MANY_ALIASES, TOO_MANY_FIELDS or TOO_MANY_ROOT_FIELDS.
    """
    sizer = _Sizer(document)
    total = _NOTHING
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            size = sizer.size(definition.selection_set)
            position = definition.loc.start if definition.loc else 0
            if size.width > limits.root_fields:
                raise refused(
                    "TOO_MANY_ROOT_FIELDS",
                    f"the operation has {size.width} root fields, at most {limits.root_fields}"
                    " are allowed",
                    source,
                    (position,),
                )
            total = total.beside(size)
    for size in sizer.unused_fragments():
        total = total.beside(size)
    _check_total(total, source, limits)


def _check_total(total: _Size, source: Source, limits: Limits) -> None:
    """Compare each number with its limit."""
    for code, found, allowed, what in (
        ("TOO_DEEP", total.depth, limits.depth, "levels of fields"),
        (
            "TOO_DEEP",
            total.introspection_depth,
            limits.introspection_depth,
            "levels of introspection fields",
        ),
        ("TOO_MANY_ALIASES", total.aliases, limits.aliases, "aliases"),
        ("TOO_MANY_FIELDS", total.fields, limits.fields, "fields"),
        (
            "TOO_MANY_FIELDS",
            total.introspection_fields,
            limits.introspection_fields,
            "introspection fields",
        ),
    ):
        if found > allowed:
            raise refused(
                code,
                f"the document has more than {allowed} {what}, fragments counted where they"
                " are used",
                source,
                (0,),
            )


class _Sizer:
    """Sizes the selection sets of one document; each fragment once."""

    def __init__(self, document: DocumentNode) -> None:
        self._fragments = {
            definition.name.value: definition
            for definition in document.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }
        self._sizes: dict[str, _Size] = {}

    def size(self, selection_set: SelectionSetNode) -> _Size:
        """Return the size of a selection set."""
        total = _NOTHING
        for part in self._parts(selection_set.selections):
            total = total.beside(part)
        return total

    def unused_fragments(self) -> Iterable[_Size]:
        """Yield the sizes of fragments that nothing sized so far has spread."""
        for name in self._fragments:
            if name not in self._sizes:
                yield self._spread(name)

    def _parts(self, selections: Iterable[SelectionNode]) -> Iterable[_Size]:
        for selection in selections:
            if isinstance(selection, FieldNode):
                yield self._field(selection)
            elif isinstance(selection, FragmentSpreadNode):
                yield self._spread(selection.name.value)
            else:
                # What is left is an inline fragment.
                yield self.size(selection.selection_set)  # type: ignore[attr-defined]

    def _field(self, node: FieldNode) -> _Size:
        below = _NOTHING if node.selection_set is None else self.size(node.selection_set)
        aliases = below.aliases + (node.alias is not None)
        if node.name.value in _INTROSPECTION_ROOTS:
            return _Size(
                width=1,
                aliases=aliases,
                introspection_fields=below.fields + below.introspection_fields + 1,
                introspection_depth=max(below.depth, below.introspection_depth) + 1,
            )
        return _Size(
            below.fields + 1,
            below.depth + 1,
            1,
            aliases,
            below.introspection_fields,
            below.introspection_depth + 1 if below.introspection_fields else 0,
        )

    def _spread(self, name: str) -> _Size:
        size = self._sizes.get(name)
        if size is None:
            fragment = self._fragments.get(name)
            # Counts nothing while it is being sized: a cycle ends here.
            self._sizes[name] = _NOTHING
            size = _NOTHING if fragment is None else self.size(fragment.selection_set)
            self._sizes[name] = size
        return size
