"""Record kinds of the market regulator, and the administrative acts that any department takes."""

from __future__ import annotations

import strawberry

from schema.classification import FieldClass, MaskKind
from schema.codes import (
    AbnormalReason,
    ActType,
    CounterpartType,
    IdentityDocumentType,
    LegalStatus,
    LicenceCategory,
    LicenceStatus,
    Nature,
    PenaltyCategory,
    RecordKind,
    RegistrationStatus,
    ShareholderKind,
    SubjectType,
)
from schema.fields import nested_type, record_field, record_type
from schema.meta import CreditRecord
from schema.scalars import Date, DecimalNumber, Money, Uscc

P, D, A, S = FieldClass.PUBLIC, FieldClass.DEPARTMENT, FieldClass.AUTHORISED, FieldClass.SECRET
M = MaskKind


@nested_type("股东及出资 / shareholder and contribution")
class Shareholder:
    name: str | None = record_field("股东名称", P, note="Of natural persons the name only.")
    kind: ShareholderKind | None = record_field("股东类型", P)
    subscribed: Money | None = record_field("认缴出资额（元）", P)
    paid: Money | None = record_field("实缴出资额（元）", P)


@nested_type("董事、监事、高级管理人员 / director or manager")
class Officer:
    name: str | None = record_field("姓名", P)
    position: str | None = record_field("职务", P)


@nested_type("受益所有人 / beneficial owner")
class BeneficialOwner:
    name: str | None = record_field("姓名", S, mask=M.NAME)
    ground: str | None = record_field("判定依据", S)


@record_type(
    RecordKind.REGISTRATION,
    "市场主体登记信息",
    catalogue="C01",
    nature=Nature.BASIC,
    field_class=P,
    person_class=D,
    singular=True,
)
class Registration(CreditRecord):
    uscc: Uscc | None = record_field("统一社会信用代码", P)
    name: str | None = record_field("名称", P)
    subject_type: SubjectType | None = record_field("主体类型", P)
    enterprise_type: str | None = record_field("企业类型", P)
    status: RegistrationStatus | None = record_field("登记状态", P)
    legal_representative_name: str | None = record_field("法定代表人（负责人、经营者）", P)
    legal_representative_id_no: str | None = record_field("法定代表人证件号码", S, mask=M.ID_STRICT)
    legal_representative_phone: str | None = record_field("法定代表人联系电话", S, mask=M.PHONE)
    registered_capital: Money | None = record_field("注册资本（元）", P)
    currency: str | None = record_field("币种", P, note="ISO 4217 letter code.")
    established_on: Date | None = record_field("成立日期", P)
    approved_on: Date | None = record_field("核准日期", P)
    business_from: Date | None = record_field("经营期限自", P)
    business_to: Date | None = record_field("经营期限至", P, note="Null means long term.")
    business_scope: str | None = record_field("经营范围", P, free_text=True)
    address: str | None = record_field(
        "住所", P, mask=M.ADDRESS, note="Masked for an individual business run from a home."
    )
    division_code: str | None = record_field("行政区划", P, note="GB/T 2260.")
    registration_authority: str | None = record_field("登记机关", P)
    industry_code: str | None = record_field("行业代码", P, note="GB/T 4754.")
    industry_name: str | None = record_field("行业名称", P)
    registration_no: str | None = record_field("注册号", D)
    organisation_code: str | None = record_field("组织机构代码", D)
    tax_no: str | None = record_field("纳税人识别号", D)
    shareholders: list[Shareholder] | None = strawberry.field(description="股东及出资")
    directors_and_managers: list[Officer] | None = strawberry.field(description="董监高")
    beneficial_owners: list[BeneficialOwner] | None = strawberry.field(description="受益所有人")


