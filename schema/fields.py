"""The one way to declare a record field and a record kind.

A declaration holds what is said once about a field: class, mask, Chinese name, national
code. Everything else (filters, orders, catalogue, rules' coordinates, mapping sheets)
is derived from it by `schema.model`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import strawberry

from schema.classification import FieldClass, MaskKind, Origin
from schema.codes import Nature, RecordKind

DECLARATION = "credit_gateway.field"
_T = TypeVar("_T", bound=type)


@dataclass(frozen=True, slots=True)
class FieldDeclaration:
    """What the schema says once about a field.

    Attributes:
        name_zh: official Chinese name.
        field_class: protection class where the record is about an organisation.
        mask: how the value is shown where a rule masks it; NONE means it cannot be masked.
        person_class: class where the record is about a natural person; None: the same.
        person_mask: mask where the record is about a natural person; None: the same.
        national_code: code of the national double-publicity format (XK_…, CF_…), if any.
        free_text: prose in which personal data may hide; scanned on the way out.
        origin: who fills the field.
    """

    name_zh: str
    field_class: FieldClass
    mask: MaskKind = MaskKind.NONE
    person_class: FieldClass | None = None
    person_mask: MaskKind | None = None
    national_code: str | None = None
    free_text: bool = False
    origin: Origin = Origin.SOURCE


@dataclass(frozen=True, slots=True)
class KindDeclaration:
    """What the schema says once about a record kind.

    Attributes:
        field_class: class of the fact that such a record exists at all.
        person_class: the same where the subject is a natural person.
        singular: a subject has at most one such record (None in the source: none).
        told_by_being_shown: a field of which some values are published and others are not, so
            that a record which is shown beyond publication tells its value; None: there is none.
    """

    kind: RecordKind
    name_zh: str
    catalogue_code: str
    nature: Nature
    field_class: FieldClass
    person_class: FieldClass
    singular: bool
    told_by_being_shown: str | None = None


def record_field(
    name_zh: str,
    field_class: FieldClass,
    *,
    mask: MaskKind = MaskKind.NONE,
    person_class: FieldClass | None = None,
    person_mask: MaskKind | None = None,
    code: str | None = None,
    free_text: bool = False,
    origin: Origin = Origin.SOURCE,
    note: str = "",
) -> Any:
    """Declare a field of a record type; the GraphQL description is made from the declaration."""
    declaration = FieldDeclaration(
        name_zh, field_class, mask, person_class, person_mask, code, free_text, origin
    )
    suffix = f" ({code})" if code else ""
    text = f"{name_zh}{suffix}. {note}" if note else f"{name_zh}{suffix}"
    return strawberry.field(description=text, metadata={DECLARATION: declaration})


def record_type(
    kind: RecordKind,
    name_zh: str,
    *,
    catalogue: str,
    nature: Nature,
    field_class: FieldClass,
    person_class: FieldClass | None = None,
    singular: bool = False,
    told_by_being_shown: str | None = None,
    description: str = "",
) -> Callable[[_T], _T]:
    """Declare a record type: a Strawberry type with a kind of the national catalogue."""

    def decorate(cls: _T) -> _T:
        text = f"{name_zh}. {description}" if description else name_zh
        made: Any = strawberry.type(cls, description=text)
        made.__credit_kind__ = KindDeclaration(
            kind,
            name_zh,
            catalogue,
            nature,
            field_class,
            person_class or field_class,
            singular,
            told_by_being_shown,
        )
        return made  # type: ignore[no-any-return]

    return decorate


def nested_type(name_zh: str) -> Callable[[_T], _T]:
    """Declare a part of a record, such as a shareholder; its fields are declared too."""

    def decorate(cls: _T) -> _T:
        made: _T = strawberry.type(cls, description=name_zh)
        return made

    return decorate
