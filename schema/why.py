"""Answer types of `why`: how a use of a field is decided for the caller, and what would help."""

from __future__ import annotations

from enum import Enum

import strawberry

from schema.classification import SubjectKind
from schema.codes import code_list

code_list(
    "主体类别 / kind of subject, as far as rules distinguish it",
    ORGANISATION="法人和非法人组织",
    INDIVIDUAL_BUSINESS="个体工商户",
    NATURAL_PERSON="自然人",
)(SubjectKind)


@code_list(
    "使用方式 / use of a field; of a record kind READ means: learn of its records",
    READ="查看",
    FILTER="筛选",
    ORDER="排序",
    COUNT="计数",
    AGGREGATE="统计",
)
class FieldUse(Enum):
    READ = "READ"
    FILTER = "FILTER"
    ORDER = "ORDER"
    COUNT = "COUNT"
    AGGREGATE = "AGGREGATE"


@code_list("判定结果 / outcome of a decision", CLEAR="允许", MASKED="脱敏后允许", DENIED="拒绝")
class AccessOutcome(Enum):
    CLEAR = "CLEAR"
    MASKED = "MASKED"
    DENIED = "DENIED"


@code_list(
    "关口 / what a use is refused at, the first that fails",
    CALLER="查询方",
    SUBJECT="主体类别",
    PURPOSE="用途",
    FIELD="数据项",
    TOKEN="访问令牌所载的数据合同",  # noqa: S106 - a term
)
class AccessGate(Enum):
    CALLER = "CALLER"
    SUBJECT = "SUBJECT"
    PURPOSE = "PURPOSE"
    FIELD = "FIELD"
    TOKEN = "TOKEN"  # noqa: S105 - a word of answers


@code_list(
    "条件 / what can be given beside caller, purpose and subject",
    CONSENT="信用主体的授权",
    GRANT="共享授权",
    IS_SELF="查询本人（本单位）的信息",
    IS_SOURCE="信息来源于本部门",
    TOKEN="申请范围包含此项的访问令牌",  # noqa: S106 - a term
)
class AccessFact(Enum):
    CONSENT = "CONSENT"
    GRANT = "GRANT"
    IS_SELF = "IS_SELF"
    IS_SOURCE = "IS_SOURCE"
    TOKEN = "TOKEN"  # noqa: S105 - a word of answers


@strawberry.type(description="规则 / rule that decided, with the law it rests on")
class AccessRule:
    id: str
    effect: str
    legal_basis: str
    intent: str


@strawberry.type(description="补救办法 / least change that would open the use, all of it needed")
class AccessWay:
    facts: list[AccessFact]
    subject_kind: SubjectKind | None = strawberry.field(description="另一主体类别 / if not null")
    role: str | None = strawberry.field(description="另一角色 / if not null")
    purposes: list[str] = strawberry.field(
        description="改用其中之一的用途 / one of these purposes; empty: the present one does"
    )
    outcome: AccessOutcome


@strawberry.type(description="判定 / decision on the records of some departments")
class AccessDecision:
    sources: list[str] = strawberry.field(
        description="数据来源 / departments for whose records it holds; empty if none supplies any"
    )
    outcome: AccessOutcome
    mask: str | None = strawberry.field(description="脱敏方式 / if masked")
    some_records: bool = strawberry.field(
        description="只限部分记录 / whether it holds for some records only"
    )
    gate: AccessGate | None = strawberry.field(description="拒绝于 / if denied")
    missing: str | None = strawberry.field(description="缺少 / as in an error; if denied")
    rules: list[AccessRule] = strawberry.field(
        description="作出判定的规则 / empty where no rule permits it; at TOKEN: that permit it"
    )
    ways: list[AccessWay]
    callers: list[str] = strawberry.field(
        description="开放对象 / classes of callers to whom it is open, where no way is"
    )


@strawberry.type(description="权限说明 / how a use of a field is decided for the caller")
class AccessExplanation:
    coordinate: str
    name_zh: str
    use: FieldUse
    subject_kind: SubjectKind
    caller_class: str
    purpose: str
    policy_version: str
    decisions: list[AccessDecision]
