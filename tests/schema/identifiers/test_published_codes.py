"""Codes published elsewhere, valid and invalid; skipped where the shared data are absent."""

import csv
import os
from pathlib import Path

import pytest

from schema.identifiers import UsccError, UsccErrorKind, parse_uscc, type_label

_ROOT = Path(__file__).resolve().parents[3]
_SHARED = Path(os.environ.get("CREDIT_GATEWAY_SHARED_DATA", _ROOT.parent / "shared" / "data"))


def rows(name: str) -> list[dict[str, str]]:
    path = _SHARED / name
    if not path.is_file():
        pytest.skip(f"shared data set `{name}` is absent")
    with path.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


def test_vectors_are_judged_as_published() -> None:
    # `format` there is what python-stdnum said of a code that begins with A; its check is wrong.
    kinds = {
        "length": {UsccErrorKind.LENGTH},
        "format": {UsccErrorKind.ALPHABET, UsccErrorKind.CHECKSUM},
        "checksum": {UsccErrorKind.CHECKSUM},
    }
    judged = 0
    for row in rows("uscc-test-vectors/vectors.csv"):
        judged += 1
        if row["python_stdnum_now"] == "valid":
            assert parse_uscc(row["code"]).code == row["code"].replace(" ", "")
            continue
        with pytest.raises(UsccError) as caught:
            parse_uscc(row["code"])
        if row["expected"] == "invalid":
            assert caught.value.kind in kinds[row["expected_error"]], row["code"]
    assert judged == 122


def test_listed_types_have_labels() -> None:
    listed = [
        (row["first_two_characters"], row["category_newer_listing"])
        for row in rows("uscc-structure-codes/department-and-category.csv")
    ]
    assert len(listed) == 49
    assert [two for two, _ in listed if type_label(two[0], two[1]) is None] == []
