"""Divisions in force, retired and unknown."""

import pytest

from schema.identifiers import (
    ZHENGZHOU_DIVISIONS,
    DivisionStatus,
    division_name,
    division_status,
)


@pytest.mark.parametrize(("code", "name"), ZHENGZHOU_DIVISIONS.items())
def test_division_of_the_city_is_in_force_under_its_name(code: str, name: str) -> None:
    assert division_status(code) is DivisionStatus.CURRENT
    assert division_name(code) == name


@pytest.mark.parametrize(
    "code", ["410101", "410107", "410111", "410112", "410120", "410121", "410123", "410126"]
)
def test_division_no_longer_in_force_is_retired(code: str) -> None:
    assert division_status(code) is DivisionStatus.RETIRED
    assert division_name(code) is not None


@pytest.mark.parametrize(
    "code", ["410199", "410171", "41010", "4101055", "", "４１０１０５", "41010A"]
)
def test_division_never_listed_is_unknown(code: str) -> None:
    assert division_status(code) is DivisionStatus.UNKNOWN
    assert division_name(code) is None


def test_division_of_national_authorities_is_in_force() -> None:
    assert division_status("100000") is DivisionStatus.CURRENT
