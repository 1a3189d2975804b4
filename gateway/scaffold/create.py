"""`adapter new`: a complete package in an empty folder."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import jinja2

from gateway.scaffold.drafts import SheetDraft, codes_text, file_name, settled, sheet_text
from gateway.scaffold.errors import ScaffoldError
from gateway.scaffold.package import AuthorPackage, open_package
from gateway.scaffold.refresh import refresh
from gateway.scaffold.samples import sample_sheet
from gateway.sources.declared import SOURCE_KINDS, DeclarationError
from gateway.sources.declared.department import (
    CODES_FILE,
    MAPPING_FOLDER,
    read_toml,
    sheet_names,
)
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
    source = SOURCE_KINDS[department.source]
    schema = department.slug if source.has_schemas else ""
    drafts = [
        sample_sheet(kind, schema, department.legal_basis, "全市", source.is_service)
        for kind in department.kinds
    ]
    _write_templates(department, folder)
    write_sheets(folder / department.module, drafts)
    package = open_package(folder)
    refresh(package, today)
    return package


def write_sheets(module: Path, drafts: Sequence[SheetDraft]) -> None:
    """Write sheets and their code lists; other sheets and their lists stay.

    Raises:
        ScaffoldError: code lists that are there cannot be read.
    """
    settled_drafts, lists = settled(drafts, _lists_beside(module, drafts))
    (module / MAPPING_FOLDER).mkdir(parents=True, exist_ok=True)
    for draft in settled_drafts:
        path = module / MAPPING_FOLDER / file_name(draft.kind)
        path.write_text(sheet_text(draft), encoding="utf-8")
    (module / CODES_FILE).write_text(codes_text(lists), encoding="utf-8")


def _lists_beside(module: Path, drafts: Sequence[SheetDraft]) -> Mapping[str, Mapping[str, str]]:
    """Code lists that sheets use which are not written anew."""
    if not (module / CODES_FILE).is_file():
        return {}
    written = {file_name(draft.kind) for draft in drafts}
    try:
        kept = [
            read_toml(module / MAPPING_FOLDER, name)
            for name in sheet_names(module)
            if name not in written
        ]
        lists = read_toml(module, CODES_FILE)
    except DeclarationError as error:
        raise ScaffoldError(str(error)) from error
    used = {
        line.get("codes")
        for sheet in kept
        for line in dict(sheet.get("items", {})).values()  # type: ignore[call-overload]
        if isinstance(line.get("codes"), str)
    }
    return {
        name: {str(native): str(term) for native, term in codes.items()}
        for name, codes in lists.items()
        if name in used and isinstance(codes, dict)
    }


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
