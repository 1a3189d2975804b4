"""Answer types of `catalogue` and `sources`: what is shared, by whom, and who answers."""

from __future__ import annotations

from enum import Enum

import strawberry

from schema.codes import DisclosureWay, Nature, RecordKind, SharingAttribute, code_list


@code_list(
    "数据项保护级别 / protection class of a field",
    PUBLIC="公开",
    DEPARTMENT="部门共享",
    AUTHORISED="授权查询",
    SECRET="不予共享",  # noqa: S106 - a class name, not a password
)
class ProtectionClass(Enum):
    PUBLIC = "PUBLIC"
    DEPARTMENT = "DEPARTMENT"
    AUTHORISED = "AUTHORISED"
    SECRET = "SECRET"  # noqa: S105 - a class name, not a password


@code_list(
    "数据项来源 / who fills a field",
    SOURCE="来源系统",
    MANIFEST="接入说明",
    GATEWAY="网关",
)
class FieldOrigin(Enum):
    SOURCE = "SOURCE"
    MANIFEST = "MANIFEST"
    GATEWAY = "GATEWAY"


@strawberry.type(description="目录数据项 / field of a catalogue entry")
class CatalogueField:
    name: str
    name_zh: str = strawberry.field(description="中文名称")
    coordinate: str = strawberry.field(description="数据项坐标 / as rules and `why` name it")
    protection_class: ProtectionClass = strawberry.field(description="保护级别")
    person_class: ProtectionClass = strawberry.field(
        description="保护级别（自然人）/ where the record is about a natural person"
    )
    mask: str | None = strawberry.field(
        description="脱敏方式 / where a rule masks it; null: it cannot be masked"
    )
    person_mask: str | None = strawberry.field(
        description="脱敏方式（自然人）/ where the record is about a natural person"
    )
    national_code: str | None = strawberry.field(description="双公示国家标准字段代码")
    origin: FieldOrigin = strawberry.field(description="由谁提供 / who fills it")


@strawberry.type(description="目录条目 / catalogue entry of one department and kind")
class CatalogueItem:
    department_code: str
    department_name: str
    department_name_en: str
    kind: RecordKind
    catalogue_code: str
    name: str
    data_format: str
    subject_types: list[str]
    nature: Nature
    sharing_attribute: SharingAttribute
    disclosure_way: DisclosureWay
    coverage: str
    update_cycle: str
    legal_basis: str
    retention: str
    fields: list[CatalogueField]


@code_list(
    "数据来源状态 / state of a source",
    UP="正常",
    DOWN="不可用",
    QUARANTINED="已隔离",
)
class SourceState(Enum):
    UP = "UP"
    DOWN = "DOWN"
    QUARANTINED = "QUARANTINED"


@strawberry.type(description="数据来源 / a department's source system")
class Source:
    slug: str
    department_code: str
    department_name: str
    department_name_en: str
    adapter_version: str
    state: SourceState
    as_of: str | None
    kinds: list[RecordKind]
