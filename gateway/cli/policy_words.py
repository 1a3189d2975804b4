"""What the commands of `policy` say, in Chinese and in English."""

from __future__ import annotations

import locale
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from policies.model import CallerClass, Outcome, Purpose, Role, Use
from policies.reasons import Gate
from policies.words import PURPOSES as PURPOSES
from policies.words import Language as Language
from policies.words import Word as Word
from schema.classification import FieldClass, MaskKind, SubjectKind

_F = TypeVar("_F", bound=Callable[..., Any])


CALLERS: Mapping[CallerClass, Word] = {
    CallerClass.PUBLIC: Word("社会公众", "the public"),
    CallerClass.SUBJECT: Word("信用主体本人", "the subject itself"),
    CallerClass.DEPARTMENT: Word("政府部门", "a department"),
    CallerClass.INSTITUTION: Word("金融机构", "a financial institution"),
    CallerClass.PLATFORM: Word("融资信用服务平台", "a financing platform"),
    CallerClass.CREDIT_CENTRE: Word("信用中心", "the credit centre"),
    CallerClass.ASSOCIATION: Word("行业协会商会", "an industry association"),
    CallerClass.AUDITOR: Word("审计人员", "an auditor"),
}
USES: Mapping[Use, Word] = {
    Use.READ: Word("查看", "read"),
    Use.FILTER: Word("筛选", "filter"),
    Use.ORDER: Word("排序", "order"),
    Use.COUNT: Word("计数", "count"),
    Use.AGGREGATE: Word("统计", "aggregate"),
}
OUTCOMES: Mapping[Outcome, Word] = {
    Outcome.CLEAR: Word("允许", "CLEAR"),
    Outcome.MASKED: Word("脱敏后允许", "MASKED"),
    Outcome.DENIED: Word("拒绝", "DENIED"),
}
GATES: Mapping[Gate, Word] = {
    Gate.CALLER: Word("查询方：只对其他类别的查询方开放", "caller: open to other classes only"),
    Gate.SUBJECT: Word("主体类别：只对其他类别的主体开放", "subject: open for other subjects only"),
    Gate.PURPOSE: Word("用途：只对其他用途开放", "purpose: open for other purposes only"),
    Gate.FIELD: Word("数据项：现有条件下不开放", "field: not open with what is given"),
    Gate.TOKEN: Word("访问令牌：规则允许，但令牌不含此项", "token: permitted, but it is for less"),
}
CLOSED = Word(
    "数据项：不对这类查询方开放，补充任何条件均无效",
    "field: closed to callers like this one; nothing would help",
)
SUBJECTS: Mapping[SubjectKind, Word] = {
    SubjectKind.ORGANISATION: Word("法人和非法人组织", "organisation"),
    SubjectKind.INDIVIDUAL_BUSINESS: Word("个体工商户", "individual business"),
    SubjectKind.NATURAL_PERSON: Word("自然人", "natural person"),
}
FACTS: Mapping[str, Word] = {
    "consent": Word(
        "信用主体对该数据项和用途的授权", "the subject's consent for field and purpose"
    ),
    "grant": Word("载明该数据项和用途的共享授权", "a sharing grant for field and purpose"),
    "is_self": Word("查询本人（本单位）的信息", "asking about oneself"),
    "is_source": Word("信息来源于本部门", "records of one's own department"),
}
ROLES: Mapping[Role, Word] = {
    Role.HANDLER: Word("经办人", "handler"),
    Role.REVIEWER: Word("审核人", "reviewer"),
    Role.ARCHIVIST: Word("档案管理人", "archivist"),
}
CLASSES: Mapping[FieldClass, Word] = {
    FieldClass.PUBLIC: Word("公开", "PUBLIC"),
    FieldClass.DEPARTMENT: Word("部门共享", "DEPARTMENT"),
    FieldClass.AUTHORISED: Word("授权查询", "AUTHORISED"),
    FieldClass.SECRET: Word("不予共享", "SECRET"),
}
MASKS: Mapping[MaskKind, Word] = {
    MaskKind.NONE: Word("明文", "clear"),
    MaskKind.NAME: Word("姓名脱敏", "NAME"),
    MaskKind.ID: Word("证件号码脱敏", "ID"),
    MaskKind.ID_STRICT: Word("证件号码严格脱敏", "ID_STRICT"),
    MaskKind.PHONE: Word("电话脱敏", "PHONE"),
    MaskKind.ADDRESS: Word("地址脱敏", "ADDRESS"),
    MaskKind.ACCOUNT: Word("账号脱敏", "ACCOUNT"),
    MaskKind.MAIL: Word("邮箱脱敏", "MAIL"),
    MaskKind.AMOUNT_BAND: Word("金额分档", "AMOUNT_BAND"),
    MaskKind.DOCUMENT: Word("文书脱敏", "DOCUMENT"),
    MaskKind.DATE_YEAR: Word("只留年份", "DATE_YEAR"),
}


def language_option(command: _F) -> _F:
    """Add `--lang`: Chinese where the system's language is Chinese, else English."""
    option = click.option(
        "--lang",
        "language",
        type=click.Choice(["zh", "en"]),
        default=language_of_system,
        help="Language of the answer; that of the system, if not given.",
    )
    return option(command)


def language_of_system() -> Language:
    """Chinese if the system's language is, else English."""
    name, _ = locale.getlocale()
    return "zh" if (name or "").lower().startswith(("zh", "chinese")) else "en"


def purpose_text(purpose: Purpose, language: Language) -> str:
    """A purpose with its code."""
    word = PURPOSES[purpose].in_(language)
    return f"{purpose.value}（{word}）" if language == "zh" else f"{purpose.value} ({word})"
