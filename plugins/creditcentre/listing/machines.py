"""Life cycles of list entries: of punishment, and of reward.

Source: life cycle 7.2 of the city's process description; 河南省社会信用条例 第二十七条、
第二十八条、第三十五条至第三十七条、第六十六条.
"""

from __future__ import annotations

from datetime import date

from gateway.lifecycle.machine import CLOCK, Clock, Condition, Machine, Statement, Transition
from plugins.creditcentre.listing.facts import ListFacts

UNIT, SUBJECT, ANYBODY, CENTRE = "determining-unit", "subject", "anybody", "credit-centre"

_UNIT = frozenset({UNIT})
_CLOCK = frozenset({CLOCK})
_REASON = frozenset({Statement.REASON})
_BASIS = frozenset({Statement.REASON, Statement.BASIS})
_ON_PAPER = frozenset({Statement.BASIS, Statement.EVIDENCE})
_FULL = frozenset(Statement)
_LISTED = frozenset({"LISTED"})
_SOURCE = "河南省社会信用条例 第二十八条、第三十七条"


def _in_term(facts: ListFacts, today: date) -> bool:
    return facts.objection_until is not None and today <= facts.objection_until


IN_TERM: Condition[ListFacts] = Condition(
    "in-term", "the term for objections has to run still", _in_term
)
TERM_OVER: Condition[ListFacts] = Condition(
    "term-over",
    "the term for objections has to be over; decide on the day after its last",
    lambda facts, today: facts.objection_until is not None and today > facts.objection_until,
)
NOTICE_COMPLETE: Condition[ListFacts] = Condition(
    "notice-complete",
    "the notice has to be served, name the measures, and tell of the right to object",
    lambda facts, today: (
        facts.notice_served_on is not None
        and facts.notice_served_on <= today
        and facts.notice_tells_of_objection
        and bool(facts.measures)
    ),
)
DECISION_COMPLETE: Condition[ListFacts] = Condition(
    "decision-complete",
    "the decision needs a number, a day not to come, a channel and a last day still to come",
    lambda facts, today: (
        facts.decision_no is not None
        and facts.decided_on is not None
        and facts.decided_on <= today
        and facts.channel is not None
        and (facts.valid_until is None or facts.valid_until >= today)
    ),
)
PERSONS_STATED: Condition[ListFacts] = Condition(
    "persons-stated",
    "an entry of a legal person states its legal representative and who else answers for it",
    lambda facts, _: facts.names_representative or not facts.is_legal_person,
)
EXIT_PROPOSED: Condition[ListFacts] = Condition(
    "exit-proposed",
    "the exit has to be proposed with its reason first",
    lambda facts, _: facts.exit_reason is not None,
)
BY_REPAIR: Condition[ListFacts] = Condition(
    "by-repair",
    "only an exit by repair is undone, when the repair is revoked",
    lambda facts, _: facts.exit_reason == "REPAIRED",
)
LONGER: Condition[ListFacts] = Condition(
    "longer",
    "the new last day has to be still to come",
    lambda facts, today: facts.valid_until is not None and facts.valid_until > today,
)

_VALIDITY: Clock[ListFacts] = Clock(
    "validity",
    UNIT,
    _LISTED,
    _LISTED,
    until=lambda facts: facts.valid_until,
    act="expire",
)
_EXITS: tuple[Transition[ListFacts], ...] = (
    Transition("LISTED", "propose-exit", "LISTED", _UNIT, _REASON),
    Transition(
        "LISTED",
        "exit",
        "EXITED",
        _UNIT,
        _ON_PAPER,
        (EXIT_PROPOSED,),
        ("publish-exit",),
        other_person_than="propose-exit",
    ),
    Transition("LISTED", "expire", "EXITED", _CLOCK, effects=("expire", "publish-exit")),
)

