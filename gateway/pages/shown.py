"""How values are written on a page: times of China, official terms, both languages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from policies.model import Purpose
from policies.words import PURPOSES
from schema.codes import RecordKind
from schema.records import MODEL
from schema.sharing import ConsentState, NotificationKind

_CHINA = ZoneInfo("Asia/Shanghai")
_STATES = {
    ConsentState.DRAFT: "草稿 draft",
    ConsentState.SIGNED: "待核验 to be checked",
    ConsentState.ACTIVE: "有效 in force",
    ConsentState.REFUSED: "核验不通过 refused",
    ConsentState.USED_UP: "已使用 used up",
    ConsentState.EXPIRED: "已到期 expired",
    ConsentState.WITHDRAWN: "已撤回 withdrawn",
    ConsentState.REPLACED: "已被替换 replaced",
}
_NOTICES = {
    NotificationKind.CONSENT_FILED: "机构代为提交授权书，待核验 filed, to be checked",
    NotificationKind.CONSENT_ACCEPTED: "授权书核验通过并生效 checked, now in force",
    NotificationKind.CONSENT_REFUSED: "授权书核验不通过 refused by the check",
    NotificationKind.CONSENT_WITHDRAWN: "授权已撤回 withdrawn",
    NotificationKind.CONSENT_GRANTED: "授权已在线确认并生效 granted on this platform",
}


def china_time(value: datetime | str) -> str:
    """A time on the clock of China, to the minute."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    return value.astimezone(_CHINA).strftime("%Y-%m-%d %H:%M")


def purpose(value: Purpose | str) -> str:
    """A purpose in both languages."""
    word = PURPOSES[Purpose(value)]
    return f"{word.zh} {word.en}"


def kind(value: RecordKind | str) -> str:
    """Official name of a record kind."""
    return MODEL.kinds[RecordKind(value)].declaration.name_zh


def item(coordinate: str) -> str:
    """Official name of an item."""
    type_name, _, name = coordinate.partition(".")
    return MODEL.by_type_name[type_name].by_name[name].declaration.name_zh


FILTERS: Mapping[str, Callable[[Any], str]] = {
    "china_time": china_time,
    "purpose": purpose,
    "kind": kind,
    "item": item,
    "consent_state": lambda value: _STATES[ConsentState[value]],
    "notice": lambda value: _NOTICES[NotificationKind[value]],
}
