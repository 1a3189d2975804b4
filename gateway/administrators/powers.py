"""The one table of who may do what: acts, and the roles that each of them takes.

`credit-gateway admin powers` prints it. Commands and HTTP name an act; nothing else decides.

Source: 郑政办〔2022〕101号 asks for network protection of level 3 (三级等保). A platform keeps it
with what runs, who may and what was done in three hands (三员分立).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from gateway.administrators.types import Role

_SYSTEM = frozenset({Role.SYSTEM})
_SECURITY = frozenset({Role.SECURITY})
_AUDIT = frozenset({Role.AUDIT})
_ANY = frozenset(Role)


class Act(Enum):
    """What an administrator does; the value stands in the log."""

    APPOINT = "APPOINT_ADMINISTRATOR"
    DISABLE = "DISABLE_ADMINISTRATOR"
    REJECT = "REJECT_PROPOSAL"
    REGISTER_ADAPTERS = "REGISTER_ADAPTERS"
    ACTIVATE_POLICY = "ACTIVATE_POLICY"
    CHANGE_CLIENT = "CHANGE_CLIENT"
    CHANGE_OPERATION = "CHANGE_OPERATION"
    ACT_ON_CONSENT = "ACT_ON_CONSENT"
    ACT_ON_GRANT = "ACT_ON_GRANT"
    ROTATE_KEY = "ROTATE_KEY"
    DESTROY_KEY = "DESTROY_KEY"
    READ_LOG = "READ_LOG"
    EXPORT_LOG = "EXPORT_LOG"
    CLOSE_MATTER = "CLOSE_MATTER"
    ARCHIVE_LOG = "ARCHIVE_LOG"
    ERASE_SUBJECT = "ERASE_SUBJECT"
    ACT_ON_EFFECT = "ACT_ON_EFFECT"
    BACK_UP = "BACK_UP_STORE"


@dataclass(frozen=True, slots=True)
class Power:
    """What an act takes.

    Attributes:
        roles: of whoever does it, or proposes it where it takes two persons.
        approvers: roles of the second person; empty: one person is enough.
        of_another_role: whether the second person must have another role than the first.
        meaning_zh, meaning_en: what it is, for people.
    """

    roles: frozenset[Role]
    meaning_zh: str
    meaning_en: str
    approvers: frozenset[Role] = frozenset()
    of_another_role: bool = False

    @property
    def takes_two(self) -> bool:
        return bool(self.approvers)


POWERS: dict[Act, Power] = {
    Act.APPOINT: Power(
        _ANY, "任命管理员", "appoint an administrator", approvers=_ANY, of_another_role=True
    ),
    Act.DISABLE: Power(_SECURITY | _AUDIT, "停用管理员", "disable an administrator"),
    Act.REJECT: Power(_ANY, "否决提议", "turn a proposal down"),
    Act.REGISTER_ADAPTERS: Power(_SYSTEM, "登记已安装的适配器", "register installed adapters"),
    Act.ACTIVATE_POLICY: Power(
        _SYSTEM | _SECURITY, "启用规则", "put rules in force", approvers=_SECURITY
    ),
    Act.CHANGE_CLIENT: Power(
        _SECURITY, "登记、变更、暂停客户端", "register, change, suspend and resume clients"
    ),
    Act.CHANGE_OPERATION: Power(
        _SECURITY, "登记、删除客户端的操作", "register and remove clients' operations"
    ),
    Act.ACT_ON_CONSENT: Power(
        _SECURITY, "受理、核验、撤回授权", "file, check and withdraw consents"
    ),
    Act.ACT_ON_GRANT: Power(
        _SECURITY, "办理共享授权", "ask for, decide, extend, suspend and end sharing grants"
    ),
    Act.ROTATE_KEY: Power(_SECURITY, "轮换签名密钥", "publish the next signing key"),
    Act.DESTROY_KEY: Power(
        _SYSTEM | _SECURITY,
        "销毁签名密钥",
        "destroy signing keys, with all that they signed",
        approvers=_SECURITY,
    ),
    Act.READ_LOG: Power(_AUDIT, "查阅审计日志", "read, search and replay entries of the log"),
    Act.EXPORT_LOG: Power(_AUDIT, "导出审计日志", "copy the log"),
    Act.CLOSE_MATTER: Power(_AUDIT, "登记事项办结", "note that a matter is closed"),
    Act.ARCHIVE_LOG: Power(_AUDIT, "归档审计日志", "move old entries to the archive"),
    Act.ERASE_SUBJECT: Power(
        _SECURITY, "切断主体与记录的关联", "destroy the link between a subject and its entries"
    ),
    Act.ACT_ON_EFFECT: Power(
        _SECURITY, "设置、解除记录效力", "mark, hide and end records, and undo that"
    ),
    Act.BACK_UP: Power(_SYSTEM, "备份数据库", "back up the gateway's store"),
}
"""Every act has its line; a test compares."""


def roles_text(roles: frozenset[Role]) -> str:
    """Return roles as people read them."""
    return " or ".join(role.value for role in Role if role in roles)
