"""Record kind of punishment lists that the city's units determine."""

from __future__ import annotations

import strawberry

from schema.classification import FieldClass, MaskKind
from schema.codes import ListExitReason, Nature, RecordKind, ResponsibleRole
from schema.fields import nested_type, record_field, record_type
from schema.meta import CreditRecord
from schema.scalars import Date, Uscc

P, D = FieldClass.PUBLIC, FieldClass.DEPARTMENT
M = MaskKind


@nested_type("责任人员 / person who answers for what an entry is about")
class ListedPerson:
    name: str | None = record_field("姓名", D, mask=M.NAME)
    role: ResponsibleRole | None = record_field("身份", D)
    responsible_for: str | None = record_field(
        "对应记录",
        D,
        note="Record id of the determination of the person's own responsibility; without it the"
        " person is only stated.",
    )


@record_type(
    RecordKind.LIST_ENTRY,
    "失信联合惩戒对象名单",
    catalogue="C06",
    nature=Nature.DISHONEST,
    field_class=P,
    person_class=D,
    description="An entry from its decision on; what is proposed or objected to before is none.",
)
class ListEntry(CreditRecord):
    uscc: Uscc | None = record_field("统一社会信用代码", P)
    subject_name: str | None = record_field("主体名称", P)
    list_code: str | None = record_field("名单代码", P)
    list_name: str | None = record_field("名单名称", P)
    facts: str | None = record_field("认定事实", P, mask=M.DOCUMENT, free_text=True)
    basis: str | None = record_field("认定依据", P, free_text=True)
    determining_unit_code: Uscc | None = record_field("认定单位统一社会信用代码", P)
    notice_no: str | None = record_field("事前告知书编号", D)
    notice_served_on: Date | None = record_field("告知书送达日期", D)
    decision_no: str | None = record_field("认定决定书文号", P)
    decided_on: Date | None = record_field("认定日期", P)
    measures: list[str] | None = record_field("惩戒措施", P, note="Codes of measures.")
    responsible_persons: list[ListedPerson] | None = strawberry.field(description="责任人员")
    valid_until: Date | None = record_field("有效期至", P)
    removed_on: Date | None = record_field("退出日期", P)
    exit_reason: ListExitReason | None = record_field("退出原因", P)


__all__ = ["ListEntry", "ListedPerson"]
