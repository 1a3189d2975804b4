"""The catalogue page of a package: each record kind's ten elements and items, in Chinese."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.contract import CatalogueEntry
from gateway.sources.declared import DeclaredDepartment
from gateway.sources.declared.items import item_name
from schema.classification import FieldClass, MaskKind
from schema.records import MODEL
from schema.required import required_items

CLASS_ZH = {
    FieldClass.PUBLIC: "公开",
    FieldClass.DEPARTMENT: "部门",
    FieldClass.AUTHORISED: "授权",
    FieldClass.SECRET: "保密",
}


def catalogue_page(department: DeclaredDepartment) -> str:
    """The page as Markdown; classes and masks are those of the unified schema."""
    manifest = department.manifest
    lines = [
        f"# {manifest.department_name_zh} 信用信息目录 / catalogue of {manifest.slug}",
        "",
        "本页由映射表生成：`credit-gateway adapter fixtures`。保护级别与遮蔽方式由统一模型规定。",
        "Made from the mapping sheets; class and mask are those of the unified schema.",
    ]
    for entry in manifest.entries:
        lines += ["", *_entry(entry)]
    return "\n".join(lines) + "\n"


def _entry(entry: CatalogueEntry) -> Iterator[str]:
    kind = MODEL.kinds[entry.kind]
    yield f"## {entry.name_zh} {kind.type_name}"
    yield ""
    yield "| 要素 | 内容 |"
    yield "|---|---|"
    elements = {
        "数据代码": entry.catalogue_code,
        "数据名称": entry.name_zh,
        "数据格式": entry.data_format,
        "主体类型": "、".join(entry.subject_types),
        "信息性质": _term(entry.nature),
        "共享属性": _term(entry.sharing_attribute),
        "披露方式": _term(entry.disclosure_way),
        "覆盖范围": entry.coverage,
        "更新周期": entry.update_cycle,
        "依据": entry.legal_basis,
        "保存期限": entry.retention,
    }
    for name, content in elements.items():
        yield f"| {name} | {content} |"
    yield ""
    yield "| 数据项 | 国家编码 | 保护级别 | 遮蔽 | 必填 |"
    yield "|---|---|---|---|---|"
    needed = required_items(entry.kind)
    for name in entry.items:
        field = kind.by_name[name]
        declared = field.declaration
        mask = "" if declared.mask is MaskKind.NONE else declared.mask.value
        yield (
            f"| {item_name(field)} | {declared.national_code or ''} "
            f"| {CLASS_ZH[declared.field_class]} {declared.field_class.value} | {mask} "
            f"| {'是' if name in needed else ''} |"
        )


def _term(member: object) -> str:
    terms: dict[str, str] = type(member).terms  # type: ignore[attr-defined]
    return terms[member.name]  # type: ignore[attr-defined]
