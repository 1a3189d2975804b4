"""Record kinds of the courts."""

from __future__ import annotations

from schema.classification import FieldClass, MaskKind
from schema.codes import (
    DebtorKind,
    DefaultCircumstance,
    Gender,
    JudgmentPerformance,
    Nature,
    RecordKind,
)
from schema.fields import record_field, record_type
from schema.meta import CreditRecord
from schema.scalars import Date, Uscc

P, D, S = FieldClass.PUBLIC, FieldClass.DEPARTMENT, FieldClass.SECRET
M = MaskKind


@record_type(
    RecordKind.JUDGMENT_DEFAULTER,
    "失信被执行人",
    catalogue="C06",
    nature=Nature.DISHONEST,
    field_class=P,
    description="The court publishes the list by law, natural persons included.",
)
class JudgmentDefaulter(CreditRecord):
    name: str | None = record_field("被执行人姓名或名称", P)
    kind: DebtorKind | None = record_field("被执行人性质", P)
    uscc: Uscc | None = record_field("统一社会信用代码", P)
    id_no: str | None = record_field("身份证号码", S, mask=M.ID_STRICT)
    gender: Gender | None = record_field("性别", P)
    age: int | None = record_field("年龄", P)
    legal_representative: str | None = record_field("法定代表人或负责人姓名", P)
    court: str | None = record_field("执行法院", P)
    court_code: str | None = record_field("法院代码", P)
    case_no: str | None = record_field("案号", P)
    basis_no: str | None = record_field("执行依据文号", P)
    basis_unit: str | None = record_field("作出执行依据单位", P)
    filed_on: Date | None = record_field("立案时间", P)
    obligation: str | None = record_field(
        "生效法律文书确定的义务", P, mask=M.DOCUMENT, free_text=True
    )
    performance: JudgmentPerformance | None = record_field("被执行人的履行情况", P)
    performed_part: str | None = record_field("已履行部分", P, free_text=True)
    unperformed_part: str | None = record_field("未履行部分", P, free_text=True)
    circumstances: list[DefaultCircumstance] | None = record_field("失信行为具体情形", P)
    published_on: Date | None = record_field("发布时间", P)
    listed_until: Date | None = record_field("期限届满日", P)


@record_type(
    RecordKind.CONSUMPTION_RESTRICTION,
    "限制消费令",
    catalogue="C02",
    nature=Nature.DISHONEST,
    field_class=P,
    person_class=D,
)
class ConsumptionRestriction(CreditRecord):
    name: str | None = record_field("被限制消费主体", P, person_class=D, person_mask=M.NAME)
    uscc: Uscc | None = record_field("统一社会信用代码", P)
    id_no: str | None = record_field("身份证号码", S, mask=M.ID_STRICT)
    case_no: str | None = record_field("案号", P)
    court: str | None = record_field("执行法院", P)
    issued_on: Date | None = record_field("发布日期", P)
    lifted_on: Date | None = record_field("解除日期", P)
