"""What came back: per place and subject the records that are in the answer, and who failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from gateway.authorization.statistics import StatisticsStream
from gateway.authorization.types import Stream
from gateway.contract import Row, StatisticsBatch
from gateway.planning.types import RecordPlace, StatisticsRoot, SubjectPlace
from policies.model import SubjectProfile

EVERYBODY = ""
"""Key under which records over all subjects stand."""


class SourceOutcome(Enum):
    """How a department took part in an operation; the worst of its calls."""

    ANSWERED = "ANSWERED"
    TIMED_OUT = "TIMED_OUT"
    DOWN = "DOWN"
    MALFORMED = "MALFORMED"


Run = tuple[Stream, Sequence[Row]]
"""Rows of one stream that stand next to each other."""


@dataclass(frozen=True, slots=True)
class Records:
    """Records of one place for one subject, or over all subjects, on the row path.

    Attributes:
        runs: rows in the asked order, cut to the page.
        has_next: whether there are more.
        answered: codes of the providers that answered, ascending.
    """

    runs: Sequence[Run]
    has_next: bool
    answered: tuple[str, ...]

    @property
    def count(self) -> int:
        return sum(len(rows) for _, rows in self.runs)


@dataclass(slots=True)
class PlaceRecords:
    """Records of one place, by subject key or under `EVERYBODY`.

    A key that is in neither `json` nor `records` has no value: nobody could be asked, or
    everybody who was has failed.

    Attributes:
        json: records that a source built as JSON, joined by commas.
        more: keys whose `json` is not all there is.
        records: records on the row path.
        totals: numbers without paging; absent if not asked for, denied or not known.
        failed: outcome per failed provider.
        refused: the cursor in `after` was not valid here.
    """

    json: dict[str, bytes] = field(default_factory=dict)
    more: set[str] = field(default_factory=set)
    records: dict[str, Records] = field(default_factory=dict)
    totals: dict[str, int] = field(default_factory=dict)
    failed: dict[str, SourceOutcome] = field(default_factory=dict)
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Subjects:
    """Subjects that stand at one place.

    Attributes:
        positions: keys in response order, with repetitions.
        distinct: every key once.
        groups: distinct keys by profile, profiles in the order of their first subject.
        unknown: keys that no registration is known for.
    """

    positions: Sequence[str]
    distinct: tuple[str, ...]
    groups: Mapping[SubjectProfile, tuple[str, ...]]
    unknown: frozenset[str] = frozenset()

    @property
    def profiles(self) -> tuple[SubjectProfile, ...]:
        return tuple(self.groups)

    def profile_by_key(self) -> dict[str, SubjectProfile]:
        return {key: profile for profile, keys in self.groups.items() for key in keys}


@dataclass(frozen=True, slots=True)
class ConsentSeen:
    """A consent that was looked at, by number and version."""

    consent_no: str
    version: int


@dataclass(slots=True)
class FetchResults:
    """Everything that was fetched for one operation.

    Attributes:
        sources: outcome per department that was asked.
        rows: number of records per department.
    """

    fetched_at: str
    subjects: dict[SubjectPlace, Subjects] = field(default_factory=dict)
    places: dict[RecordPlace, PlaceRecords] = field(default_factory=dict)
    statistics: dict[
        StatisticsRoot, list[tuple[StatisticsStream, StatisticsBatch | SourceOutcome]]
    ] = field(default_factory=dict)
    sources: dict[str, SourceOutcome] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    consents: set[ConsentSeen] = field(default_factory=set)

    def note_source(self, slug: str, outcome: SourceOutcome) -> None:
        """Note how a department answered; the first failure stays."""
        if self.sources.get(slug, SourceOutcome.ANSWERED) is SourceOutcome.ANSWERED:
            self.sources[slug] = outcome
