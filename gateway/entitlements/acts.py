"""Acts on grants and consents: who acts, whether it may, and the line that each act leaves.

The line is written in the transaction of the act, so that neither is there without the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.entitlements.errors import EntitlementRefusedError
from gateway.store.lending import Lending
from policies.model import Caller, CallerClass
from policies.sharing.model import Act, ActRules, Party

ACT_NOT_PERMITTED = "ACT_NOT_PERMITTED"

_NOTE = """
INSERT INTO entitlement_act (at, object_no, act, state, caller_class, organisation, client_id,
    user_ref, matter_no, request_id, rule_id, reason)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
"""
_HISTORY = """
SELECT at, act, organisation, state, reason FROM entitlement_act
WHERE object_no = $1 ORDER BY act_no
"""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts.

    Attributes:
        user_ref: officer, as the client states it.
        request_id: of the request, also in the audit log.
    """

    caller: Caller
    client_id: str
    user_ref: str | None
    matter_no: str | None
    request_id: str


@dataclass(frozen=True, slots=True)
class ActDone:
    """An act that took place.

    Attributes:
        object_no: number of the grant or consent.
        state: of it afterwards.
        rule_id: rule that permitted the act.
        subject_key: whom a consent is about; None for a grant.
        ended: numbers of the consents that ended by this, in favour of the one acted on.
    """

    act: Act
    object_no: str
    state: str
    rule_id: str
    subject_key: str | None = None
    ended: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PastAct:
    """A line of a grant's or consent's history."""

    at: datetime
    act: str
    organisation: str | None
    state: str
    reason: str | None


class Acting:
    """One actor at work at one moment; keeps what it has done."""

    def __init__(self, lending: Lending, rules: ActRules, actor: Actor, at: datetime) -> None:
        self._lending = lending
        self._rules = rules
        self.actor = actor
        self.at = at
        self.done: list[ActDone] = []

    @property
    def caller(self) -> Caller:
        return self.actor.caller

    def parties(self, act: Act) -> frozenset[Party]:
        """As which parties the actor may do this.

        Raises:
            EntitlementRefusedError: ACT_NOT_PERMITTED, as none.
        """
        parties = self._rules.parties(act, self.caller)
        if not parties:
            raise _not_permitted(act, self.caller)
        return parties

    def may(self, act: Act, parties: Mapping[Party, str]) -> bool:
        return self._rules.permitting(act, self.caller, parties) is not None

    def require(self, act: Act, parties: Mapping[Party, str]) -> str:
        """Return the id of the rule that permits the act.

        Raises:
            EntitlementRefusedError: ACT_NOT_PERMITTED.
        """
        rule = self._rules.permitting(act, self.caller, parties)
        if rule is None:
            raise _not_permitted(act, self.caller)
        return rule.id

    async def note(self, done: ActDone, reason: str | None = None) -> None:
        """Write the line of an act that was just done."""
        caller = self.caller
        is_subject = caller.caller_class is CallerClass.SUBJECT
        async with self._lending.connection() as connection:
            await connection.execute(
                _NOTE,
                self.at,
                done.object_no,
                done.act.value,
                done.state,
                caller.caller_class.value,
                None if is_subject else caller.organisation,
                self.actor.client_id,
                self.actor.user_ref,
                self.actor.matter_no,
                self.actor.request_id,
                done.rule_id,
                reason,
            )
        self.done.append(done)


async def read_history(lending: Lending, object_no: str) -> Sequence[PastAct]:
    """Return what was done with a grant or consent, oldest first."""
    async with lending.connection() as connection:
        rows = await connection.fetch(_HISTORY, object_no)
    return [PastAct(*row.values()) for row in rows]


def require_reason(what: str, reason: str | None) -> str:
    """Return the reason.

    Raises:
        EntitlementRefusedError: REASON_REQUIRED, there is none, or it is too long.
    """
    if reason is None or not reason.strip() or "\0" in reason or len(reason) > MAX_REASON:
        raise EntitlementRefusedError(
            f"{what} needs a reason of 1 to {MAX_REASON} characters", "REASON_REQUIRED"
        )
    return reason


MAX_REASON = 1_000


def _not_permitted(act: Act, caller: Caller) -> EntitlementRefusedError:
    return EntitlementRefusedError(
        f"no rule lets a caller of class `{caller.caller_class.value}` do `{act.value}` here",
        ACT_NOT_PERMITTED,
    )
