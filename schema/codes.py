"""Code lists of the unified schema, as enums. Adapters translate their own codes into these.

Descriptions carry the official Chinese term. A code list belongs here only if the unified
schema shows it; lists that one department uses internally stay in that department's mapping.
"""

from __future__ import annotations

from enum import Enum
from typing import TypeVar

import strawberry

_E = TypeVar("_E", bound=type[Enum])


def code_list(description: str, **terms: str) -> _Decorator:
    """Register an enum as a GraphQL code list.

    Args:
        description: what the list is, Chinese term first.
        terms: official Chinese term per member name; every member needs one.

    Raises:
        TypeError: a member has no term, or a term no member.
    """
    return _Decorator(description, terms)


class _Decorator:
    def __init__(self, description: str, terms: dict[str, str]) -> None:
        self._description = description
        self._terms = terms

    def __call__(self, cls: _E) -> _E:
        members = list(cls.__members__)
        if members != list(self._terms):
            raise TypeError(
                f"code list `{cls.__name__}` has members {members}, terms {list(self._terms)}"
            )
        strawberry.enum(cls, description=self._description)
        definition = cls.__strawberry_definition__  # type: ignore[attr-defined]
        for value in definition.values:
            value.description = self._terms[value.name]
        cls.terms = self._terms  # type: ignore[attr-defined]
        return cls


@code_list(
    "信息类别 / kind of record",
    REGISTRATION="市场主体登记信息",
    ADMINISTRATIVE_LICENCE="行政许可信息",
    ADMINISTRATIVE_PENALTY="行政处罚信息",
    OTHER_ADMINISTRATIVE_ACT="其他行政行为信息",
    TAXPAYER_CREDIT="纳税缴费信用信息",
    TAX_ARREARS="欠税信息",
    TAX_PAYMENT="纳税信息",
    MAJOR_TAX_VIOLATION="重大税收违法失信主体信息",
    JUDGMENT_DEFAULTER="失信被执行人信息",
    CONSUMPTION_RESTRICTION="限制消费令信息",
    ABNORMAL_OPERATION_ENTRY="经营异常名录信息",
    SERIOUS_VIOLATION_ENTRY="严重违法失信名单信息",
    COMPLAINT_SUMMARY="投诉举报汇总信息",
    COMMITMENT="信用承诺及履行情况信息",
    HONOUR="诚实守信相关荣誉信息",
    CONTRACT_PERFORMANCE="合同履行信息",
    LIST_ENTRY="严重失信主体名单信息",
    LOOK_UP="访问日志",
)
class RecordKind(Enum):
    REGISTRATION = "REGISTRATION"
    ADMINISTRATIVE_LICENCE = "ADMINISTRATIVE_LICENCE"
    ADMINISTRATIVE_PENALTY = "ADMINISTRATIVE_PENALTY"
    OTHER_ADMINISTRATIVE_ACT = "OTHER_ADMINISTRATIVE_ACT"
    TAXPAYER_CREDIT = "TAXPAYER_CREDIT"
    TAX_ARREARS = "TAX_ARREARS"
    TAX_PAYMENT = "TAX_PAYMENT"
    MAJOR_TAX_VIOLATION = "MAJOR_TAX_VIOLATION"
    JUDGMENT_DEFAULTER = "JUDGMENT_DEFAULTER"
    CONSUMPTION_RESTRICTION = "CONSUMPTION_RESTRICTION"
    ABNORMAL_OPERATION_ENTRY = "ABNORMAL_OPERATION_ENTRY"
    SERIOUS_VIOLATION_ENTRY = "SERIOUS_VIOLATION_ENTRY"
    COMPLAINT_SUMMARY = "COMPLAINT_SUMMARY"
    COMMITMENT = "COMMITMENT"
    HONOUR = "HONOUR"
    CONTRACT_PERFORMANCE = "CONTRACT_PERFORMANCE"
    LIST_ENTRY = "LIST_ENTRY"
    LOOK_UP = "LOOK_UP"


@code_list(
    "信息性质 / nature of a record (catalogue element)",
    BASIC="基础信息",
    GOOD="守信信息",
    DISHONEST="失信信息",
    OTHER="其他信息",
)
class Nature(Enum):
    BASIC = "BASIC"
    GOOD = "GOOD"
    DISHONEST = "DISHONEST"
    OTHER = "OTHER"


