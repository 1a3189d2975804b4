"""Labels of the first two characters."""

import pytest

from schema.identifiers import authority_label, is_listed_type, type_label


@pytest.mark.parametrize(
    ("authority", "organisation_type", "label"),
    [
        ("1", "1", "机关"),
        ("9", "1", "企业"),
        ("9", "2", "个体工商户"),
        ("N", "2", "村级集体经济组织"),
        ("A", "1", "军队事业单位"),
        ("5", "9", "其他"),
    ],
)
def test_listed_type_has_its_label(authority: str, organisation_type: str, label: str) -> None:
    assert type_label(authority, organisation_type) == label
    assert is_listed_type(authority, organisation_type)


@pytest.mark.parametrize("start", ["14", "94", "B1", "B9", "00"])
def test_unlisted_type_has_no_label(start: str) -> None:
    assert type_label(start[0], start[1]) is None
    assert not is_listed_type(start[0], start[1])


def test_authority_is_labelled_or_none() -> None:
    assert authority_label("5") == "民政"
    assert authority_label("B") is None
