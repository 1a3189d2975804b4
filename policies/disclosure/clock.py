"""The disclosure clock: from facts of a record to the days that the law gives it. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from policies.disclosure.periods import Change, ChangingPeriod, Period, governing
from policies.disclosure.types import (
    Answer,
    Bound,
    Facts,
    LevelPeriods,
    PublicationStart,
    Reference,
    Version,
)
from policies.disclosure.working_days import WorkingCalendar
from schema.codes import Nature, Severity

LEVELS = (Severity.MINOR, Severity.GENERAL, Severity.SERIOUS)
OUTER_LIMIT = "outer-limit"
_ONE_DAY = dt.timedelta(days=1)
_START_FIELDS = {
    PublicationStart.DECISION: "meta.decidedOn",
    PublicationStart.PUBLICATION: "meta.publishedOn",
}


@dataclass(frozen=True)
class Clock:
    """All versions of the numbers, and the working days.

    Attributes:
        versions: by day, at least one; the first is also for whatever was decided before it.
    """

    versions: tuple[Version, ...]
    calendar: WorkingCalendar

    def version_for(self, decided_on: dt.date, today: dt.date | None = None) -> Version:
        """Return the version whose periods go for a decision of that day.

        Args:
            today: also regard versions that came into force until then and are for earlier
                decisions; None asks for the version in force on the day of the decision.
        """
        changes = [Change(v.since, v.for_earlier, v.outer_limit) for v in self.versions]
        return self.versions[governing(changes, decided_on, today or decided_on)]

    def publication_deadline(self, facts: Facts) -> Answer:
        """Return the last day on which the record is published in time."""
        version = self.version_for(facts.decided_on)
        key, days = "publish-otherwise", version.publish_otherwise_working_days
        if facts.kind in version.act_kinds and version.publish_working_days < days:
            key, days = "publish", version.publish_working_days
        return self._working(facts.decided_on, days, version.references[key])

    def withdrawal_deadline(self, changed_on: dt.date) -> Answer:
        """Return the last day to withdraw what was changed, revoked or held void on a day."""
        version = self.version_for(changed_on)
        days = version.withdraw_working_days
        return self._working(changed_on, days, version.references["withdraw"])

    def publication_floor(self, facts: Facts, today: dt.date) -> Answer:
        """Return the day before which repair cannot end publication, if there is one."""
        version = self.version_for(facts.decided_on, today)
        level = _level(version, facts)
        if level is None:
            return Answer(Bound.AT_ONCE, None, ())
        reference = version.references[_key(facts, "least" if level.least else "most")]
        if level.least is None:
            return Answer(Bound.AT_ONCE, None, (reference,))
        start, references = _start(version, facts)
        return Answer(Bound.ON_DAY, level.least.after(start), (reference, *references))

    def publication_end(self, facts: Facts, today: dt.date) -> Answer:
        """Return the last day of public display: the level's maximum, within the outer limit.

        It ends that day by itself if the conduct was corrected, and as the most that the level
        allows if not; before, it ends by repair alone.
        """
        version = self.version_for(facts.decided_on, today)
        if facts.is_person and facts.kind not in version.public_person_kinds:
            return Answer(Bound.NEVER_BEGINS, None, (version.references["public-persons"],))
        if facts.is_warning and not version.publishes_warnings[facts.regime]:
            return Answer(Bound.NEVER_BEGINS, None, (version.references[_warnings(facts)],))
        outer = self.disclosure_end(facts, today)
        level = _level(version, facts)
        if level is None or outer.bound is Bound.WITHOUT_LIMIT:
            return outer
        start, references = _start(version, facts)
        end = level.most.after(start)
        why = (
            version.references[_key(facts, "most")],
            *references,
            version.references[_end(facts)],
        )
        return _bounded(facts, version, min(end, _outer_end(version, facts)), why)

    def disclosure_end(self, facts: Facts, today: dt.date) -> Answer:
        """Return the last day of any disclosure, after which the record is archived."""
        version = self.version_for(facts.decided_on, today)
        if facts.kind in version.court_kinds:
            answer = Answer(Bound.UNTIL_REMOVAL, None, (version.references["court-kinds"],))
            return _repaired(facts, version, answer)
        if facts.nature is not Nature.DISHONEST:
            return Answer(Bound.WITHOUT_LIMIT, None, (version.references["good"],))
        why = (version.references[OUTER_LIMIT], version.references["outer-start"])
        return _bounded(facts, version, _outer_end(version, facts), why)

    def archiving_demand(self, facts: Facts, today: dt.date) -> Answer | None:
        """Return the first day on which the subject may demand that the record be archived.

        None where disclosure has no end: then there is nothing to demand.
        """
        ended = self.disclosure_end(facts, today)
        if ended.bound is Bound.WITHOUT_LIMIT:
            return None
        archive = self.version_for(facts.decided_on, today).references["archive"]
        references = (*ended.references, archive)
        if ended.bound is not Bound.ON_DAY or ended.date is None:
            return Answer(ended.bound, ended.date, references)
        after = min(ended.date, dt.date.max - _ONE_DAY) + _ONE_DAY
        return Answer(Bound.ON_DAY, after, references)

    @cached_property
    def periods(self) -> dict[str, ChangingPeriod]:
        """Periods by the names that row conditions call them: the longest of all regimes."""
        limits = [version.outer_limit for version in self.versions]
        named = {OUTER_LIMIT: self._changing(limits, PublicationStart.DECISION)}
        start = self.versions[-1].start
        for severity in LEVELS:
            longest = [
                max((of[severity].most for of in v.levels.values()), key=_length)
                for v in self.versions
            ]
            named[severity.value.lower()] = self._changing(longest, start)
        return named

    def _changing(self, periods: Sequence[Period], start: PublicationStart) -> ChangingPeriod:
        changes = tuple(
            Change(version.since, version.for_earlier, period)
            for version, period in zip(self.versions, periods, strict=True)
        )
        return ChangingPeriod(changes, _START_FIELDS[start])

    def _working(self, start: dt.date, days: int, reference: Reference) -> Answer:
        found = self.calendar.add_working_days(start, days)
        return Answer(Bound.ON_DAY, found.date, (reference,), found.provisional)


def _level(version: Version, facts: Facts) -> LevelPeriods | None:
    if (
        facts.nature is not Nature.DISHONEST
        or facts.kind in version.unlevelled_kinds
        or facts.kind in version.court_kinds
    ):
        return None
    return version.levels[facts.regime].get(facts.severity)


def _key(facts: Facts, part: str) -> str:
    return f"levels.{facts.regime.value}.{facts.severity.value}.{part}"


def _end(facts: Facts) -> str:
    return "corrected" if facts.is_corrected else "ends"


def _warnings(facts: Facts) -> str:
    return f"levels.{facts.regime.value}.publishes-warnings"


def _start(version: Version, facts: Facts) -> tuple[dt.date, tuple[Reference, ...]]:
    """Start of the period of publication; what is not published yet counts as decided."""
    reference = version.references["start"]
    if version.start is PublicationStart.PUBLICATION and facts.published_on is not None:
        return facts.published_on, (reference,)
    return facts.decided_on, (reference,)


def _outer_end(version: Version, facts: Facts) -> dt.date:
    return version.outer_limit.after(facts.conduct_ended_on or facts.decided_on)


def _bounded(
    facts: Facts, version: Version, end: dt.date, references: tuple[Reference, ...]
) -> Answer:
    """The end, put off while the subject is listed, brought forward by repair."""
    answer = Answer(Bound.ON_DAY, end, references)
    if facts.is_listed:
        listed = (*references, version.references["listed"])
        if facts.listed_until is None:
            answer = Answer(Bound.UNTIL_REMOVAL, end, listed)
        elif facts.listed_until > end:
            answer = Answer(Bound.ON_DAY, facts.listed_until, listed)
    return _repaired(facts, version, answer)


def _repaired(facts: Facts, version: Version, answer: Answer) -> Answer:
    repaired = facts.repaired_on
    if repaired is None or (
        answer.bound is Bound.ON_DAY and answer.date is not None and answer.date <= repaired
    ):
        return answer
    return Answer(Bound.ON_DAY, repaired, (*answer.references, version.references["repair"]))


def _length(period: Period) -> dt.date:
    return period.after(dt.date(2000, 1, 1))
