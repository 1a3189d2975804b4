"""From a path as people read it off a query to the coordinate that rules speak of."""

from __future__ import annotations

from dataclasses import dataclass

from graphql import GraphQLObjectType, GraphQLSchema, get_named_type

from schema.classification import SubjectKind
from schema.model import CreditModel

_SUBJECTS = {
    "CreditSubject": None,
    "Organisation": SubjectKind.ORGANISATION,
    "Person": SubjectKind.NATURAL_PERSON,
}
_CARRIERS = frozenset({"nodes", "edges", "node"})


@dataclass(frozen=True, slots=True)
class FieldPlace:
    """A coordinate, and the kind of subject where the path begins at one.

    Attributes:
        subject_kind: None where the path leaves it open.
    """

    coordinate: str
    subject_kind: SubjectKind | None


def find_field(schema: GraphQLSchema, model: CreditModel, text: str) -> FieldPlace | None:
    """Find what is meant; None if the schema has no such record kind or field.

    Args:
        text: a coordinate (`TaxArrears`, `TaxArrears.balance`, `TaxArrears.meta.decidedOn`) or a
            path from a subject (`Organisation.taxArrears.balance`); `nodes` and `edges.node` may
            stand in it or not.
    """
    if text in model.coordinates:
        return FieldPlace(text, None)
    name, *steps = text.split(".")
    if name not in _SUBJECTS or not steps:
        return None
    owner = schema.type_map[name]
    link = getattr(owner, "fields", {}).get(steps[0])
    if link is None:
        return None
    kind = get_named_type(link.type)
    if kind.name.endswith("Connection"):
        assert isinstance(kind, GraphQLObjectType)
        kind = get_named_type(kind.fields["nodes"].type)
    rest = [step for step in steps[1:] if step not in _CARRIERS]
    coordinate = ".".join((kind.name, *rest))
    return FieldPlace(coordinate, _SUBJECTS[name]) if coordinate in model.coordinates else None
