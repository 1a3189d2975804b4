"""Answer types of `catalogue` and `sources`: what is shared, by whom, and who answers."""

from __future__ import annotations

from enum import Enum
from typing import Protocol

import strawberry

from schema.codes import DisclosureWay, Nature, RecordKind, SharingAttribute, code_list
from schema.scalars import Date, DateTime


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


@strawberry.type(description="按规则退回的数据 / rows that a rule refused")
class RefusedRows:
    rule: str
    rows: int


@strawberry.type(description="缺失的必填项 / required item that records lack")
class MissingItem:
    field: str
    records: int


@strawberry.type(
    description="期限 / whether what has a term in working days was done in it; of the last year"
)
class Timeliness:
    working_days: int = strawberry.field(description="期限（工作日）")
    in_time: int = strawberry.field(description="按期")
    late: int = strawberry.field(description="迟延")
    waiting: int = strawberry.field(description="待办，尚未到期")
    overdue: int = strawberry.field(description="逾期未办")
    next_due: Date | None = strawberry.field(description="最近的到期日")
    provisional: bool = strawberry.field(
        description="放假安排尚未公布 / counted over days that are not announced yet"
    )


@strawberry.type(description="数据质量 / quality of one kind of records, as last measured")
class SourceQuality:
    kind: RecordKind
    measured_at: DateTime
    is_measured: bool = strawberry.field(description="是否测得 / false: `trouble` says why not")
    records: int
    refused_rows: int = strawberry.field(description="退回行数")
    refused: list[RefusedRows] = strawberry.field(description="按规则退回，一行可违反数条")
    newest: Date | None = strawberry.field(description="最近的决定日期")
    synced_at: DateTime | None = strawberry.field(description="最近一次同步")
    missing: list[MissingItem] = strawberry.field(description="缺失的必填项")
    not_supplied: list[str] = strawberry.field(description="未提供的必填项")
    completeness: float | None = strawberry.field(description="必填项完整率，0 至 1")
    invalid_codes: int = strawberry.field(description="统一社会信用代码无效的记录")
    publication: Timeliness | None = strawberry.field(description="按期公示")
    check: Timeliness | None = strawberry.field(description="五个工作日内核查")
    trouble: str | None = strawberry.field(description="未能更新的原因")


class QualityContext(Protocol):
    """What the quality of a source is asked of."""

    async def quality(self, slug: str) -> list[SourceQuality] | None: ...


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

    @strawberry.field(  # type: ignore[untyped-decorator]
        description="数据质量 / for departments, the credit centre and auditors; null for others"
    )
    async def quality(self, info: strawberry.Info) -> list[SourceQuality] | None:
        context: QualityContext = info.context
        return await context.quality(self.slug)
