"""The record kind of the gateway's own log: who looked at a subject, and what they were shown."""

from __future__ import annotations

import strawberry

from schema.classification import FieldClass
from schema.codes import AccessorClass, LookUpOutcome, Nature, RecordKind, ShownAs
from schema.fields import nested_type, record_field, record_type
from schema.meta import CreditRecord
from schema.scalars import Date, DateTime, Uscc
from schema.why import FieldUse

D = FieldClass.DEPARTMENT


@nested_type("被访问的数据项 / a field that a look-up asked for")
class LookedUpField:
    coordinate: str | None = record_field("数据项", D, note="Of the schema; of a kind: whether.")
    use: FieldUse | None = record_field("使用方式", D)
    shown: ShownAs | None = record_field("结果", D)


@record_type(
    RecordKind.LOOK_UP,
    "访问日志",
    catalogue="Z01",
    nature=Nature.OTHER,
    field_class=D,
    description="Who looked at the subject. Kept by the gateway; for the subject itself.",
)
class LookUp(CreditRecord):
    at: DateTime | None = record_field("访问时间", D)
    caller_class: AccessorClass | None = record_field("访问方类别", D)
    organisation: Uscc | None = record_field(
        "访问单位统一社会信用代码", D, note="None for the public and for the subject itself."
    )
    acting_for: Uscc | None = record_field("所代理机构统一社会信用代码", D)
    client_id: str | None = record_field("接入系统", D)
    is_own: bool | None = record_field("是否本人访问", D)
    purpose: str | None = record_field("用途", D, note="Code.")
    matter_no: str | None = record_field("事项编号", D)
    consent_nos: list[str] | None = record_field("授权编号", D)
    outcome: LookUpOutcome | None = record_field("结果", D)
    refusal: str | None = record_field("拒绝代码", D, note="Where the whole request was refused.")
    fields: list[LookedUpField] | None = strawberry.field(description="数据项及结果")
    closed_on: Date | None = record_field("事项办结日期", D)
    request_id: str | None = record_field("请求编号", D, note="To be named in a complaint.")
    entry_hash: str | None = record_field(
        "日志条目摘要",
        D,
        note="Hash of the log's leaf, base64; None while no checkpoint covers it.",
    )
    proof: str | None = record_field(
        "日志证明", D, note="c2sp.org/tlog-proof@v1, or `NOT_YET_COVERED`."
    )
