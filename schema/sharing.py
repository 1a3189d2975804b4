"""Answer and input types of sharing grants, consents and the notices about them."""

from __future__ import annotations

from enum import Enum

import strawberry

from schema.codes import RecordKind, SharingAttribute, code_list
from schema.scalars import Date, DateTime, Uscc


@code_list(
    "共享授权状态 / state of a sharing grant; only ACTIVE opens anything",
    REQUESTED="已申请",
    REFUSED="不予共享",
    ACTIVE="有效",
    SUSPENDED="已中止",
    REVOKED="已撤销",
    EXPIRED="已到期",
)
class GrantState(Enum):
    REQUESTED = "REQUESTED"
    REFUSED = "REFUSED"
    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"
    REVOKED = "REVOKED"
    EXPIRED = "EXPIRED"


@code_list(
    "授权书状态 / state of a consent; only ACTIVE releases data",
    DRAFT="草稿",
    SIGNED="已签署待核验",
    ACTIVE="有效",
    REFUSED="核验不通过",
    USED_UP="已使用",
    EXPIRED="已到期",
    WITHDRAWN="已撤回",
    REPLACED="已被替换",
)
class ConsentState(Enum):
    DRAFT = "DRAFT"
    SIGNED = "SIGNED"
    ACTIVE = "ACTIVE"
    REFUSED = "REFUSED"
    USED_UP = "USED_UP"
    EXPIRED = "EXPIRED"
    WITHDRAWN = "WITHDRAWN"
    REPLACED = "REPLACED"


@code_list("共享方式 / how data are shared", SERVICE="接口", BATCH="批量交换", FILE="文件")
class SharingMode(Enum):
    SERVICE = "SERVICE"
    BATCH = "BATCH"
    FILE = "FILE"


@code_list(
    "签署人身份 / in which role the signer signed",
    LEGAL_REPRESENTATIVE="法定代表人",
    ATTORNEY="代理人",
    SELF="本人",
)
class SignerRole(Enum):
    LEGAL_REPRESENTATIVE = "LEGAL_REPRESENTATIVE"
    ATTORNEY = "ATTORNEY"
    SELF = "SELF"


@code_list(
    "签署形式 / how a document was signed",
    ELECTRONIC_SEAL="电子印章",
    WET_INK_SCAN="纸质签署扫描件",
    ONLINE="平台在线确认",
)
class ConsentForm(Enum):
    ELECTRONIC_SEAL = "ELECTRONIC_SEAL"
    WET_INK_SCAN = "WET_INK_SCAN"
    ONLINE = "ONLINE"


@code_list("答复结论 / how a request or a letter is answered", ACCEPT="同意", REFUSE="不同意")
class Decision(Enum):
    ACCEPT = "ACCEPT"
    REFUSE = "REFUSE"


@code_list(
    "通知类型 / what a notice tells",
    CONSENT_FILED="授权书已提交待核验",
    CONSENT_ACCEPTED="授权书核验通过并生效",
    CONSENT_REFUSED="授权书核验不通过",
    CONSENT_WITHDRAWN="授权已撤回",
    CONSENT_GRANTED="授权已在线确认并生效",
)
class NotificationKind(Enum):
    CONSENT_FILED = "CONSENT_FILED"
    CONSENT_ACCEPTED = "CONSENT_ACCEPTED"
    CONSENT_REFUSED = "CONSENT_REFUSED"
    CONSENT_WITHDRAWN = "CONSENT_WITHDRAWN"
    CONSENT_GRANTED = "CONSENT_GRANTED"


@strawberry.type(description="办理记录 / one act on a grant or consent")
class ActLine:
    at: DateTime
    act: str = strawberry.field(description="办理事项 / such as `DECIDE_GRANT`")
    organisation: str | None = strawberry.field(
        description="办理单位 / who acted; null where the subject itself did"
    )
    state: str = strawberry.field(description="办理后状态 / state after it")
    reason: str | None


@strawberry.type(description="共享授权 / what one department gives another, field by field")
class SharingGrant:
    grant_no: str = strawberry.field(description="授权编号")
    state: GrantState
    consumer: Uscc = strawberry.field(description="需求部门")
    provider: Uscc = strawberry.field(description="提供部门")
    catalogue_code: str = strawberry.field(description="目录代码")
    sharing_attribute: SharingAttribute = strawberry.field(
        description="共享属性 / of the catalogue entry when it was asked for"
    )
    purposes: list[str] = strawberry.field(description="用途 / codes")
    fields: list[str] = strawberry.field(description="数据项 / coordinates")
    legal_basis: str = strawberry.field(description="使用依据")
    scenario: str = strawberry.field(description="使用场景")
    scope: str = strawberry.field(description="使用范围")
    mode: SharingMode = strawberry.field(description="共享方式")
    impact_assessment: str = strawberry.field(description="个人信息保护影响评估")
    impact_assessed_on: Date | None = strawberry.field(description="评估完成日期")
    impact_assessment_kept_until: Date | None = strawberry.field(description="评估报告保存至")
    valid_until: DateTime = strawberry.field(description="使用时限 / excluded")
    requested_at: DateTime = strawberry.field(description="申请时间")
    answer_due_on: Date = strawberry.field(description="答复期限 / last day, in working days")
    is_answer_due_provisional: bool = strawberry.field(
        description="期限是否暂定 / a year counted in has no announced holidays yet"
    )
    is_overdue: bool = strawberry.field(description="是否逾期未答复")
    is_extended: bool = strawberry.field(description="是否已延期")
    supply_due_on: Date | None = strawberry.field(
        description="提供期限 / for batches and files that were agreed to"
    )
    decided_at: DateTime | None = strawberry.field(description="答复时间")
    refusal_reason: str | None = strawberry.field(description="不予共享理由")
    history: list[ActLine] = strawberry.field(description="办理记录 / oldest first")