@code_list(
    "失信程度 / severity of dishonesty", NONE="无", MINOR="轻微", GENERAL="一般", SERIOUS="严重"
)
class Severity(Enum):
    NONE = "NONE"
    MINOR = "MINOR"
    GENERAL = "GENERAL"
    SERIOUS = "SERIOUS"


@code_list(
    "披露状态 / disclosure state in the life cycle of publication",
    RECEIVED="已接收",
    RETURNED="已退回",
    VERIFIED="已核查",
    PUBLISHED="公示中",
    SHARED="共享中",
    ENDED="已修复",
    WITHDRAWN="已撤回",
    ARCHIVED="已归档",
)
class DisclosureState(Enum):
    RECEIVED = "RECEIVED"
    RETURNED = "RETURNED"
    VERIFIED = "VERIFIED"
    PUBLISHED = "PUBLISHED"
    SHARED = "SHARED"
    ENDED = "ENDED"
    WITHDRAWN = "WITHDRAWN"
    ARCHIVED = "ARCHIVED"


@code_list(
    "共享属性 / sharing attribute between departments",
    UNCONDITIONAL="无条件共享",
    CONDITIONAL="有条件共享",
    NONE="不予共享",
)
class SharingAttribute(Enum):
    UNCONDITIONAL = "UNCONDITIONAL"
    CONDITIONAL = "CONDITIONAL"
    NONE = "NONE"


@code_list(
    "披露方式 / way of disclosure",
    PUBLIC_DISPLAY="公开公示",
    GOV_SHARING="政务共享",
    AUTHORISED_QUERY="授权查询",
    NOT_DISCLOSED="不予披露",
)
class DisclosureWay(Enum):
    PUBLIC_DISPLAY = "PUBLIC_DISPLAY"
    GOV_SHARING = "GOV_SHARING"
    AUTHORISED_QUERY = "AUTHORISED_QUERY"
    NOT_DISCLOSED = "NOT_DISCLOSED"


@code_list(
    "主体类型 / type of credit subject",
    LEGAL_PERSON="法人",
    UNINCORPORATED="非法人组织",
    INDIVIDUAL_BUSINESS="个体工商户",
    NATURAL_PERSON="自然人",
    ORGAN="机关",
)
class SubjectType(Enum):
    LEGAL_PERSON = "LEGAL_PERSON"
    UNINCORPORATED = "UNINCORPORATED"
    INDIVIDUAL_BUSINESS = "INDIVIDUAL_BUSINESS"
    NATURAL_PERSON = "NATURAL_PERSON"
    ORGAN = "ORGAN"


@code_list(
    "登记状态 / registration status",
    ACTIVE="存续（开业）",
    REVOKED="吊销",
    CANCELLED="注销",
    MOVED_OUT="迁出",
    SUSPENDED="歇业",
)
class RegistrationStatus(Enum):
    ACTIVE = "ACTIVE"
    REVOKED = "REVOKED"
    CANCELLED = "CANCELLED"
    MOVED_OUT = "MOVED_OUT"
    SUSPENDED = "SUSPENDED"


@code_list(
    "行政相对人类别 / type of administrative counterpart",
    NATURAL_PERSON="自然人",
    LEGAL_PERSON="法人",
    UNINCORPORATED="非法人组织",
    INDIVIDUAL_BUSINESS="个体工商户",
)
class CounterpartType(Enum):
    NATURAL_PERSON = "NATURAL_PERSON"
    LEGAL_PERSON = "LEGAL_PERSON"
    UNINCORPORATED = "UNINCORPORATED"
    INDIVIDUAL_BUSINESS = "INDIVIDUAL_BUSINESS"


@code_list(
    "证件类型 / identity document type",
    RESIDENT_ID="身份证",
    PASSPORT="护照",
    HK_MACAO_PERMIT="港澳居民来往内地通行证",
    TAIWAN_PERMIT="台湾居民来往大陆通行证",
    FOREIGN_PERMANENT_RESIDENT="外国人永久居留身份证",
)
class IdentityDocumentType(Enum):
    RESIDENT_ID = "RESIDENT_ID"
    PASSPORT = "PASSPORT"
    HK_MACAO_PERMIT = "HK_MACAO_PERMIT"
    TAIWAN_PERMIT = "TAIWAN_PERMIT"
    FOREIGN_PERMANENT_RESIDENT = "FOREIGN_PERMANENT_RESIDENT"


