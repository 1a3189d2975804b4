"""Fields that lead somewhere: to a subject's records, to a record's subject, to nodes.

A link has arguments but no resolver that runs: the planner follows links, and a link that
Strawberry is asked to resolve is a defect.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import strawberry

from schema.codes import RecordKind

if TYPE_CHECKING:
    from schema.subject import CreditSubject

LINK = "credit_gateway.link"


@dataclass(frozen=True, slots=True)
class RecordsLink:
    """From a subject to its records of one kind.

    Attributes:
        is_list: a connection; otherwise the first record in the default order.
    """

    kind: RecordKind
    is_list: bool


@dataclass(frozen=True, slots=True)
class SubjectLink:
    """From a record to the subject that it is about."""


def not_resolved() -> NoReturn:
    """Stand in for a resolver where the planner answers.

    Raises:
        AssertionError: always; the planner let a planned field through.
    """
    raise AssertionError("a planned field was resolved by the generic executor")


@strawberry.interface(description="Relay node: anything with a global id")
class Node:
    id: strawberry.ID = strawberry.field(
        description="全局标识 / opaque and stable; accepted by `node`"
    )


def subject_link() -> Any:
    """Declare the field that leads from a record to its subject."""

    def subject() -> Annotated[CreditSubject, strawberry.lazy("schema.subject")] | None:
        not_resolved()

    return strawberry.field(
        resolver=subject,
        description="信用主体 / the subject that the record is about",
        metadata={LINK: SubjectLink()},
    )