@record_type(
    RecordKind.ADMINISTRATIVE_LICENCE,
    "行政许可",
    catalogue="C03",
    nature=Nature.BASIC,
    field_class=P,
    person_class=D,
)
class AdministrativeLicence(CreditRecord):
    counterpart_name: str | None = record_field(
        "行政相对人名称", P, person_class=D, person_mask=M.NAME, code="XK_XDR_MC"
    )
    counterpart_type: CounterpartType | None = record_field("行政相对人类别", P, code="XK_XDR_TYPE")
    counterpart_uscc: Uscc | None = record_field("统一社会信用代码", P, code="XK_XDR_SHXYM")
    counterpart_reg_no: str | None = record_field("工商注册号", D, code="XK_XDR_GSZC")
    counterpart_org_code: str | None = record_field("组织机构代码", D, code="XK_XDR_ZZJG")
    counterpart_tax_no: str | None = record_field("税务登记号", D, code="XK_XDR_SWDJ")
    counterpart_inst_no: str | None = record_field("事业单位证书号", D, code="XK_XDR_SYDW")
    counterpart_soc_no: str | None = record_field("社会组织登记证号", D, code="XK_XDR_SHZZ")
    legal_representative: str | None = record_field("法定代表人", P, person_class=D, code="XK_FRDB")
    legal_representative_id_no: str | None = record_field(
        "法定代表人证件号码", S, mask=M.ID_STRICT, code="XK_FR_ZJHM"
    )
    person_id_type: IdentityDocumentType | None = record_field("证件类型", S, code="XK_XDR_ZJLX")
    person_id_no: str | None = record_field("证件号码", S, mask=M.ID_STRICT, code="XK_XDR_ZJHM")
    document_name: str | None = record_field("行政许可决定书名称", P, code="XK_XKWS")
    document_no: str | None = record_field("行政许可决定书文号", P, code="XK_WSH")
    category: LicenceCategory | None = record_field("许可类别", P, code="XK_XKLB")
    certificate_name: str | None = record_field("许可证书名称", P, code="XK_XKZS")
    certificate_no: str | None = record_field("许可编号", P, code="XK_XKBH")
    content: str | None = record_field("许可内容", P, mask=M.DOCUMENT, code="XK_NR", free_text=True)
    decided_on: Date | None = record_field("许可决定日期", P, code="XK_JDRQ")
    valid_from: Date | None = record_field("有效期自", P, code="XK_YXQZ")
    valid_to: Date | None = record_field("有效期至", P, code="XK_YXQZI")
    authority_name: str | None = record_field("许可机关", P, code="XK_XKJG")
    authority_code: Uscc | None = record_field("许可机关统一社会信用代码", P, code="XK_XKJGDM")
    source_unit: str | None = record_field("数据来源单位", P, code="XK_LYDW")
    source_unit_code: Uscc | None = record_field("数据来源单位代码", P, code="XK_LYDWDM")
    status: LicenceStatus | None = record_field("当前状态", P, code="XK_ZT")
    remark: str | None = record_field("备注", D, code="BZ", free_text=True)


@record_type(
    RecordKind.ADMINISTRATIVE_PENALTY,
    "行政处罚",
    catalogue="C03",
    nature=Nature.DISHONEST,
    field_class=P,
    person_class=D,
)
class AdministrativePenalty(CreditRecord):
    counterpart_name: str | None = record_field(
        "行政相对人名称", P, person_class=D, person_mask=M.NAME, code="CF_XDR_MC"
    )
    counterpart_type: CounterpartType | None = record_field("行政相对人类别", P, code="CF_XDR_LB")
    counterpart_uscc: Uscc | None = record_field("统一社会信用代码", P, code="CF_XDR_SHXYM")
    counterpart_reg_no: str | None = record_field("工商注册号", D, code="CF_XDR_GSZC")
    counterpart_org_code: str | None = record_field("组织机构代码", D, code="CF_XDR_ZZJG")
    counterpart_tax_no: str | None = record_field("税务登记号", D, code="CF_XDR_SWDJ")
    counterpart_inst_no: str | None = record_field("事业单位证书号", D, code="CF_XDR_SYDW")
    counterpart_soc_no: str | None = record_field("社会组织登记证号", D, code="CF_XDR_SHZZ")
    legal_representative: str | None = record_field("法定代表人", P, person_class=D, code="CF_FRDB")
    legal_representative_id_no: str | None = record_field(
        "法定代表人证件号码", S, mask=M.ID_STRICT, code="CF_FR_ZJHM"
    )
    person_id_type: IdentityDocumentType | None = record_field("证件类型", S, code="CF_XDR_ZJLX")
    person_id_no: str | None = record_field("证件号码", S, mask=M.ID_STRICT, code="CF_XDR_ZJHM")
    document_no: str | None = record_field("行政处罚决定书文号", P, code="CF_WSH")
    violation_type: str | None = record_field("违法行为类型", P, code="CF_WFXW")
    facts: str | None = record_field("违法事实", P, mask=M.DOCUMENT, code="CF_SY", free_text=True)
    basis: str | None = record_field("处罚依据", P, code="CF_YJ", free_text=True)
    categories: list[PenaltyCategory] | None = record_field("处罚类别", P, code="CF_CFLB")
    content: str | None = record_field("处罚内容", P, mask=M.DOCUMENT, code="CF_NR", free_text=True)
    fine_amount: Money | None = record_field(
        "罚款金额（元）", P, mask=M.AMOUNT_BAND, code="CF_NR_FK"
    )
    confiscated_amount: Money | None = record_field(
        "没收违法所得、没收非法财物金额（元）", P, mask=M.AMOUNT_BAND, code="CF_NR_WFFF"
    )
    suspended_or_revoked_certificate: str | None = record_field(
        "暂扣或吊销证照名称及编号", P, code="CF_NR_ZKDX"
    )
    decided_on: Date | None = record_field("处罚决定日期", P, code="CF_JDRQ")
    valid_until: Date | None = record_field("处罚有效期", P, code="CF_YXQ")
    publish_until: Date | None = record_field("公示截止期", P, code="CF_GSJZQ")
    authority_name: str | None = record_field("处罚机关", P, code="CF_CFJG")
    authority_code: Uscc | None = record_field("处罚机关统一社会信用代码", P, code="CF_CFJGDM")
    source_unit: str | None = record_field("数据来源单位", P, code="CF_SJLY")
    source_unit_code: Uscc | None = record_field("数据来源单位代码", P, code="CF_SJLYDM")
    simple_procedure: bool | None = record_field("是否简易程序", D)
    performed: bool | None = record_field("是否履行完毕", D)
    performed_on: Date | None = record_field("履行日期", D)
    legal_status: LegalStatus | None = record_field("效力状态", P)
    remark: str | None = record_field("备注", D, code="BZ", free_text=True)