@code_list(
    "许可类别 / licence category",
    ORDINARY="普通",
    CONCESSION="特许",
    RECOGNITION="认可",
    APPROVAL="核准",
    REGISTRATION="登记",
    OTHER="其他",
)
class LicenceCategory(Enum):
    ORDINARY = "ORDINARY"
    CONCESSION = "CONCESSION"
    RECOGNITION = "RECOGNITION"
    APPROVAL = "APPROVAL"
    REGISTRATION = "REGISTRATION"
    OTHER = "OTHER"


@code_list(
    "许可当前状态 / licence status", VALID="有效", CHANGED="变更", REVOKED="撤销", EXPIRED="失效"
)
class LicenceStatus(Enum):
    VALID = "VALID"
    CHANGED = "CHANGED"
    REVOKED = "REVOKED"
    EXPIRED = "EXPIRED"


@code_list(
    "处罚类别 / penalty category",
    P11="警告",
    P12="通报批评",
    P21="罚款",
    P22="没收违法所得",
    P23="没收非法财物",
    P31="暂扣许可证件",
    P32="降低资质等级",
    P33="吊销许可证件",
    P41="限制开展生产经营活动",
    P42="责令停产停业",
    P43="责令关闭",
    P44="限制从业",
    P51="行政拘留",
    P99="其他",
)
class PenaltyCategory(Enum):
    P11 = "P11"
    P12 = "P12"
    P21 = "P21"
    P22 = "P22"
    P23 = "P23"
    P31 = "P31"
    P32 = "P32"
    P33 = "P33"
    P41 = "P41"
    P42 = "P42"
    P43 = "P43"
    P44 = "P44"
    P51 = "P51"
    P99 = "P99"


@code_list(
    "效力状态 / legal status of an act",
    EFFECTIVE="有效",
    UNDER_REVIEW="复议诉讼中",
    CHANGED="变更",
    REVOKED="撤销",
)
class LegalStatus(Enum):
    EFFECTIVE = "EFFECTIVE"
    UNDER_REVIEW = "UNDER_REVIEW"
    CHANGED = "CHANGED"
    REVOKED = "REVOKED"


@code_list(
    "行政行为类型 / type of administrative act",
    COERCION="行政强制",
    CONFIRMATION="行政确认",
    COLLECTION="行政征收",
    PAYMENT="行政给付",
    ADJUDICATION="行政裁决",
    COMPENSATION="行政补偿",
    REWARD="行政奖励",
    INSPECTION="行政监督检查",
)
class ActType(Enum):
    COERCION = "COERCION"
    CONFIRMATION = "CONFIRMATION"
    COLLECTION = "COLLECTION"
    PAYMENT = "PAYMENT"
    ADJUDICATION = "ADJUDICATION"
    COMPENSATION = "COMPENSATION"
    REWARD = "REWARD"
    INSPECTION = "INSPECTION"


@code_list("纳税信用级别 / taxpayer credit grade", A="A级", B="B级", M="M级", C="C级", D="D级")
class TaxGrade(Enum):
    A = "A"
    B = "B"
    M = "M"
    C = "C"
    D = "D"


@code_list(
    "案件性质 / nature of a tax case",
    EVASION="偷税",
    RECOVERY_EVASION="逃避追缴欠税",
    REFUND_FRAUD="骗取出口退税",
    RESISTANCE="抗税",
    FALSE_SPECIAL_INVOICES="虚开增值税专用发票",
    FALSE_ORDINARY_INVOICES="虚开普通发票",
    FORGED_INVOICES="伪造发票",
    ABSCONDING="走逃失联",
    OTHER="其他",
)
class TaxCaseNature(Enum):
    EVASION = "EVASION"
    RECOVERY_EVASION = "RECOVERY_EVASION"
    REFUND_FRAUD = "REFUND_FRAUD"
    RESISTANCE = "RESISTANCE"
    FALSE_SPECIAL_INVOICES = "FALSE_SPECIAL_INVOICES"
    FALSE_ORDINARY_INVOICES = "FALSE_ORDINARY_INVOICES"
    FORGED_INVOICES = "FORGED_INVOICES"
    ABSCONDING = "ABSCONDING"
    OTHER = "OTHER"


