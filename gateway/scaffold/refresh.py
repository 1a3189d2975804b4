"""`adapter fixtures`: what a package holds that follows from its mapping, written anew."""

from __future__ import annotations

import datetime as dt

from gateway.scaffold.catalogue_page import catalogue_page
from gateway.scaffold.invented import invent, invented_subjects, unknown_subject
from gateway.scaffold.package import CATALOGUE_PAGE, AuthorPackage
from gateway.scaffold.sources import tools_for

SUBJECTS_FILE = "subjects.txt"
_SEED = 7


def refresh(package: AuthorPackage, today: dt.date) -> None:
    """Write fixture and catalogue page.

    Raises:
        ScaffoldError: the declaration cannot be used.
    """
    declared = package.declared()
    code = declared.manifest.department_code
    tables = [invent(sheet.mapping, code, today, _SEED) for sheet in declared.sheets]
    package.fixtures.mkdir(exist_ok=True)
    for name, text in tools_for(declared.source.name).fixture(tables).items():
        path = package.fixtures / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (package.fixtures / SUBJECTS_FILE).write_text(
        "# 有记录的主体，最后一个没有记录。Subjects with records; the last has none.\n"
        + "".join(f"{key}\n" for key in (*invented_subjects(), unknown_subject())),
        encoding="utf-8",
    )
    page = package.root / CATALOGUE_PAGE
    page.parent.mkdir(exist_ok=True)
    page.write_text(catalogue_page(declared), encoding="utf-8")


def fixture_subjects(package: AuthorPackage) -> tuple[tuple[str, ...], str]:
    """Keys of subjects that have records in the fixture, and of one that has none."""
    text = (package.fixtures / SUBJECTS_FILE).read_text(encoding="utf-8")
    keys = [line.strip() for line in text.splitlines() if line.strip() and line[0] != "#"]
    return tuple(keys[:-1]), keys[-1]
