"""The mechanism of list entries: who is which party, and what each effect writes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from functools import partial
from types import MappingProxyType

from gateway.lifecycle.machine import Machine
from gateway.lifecycle.reckoning import china_day
from gateway.lifecycle.types import Connection, Doer, Step
from plugins.creditcentre.listing.catalogue import CreditList, ListKind
from plugins.creditcentre.listing.facts import ListFacts, read_list_facts
from plugins.creditcentre.listing.machines import (
    ANYBODY,
    CENTRE,
    PUNISH_LIST,
    REWARD_LIST,
    SUBJECT,
    UNIT,
)

_NOTICE = """
INSERT INTO list_notice (case_no, version, kind, channel, published_at) VALUES ($1, $2, $3, $4, $5)
"""
_LETTER = """
INSERT INTO list_letter (case_no, version, kind, written_at) VALUES ($1, $2, $3, $4)
"""
_EXIT = "UPDATE list_entry SET exited_on = $2 WHERE case_no = $1"
_EXPIRE = "UPDATE list_entry SET exit_reason = 'VALIDITY_OVER' WHERE case_no = $1"
_RETURN = "UPDATE list_entry SET exit_reason = NULL, exited_on = NULL WHERE case_no = $1"
_DROP = "UPDATE list_entry SET dropped_on = $2 WHERE case_no = $1"
PUBLIC_NOTICE_CHANNEL = "credit-website"
"""Where reward lists are put up for objections before entry: 信用门户网站."""

Effect = Callable[[Connection, Step, ListFacts], Awaitable[None]]


class Listing:
    """List entries of one kind."""

    def __init__(self, kind: ListKind, lists: Mapping[str, CreditList]) -> None:
        self._lists = lists
        is_punish = kind is ListKind.PUNISH
        self.kind = kind
        self.machine: Machine[ListFacts] = PUNISH_LIST if is_punish else REWARD_LIST
        self.effects: Mapping[str, Effect] = MappingProxyType(
            {
                "publish-notice": partial(_publish, "PUBLIC_NOTICE"),
                "publish-entry": partial(_publish, "ENTRY"),
                "publish-exit": _publish_exit,
                "publish-return": partial(_publish, "RETURN"),
                "tell-not-listed": partial(_write, "NOT_LISTED"),
                "tell-rejected": partial(_write, "OBJECTION_REJECTED"),
                "tell-repair-rights": partial(_write, "REPAIR_RIGHTS"),
                "drop": _drop,
                "expire": _expire,
                "return": _return,
            }
        )

    async def read_facts(self, connection: Connection, case_no: str) -> ListFacts:
        return await read_list_facts(connection, case_no)

    def parties(self, facts: ListFacts, doer: Doer) -> frozenset[str]:
        """As which parties somebody acts.

        A unit acts only on what it determined, and only while the list is one of its own.

        Source: 河南省社会信用条例 第二十八条.
        """
        found = set()
        kept = self._lists.get(facts.list_code)
        if doer.unit == facts.unit and kept is not None and doer.unit in kept.units:
            found.add(UNIT)
        if doer.caller_class == "subject" and doer.unit == facts.subject_key:
            found.add(SUBJECT)
        if doer.caller_class == "credit-centre":
            found.add(CENTRE)
        if self.kind is ListKind.REWARD and facts.objection_until is not None:
            found.add(ANYBODY)
        return frozenset(found)


async def _publish(kind: str, connection: Connection, step: Step, facts: ListFacts) -> None:
    """Publish in the channel of the entry, whatever it is about.

    Source: 河南省社会信用条例 第三十七条.
    """
    channel = facts.channel or PUBLIC_NOTICE_CHANNEL
    await connection.execute(_NOTICE, step.case_no, step.version, kind, channel, step.at)


async def _publish_exit(connection: Connection, step: Step, facts: ListFacts) -> None:
    """Publish the exit; of a subject that was wrongly listed, a correction as well.

    Source: 河南省社会信用条例 第三十七条、第六十六条.
    """
    await connection.execute(_EXIT, step.case_no, _day(step))
    await _publish("EXIT", connection, step, facts)
    if facts.exit_reason == "WRONGLY_LISTED":
        await _publish("CORRECTION", connection, step, facts)


async def _write(kind: str, connection: Connection, step: Step, facts: ListFacts) -> None:
    await connection.execute(_LETTER, step.case_no, step.version, kind, step.at)


async def _drop(connection: Connection, step: Step, facts: ListFacts) -> None:
    await connection.execute(_DROP, step.case_no, _day(step))


async def _expire(connection: Connection, step: Step, facts: ListFacts) -> None:
    await connection.execute(_EXPIRE, step.case_no)


async def _return(connection: Connection, step: Step, facts: ListFacts) -> None:
    await connection.execute(_RETURN, step.case_no)


def _day(step: Step) -> date:
    return china_day(step.at)
