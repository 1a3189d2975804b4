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


class SourceOutcome(Enum):
    """How a department took part in an operation; the worst of its calls."""

    ANSWERED = "ANSWERED"
    TIMED_OUT = "TIMED_OUT"
    DOWN = "DOWN"
    MALFORMED = "MALFORMED"


@dataclass(slots=True)
class Records:
    """Records of one place for one subject, or over all subjects.

    Attributes:
        rows: stream and row of each record in the asked order, at most `first`; empty where
            the source built JSON.
        json: records that the source built as JSON, joined by commas; None on the row path.
        count: number of records held here.
        has_next: whether there are more; False where nobody asked.
        total: number without paging; None if not asked for, denied or not known.
        failed: slugs of providers that failed, in provider order.
        answered: codes of the providers that answered, ascending.
    """

    rows: Sequence[tuple[Stream, Row]] = ()
    json: bytes | None = None
    count: int = 0
    has_next: bool = False
    total: int | None = None
    failed: tuple[str, ...] = ()
    answered: tuple[str, ...] = ()


@dataclass(slots=True)
class PlaceRecords:
    """Records of one place.

    Attributes:
        by_key: per subject key, or under `""` over all subjects. A key that nobody could be
            asked for is absent.
        refused: the cursor in `after` was not valid here.
        failed: outcome per failed provider, in provider order.
    """

    by_key: dict[str, Records] = field(default_factory=dict)
    refused: bool = False
    failed: dict[str, SourceOutcome] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Subjects:
    """Subjects that stand at one place.

    Attributes:
        positions: keys in response order, with repetitions.
        profile: profile per distinct key.
        unknown: keys that no registration is known for.
    """

    positions: tuple[str, ...]
    profile: Mapping[str, SubjectProfile]
    unknown: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ConsentSeen:
    """A consent that was looked at, by number and version."""

    consent_no: str
    version: int


@dataclass(slots=True)
class FetchResults:
    """Everything that was fetched for one operation."""

    subjects: dict[SubjectPlace, Subjects] = field(default_factory=dict)
    places: dict[RecordPlace, PlaceRecords] = field(default_factory=dict)
    statistics: dict[
        StatisticsRoot, list[tuple[StatisticsStream, StatisticsBatch | SourceOutcome]]
    ] = field(default_factory=dict)
    sources: dict[str, SourceOutcome] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    consents: set[ConsentSeen] = field(default_factory=set)
    fetched_at: str = ""
