"""Sheets for a department that shows no tables yet: a table of our own making per record kind."""

from __future__ import annotations

import re
from collections.abc import Mapping

from gateway.scaffold.drafts import ItemDraft, SheetDraft
from gateway.scaffold.standard import standard_codes
from gateway.sources.declared.forms import Form, forms_for
from gateway.sources.declared.items import items_of
from gateway.sources.declared.sheet import PLACEHOLDER
from schema.codes import DisclosureWay, Nature, RecordKind, SharingAttribute
from schema.model import FieldModel, KindModel, ValueType
from schema.records import MODEL

RECORD_ID_COLUMN = "record_id"
_NOT_SAMPLED = frozenset({"meta.recordId", "meta.supersedes", "meta.verifiedAt"})
SAME_COLUMN: Mapping[str, tuple[str, ...]] = {
    "meta.decidedOn": (
        "decidedOn",
        "determinedOn",
        "evaluatedOn",
        "announcedOn",
        "enteredOn",
        "issuedOn",
        "publishedOn",
        "entryDate",
        "approvedOn",
        "committedOn",
        "awardedOn",
        "signedOn",
    ),
    "meta.publishedOn": ("publishedOn", "announcedOn"),
    "meta.publishUntil": ("publishUntil",),
    "meta.decidingDepartmentCode": (
        "authorityCode",
        "courtCode",
        "receivingUnitCode",
        "awardedByCode",
    ),
    "meta.decidingDepartmentName": (
        "authorityName",
        "court",
        "determinedBy",
        "evaluatedBy",
        "receivingUnit",
        "awardedBy",
    ),
}
"""Metadata that most tables hold under an item of the kind itself."""
SUBJECT_FIELDS = ("counterpartUscc", "uscc", "promisorUscc", "holderUscc", "partyUscc")


def catalogue_of(kind: KindModel, legal_basis: str, coverage: str) -> Mapping[str, object]:
    """Elements of the catalogue entry that can be said without knowing the department."""
    declared = kind.declaration
    nature: Mapping[str, str] = Nature.terms  # type: ignore[attr-defined]
    sharing: Mapping[str, str] = SharingAttribute.terms  # type: ignore[attr-defined]
    disclosure: Mapping[str, str] = DisclosureWay.terms  # type: ignore[attr-defined]
    return {
        "code": declared.catalogue_code,
        "name": declared.name_zh,
        "format": "数据表",
        "subjects": ["法人", "非法人组织", "个体工商户"],
        "nature": nature[declared.nature.name],
        "sharing": sharing["UNCONDITIONAL"],
        "disclosure": disclosure["PUBLIC_DISPLAY"],
        "coverage": coverage,
        "update_cycle": "七个工作日",
        "legal_basis": legal_basis or PLACEHOLDER,
        "retention": "披露期限届满后转为档案保存",
    }


def sample_sheet(
    kind: RecordKind, schema: str, legal_basis: str, coverage: str, is_service: bool = False
) -> SheetDraft:
    """A sheet with every item that has one column, over a table named after the kind.

    Args:
        schema: in which the table lies; empty where tables have none.
        is_service: the sheet says how a service is asked, one of our own making.
    """
    model = MODEL.kinds[kind]
    items = [item for item in items_of(kind).values() if _is_sampled(item)]
    codes: dict[str, Mapping[str, str]] = {}
    drafts = []
    for item in items:
        options = _options(item, sample_column(item, model))
        if item.value_type is ValueType.ENUM:
            name = item.declaration.name_zh
            codes[name] = standard_codes(item)
            options["codes"] = name
        drafts.append(ItemDraft(item, options))
    subject = next((n for n in SUBJECT_FIELDS if n in model.by_name), None)
    return SheetDraft(
        kind,
        catalogue_of(model, legal_basis, coverage),
        {
            "table": f"{schema}.{kind.value.lower()}".removeprefix("."),
            "record_id": RECORD_ID_COLUMN,
            "organisation": sample_column(model.by_name[subject], model) if subject else "uscc",
            **(sample_service(f"/{kind.value.lower()}", "items") if is_service else {}),
        },
        tuple(drafts),
        codes,
    )


def sample_service(path: str, items: str) -> Mapping[str, object]:
    """How a service of our own making is asked for records of one kind."""
    return {
        "by_keys": {
            "path": f"{path}/search",
            "method": "POST",
            "items": items,
            "parameter": "codes",
        },
        "list": {
            "path": path,
            "items": items,
            "paging": {"kind": "pages", "number": "page", "size": "size", "records": 500},
        },
    }


def sample_column(item: FieldModel, kind: KindModel) -> str:
    """Name of the column that holds an item: its national code, or its name in small letters."""
    for name in SAME_COLUMN.get(item.name, ()):
        if name in kind.by_name:
            return sample_column(kind.by_name[name], kind)
    code = item.declaration.national_code
    if code is not None:
        return code.lower()
    return re.sub(r"([A-Z])", r"_\1", item.name.removeprefix("meta.")).lower()


def _is_sampled(item: FieldModel) -> bool:
    if item.name in _NOT_SAMPLED or item.nested_list is not None:
        return False
    return item.value_type is not ValueType.PERSON


def _options(item: FieldModel, column: str) -> dict[str, object]:
    form = forms_for(item)[0]
    options: dict[str, object] = {"column": column, "form": form.zh}
    if form is Form.AMOUNT:
        options["unit"] = "元"
    if form is Form.FLAG:
        options["true"] = ["1", "是"]
    return options