@code_list("性别 / gender", MALE="男", FEMALE="女")
class Gender(Enum):
    MALE = "MALE"
    FEMALE = "FEMALE"


@code_list(
    "被执行人性质 / kind of judgment debtor", NATURAL="自然人", ORGANISATION="法人或其他组织"
)
class DebtorKind(Enum):
    NATURAL = "NATURAL"
    ORGANISATION = "ORGANISATION"


@code_list(
    "被执行人的履行情况 / performance of a judgment",
    NONE="全部未履行",
    PARTIAL="部分履行",
    FULL="全部已履行",
)
class JudgmentPerformance(Enum):
    NONE = "NONE"
    PARTIAL = "PARTIAL"
    FULL = "FULL"


@code_list(
    "失信被执行人行为具体情形 / circumstance of default",
    REFUSES_THOUGH_ABLE="有履行能力而拒不履行",
    OBSTRUCTS="以伪造证据、暴力、威胁等方法妨碍、抗拒执行",
    EVADES="以虚假诉讼、虚假仲裁或者以隐匿、转移财产等方法规避执行",
    BREAKS_PROPERTY_REPORT="违反财产报告制度",
    BREAKS_CONSUMPTION_ORDER="违反限制消费令",
    REFUSES_SETTLEMENT="无正当理由拒不履行执行和解协议",
)
class DefaultCircumstance(Enum):
    REFUSES_THOUGH_ABLE = "REFUSES_THOUGH_ABLE"
    OBSTRUCTS = "OBSTRUCTS"
    EVADES = "EVADES"
    BREAKS_PROPERTY_REPORT = "BREAKS_PROPERTY_REPORT"
    BREAKS_CONSUMPTION_ORDER = "BREAKS_CONSUMPTION_ORDER"
    REFUSES_SETTLEMENT = "REFUSES_SETTLEMENT"


@code_list(
    "列入经营异常名录原因 / reason for an abnormal-operations entry",
    AE1="未按期公示年度报告",
    AE2="未在责令期限内公示有关企业信息",
    AE3="公示信息隐瞒真实情况、弄虚作假",
    AE4="通过登记的住所或者经营场所无法联系",
)
class AbnormalReason(Enum):
    AE1 = "AE1"
    AE2 = "AE2"
    AE3 = "AE3"
    AE4 = "AE4"


@code_list("股东类型 / kind of shareholder", NATURAL="自然人", ORGANISATION="非自然人")
class ShareholderKind(Enum):
    NATURAL = "NATURAL"
    ORGANISATION = "ORGANISATION"


@code_list(
    "责任人员身份 / role of a responsible person",
    LEGAL_REP="法定代表人",
    PRINCIPAL="主要负责人",
    ACTUAL_CONTROLLER="实际控制人",
    DIRECTLY_RESPONSIBLE="直接责任人员",
    FINANCE_RESPONSIBLE="直接负责的财务人员",
)
class ResponsibleRole(Enum):
    LEGAL_REP = "LEGAL_REP"
    PRINCIPAL = "PRINCIPAL"
    ACTUAL_CONTROLLER = "ACTUAL_CONTROLLER"
    DIRECTLY_RESPONSIBLE = "DIRECTLY_RESPONSIBLE"
    FINANCE_RESPONSIBLE = "FINANCE_RESPONSIBLE"


@code_list(
    "名单退出原因 / why an entry on a list ended",
    REPAIRED="信用修复",
    VALIDITY_OVER="有效期届满",
    BASIS_ANNULLED="认定依据撤销",
    WRONGLY_LISTED="错误列入",
)
class ListExitReason(Enum):
    REPAIRED = "REPAIRED"
    VALIDITY_OVER = "VALIDITY_OVER"
    BASIS_ANNULLED = "BASIS_ANNULLED"
    WRONGLY_LISTED = "WRONGLY_LISTED"


