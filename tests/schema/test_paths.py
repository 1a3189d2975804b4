"""What people read off a query is found in the schema."""

from __future__ import annotations

import pytest

from schema.build import build_schema, core_schema
from schema.classification import SubjectKind
from schema.paths import FieldPlace, find_field
from schema.records import MODEL

SCHEMA = core_schema(build_schema())
FOUND = [
    ("TaxArrears.balance", "TaxArrears.balance", None),
    ("TaxArrears", "TaxArrears", None),
    ("Organisation.taxArrears.balance", "TaxArrears.balance", SubjectKind.ORGANISATION),
    ("Organisation.taxArrears.nodes.balance", "TaxArrears.balance", SubjectKind.ORGANISATION),
    (
        "Person.penalties.edges.node.facts",
        "AdministrativePenalty.facts",
        SubjectKind.NATURAL_PERSON,
    ),
    ("CreditSubject.penalties", "AdministrativePenalty", None),
    (
        "Organisation.registration.meta.decidedOn",
        "Registration.meta.decidedOn",
        SubjectKind.ORGANISATION,
    ),
    (
        "Organisation.registration.shareholders.name",
        "Registration.shareholders.name",
        SubjectKind.ORGANISATION,
    ),
]
NOT_FOUND = [
    "", ".", "X.y", "Organisation", "Organisation.uscc", "Organisation.id", "TaxArrears.gone",
    "Organisation.taxArrears.gone", "Person.registration", "Query.subject",
    "Organisation.registration.meta",
]  # fmt: skip


@pytest.mark.parametrize(("text", "coordinate", "subject_kind"), FOUND)
def test_path_is_found(text: str, coordinate: str, subject_kind: SubjectKind | None) -> None:
    assert find_field(SCHEMA, MODEL, text) == FieldPlace(coordinate, subject_kind)


@pytest.mark.parametrize("text", NOT_FOUND)
def test_what_is_no_field_is_not_found(text: str) -> None:
    assert find_field(SCHEMA, MODEL, text) is None
