"""The checks that a control can be, each over facts alone: pure, and told apart by `kind`.

Each looks at the facts from `begin` on; the facts before are what is usual, and nothing else. So
a run finds the same in the same days, whenever it is made.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from statistics import median

from gateway.controls.types import CHINA_STANDARD_TIME, ConsentTimes, Fact, Finding

MOST_ENTRIES = 100
"""Entries named as evidence of one finding."""

_ANSWERED = "ANSWERED"
IsWorkingDay = Callable[[dt.date], bool]


@dataclass(slots=True)
class _Seen:
    """How many there were, and the first of them."""

    count: int = 0
    entries: list[int] = field(default_factory=list)

    def add(self, fact: Fact) -> None:
        self.count += 1
        if len(self.entries) < MOST_ENTRIES:
            self.entries.append(fact.entry_no)


@dataclass(slots=True)
class MatterNumberCheck:
    """Answered requests about subjects without a matter number; a finding per client and day."""

    begin: dt.datetime
    classes: frozenset[str]
    least_requests: int
    _seen: dict[tuple[str, str], _Seen] = field(default_factory=lambda: defaultdict(_Seen))

    def see(self, fact: Fact) -> None:
        if (
            fact.at >= self.begin
            and fact.matter_no is None
            and fact.caller_class in self.classes
            and fact.outcome == _ANSWERED
            and fact.subjects
        ):
            self._seen[fact.client_id, _day(fact)].add(fact)

    def findings(self) -> Iterator[Finding]:
        for (client, day), seen in self._seen.items():
            if seen.count >= self.least_requests:
                about = {"client": client, "day": day}
                yield Finding(about, seen.count, self.least_requests, seen.entries)


@dataclass(slots=True)
class VolumeCheck:
    """Subjects of a client on a day, against its usual days before; a finding per client and day.

    Attributes:
        times_usual: of the median of the days before on which it asked anything.
        usual_days: how many days before count; least_days: with fewer there is no pattern.
        least_subjects: fewer on a day are never a finding.
    """

    begin: dt.datetime
    times_usual: int
    usual_days: int
    least_days: int
    least_subjects: int
    _days: dict[str, dict[dt.date, set[str]]] = field(default_factory=lambda: defaultdict(dict))
    _entries: dict[tuple[str, dt.date], _Seen] = field(default_factory=lambda: defaultdict(_Seen))

    def see(self, fact: Fact) -> None:
        if fact.caller_class != "public" and fact.subjects:
            day = fact.local.date()
            self._days[fact.client_id].setdefault(day, set()).update(fact.subjects)
            self._entries[fact.client_id, day].add(fact)

    def findings(self) -> Iterator[Finding]:
        for client, days in self._days.items():
            for day, subjects in sorted(days.items()):
                if day < self.begin.astimezone(CHINA_STANDARD_TIME).date():
                    continue
                limit = self._limit(days, day)
                if limit is not None and len(subjects) >= limit:
                    about = {"client": client, "day": day.isoformat()}
                    entries = self._entries[client, day].entries
                    yield Finding(about, len(subjects), limit, entries)

    def _limit(self, days: Mapping[dt.date, set[str]], day: dt.date) -> int | None:
        first = day - dt.timedelta(days=self.usual_days)
        usual = [len(those) for other, those in days.items() if first <= other < day]
        if len(usual) < self.least_days:
            return None
        return max(self.least_subjects, int(median(usual) * self.times_usual))


@dataclass(slots=True)
class RepetitionCheck:
    """One officer, one subject, again and again within some days; a finding for each month."""

    begin: dt.datetime
    least_requests: int
    within_days: int
    _recent: dict[tuple[str, str, str], deque[tuple[dt.datetime, int]]] = field(
        default_factory=lambda: defaultdict(deque)
    )
    _found: dict[tuple[str, str, str, str], Finding] = field(default_factory=dict)

    def see(self, fact: Fact) -> None:
        if fact.user_ref is None:
            return
        for reference in fact.subjects:
            self._see_one(fact, fact.user_ref, reference)

    def _see_one(self, fact: Fact, user: str, reference: str) -> None:
        recent = self._recent[fact.client_id, user, reference]
        earliest = fact.at - dt.timedelta(days=self.within_days)
        while recent and recent[0][0] < earliest:
            recent.popleft()
        recent.append((fact.at, fact.entry_no))
        month = f"{fact.local:%Y-%m}"
        place = (fact.client_id, user, reference, month)
        if fact.at < self.begin or len(recent) < self.least_requests or place in self._found:
            return
        about = {"client": fact.client_id, "user": user, "subject": reference, "month": month}
        entries = [entry_no for _, entry_no in recent][-MOST_ENTRIES:]
        self._found[place] = Finding(about, len(recent), self.least_requests, entries)

    def findings(self) -> Iterator[Finding]:
        yield from self._found.values()


@dataclass(slots=True)
class ConsentAfterPurposeCheck:
    """Consents to one purpose that are used when it is over; a finding per consent and day.

    The purpose is over when the same subject has consented to one of `ended_by` with the same
    institution, and at the latest `longest_days` after the consent began.
    """

    begin: dt.datetime
    purpose: str
    ended_by: frozenset[str]
    longest_days: int
    consents: Mapping[str, ConsentTimes]
    _seen: dict[tuple[str, str], _Seen] = field(default_factory=lambda: defaultdict(_Seen))
    _ends: dict[str, dt.datetime | None] = field(default_factory=dict)
    _between: dict[tuple[str, str], list[ConsentTimes]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def __post_init__(self) -> None:
        for consent in self.consents.values():
            self._between[consent.subject_key, consent.institution].append(consent)

    def see(self, fact: Fact) -> None:
        if fact.at < self.begin or fact.outcome != _ANSWERED:
            return
        for consent_no in fact.consents:
            end = self._end(consent_no)
            if end is not None and fact.at > end:
                self._seen[consent_no, _day(fact)].add(fact)

    def _end(self, consent_no: str) -> dt.datetime | None:
        if consent_no not in self._ends:
            self._ends[consent_no] = self._found_end(consent_no)
        return self._ends[consent_no]

    def _found_end(self, consent_no: str) -> dt.datetime | None:
        consent = self.consents.get(consent_no)
        if consent is None or consent.purpose != self.purpose:
            return None
        longest = consent.valid_from + dt.timedelta(days=self.longest_days)
        ends = [
            other.valid_from
            for other in self._between[consent.subject_key, consent.institution]
            if other.purpose in self.ended_by and other.valid_from > consent.valid_from
        ]
        return min((*ends, longest))

    def findings(self) -> Iterator[Finding]:
        for (consent_no, day), seen in self._seen.items():
            yield Finding({"consent": consent_no, "day": day}, seen.count, 1, seen.entries)


@dataclass(slots=True)
class OfficeHoursCheck:
    """Requests of officers outside office hours; a finding per client, officer and day.

    Attributes:
        opens, closes: office hours of working days, `closes` excluded, by the clocks of China.
    """

    begin: dt.datetime
    classes: frozenset[str]
    opens: dt.time
    closes: dt.time
    least_requests: int
    is_working_day: IsWorkingDay
    _seen: dict[tuple[str, str, str], _Seen] = field(default_factory=lambda: defaultdict(_Seen))

    def see(self, fact: Fact) -> None:
        if fact.at < self.begin or fact.caller_class not in self.classes:
            return
        local = fact.local
        if self.opens <= local.time() < self.closes and self.is_working_day(local.date()):
            return
        self._seen[fact.client_id, fact.user_ref or "", _day(fact)].add(fact)

    def findings(self) -> Iterator[Finding]:
        for (client, user, day), seen in self._seen.items():
            if seen.count >= self.least_requests:
                about = {"client": client, "user": user, "day": day}
                yield Finding(about, seen.count, self.least_requests, seen.entries)


def _day(fact: Fact) -> str:
    return fact.local.date().isoformat()
