"""`adapter new`: a complete package in an empty folder."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import jinja2

from gateway.scaffold.drafts import SheetDraft, codes_text, file_name, merged_codes, sheet_text
from gateway.scaffold.errors import ScaffoldError
from gateway.scaffold.package import AuthorPackage, open_package
from gateway.scaffold.refresh import refresh
from gateway.scaffold.samples import sample_sheet
from gateway.sources.declared import SOURCE_KINDS
from schema.codes import RecordKind
from schema.identifiers import is_uscc
from schema.records import MODEL

_SLUG = re.compile(r"[a-z][a-z0-9]{1,30}")
TEMPLATES = "gateway.scaffold.templates"
_FILES = {
    "pyproject.toml.j2": "pyproject.toml",
    "README.zh-CN.md.j2": "README.zh-CN.md",
    "README.md.j2": "README.md",
    "settings.example.toml.j2": "settings.example.toml",
    "init.py.j2": "{module}/__init__.py",
    "department.toml.j2": "{module}/department.toml",
    "test_adapter.py.j2": "tests/test_adapter.py",
    "gitignore.j2": ".gitignore",
}


@dataclass(frozen=True, slots=True)
class NewDepartment:
    """What the author says of the department.

    Attributes:
        slug: lower case letters and digits.
        code: unified social credit code of the department.
        source: name of a kind of source.
        legal_basis: law and article under which it holds the records.
    """

    slug: str
    code: str
    name_zh: str
    name_en: str
    contact: str
    source: str
    kinds: tuple[RecordKind, ...]
    legal_basis: str

    @property
    def module(self) -> str:
        return f"credit_adapter_{self.slug}"


def defect_of(department: NewDepartment) -> str | None:
    """What is wrong with what the author says, or None."""
    if not _SLUG.fullmatch(department.slug):
        return f"slug `{department.slug}` is not 2 to 31 lower case letters and digits"
    if not is_uscc(department.code):
        return f"code `{department.code}` is not a valid unified social credit code"
    if department.source not in SOURCE_KINDS:
        return f"source `{department.source}` is unknown, expected {', '.join(SOURCE_KINDS)}"
    if not department.kinds or len(set(department.kinds)) != len(department.kinds):
        return "record kinds are missing or repeated"
    for name in ("name_zh", "name_en", "contact", "legal_basis"):
        text = getattr(department, name)
        if not text.strip() or re.search(r'[\x00-\x1f"\\]', text):
            return f"`{name}` is empty or holds a quote, a backslash or a control character"
    return None


def create_package(department: NewDepartment, folder: Path, today: dt.date) -> AuthorPackage:
    """Write a package with sheets over tables of our own making.

    Args:
        folder: does not exist yet, or is empty.
        today: from which the dates of the fixture count.

    Raises:
        ScaffoldError: the folder is in use, or the department cannot be as said.
    """
    defect = defect_of(department)
    if defect is not None:
        raise ScaffoldError(defect)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ScaffoldError(f"folder `{folder}` is not empty, expected a new one")
    schema = department.slug if SOURCE_KINDS[department.source].has_schemas else ""
    drafts = [
        sample_sheet(kind, schema, department.legal_basis, "全市") for kind in department.kinds
    ]
    _write_templates(department, folder)
    write_sheets(folder / department.module, drafts)
    package = open_package(folder)
    refresh(package, today)
    return package


def write_sheets(module: Path, drafts: Sequence[SheetDraft]) -> None:
    """Write sheets and code lists; what else lies there stays."""
    (module / "mapping").mkdir(parents=True, exist_ok=True)
    for draft in drafts:
        path = module / "mapping" / file_name(draft.kind)
        path.write_text(sheet_text(draft), encoding="utf-8")
    (module / "codes.toml").write_text(codes_text(merged_codes(drafts)), encoding="utf-8")


def _write_templates(department: NewDepartment, folder: Path) -> None:
    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - no HTML; texts are checked by `defect_of`
    )
    kinds = [MODEL.kinds[kind] for kind in department.kinds]
    for template, name in _FILES.items():
        text = resources.files(TEMPLATES).joinpath(template).read_text("utf-8")
        path = folder / name.format(module=department.module)
        path.parent.mkdir(parents=True, exist_ok=True)
        made = environment.from_string(text).render(
            department=department, source=SOURCE_KINDS[department.source], kinds=kinds
        )
        path.write_text(made, encoding="utf-8")
