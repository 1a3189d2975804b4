"""Life cycles of consents and sharing grants: their states and what leads from one to another.

Source: life cycles 7.9 to 7.11 of the city's process description; only ACTIVE releases data. A
signed letter is checked first: it becomes ACTIVE or REFUSED, and may be withdrawn before that.

They are declared as every life cycle is. Their acts are carried out at the desks of this room,
which keep them in the store, and by the query that uses a consent up.
"""

from __future__ import annotations

from gateway.lifecycle.machine import CLOCK, Machine, Statement, Transition
from schema.sharing import ConsentState, GrantState

__all__ = [
    "CONSENT",
    "GRANT",
    "ConsentState",
    "GrantState",
    "consent_states_before",
    "grant_states_before",
]

_USED_UP = ConsentState.USED_UP.value
_SUBJECT = frozenset({"subject", "credit-centre"})
_CENTRE = frozenset({"credit-centre"})
_QUERY = frozenset({"query"})
_CLOCK = frozenset({CLOCK})
_CONSUMER = frozenset({"consumer"})
_PROVIDER = frozenset({"provider"})
_STOPPERS = frozenset({"provider", "credit-centre"})
_REASON = frozenset({Statement.REASON})

CONSENT: Machine[None] = Machine(
    name="consent",
    title="授权 / consent",
    source="7.9–7.11; 个人信息保护法 第十四条、第十五条、第二十三条",
    states={
        "DRAFT": "草拟",
        "SIGNED": "已签署",
        "ACTIVE": "有效",
        "REFUSED": "不予采信",
        _USED_UP: "已使用",
        "EXPIRED": "已到期",
        "WITHDRAWN": "已撤回",
        "REPLACED": "已替换",
    },
    opening="draft",
    openers=frozenset({"subject", "institution"}),
    transitions=(
        Transition("DRAFT", "sign", "SIGNED", frozenset({"subject"})),
        Transition("SIGNED", "accept", "ACTIVE", _SUBJECT),
        Transition("SIGNED", "refuse", "REFUSED", _CENTRE, _REASON),
        Transition("SIGNED", "withdraw", "WITHDRAWN", _SUBJECT),
        Transition("ACTIVE", "use up", _USED_UP, _QUERY),
        Transition("ACTIVE", "expire", "EXPIRED", _CLOCK),
        Transition("ACTIVE", "withdraw", "WITHDRAWN", _SUBJECT),
        Transition("ACTIVE", "replace", "REPLACED", _SUBJECT),
        # the query that used it up may be repeated for a while, unless it is withdrawn
        Transition(_USED_UP, "withdraw", "WITHDRAWN", _SUBJECT),
    ),
)

GRANT: Machine[None] = Machine(
    name="grant",
    title="共享授权 / sharing grant",
    source="7.9–7.11; 政务数据共享条例 第二十一条至第二十五条",
    states={
        "REQUESTED": "已申请",
        "ACTIVE": "有效",
        "SUSPENDED": "已中止",
        "REFUSED": "不予共享",
        "REVOKED": "已撤销",
        "EXPIRED": "已到期",
    },
    opening="request",
    openers=_CONSUMER,
    transitions=(
        Transition("REQUESTED", "give", "ACTIVE", _PROVIDER),
        Transition("REQUESTED", "refuse", "REFUSED", _PROVIDER, _REASON),
        Transition("ACTIVE", "suspend", "SUSPENDED", _STOPPERS, _REASON),
        Transition("ACTIVE", "revoke", "REVOKED", _STOPPERS, _REASON),
        Transition("ACTIVE", "expire", "EXPIRED", _CLOCK),
        Transition("SUSPENDED", "resume", "ACTIVE", _STOPPERS),
    ),
)


def consent_states_before(state: ConsentState) -> tuple[ConsentState, ...]:
    """Return the states from which a consent may come into this one."""
    return tuple(ConsentState(name) for name in CONSENT.states_before(state.value))


def grant_states_before(state: GrantState) -> tuple[GrantState, ...]:
    """Return the states from which a grant may come into this one."""
    return tuple(GrantState(name) for name in GRANT.states_before(state.value))
