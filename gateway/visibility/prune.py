"""Takes members out of an SDL document, and whatever has no use without them.

Knows nothing of rules: it is told which types and members to keep.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from graphql import (
    DefinitionNode,
    DocumentNode,
    EnumTypeDefinitionNode,
    FieldDefinitionNode,
    InputObjectTypeDefinitionNode,
    InputValueDefinitionNode,
    InterfaceTypeDefinitionNode,
    NamedTypeNode,
    NonNullTypeNode,
    ObjectTypeDefinitionNode,
    SchemaDefinitionNode,
    TypeDefinitionNode,
    TypeNode,
    UnionTypeDefinitionNode,
)

ROOTS = ("Query", "Mutation", "Subscription")

_Composite = (ObjectTypeDefinitionNode, InterfaceTypeDefinitionNode)
_Definitions = dict[str, TypeDefinitionNode]


def prune(document: DocumentNode, keeps: Callable[[str], bool]) -> DocumentNode:
    """Return the document without what is not kept, and without what then stands for nothing.

    A member goes with its type; a type goes with its last member, or when nothing leads to it;
    an argument goes with its type, and takes along what cannot be written without it.

    Args:
        document: type definitions only, no extensions; not changed.
        keeps: whether a type (`Type`) or member (`Type.member`, `Enum.VALUE`) is kept. A field of
            an interface must be kept wherever it is kept on one of its types.
    """
    types: _Definitions = {
        node.name.value: node
        for node in document.definitions
        if isinstance(node, TypeDefinitionNode)
    }
    declared = frozenset(types)
    types = {name: _kept_members(node, keeps) for name, node in types.items() if keeps(name)}
    while True:
        gone = declared - types.keys()
        smaller = {name: _without(node, gone) for name, node in types.items()}
        left = {name: node for name, node in smaller.items() if node is not None}
        if left.keys() == types.keys():
            break
        types = left
    reached = _reached(left)
    definitions = [
        _definition(node, left)
        for node in document.definitions
        if not isinstance(node, TypeDefinitionNode) or node.name.value in reached
    ]
    return DocumentNode(definitions=tuple(definitions))


def _definition(node: DefinitionNode, types: Mapping[str, TypeDefinitionNode]) -> DefinitionNode:
    """The definition as it is left; of the schema itself, roots that are left."""
    if isinstance(node, TypeDefinitionNode):
        return types[node.name.value]
    if isinstance(node, SchemaDefinitionNode):
        roots = [each for each in node.operation_types if each.type.name.value in types]
        changed: DefinitionNode = _changed(node, operation_types=roots)
        return changed
    return node


def _changed(node: Any, **parts: Any) -> Any:
    """A copy of a node with other parts."""
    return replace(node, **{name: tuple(part) for name, part in parts.items()})


def _kept_members(node: TypeDefinitionNode, keeps: Callable[[str], bool]) -> TypeDefinitionNode:
    owner = node.name.value
    part = _members_name(node)
    if part is None or part == "types":
        return node
    kept = [each for each in getattr(node, part) or () if keeps(f"{owner}.{each.name.value}")]
    changed: TypeDefinitionNode = _changed(node, **{part: kept})
    return changed


def _members_name(node: TypeDefinitionNode) -> str | None:
    match node:
        case (
            ObjectTypeDefinitionNode()
            | InterfaceTypeDefinitionNode()
            | InputObjectTypeDefinitionNode()
        ):
            return "fields"
        case EnumTypeDefinitionNode():
            return "values"
        case UnionTypeDefinitionNode():
            return "types"
        case _:
            return None


def _without(node: TypeDefinitionNode, gone: frozenset[str]) -> TypeDefinitionNode | None:
    """The type without members of these types; None if it has no use left."""
    part = _members_name(node)
    if part is None:
        return node
    before = list(getattr(node, part) or ())
    members = [each for each in (_member(each, gone) for each in before) if each is not None]
    if not members:
        return None
    if isinstance(node, InputObjectTypeDefinitionNode) and _lost_needed(before, members):
        return None
    parts: dict[str, list[Any]] = {part: members}
    if isinstance(node, _Composite):
        parts["interfaces"] = [
            each for each in node.interfaces or () if each.name.value not in gone
        ]
    changed: TypeDefinitionNode = _changed(node, **parts)
    return changed


def _member(member: Any, gone: frozenset[str]) -> Any:
    """The member without arguments of these types; None if it is of one, or needs one."""
    if isinstance(member, NamedTypeNode):
        return None if member.name.value in gone else member
    if isinstance(member, FieldDefinitionNode):
        arguments = [each for each in member.arguments or () if _named(each.type) not in gone]
        if _named(member.type) in gone or _lost_needed(member.arguments, arguments):
            return None
        return _changed(member, arguments=arguments)
    if isinstance(member, InputValueDefinitionNode):
        return None if _named(member.type) in gone else member
    return member


def _lost_needed(before: Any, after: Any) -> bool:
    left = {each.name.value for each in after}
    return any(
        isinstance(each.type, NonNullTypeNode)
        and each.default_value is None
        and each.name.value not in left
        for each in before or ()
    )


def _named(node: TypeNode) -> str:
    while not isinstance(node, NamedTypeNode):
        node = node.type  # type: ignore[attr-defined]
    return str(node.name.value)


def _reached(types: Mapping[str, TypeDefinitionNode]) -> set[str]:
    """Names of the types that something leads to from the roots.

    A type leads to its interfaces, and an interface to its types.
    """
    implementers: dict[str, list[str]] = {}
    for name, node in types.items():
        if isinstance(node, _Composite):
            for interface in node.interfaces or ():
                implementers.setdefault(interface.name.value, []).append(name)
    reached: set[str] = set()
    waiting = list(ROOTS)
    while waiting:
        name = waiting.pop()
        if name in reached or name not in types:
            continue
        reached.add(name)
        waiting += _led_to(types[name])
        waiting += implementers.get(name, ())
    return reached


def _led_to(node: TypeDefinitionNode) -> Iterator[str]:
    if isinstance(node, _Composite):
        yield from (each.name.value for each in node.interfaces or ())
        for field in node.fields or ():
            yield _named(field.type)
            yield from (_named(each.type) for each in field.arguments or ())
    elif isinstance(node, InputObjectTypeDefinitionNode):
        yield from (_named(each.type) for each in node.fields or ())
    elif isinstance(node, UnionTypeDefinitionNode):
        yield from (each.name.value for each in node.types or ())
