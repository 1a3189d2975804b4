"""The schema as data: record kinds and their fields, read off the Strawberry declarations.

Every room that needs to know fields (policies, planner, kits, catalogue) uses this model
and never Strawberry itself.

A *field name* is the path of GraphQL names inside a record, joined by dots: `facts`,
`meta.decidedOn`, `shareholders.name`. A *coordinate* is the type name and the field name:
`AdministrativePenalty.facts`. The kind's own coordinate is its type name alone.

`id` and `subject` are no leaves: the gateway makes the one and follows the other.

A leaf below a list of nested parts (`shareholders.name`) has a list as value, one entry
per part; leaves of one list have lists of equal length.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Any

from schema.classification import FieldClass, MaskKind, Origin, SubjectKind
from schema.codes import Nature, RecordKind
from schema.errors import SchemaDeclarationError
from schema.fields import DECLARATION, FieldDeclaration, KindDeclaration
from schema.links import LINK
from schema.scalars import Date, DateTime, DecimalNumber, Money, PersonReference, Uscc


class ValueType(Enum):
    """Wire form of a value: JSON string, integer or boolean. Dates and money are strings.

    A PERSON is the network reference between department and gateway, and in the answer a
    reference that is bound to the caller.
    """

    TEXT = "TEXT"
    USCC = "USCC"
    DATE = "DATE"
    DATETIME = "DATETIME"
    MONEY = "MONEY"
    DECIMAL = "DECIMAL"
    INTEGER = "INTEGER"
    BOOLEAN = "BOOLEAN"
    ENUM = "ENUM"
    PERSON = "PERSON"


@dataclass(frozen=True, slots=True)
class FieldModel:
    """One leaf of a record.

    Attributes:
        name: dotted path of GraphQL names.
        is_list: the value is a list of `value_type` (a list field, or a leaf of nested parts).
        nested_list: name of the list field whose part this leaf is, else None.
        enum_values: member names, for ENUM.
        enum_terms: the official Chinese term of each member, in the same order.
    """

    kind: RecordKind
    type_name: str
    name: str
    value_type: ValueType
    is_list: bool
    nested_list: str | None
    enum_values: tuple[str, ...]
    declaration: FieldDeclaration
    enum_terms: tuple[str, ...] = ()

    @property
    def coordinate(self) -> str:
        return f"{self.type_name}.{self.name}"

    @property
    def is_meta(self) -> bool:
        return self.name.startswith("meta.")

    def class_for(self, subject: SubjectKind) -> FieldClass:
        declared = self.declaration
        if subject is SubjectKind.NATURAL_PERSON and declared.person_class is not None:
            return declared.person_class
        return declared.field_class

    def mask_for(self, subject: SubjectKind) -> MaskKind:
        declared = self.declaration
        if subject is SubjectKind.NATURAL_PERSON and declared.person_mask is not None:
            return declared.person_mask
        return declared.mask

    @property
    def is_comparable(self) -> bool:
        """Whether filters and orders make sense: a scalar of the source that is not prose.

        Persons are looked up by reference, and their references have no order.
        """
        return (
            not self.is_list
            and self.value_type is not ValueType.PERSON
            and not self.declaration.free_text
            and self.declaration.origin is Origin.SOURCE
        )

    @property
    def is_filterable(self) -> bool:
        return self.is_comparable or (
            self.is_list and self.nested_list is None and self.value_type is ValueType.ENUM
        )


@dataclass(frozen=True)
class KindModel:
    """One record kind with its leaves in declaration order."""

    declaration: KindDeclaration
    type_name: str
    fields: tuple[FieldModel, ...]

    @property
    def kind(self) -> RecordKind:
        return self.declaration.kind

    @property
    def is_dishonest(self) -> bool:
        """Whether each record of the kind that is released is put on record."""
        return self.declaration.nature is Nature.DISHONEST

    @cached_property
    def by_name(self) -> Mapping[str, FieldModel]:
        return types.MappingProxyType({field.name: field for field in self.fields})

    @cached_property
    def comparable(self) -> tuple[FieldModel, ...]:
        return tuple(field for field in self.fields if field.is_comparable)

    @cached_property
    def filterable(self) -> tuple[FieldModel, ...]:
        return tuple(field for field in self.fields if field.is_filterable)


@dataclass(frozen=True)
class CreditModel:
    """All record kinds of the unified schema."""

    kinds: Mapping[RecordKind, KindModel]

    @cached_property
    def by_type_name(self) -> Mapping[str, KindModel]:
        return types.MappingProxyType({kind.type_name: kind for kind in self.kinds.values()})

    def fields(self) -> Iterator[FieldModel]:
        for kind in self.kinds.values():
            yield from kind.fields

    @cached_property
    def coordinates(self) -> tuple[str, ...]:
        """Every coordinate: each kind's own, then its fields', in declaration order."""
        found: list[str] = []
        for kind in self.kinds.values():
            found.append(kind.type_name)
            found.extend(field.coordinate for field in kind.fields)
        return tuple(found)


_SCALARS: dict[object, ValueType] = {
    str: ValueType.TEXT,
    Uscc: ValueType.USCC,
    PersonReference: ValueType.PERSON,
    Date: ValueType.DATE,
    DateTime: ValueType.DATETIME,
    Money: ValueType.MONEY,
    DecimalNumber: ValueType.DECIMAL,
    int: ValueType.INTEGER,
    bool: ValueType.BOOLEAN,
}


def read_model(record_types: tuple[type, ...]) -> CreditModel:
    """Read the declarations of the given record types.

    Raises:
        SchemaDeclarationError: a field without class, of an unknown type, or not nullable;
            a kind declared twice.
    """
    kinds: dict[RecordKind, KindModel] = {}
    for record_type in record_types:
        declaration: KindDeclaration = record_type.__credit_kind__  # type: ignore[attr-defined]
        if declaration.kind in kinds:
            name = declaration.kind.value
            raise SchemaDeclarationError(f"record kind `{name}` is declared twice")
        fields = tuple(_leaves(record_type, declaration.kind, record_type.__name__, "", None))
        kinds[declaration.kind] = KindModel(declaration, record_type.__name__, fields)
    return CreditModel(types.MappingProxyType(kinds))


def _leaves(
    owner: Any, kind: RecordKind, type_name: str, prefix: str, nested_list: str | None
) -> Iterator[FieldModel]:
    hints = typing.get_type_hints(owner)
    for field in owner.__strawberry_definition__.fields:
        if LINK in field.metadata or field.python_name == "id":
            continue
        name = f"{prefix}{_camel(field.python_name)}"
        declared = field.metadata.get(DECLARATION)
        inner, is_list = _strip(hints[field.python_name], f"{type_name}.{name}")
        if hasattr(inner, "__strawberry_definition__") and not issubclass(inner, Enum):
            inside = name if is_list else nested_list
            yield from _leaves(inner, kind, type_name, f"{name}.", inside)
            continue
        if declared is None:
            raise SchemaDeclarationError(
                f"field `{type_name}.{name}` has no class: declare it with record_field"
            )
        value_type, enum_values = _value_type(inner, f"{type_name}.{name}")
        yield FieldModel(
            kind,
            type_name,
            name,
            value_type,
            is_list or nested_list is not None,
            nested_list,
            enum_values,
            declared,
            _terms(inner),
        )


def _strip(hint: Any, coordinate: str) -> tuple[Any, bool]:
    """Remove the optional and the list from a type; return the inner type and whether a list."""
    arguments = typing.get_args(hint)
    if type(None) not in arguments:
        raise SchemaDeclarationError(
            f"field `{coordinate}` is not nullable, and a rule may deny it: add `| None`"
        )
    inner = next(argument for argument in arguments if argument is not type(None))
    if typing.get_origin(inner) is list:
        return typing.get_args(inner)[0], True
    return inner, False


def _value_type(inner: Any, coordinate: str) -> tuple[ValueType, tuple[str, ...]]:
    if isinstance(inner, type) and issubclass(inner, Enum):
        return ValueType.ENUM, tuple(inner.__members__)
    if inner in _SCALARS:
        return _SCALARS[inner], ()
    raise SchemaDeclarationError(f"field `{coordinate}` has a type that the model does not know")


def _terms(inner: Any) -> tuple[str, ...]:
    terms: Mapping[str, str] = getattr(inner, "terms", {})
    return tuple(terms.values())


def _camel(python_name: str) -> str:
    first, *rest = python_name.split("_")
    return first + "".join(word.capitalize() for word in rest)
