"""RecordMeta and CreditRecord: what every record carries, whatever its kind."""

from __future__ import annotations

import strawberry

from schema.classification import FieldClass, Origin
from schema.codes import (
    DisclosureState,
    DisclosureWay,
    Nature,
    RecordKind,
    Severity,
    SharingAttribute,
)
from schema.fields import nested_type, record_field
from schema.links import Node, subject_link
from schema.scalars import Date, DateTime

P, D = FieldClass.PUBLIC, FieldClass.DEPARTMENT


@nested_type("记录元数据 / provenance, disclosure and catalogue data of a record")
class RecordMeta:
    record_id: str | None = record_field("记录标识", D, note="Stable within its department.")
    subject_id: str | None = record_field(
        "信用主体标识",
        P,
        person_class=D,
        origin=Origin.GATEWAY,
        note="The unified social credit code; for a person the reference, bound to the caller.",
    )
    record_kind: RecordKind | None = record_field("信息类别", P, origin=Origin.GATEWAY)
    nature: Nature | None = record_field("信息性质", P, origin=Origin.GATEWAY)
    severity: Severity | None = record_field("失信程度", P)
    source_department_code: str | None = record_field(
        "数据来源单位统一社会信用代码", P, origin=Origin.MANIFEST
    )
    source_department_name: str | None = record_field("数据来源单位", P, origin=Origin.MANIFEST)
    deciding_department_code: str | None = record_field("决定机关统一社会信用代码", P)
    deciding_department_name: str | None = record_field("决定机关", P)
    decided_on: Date | None = record_field("决定日期", P)
    reported_at: DateTime | None = record_field("报送时间", D)
    verified_at: DateTime | None = record_field("核查时间", D)
    published_on: Date | None = record_field("公示日期", P)
    publish_floor_until: Date | None = record_field("最短公示期届满日", P)
    publish_until: Date | None = record_field("公示截止期", P)
    disclose_until: Date | None = record_field("披露期限届满日", D)
    disclosure_state: DisclosureState | None = record_field("披露状态", D)
    objection_mark: bool | None = record_field("异议标注", P)
    sharing_attribute: SharingAttribute | None = record_field("共享属性", D, origin=Origin.MANIFEST)
    disclosure_way: DisclosureWay | None = record_field("披露方式", D, origin=Origin.MANIFEST)
    catalogue_code: str | None = record_field("目录数据代码", P, origin=Origin.MANIFEST)
    legal_basis: str | None = record_field("依据", P, origin=Origin.MANIFEST)
    version: int | None = record_field("版本", D, note="Corrections never overwrite.")
    supersedes: str | None = record_field("被更正记录标识", D)
    adapter: str | None = record_field("适配器", D, origin=Origin.GATEWAY)
    fetched_at: DateTime | None = record_field("取数时间", D, origin=Origin.GATEWAY)
    stale: bool | None = record_field("是否过期", D, origin=Origin.GATEWAY)


@strawberry.interface(description="信用记录 / a credit record of any kind")
class CreditRecord(Node):
    meta: RecordMeta | None = strawberry.field(description="记录元数据 / metadata of the record")
    subject = subject_link()