@code_list(
    "承诺类型 / type of a credit commitment",
    APPROVAL="审批替代型",
    CERTIFICATE="证明事项替代型",
    MISSING_DOC="容缺受理型",
    DISCLOSURE="主动公示型",
    INDUSTRY="行业自律型",
    REPAIR="信用修复型",
)
class CommitmentType(Enum):
    APPROVAL = "APPROVAL"
    CERTIFICATE = "CERTIFICATE"
    MISSING_DOC = "MISSING_DOC"
    DISCLOSURE = "DISCLOSURE"
    INDUSTRY = "INDUSTRY"
    REPAIR = "REPAIR"


@code_list(
    "承诺履行状态 / how a commitment was kept",
    PENDING="履行中",
    OVERDUE="逾期",
    KEPT="已履行",
    BROKEN="违诺",
    EXEMPT="免责",
    REPAIRED="已修复",
)
class CommitmentPerformance(Enum):
    PENDING = "PENDING"
    OVERDUE = "OVERDUE"
    KEPT = "KEPT"
    BROKEN = "BROKEN"
    EXEMPT = "EXEMPT"
    REPAIRED = "REPAIRED"


@code_list(
    "承诺核查情况 / what a check of a commitment found",
    NOT_CHECKED="未核查",
    TRUE_AND_KEPT="属实",
    UNTRUE="不属实",
)
class CommitmentCheck(Enum):
    NOT_CHECKED = "NOT_CHECKED"
    TRUE_AND_KEPT = "TRUE_AND_KEPT"
    UNTRUE = "UNTRUE"


@code_list(
    "荣誉级别 / level of an honour",
    NATIONAL="国家级",
    PROVINCIAL="省级",
    MUNICIPAL="市级",
    DISTRICT="区县级",
    INDUSTRY="行业级",
)
class HonourLevel(Enum):
    NATIONAL = "NATIONAL"
    PROVINCIAL = "PROVINCIAL"
    MUNICIPAL = "MUNICIPAL"
    DISTRICT = "DISTRICT"
    INDUSTRY = "INDUSTRY"


@code_list(
    "合同类型 / kind of a contract",
    PROCUREMENT="采购",
    CONCESSION="特许",
    LAND="土地",
    SUBSIDY="政策兑现",
    SALE="买卖",
)
class ContractKind(Enum):
    PROCUREMENT = "PROCUREMENT"
    CONCESSION = "CONCESSION"
    LAND = "LAND"
    SUBSIDY = "SUBSIDY"
    SALE = "SALE"


@code_list(
    "履约状态 / how a contract is performed",
    NORMAL="正常履约",
    LATE="逾期",
    BREACHED="违约",
    DONE="履行完毕",
    TERMINATED="已终止",
)
class ContractState(Enum):
    NORMAL = "NORMAL"
    LATE = "LATE"
    BREACHED = "BREACHED"
    DONE = "DONE"
    TERMINATED = "TERMINATED"


@code_list(
    "访问方类别 / class of who looked at a subject",
    PUBLIC="社会公众",
    SUBJECT="信用主体",
    DEPARTMENT="政务部门",
    INSTITUTION="金融机构",
    PLATFORM="融资信用服务平台",
    CREDIT_CENTRE="信用中心",
    ASSOCIATION="行业协会商会",
    AUDITOR="审计机关",
)
class AccessorClass(Enum):
    PUBLIC = "PUBLIC"
    SUBJECT = "SUBJECT"
    DEPARTMENT = "DEPARTMENT"
    INSTITUTION = "INSTITUTION"
    PLATFORM = "PLATFORM"
    CREDIT_CENTRE = "CREDIT_CENTRE"
    ASSOCIATION = "ASSOCIATION"
    AUDITOR = "AUDITOR"


@code_list(
    "访问结果 / whether a look-up was answered; refused: it was shown no field that it asked for",
    ANSWERED="已答复",
    REFUSED="已拒绝",
)
class LookUpOutcome(Enum):
    ANSWERED = "ANSWERED"
    REFUSED = "REFUSED"


@code_list("数据项结果 / how a field was shown", CLEAR="明文", MASKED="脱敏", REFUSED="拒绝")
class ShownAs(Enum):
    CLEAR = "CLEAR"
    MASKED = "MASKED"
    REFUSED = "REFUSED"
