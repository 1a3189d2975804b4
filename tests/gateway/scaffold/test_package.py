"""A new package is whole, and its workbook, fixture and catalogue follow from its sheets."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from openpyxl import load_workbook

from gateway.scaffold.create import create_package, write_sheets
from gateway.scaffold.errors import ScaffoldError
from gateway.scaffold.package import open_package
from gateway.scaffold.samples import sample_sheet
from gateway.scaffold.workbook import read_workbook, write_workbook
from gateway.sources.declared import SOURCE_KINDS
from schema.codes import RecordKind
from schema.records import MODEL
from tests.support.author import TODAY, WATER, water_package

FILES = {
    ".gitignore",
    "README.md",
    "README.zh-CN.md",
    "credit_adapter_water/__init__.py",
    "credit_adapter_water/codes.toml",
    "credit_adapter_water/department.toml",
    "credit_adapter_water/mapping/administrative_penalty.toml",
    "docs/catalogue.md",
    "fixtures/fixture.sql",
    "fixtures/subjects.txt",
    "pyproject.toml",
    "settings.example.toml",
    "tests/test_adapter.py",
}


def test_new_package_is_complete(tmp_path: Path) -> None:
    package = water_package(tmp_path)
    found = {str(path.relative_to(package.root)) for path in package.root.rglob("*.*")}
    assert {path for path in found if (package.root / path).is_file()} == FILES
    (sheet,) = package.declared().sheets
    assert sheet.missing == ()


def test_author_meets_no_graphql_and_no_rules(tmp_path: Path) -> None:
    package = water_package(tmp_path)
    for path in package.root.rglob("*.*"):
        if path.is_file():
            text = path.read_text(encoding="utf-8").lower()
            assert "graphql" not in text, path
            assert "permit" not in text, path


@pytest.mark.parametrize("kind", list(MODEL.kinds))
def test_every_kind_can_be_scaffolded(kind: RecordKind, tmp_path: Path) -> None:
    package = create_package(replace(WATER, kinds=(kind,)), tmp_path / "new", TODAY)
    (entry,) = package.declared().manifest.entries
    assert entry.kind is kind


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"slug": "Water"}, "slug `Water` is not"),
        ({"slug": "../x"}, "slug `../x` is not"),
        ({"code": "114101990050000187"}, "is not a valid unified social credit code"),
        ({"kinds": ()}, "record kinds are missing or repeated"),
        ({"kinds": (RecordKind.TAX_PAYMENT,) * 2}, "record kinds are missing or repeated"),
        ({"name_zh": '局"\n[project]'}, "`name_zh` is empty or holds a quote"),
        ({"source": "oracle"}, f"expected {', '.join(SOURCE_KINDS)}"),
    ],
)
def test_department_that_cannot_be_is_told_and_nothing_is_written(
    change: dict[str, object], told: str, tmp_path: Path
) -> None:
    with pytest.raises(ScaffoldError, match=told.replace("[", r"\[")):
        create_package(replace(WATER, **change), tmp_path / "new", TODAY)  # type: ignore[arg-type]
    assert not (tmp_path / "new").exists()


def test_folder_in_use_is_left_alone(tmp_path: Path) -> None:
    water_package(tmp_path)
    with pytest.raises(ScaffoldError, match="is not empty"):
        water_package(tmp_path)


def test_folder_without_a_package_is_told(tmp_path: Path) -> None:
    with pytest.raises(ScaffoldError, match="holds no adapter package"):
        open_package(tmp_path)


def test_workbook_read_back_is_the_same_declaration(tmp_path: Path) -> None:
    package = water_package(tmp_path)
    before = package.declared()
    write_workbook(package, tmp_path / "m.xlsx")
    write_sheets(package.module, read_workbook(tmp_path / "m.xlsx"))
    assert package.declared() == before


def test_workbook_shows_class_and_mask_and_takes_none(tmp_path: Path) -> None:
    package = water_package(tmp_path)
    before = package.declared()
    write_workbook(package, tmp_path / "m.xlsx")
    book = load_workbook(tmp_path / "m.xlsx")
    page = book["行政处罚"]
    (row,) = [row for row in page.iter_rows() if row[0].value == "证件号码"]
    assert (row[3].value, row[4].value) == ("保密", "ID_STRICT")
    row[3].value = "公开"
    book.save(tmp_path / "m.xlsx")
    write_sheets(package.module, read_workbook(tmp_path / "m.xlsx"))
    assert package.declared() == before


def test_workbook_with_a_formula_is_refused(tmp_path: Path) -> None:
    package = water_package(tmp_path)
    write_workbook(package, tmp_path / "m.xlsx")
    book = load_workbook(tmp_path / "m.xlsx")
    book["行政处罚"]["B3"] = '=HYPERLINK("x")'
    book.save(tmp_path / "m.xlsx")
    with pytest.raises(ScaffoldError, match=r"worksheet `行政处罚`, line 3: a formula"):
        read_workbook(tmp_path / "m.xlsx")


def test_file_that_is_no_workbook_is_refused(tmp_path: Path) -> None:
    (tmp_path / "m.xlsx").write_text("官方名称,列名", encoding="utf-8")
    with pytest.raises(ScaffoldError, match="is no workbook"):
        read_workbook(tmp_path / "m.xlsx")


def test_kinds_with_other_codes_under_one_name_keep_their_own(tmp_path: Path) -> None:
    kinds = (RecordKind.ADMINISTRATIVE_PENALTY, RecordKind.ADMINISTRATIVE_LICENCE)
    package = create_package(replace(WATER, kinds=kinds), tmp_path / "water", TODAY)
    name, other = "行政相对人类别", {"A": "法人", "B": "自然人"}
    (draft,) = [
        sample_sheet(kind, "water", "水法", "全市")
        for kind in kinds
        if kind is RecordKind.ADMINISTRATIVE_LICENCE
    ]
    write_sheets(package.module, [replace(draft, codes={**draft.codes, name: other})])
    sheets = {sheet.mapping.kind: sheet.mapping for sheet in package.declared().sheets}
    found = [sheets[kind].columns["counterpartType"] for kind in kinds]
    penalty, licence = (getattr(column, "translation") for column in found)  # noqa: B009
    assert penalty["01"] == "NATURAL_PERSON"
    assert licence == {"A": "LEGAL_PERSON", "B": "NATURAL_PERSON"}


def test_writing_one_sheet_leaves_the_others_as_they_are(tmp_path: Path) -> None:
    kinds = (RecordKind.ADMINISTRATIVE_PENALTY, RecordKind.ADMINISTRATIVE_LICENCE)
    package = create_package(replace(WATER, kinds=kinds), tmp_path / "water", TODAY)
    before = package.declared()
    write_sheets(package.module, [sample_sheet(kinds[0], "water", WATER.legal_basis, "全市")])
    assert package.declared() == before
