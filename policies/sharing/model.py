"""Words of sharing: acts on grants and consents, who may do them, and the law's numbers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from policies.model import Caller, CallerClass


class Act(Enum):
    """What can be done with a sharing grant, a consent, the notices about it, and with the log."""

    READ_GRANT = "READ_GRANT"
    REQUEST_GRANT = "REQUEST_GRANT"
    EXTEND_GRANT = "EXTEND_GRANT"
    DECIDE_GRANT = "DECIDE_GRANT"
    SUSPEND_GRANT = "SUSPEND_GRANT"
    RESUME_GRANT = "RESUME_GRANT"
    REVOKE_GRANT = "REVOKE_GRANT"
    READ_CONSENT = "READ_CONSENT"
    GRANT_CONSENT = "GRANT_CONSENT"
    FILE_LETTER = "FILE_LETTER"
    CHECK_LETTER = "CHECK_LETTER"
    WITHDRAW_CONSENT = "WITHDRAW_CONSENT"
    READ_NOTIFICATION = "READ_NOTIFICATION"
    READ_REQUESTS = "READ_REQUESTS"


class Party(Enum):
    """What the actor must be to the thing acted on; ANYBODY: nothing in particular.

    CALLER: whose request it was.
    """

    ANYBODY = "anybody"
    CONSUMER = "consumer"
    PROVIDER = "provider"
    INSTITUTION = "institution"
    SUBJECT = "subject"
    CALLER = "caller"


@dataclass(frozen=True, slots=True)
class ActRule:
    """One permission; whatever no rule permits is refused.

    Attributes:
        id: unique, `acts.<name>`.
    """

    id: str
    act: Act
    who: CallerClass
    party: Party
    legal_basis: str
    intent: str


@dataclass(frozen=True, slots=True)
class ActRules:
    """All permissions, in the order of the file."""

    rules: tuple[ActRule, ...]

    def parties(self, act: Act, caller: Caller) -> frozenset[Party]:
        """As which parties this caller may do the act, whatever the thing acted on."""
        if acting_organisation(caller) is None:
            return frozenset()
        return frozenset(
            rule.party for rule in self.rules if rule.act is act and rule.who is caller.caller_class
        )

    def permitting(self, act: Act, caller: Caller, parties: Mapping[Party, str]) -> ActRule | None:
        """The first rule that lets the caller act on a thing with these parties.

        Args:
            parties: key of the organisation or subject that is each party.
        """
        organisation = acting_organisation(caller)
        if organisation is None:
            return None
        for rule in self.rules:
            if rule.act is not act or rule.who is not caller.caller_class:
                continue
            if rule.party is Party.ANYBODY or parties.get(rule.party) == organisation:
                return rule
        return None


def acting_organisation(caller: Caller) -> str | None:
    """For whom a caller acts: a platform for the institution that it names, others for themselves.

    None for the public and for a platform that names nobody.
    """
    if caller.caller_class is CallerClass.PLATFORM:
        return caller.acting_for
    return caller.organisation


@dataclass(frozen=True, slots=True)
class Number:
    """A number of law.

    Attributes:
        source: law and article.
        confidence: `verified` against the published text, or `unverified`.
    """

    value: int
    source: str
    confidence: str


@dataclass(frozen=True, slots=True)
class ClockVersion:
    """Answer times for grants requested on `in_force_from` or later; numbers of working days.

    Attributes:
        unconditional_decision, conditional_decision: from the request to the decision.
        extension: longest extension of a decision.
        supply: from the agreement to the data, where they are handed over in batches or files.
        impact_assessment_years: how many years an impact assessment is kept.
    """

    in_force_from: dt.date
    unconditional_decision: Number
    conditional_decision: Number
    extension: Number
    supply: Number
    impact_assessment_years: Number


@dataclass(frozen=True, slots=True)
class ConsentLimits:
    """How long a consent may hold, in days.

    Attributes:
        default_days: where it does not say.
        longest_days: more is refused.
    """

    default_days: Number
    longest_days: Number


@dataclass(frozen=True, slots=True)
class Sharing:
    """Everything that this folder says.

    Attributes:
        clocks: oldest first.
    """

    acts: ActRules
    clocks: tuple[ClockVersion, ...]
    consents: ConsentLimits

    def clock_on(self, day: dt.date) -> ClockVersion:
        """The version for a request of that day; before the first one, the first."""
        found = self.clocks[0]
        for version in self.clocks:
            if version.in_force_from <= day:
                found = version
        return found
