"""A department's package as `adapter new` writes it, for tests of what an author does."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from gateway.scaffold.create import NewDepartment, create_package
from gateway.scaffold.package import AuthorPackage
from schema.codes import RecordKind
from schema.identifiers import make_uscc

TODAY = dt.date(2026, 11, 30)
WATER = NewDepartment(
    slug="water",
    code=make_uscc("1", "1", "410199", "MB0WTR01").code,
    name_zh="样例市水利局",
    name_en="Sample water bureau",
    contact="water@example.com",
    source="postgres",
    kinds=(RecordKind.ADMINISTRATIVE_PENALTY,),
    legal_basis="中华人民共和国水法 第六十五条",
)


def water_package(folder: Path) -> AuthorPackage:
    """The package in a folder `water` below the given one."""
    return create_package(WATER, folder / "water", TODAY)
