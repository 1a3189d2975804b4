"""The matrix shows what the engine decides, by the callers that stand for the usual ones."""

from __future__ import annotations

import pytest

from policies.engine import PolicySet
from policies.matrix import PROFILE_NAMES, matrix, matrix_text, standard_profiles, symbol
from policies.model import CallerClass, Use
from schema.classification import SubjectKind
from schema.records import MODEL

Shown = dict[str, dict[str, str]]


def shown(
    policies: PolicySet, use: Use = Use.READ, subject: SubjectKind = SubjectKind.ORGANISATION
) -> Shown:
    """Symbols by coordinate and name of the profile."""
    profiles = standard_profiles(subject)
    return {
        line.coordinate: {
            profile.name: symbol(decision)
            for profile, decision in zip(profiles, line.decisions, strict=True)
        }
        for line in matrix(policies, profiles, MODEL.coordinates, use)
    }


@pytest.fixture(scope="module")
def read(policies: PolicySet) -> Shown:
    return shown(policies)


def test_matrix_shows_masks_rows_and_denials(policies: PolicySet, read: Shown) -> None:
    payments = read["TaxPayment"]
    assert payments["public"] == payments["bank"] == "-"
    assert payments["bank-consent"] == "clear (rows)"
    assert read["TaxPayment.paidAmount"]["bank-consent"] == "clear"
    assert read["TaxArrears"]["public"] == "clear (rows)"
    assert {each["auditor"] for each in read.values()} == {"-"}
    persons = shown(policies, subject=SubjectKind.NATURAL_PERSON)
    assert "NAME" in {word for each in persons.values() for word in each.values()}


@pytest.mark.parametrize("use", [Use.FILTER, Use.ORDER])
def test_masked_field_has_no_other_use(policies: PolicySet, read: Shown, use: Use) -> None:
    other = shown(policies, use)
    for coordinate, symbols in read.items():
        hidden = [name for name, each in symbols.items() if not each.startswith("clear")]
        assert {other[coordinate][name] for name in hidden} <= {"-"}


def test_every_class_has_a_profile() -> None:
    profiles = standard_profiles()
    assert tuple(profile.name for profile in profiles) == PROFILE_NAMES
    assert {each.situation.caller.caller_class for each in profiles} == set(CallerClass)


def test_matrix_text_has_a_column_per_profile(policies: PolicySet) -> None:
    profiles = standard_profiles()
    text = matrix_text(profiles, matrix(policies, profiles, ["TaxArrears"]))
    heading, line = text.splitlines()
    assert heading.split()[1:] == [profile.name for profile in profiles]
    assert line.startswith("TaxArrears")