PUNISH_LIST: Machine[ListFacts] = Machine(
    name="punish-list-entry",
    title="失信名单认定、异议、退出 / entry on a punishment list",
    source=_SOURCE,
    states={
        "PROPOSED": "拟列入",
        "NOTIFIED": "已告知",
        "UNDER_OBJECTION": "异议处理中",
        "LISTED": "已列入",
        "EXITED": "已退出",
        "DROPPED": "不予列入",
    },
    opening="propose",
    openers=_UNIT,
    opening_needs=_BASIS,
    transitions=(
        Transition("PROPOSED", "serve-notice", "NOTIFIED", _UNIT, _FULL, (NOTICE_COMPLETE,)),
        Transition("PROPOSED", "withdraw", "DROPPED", _UNIT, _REASON, effects=("drop",)),
        Transition(
            "NOTIFIED",
            "object",
            "UNDER_OBJECTION",
            frozenset({SUBJECT, UNIT}),
            _REASON,
            (IN_TERM,),
        ),
        Transition(
            "NOTIFIED",
            "list",
            "LISTED",
            _UNIT,
            _FULL,
            (TERM_OVER, DECISION_COMPLETE, PERSONS_STATED),
            ("publish-entry", "tell-repair-rights"),
            other_person_than="propose",
        ),
        Transition(
            "NOTIFIED", "decline", "DROPPED", _UNIT, _REASON, effects=("drop", "tell-not-listed")
        ),
        Transition(
            "UNDER_OBJECTION",
            "uphold",
            "DROPPED",
            _UNIT,
            _REASON,
            effects=("drop", "tell-not-listed"),
        ),
        Transition(
            "UNDER_OBJECTION", "reject", "NOTIFIED", _UNIT, _REASON, effects=("tell-rejected",)
        ),
        *_EXITS,
        Transition("LISTED", "extend", "LISTED", _UNIT, _FULL, (LONGER,)),
        Transition(
            "EXITED",
            "return",
            "LISTED",
            _UNIT,
            _FULL,
            (BY_REPAIR, DECISION_COMPLETE),
            ("return", "publish-return"),
            other_person_than="exit",
        ),
    ),
    clocks=(
        Clock(
            "objection",
            SUBJECT,
            frozenset({"NOTIFIED"}),
            frozenset({"NOTIFIED", "UNDER_OBJECTION"}),
            term="objection-to-listing",
        ),
        Clock(
            "answer",
            UNIT,
            frozenset({"UNDER_OBJECTION"}),
            frozenset({"UNDER_OBJECTION"}),
            term="listing-objection-answer",
        ),
        _VALIDITY,
    ),
)

REWARD_LIST: Machine[ListFacts] = Machine(
    name="reward-list-entry",
    title="守信名单认定、异议、退出 / entry on a reward list",
    source=_SOURCE,
    states={
        "PROPOSED": "拟列入",
        "PUBLIC_NOTICE": "公示中",
        "UNDER_OBJECTION": "异议处理中",
        "LISTED": "已列入",
        "EXITED": "已退出",
        "DROPPED": "不予列入",
    },
    opening="propose",
    openers=_UNIT,
    opening_needs=_BASIS,
    transitions=(
        Transition(
            "PROPOSED", "give-notice", "PUBLIC_NOTICE", _UNIT, _REASON, effects=("publish-notice",)
        ),
        Transition("PROPOSED", "withdraw", "DROPPED", _UNIT, _REASON, effects=("drop",)),
        Transition(
            "PUBLIC_NOTICE",
            "object",
            "UNDER_OBJECTION",
            frozenset({ANYBODY}),
            _REASON,
            (IN_TERM,),
        ),
        Transition(
            "PUBLIC_NOTICE",
            "list",
            "LISTED",
            _UNIT,
            _FULL,
            (TERM_OVER, DECISION_COMPLETE),
            ("publish-entry",),
            other_person_than="propose",
        ),
        Transition("UNDER_OBJECTION", "uphold", "DROPPED", _UNIT, _REASON, effects=("drop",)),
        Transition("UNDER_OBJECTION", "reject", "PUBLIC_NOTICE", _UNIT, _REASON),
        *_EXITS,
    ),
    clocks=(
        Clock(
            "objection",
            ANYBODY,
            frozenset({"PUBLIC_NOTICE"}),
            frozenset({"PUBLIC_NOTICE", "UNDER_OBJECTION"}),
            term="public-notice",
        ),
        Clock(
            "answer",
            UNIT,
            frozenset({"UNDER_OBJECTION"}),
            frozenset({"UNDER_OBJECTION"}),
            term="listing-objection-answer",
        ),
        _VALIDITY,
    ),
)
