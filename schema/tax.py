"""Record kinds of the tax bureau."""

from __future__ import annotations

import strawberry

from schema.classification import FieldClass, MaskKind
from schema.codes import (
    Gender,
    IdentityDocumentType,
    Nature,
    RecordKind,
    ResponsibleRole,
    TaxCaseNature,
    TaxGrade,
)
from schema.fields import nested_type, record_field, record_type
from schema.meta import CreditRecord
from schema.scalars import Date, DecimalNumber, Money, PersonReference, Uscc

P, D, A, S = FieldClass.PUBLIC, FieldClass.DEPARTMENT, FieldClass.AUTHORISED, FieldClass.SECRET
M = MaskKind


@nested_type("责任人员 / responsible person of a determination")
class ResponsiblePerson:
    person_ref: PersonReference | None = record_field(
        "人员标识", D, note="Accepted by `person`; bound to client and matter, never a number."
    )
    name: str | None = record_field("姓名", D, mask=M.NAME)
    role: ResponsibleRole | None = record_field("身份", D)
    id_type: IdentityDocumentType | None = record_field("证件类型", S)
    id_no: str | None = record_field("证件号码", S, mask=M.ID_STRICT)
    responsible_for: str | None = record_field(
        "对应记录", D, note="Record id of the determination that names the person."
    )


@record_type(
    RecordKind.TAXPAYER_CREDIT,
    "纳税缴费信用",
    catalogue="C09",
    nature=Nature.OTHER,
    field_class=P,
    person_class=D,
    told_by_being_shown="grade",
    description="The public sees A grades only; other grades go to departments, or by consent.",
)
class TaxpayerCredit(CreditRecord):
    uscc: Uscc | None = record_field("统一社会信用代码", P)
    tax_no: str | None = record_field("纳税人识别号", P)
    taxpayer_name: str | None = record_field("纳税人名称", P)
    year: int | None = record_field("评价年度", P)
    grade: TaxGrade | None = record_field("信用级别", P)
    score: DecimalNumber | None = record_field("年度评价得分", A, note="Points, with two decimals.")
    evaluated_by: str | None = record_field("评价单位", P)
    evaluated_on: Date | None = record_field("评定时间", P)
    valid_from: Date | None = record_field("有效期自", P)
    valid_to: Date | None = record_field("有效期至", P)
    direct_reasons: list[str] | None = record_field("直接判级事由", D, free_text=True)


@record_type(
    RecordKind.TAX_ARREARS,
    "欠税公告",
    catalogue="C03",
    nature=Nature.DISHONEST,
    field_class=P,
    person_class=D,
)
class TaxArrears(CreditRecord):
    uscc: Uscc | None = record_field("统一社会信用代码", P)
    taxpayer_name: str | None = record_field("纳税人名称", P)
    tax_no: str | None = record_field("纳税人识别号", P)
    place_of_business: str | None = record_field("经营地点", P, mask=M.ADDRESS)
    tax_kind: str | None = record_field("欠税税种", P)
    balance: Money | None = record_field("欠税余额（元）", P, mask=M.AMOUNT_BAND)
    publishing_office: str | None = record_field("发布单位", P)
    announced_on: Date | None = record_field("公告日期", P)


@record_type(
    RecordKind.TAX_PAYMENT,
    "纳税信息",
    catalogue="C03",
    nature=Nature.BASIC,
    field_class=A,
    person_class=S,
    description="Confidential: taxpayer data go to others by consent or in bands only.",
)
class TaxPayment(CreditRecord):
    period_from: Date | None = record_field("税款所属期起", A)
    period_to: Date | None = record_field("税款所属期止", A)
    item: str | None = record_field("征收品目", A)
    tax_kind: str | None = record_field("征收项目", A)
    paid_amount: Money | None = record_field("实缴金额（元）", A, mask=M.AMOUNT_BAND)
    entry_date: Date | None = record_field("入（退）库日期", A)


@record_type(
    RecordKind.MAJOR_TAX_VIOLATION,
    "重大税收违法失信主体",
    catalogue="C06",
    nature=Nature.DISHONEST,
    field_class=P,
    person_class=D,
)
class MajorTaxViolation(CreditRecord):
    uscc: Uscc | None = record_field("统一社会信用代码", P)
    taxpayer_name: str | None = record_field("纳税人名称", P)
    tax_no: str | None = record_field("纳税人识别号", P)
    registered_address: str | None = record_field("注册地址", P, mask=M.ADDRESS)
    legal_representative_name: str | None = record_field("法定代表人或者负责人姓名", P)
    legal_representative_gender: Gender | None = record_field("法定代表人或者负责人性别", P)
    legal_representative_id_no: str | None = record_field("证件号码", S, mask=M.ID_STRICT)
    finance_responsible: list[ResponsiblePerson] | None = strawberry.field(
        description="负有直接责任的财务人员"
    )
    case_nature: TaxCaseNature | None = record_field("案件性质", P)
    main_facts: str | None = record_field("主要违法事实", P, mask=M.DOCUMENT, free_text=True)
    legal_basis_and_decision: str | None = record_field(
        "处理处罚情况及依据", P, mask=M.DOCUMENT, free_text=True
    )
    determined_by: str | None = record_field("确定机关", P)
    determined_on: Date | None = record_field("确定日期", P)
    published_on: Date | None = record_field("公布日期", P)
    removed_on: Date | None = record_field("停止公布日期", P)
