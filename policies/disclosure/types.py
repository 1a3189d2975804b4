"""What the clock is asked and answers, and the numbers it reckons with. No behaviour."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from policies.disclosure.periods import Period
from schema.codes import Nature, RecordKind, Severity


class Confidence(Enum):
    """How sure a number is."""

    READ = "READ"  # the text of the law itself was read
    SECONDARY = "SECONDARY"  # a secondary source was read; check the original
    ASSUMED = "ASSUMED"  # from general knowledge
    OWN = "OWN"  # our own decision where the law leaves room


class PublicationStart(Enum):
    """From which day the period of publication runs."""

    DECISION = "DECISION"
    PUBLICATION = "PUBLICATION"


class Regime(Enum):
    """Whose measures on publication apply."""

    GENERAL = "GENERAL"
    MARKET_REGULATION = "MARKET_REGULATION"


@dataclass(frozen=True, slots=True)
class Reference:
    """Where a number comes from.

    Attributes:
        rule: number of the rule, such as `PUB-8`. source: law and article.
    """

    rule: str
    source: str
    confidence: Confidence


@dataclass(frozen=True, slots=True)
class LevelPeriods:
    """Publication of one level of dishonesty.

    Attributes:
        least: time before which repair cannot end publication; None if it can at once.
        most: time after which publication ends.
    """

    least: Period | None
    most: Period


@dataclass(frozen=True, slots=True)
class Version:
    """The numbers of one state of the law.

    Attributes:
        name: name of its file.
        since: first day of decisions that it is for.
        for_earlier: whether, once in force, its periods are for earlier decisions too.
        publish_working_days: to publish an administrative act, from its decision.
        publish_otherwise_working_days: to publish anything else.
        withdraw_working_days: to withdraw what was changed, revoked or held void.
        act_kinds: kinds of records that are administrative acts.
        court_kinds: kinds that the court alone extends and ends.
        unlevelled_kinds: kinds of dishonest records that have no level.
        public_person_kinds: kinds of which natural persons are on public display.
        levels: by regime and level.
        publishes_warnings: by regime, whether a mere warning is published.
        outer_limit: of any disclosure of dishonest information.
        references: by key of the file, `levels.GENERAL.most` for instance.
    """

    name: str
    title: str
    since: dt.date
    for_earlier: bool
    start: PublicationStart
    publish_working_days: int
    publish_otherwise_working_days: int
    withdraw_working_days: int
    act_kinds: frozenset[RecordKind]
    court_kinds: frozenset[RecordKind]
    unlevelled_kinds: frozenset[RecordKind]
    public_person_kinds: frozenset[RecordKind]
    levels: Mapping[Regime, Mapping[Severity, LevelPeriods]]
    publishes_warnings: Mapping[Regime, bool]
    outer_limit: Period
    references: Mapping[str, Reference]


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a record.

    Attributes:
        published_on: None if it is not published yet.
        conduct_ended_on: last day of the conduct; None if not known.
        is_warning: it is a penalty that consists of warnings alone.
        is_listed: the subject is still on a punishment list for it.
        listed_until: last day on the list, if that is known.
        repaired_on: day of the decision that repaired it.
        is_person: it is about a natural person.
    """

    decided_on: dt.date
    kind: RecordKind
    nature: Nature
    severity: Severity = Severity.NONE
    regime: Regime = Regime.GENERAL
    published_on: dt.date | None = None
    conduct_ended_on: dt.date | None = None
    is_warning: bool = False
    is_corrected: bool = False
    is_listed: bool = False
    listed_until: dt.date | None = None
    repaired_on: dt.date | None = None
    is_person: bool = False


class Bound(Enum):
    """How something ends."""

    ON_DAY = "ON_DAY"
    UNTIL_REMOVAL = "UNTIL_REMOVAL"  # from the list, and not before the day if one is given
    WITHOUT_LIMIT = "WITHOUT_LIMIT"
    NEVER_BEGINS = "NEVER_BEGINS"
    AT_ONCE = "AT_ONCE"


@dataclass(frozen=True, slots=True)
class Answer:
    """A date with what it follows from.

    Attributes:
        bound: how to read the date.
        date: last day, which still counts; None if there is none.
        references: rules that it follows from.
        provisional: whether it was counted over days that are not announced yet.
    """

    bound: Bound
    date: dt.date | None
    references: tuple[Reference, ...]
    provisional: bool = False

    @property
    def rules(self) -> tuple[str, ...]:
        """Numbers of the rules."""
        return tuple(dict.fromkeys(reference.rule for reference in self.references))

    def runs_on(self, day: dt.date) -> bool:
        """Whether on that day it has not ended yet, as far as is known."""
        if self.bound is Bound.ON_DAY:
            return self.date is not None and day <= self.date
        return self.bound is not Bound.NEVER_BEGINS