@record_type(
    RecordKind.OTHER_ADMINISTRATIVE_ACT,
    "其他行政行为",
    catalogue="C03",
    nature=Nature.OTHER,
    field_class=P,
    person_class=D,
)
class OtherAdministrativeAct(CreditRecord):
    act_type: ActType | None = record_field("行为类型", P)
    counterpart_name: str | None = record_field(
        "行政相对人名称", P, person_class=D, person_mask=M.NAME
    )
    counterpart_type: CounterpartType | None = record_field("行政相对人类别", P)
    counterpart_uscc: Uscc | None = record_field("统一社会信用代码", P)
    counterpart_reg_no: str | None = record_field("工商注册号", D)
    counterpart_org_code: str | None = record_field("组织机构代码", D)
    counterpart_tax_no: str | None = record_field("税务登记号", D)
    counterpart_inst_no: str | None = record_field("事业单位证书号", D)
    counterpart_soc_no: str | None = record_field("社会组织登记证号", D)
    legal_representative: str | None = record_field("法定代表人", P, person_class=D)
    legal_representative_id_no: str | None = record_field("法定代表人证件号码", S, mask=M.ID_STRICT)
    person_id_type: IdentityDocumentType | None = record_field("证件类型", S)
    person_id_no: str | None = record_field("证件号码", S, mask=M.ID_STRICT)
    document_no: str | None = record_field("文书号", P)
    content: str | None = record_field("内容", P, mask=M.DOCUMENT, free_text=True)
    basis: str | None = record_field("依据", P, free_text=True)
    decided_on: Date | None = record_field("决定日期", P)
    authority_name: str | None = record_field("机关", P)
    authority_code: Uscc | None = record_field("机关统一社会信用代码", P)
    amount: Money | None = record_field("金额（元）", A, mask=M.AMOUNT_BAND)


@record_type(
    RecordKind.ABNORMAL_OPERATION_ENTRY,
    "经营异常名录",
    catalogue="C05",
    nature=Nature.DISHONEST,
    field_class=P,
    person_class=D,
)
class AbnormalOperationEntry(CreditRecord):
    uscc: Uscc | None = record_field("统一社会信用代码", P)
    name: str | None = record_field("企业名称", P)
    registration_no: str | None = record_field("注册号", P)
    entered_on: Date | None = record_field("列入日期", P)
    enter_reason: AbnormalReason | None = record_field("列入原因", P)
    enter_authority: str | None = record_field("作出决定机关（列入）", P)
    removed_on: Date | None = record_field("移出日期", P)
    remove_reason: str | None = record_field("移出原因", P, free_text=True)
    remove_authority: str | None = record_field("作出决定机关（移出）", P)
    mark_only: bool | None = record_field(
        "标记为经营异常状态", P, note="Individual businesses get a mark instead of an entry."
    )


@record_type(
    RecordKind.SERIOUS_VIOLATION_ENTRY,
    "严重违法失信名单",
    catalogue="C06",
    nature=Nature.DISHONEST,
    field_class=P,
    person_class=D,
)
class SeriousViolationEntry(CreditRecord):
    uscc: Uscc | None = record_field("统一社会信用代码", P)
    name: str | None = record_field("企业名称", P)
    registration_no: str | None = record_field("注册号", P)
    entered_on: Date | None = record_field("列入日期", P)
    enter_reason: str | None = record_field("列入原因", P, free_text=True)
    enter_authority: str | None = record_field("作出决定机关（列入）", P)
    removed_on: Date | None = record_field("移出日期", P)
    remove_reason: str | None = record_field("移出原因", P, free_text=True)
    remove_authority: str | None = record_field("作出决定机关（移出）", P)


@record_type(
    RecordKind.COMPLAINT_SUMMARY,
    "投诉举报汇总",
    catalogue="C03",
    nature=Nature.OTHER,
    field_class=P,
    person_class=D,
    description="Aggregates per respondent and year; single complaints never leave their source.",
)
class ComplaintSummary(CreditRecord):
    year: int | None = record_field("年度", P)
    complaint_count: int | None = record_field("投诉举报数量", P)
    resolved_count: int | None = record_field("办结数量", P)
    resolved_rate: DecimalNumber | None = record_field(
        "办结率", P, note="Share of closed cases, 0 to 1, with four decimals."
    )
    handling_unit: str | None = record_field("办理单位", D)


__all__ = [
    "AbnormalOperationEntry",
    "AdministrativeLicence",
    "AdministrativePenalty",
    "BeneficialOwner",
    "ComplaintSummary",
    "Officer",
    "OtherAdministrativeAct",
    "Registration",
    "SeriousViolationEntry",
    "Shareholder",
]