@strawberry.input(description="共享申请 / what a department asks of another")
class GrantRequest:
    provider: Uscc = strawberry.field(description="提供部门 / its code")
    catalogue_code: str = strawberry.field(description="目录代码 / one entry of that department")
    fields: list[str] = strawberry.field(
        description="数据项 / coordinates of that entry, as in `catalogue`"
    )
    purposes: list[str] = strawberry.field(description="用途 / codes")
    legal_basis: str = strawberry.field(description="使用依据 / law and article")
    scenario: str = strawberry.field(description="使用场景")
    scope: str = strawberry.field(description="使用范围")
    impact_assessment: str = strawberry.field(description="个人信息保护影响评估 / its reference")
    impact_assessed_on: Date = strawberry.field(description="评估完成日期")
    valid_until: DateTime = strawberry.field(description="使用时限 / excluded")
    mode: SharingMode = strawberry.field(description="共享方式", default=SharingMode.SERVICE)


@strawberry.type(description="授权书 / what a subject lets one institution read for one purpose")
class Consent:
    consent_no: str = strawberry.field(description="授权编号")
    state: ConsentState
    subject_code: Uscc | None = strawberry.field(description="授权主体 / null for a natural person")
    authoriser_name: str = strawberry.field(description="授权人")
    institution: Uscc = strawberry.field(description="被授权机构")
    institution_name: str
    institution_licence_no: str = strawberry.field(description="机构许可证号")
    institution_contact: str = strawberry.field(description="机构联系方式")
    purpose: str = strawberry.field(description="用途 / code; another purpose is a new consent")
    record_kinds: list[RecordKind]
    fields: list[str] = strawberry.field(description="数据项 / coordinates")
    is_one_off: bool = strawberry.field(description="是否一次性授权")
    valid_from: DateTime = strawberry.field(description="included")
    valid_to: DateTime = strawberry.field(description="excluded")
    processing: str = strawberry.field(description="处理方式")
    retention: str = strawberry.field(description="保存期限")
    restrictions: str = strawberry.field(description="禁止他用和转供")
    how_to_withdraw: str = strawberry.field(description="撤回方式")
    signer_name: str = strawberry.field(description="签署人")
    signer_role: SignerRole
    form: ConsentForm
    seal_certificate: str | None = strawberry.field(description="电子印章证书编号")
    signed_at: DateTime
    document_sha256: str = strawberry.field(description="文件摘要 / SHA-256, hexadecimal")
    is_letter: bool = strawberry.field(description="是否机构代为提交 / filed by the institution")
    refusal_reason: str | None = strawberry.field(description="核验不通过理由")
    history: list[ActLine] = strawberry.field(description="办理记录 / oldest first")


@strawberry.input(description="授权书提交 / a signed authorisation, with all that it says")
class ConsentLetter:
    subject: Uscc = strawberry.field(description="授权主体 / code of the firm that signed")
    authoriser_name: str = strawberry.field(description="授权人名称")
    institution_name: str
    institution_licence_no: str = strawberry.field(description="机构许可证号")
    institution_contact: str = strawberry.field(description="机构联系方式")
    purpose: str = strawberry.field(description="用途 / code")
    record_kinds: list[RecordKind]
    fields: list[str] = strawberry.field(description="数据项 / coordinates")
    is_one_off: bool = strawberry.field(description="是否一次性授权")
    valid_from: DateTime
    valid_to: DateTime | None = strawberry.field(
        description="至 / excluded; by default 365 days later", default=None
    )
    processing: str = strawberry.field(description="处理方式")
    retention: str = strawberry.field(description="保存期限")
    restrictions: str = strawberry.field(description="限制条款原文")
    bans_other_use: bool = strawberry.field(description="是否载明不作他用 / must be true")
    bans_onward_supply: bool = strawberry.field(description="是否载明不得转供 / must be true")
    how_to_withdraw: str = strawberry.field(description="撤回方式")
    signer_name: str = strawberry.field(description="签署人")
    signer_role: SignerRole
    signer_proof: str | None = strawberry.field(
        description="代理证明 / required of an attorney", default=None
    )
    form: ConsentForm
    seal_certificate: str | None = strawberry.field(
        description="电子印章证书编号 / required of an electronic seal", default=None
    )
    signed_at: DateTime
    document_sha256: str = strawberry.field(description="文件摘要 / SHA-256, hexadecimal")


@strawberry.type(description="通知 / what a subject is told; nothing is sent elsewhere")
class Notification:
    at: DateTime
    kind: NotificationKind
    consent_no: str
    institution: Uscc
    institution_name: str
    purpose: str
    state: ConsentState = strawberry.field(description="授权书现状 / state of the consent now")
    how_to_withdraw: str
