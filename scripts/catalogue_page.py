"""Writes `docs/catalogue.md`: every record kind and field, from the schema and the manifests.

What the page says of a field (Chinese name, national code, class, mask) is declared in `schema/`;
who supplies it, and under which law, in the manifests of the departments in this repository. Who
may read what is not said here: that is decided by the rules in `policies/`.
"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from gateway.contract import CatalogueEntry, Manifest
from plugins.courts.manifest import MANIFEST as COURTS
from plugins.creditcentre import MANIFEST as CREDIT_CENTRE
from plugins.environment.manifest import MANIFEST as ENVIRONMENT
from plugins.housing.manifest import MANIFEST as HOUSING
from plugins.market.manifest import MANIFEST as MARKET
from plugins.tax.manifest import MANIFEST as TAX
from schema.classification import FieldClass, MaskKind, Origin
from schema.model import CreditModel, FieldModel, KindModel
from schema.records import MODEL

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "catalogue.md"
MANIFESTS = (MARKET, TAX, COURTS, ENVIRONMENT, HOUSING, CREDIT_CENTRE)

Supply = tuple[Manifest, CatalogueEntry]

INTRODUCTION = """\
# Catalogue

Every record kind of the unified schema with its fields, and which department supplies them.
This page is made from `schema/` and from the manifests in `plugins/` by `make docs`.
A client reads the same from the field `catalogue`.

- *Class*: how sensitive the field is (PUBLIC, DEPARTMENT, AUTHORISED, SECRET). \
A second class holds where the record is about a natural person.
- *Mask*: how the value is shown where a rule masks it; `–` where it cannot be masked. \
The masks are defined in `reference/answers.md`, section 13.
- *From*: the departments whose source fills the field; \
*manifest* and *gateway* where no source does.
- Common fields of all records (`meta`) stand at the end, once.

Who may read a field, for which purpose and by which law, is decided by the rules in \
`policies/rules/`; `credit-gateway policy matrix` prints it.
"""
_HEADER = [
    "| Field | 中文名称 | Code | Class | Mask | From |",
    "| --- | --- | --- | --- | --- | --- |",
]


def main() -> int:
    """Write the page, or with `--check` compare it; return 0 when all is well."""
    text = render(MODEL, MANIFESTS)
    if "--check" not in sys.argv:
        PAGE.write_text(text, encoding="utf-8")
        return 0
    if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text:
        sys.stderr.write(f"`{PAGE.name}` does not match schema and manifests: run `make docs`\n")
        return 1
    return 0


def render(model: CreditModel, manifests: Sequence[Manifest]) -> str:
    """Return the page as Markdown."""
    lines = [INTRODUCTION]
    for kind in model.kinds.values():
        supplies = [
            (manifest, entry)
            for manifest in manifests
            if (entry := manifest.entry(kind.kind)) is not None
        ]
        lines += [*_kind(kind, supplies), ""]
    lines += _common(next(iter(model.kinds.values())))
    return "\n".join(lines) + "\n"


def _kind(kind: KindModel, supplies: Sequence[Supply]) -> Iterator[str]:
    declared = kind.declaration
    yield f"## {kind.type_name} {declared.name_zh}"
    yield ""
    how_many = "at most one per subject" if declared.singular else "any number per subject"
    yield (
        f"Record kind `{kind.kind.value}`, catalogue {declared.catalogue_code}, "
        f"nature {declared.nature.value}, {how_many}. "
        f"That such a record exists: {_both(declared.field_class, declared.person_class)}."
    )
    yield ""
    yield from _entries(supplies)
    yield from _HEADER
    for field in kind.fields:
        if not field.is_meta:
            yield _row(field, supplies)


def _entries(supplies: Sequence[Supply]) -> Iterator[str]:
    if not supplies:
        yield "No department in this repository supplies it."
        yield ""
        return
    yield "| Department | 目录 | Sharing | Disclosure | Update | Kept | Legal basis |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for manifest, entry in supplies:
        yield (
            f"| {manifest.slug} {manifest.department_name_zh} "
            f"| {entry.catalogue_code} {entry.name_zh} | {entry.sharing_attribute.value} "
            f"| {entry.disclosure_way.value} | {entry.update_cycle} | {entry.retention} "
            f"| {entry.legal_basis} |"
        )
    yield ""


def _row(field: FieldModel, supplies: Sequence[Supply]) -> str:
    declared = field.declaration
    classes = _both(declared.field_class, declared.person_class)
    masks = _both(declared.mask, declared.person_mask)
    return (
        f"| `{field.name}` | {declared.name_zh} | {declared.national_code or ''} "
        f"| {classes} | {masks} | {_origin(field, supplies)} |"
    )


def _both(general: FieldClass | MaskKind, person: FieldClass | MaskKind | None) -> str:
    if person is None or person is general:
        return _word(general)
    return f"{_word(general)}; person {_word(person)}"


def _word(member: FieldClass | MaskKind) -> str:
    return "–" if member is MaskKind.NONE else str(member.value)


def _origin(field: FieldModel, supplies: Sequence[Supply]) -> str:
    if field.declaration.origin is not Origin.SOURCE:
        return str(field.declaration.origin.value).lower()
    return ", ".join(m.slug for m, entry in supplies if field.name in entry.items) or "nobody yet"


def _common(kind: KindModel) -> Iterator[str]:
    yield "## RecordMeta 记录元数据"
    yield ""
    yield "On every record, as `meta`."
    yield ""
    yield "| Field | 中文名称 | Class | Mask | From |"
    yield "| --- | --- | --- | --- | --- |"
    for field in kind.fields:
        if field.is_meta:
            declared = field.declaration
            yield (
                f"| `{field.name}` | {declared.name_zh} "
                f"| {_both(declared.field_class, declared.person_class)} "
                f"| {_both(declared.mask, declared.person_mask)} "
                f"| {declared.origin.value.lower()} |"
            )


if __name__ == "__main__":
    sys.exit(main())
