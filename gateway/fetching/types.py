"""What came back: per place and subject the records that are in the answer, and who failed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from gateway.authorization.types import StatisticsStream, Stream
from gateway.contract import RECORD_ID, SUBJECT_KEY, Row, StatisticsBatch
from gateway.entitlements.types import ConsentTerms
from gateway.planning.leaves import SUBJECT_ID, record_nodes
from gateway.planning.types import RecordPlace, StatisticsRoot, SubjectPlace
from policies.model import Outcome, SubjectProfile
from schema.records import MODEL

EVERYBODY = ""
"""Key under which records over all subjects stand."""

NOBODY = ""
"""Stands among keys in response order where a representation names no subject."""


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


_NO_KEYS: frozenset[str] = frozenset()


def _reference_prefix(stream: Stream) -> str:
    return f"{stream.provider.code}/{stream.place.kind.value}/"


NO_RECORDS = Records((), False, ())


@dataclass(frozen=True, slots=True)
class RowPart:
    """Rows of one stream for keys that nobody else supplies: one group per key, in key order.

    A group may hold one row more than the page, which tells that there are more.
    """

    stream: Stream
    keys: tuple[str, ...]
    groups: Sequence[Sequence[Row]]


@dataclass(slots=True)
class PlaceRecords:
    """Records of one place, by subject key or under `EVERYBODY`.

    A key that is in none of `json`, `parts` and `merged` has no value: nobody could be asked,
    or everybody who was has failed.

    Attributes:
        json: records that a source built as JSON, joined by commas.
        more: keys whose `json` is not all there is.
        beside: the stream that built `json`, and the rows beside it, which begin with the ids.
        parts: rows that came from one stream alone.
        merged: rows of several streams, in order.
        totals: numbers without paging; absent if not asked for, denied or not known.
        failed: outcome per failed provider.
        refused: the cursor in `after` was not valid here.
        rejoining: slugs of providers that did not answer the page the cursor comes from.
    """

    json: dict[str, bytes] = field(default_factory=dict)
    more: set[str] = field(default_factory=set)
    beside: dict[str, tuple[Stream, Sequence[Row]]] = field(default_factory=dict)
    parts: list[RowPart] = field(default_factory=list)
    merged: dict[str, Records] = field(default_factory=dict)
    totals: dict[str, int] = field(default_factory=dict)
    failed: dict[str, SourceOutcome] = field(default_factory=dict)
    refused: bool = False
    rejoining: tuple[str, ...] = ()

    def records(self) -> dict[str, Records]:
        """Records on the row path by key, in the order in which they were asked for."""
        found = dict(self.merged)
        for part in self.parts:
            first = part.stream.selection.first
            answered = (part.stream.provider.code,)
            for key, rows in zip(part.keys, part.groups, strict=True):
                has_next = len(rows) > first
                shown = rows[:first] if has_next else rows
                found[key] = Records(((part.stream, shown),), has_next, answered)
        return found

    @property
    def has_values(self) -> bool:
        """Whether anything is known for any key."""
        return bool(self.json or self.parts or self.merged)

    def references(self, left_out: frozenset[str]) -> Iterator[str]:
        """References `department/kind/id` of the records of all keys but those left out."""
        for key, (stream, rows) in self.beside.items():
            if key not in left_out and rows:
                prefix = _reference_prefix(stream)
                yield from (f"{prefix}{row[0]}" for row in rows)
        for key, found in self.records().items():
            if key in left_out:
                continue
            for stream, rows in found.runs:
                prefix, column = _reference_prefix(stream), stream.columns[RECORD_ID]
                yield from (f"{prefix}{row[column]}" for row in rows)

    def valued(self) -> set[str]:
        """Keys for which anything is known."""
        return {*self.json, *self.merged, *(key for part in self.parts for key in part.keys)}


@dataclass(frozen=True, slots=True)
class Subjects:
    """Subjects that stand at one place.

    Attributes:
        positions: keys in response order, with repetitions, `NOBODY` included.
        distinct: every key once, `NOBODY` left out.
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


@dataclass(slots=True)
class FetchResults:
    """Everything that was fetched for one operation.

    Attributes:
        sources: outcome per department that was asked.
        rows: number of records per department.
        withheld: number of records per department that hold a value which does not fit, if any.
        misnamed: positions at which a representation names no subject, ascending.
        consents: those that were looked at, as they were then.
    """

    fetched_at: str
    subjects: dict[SubjectPlace, Subjects] = field(default_factory=dict)
    places: dict[RecordPlace, PlaceRecords] = field(default_factory=dict)
    statistics: dict[
        StatisticsRoot, list[tuple[StatisticsStream, StatisticsBatch | SourceOutcome]]
    ] = field(default_factory=dict)
    sources: dict[str, SourceOutcome] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    consents: set[ConsentTerms] = field(default_factory=set)
    misnamed: dict[SubjectPlace, tuple[int, ...]] = field(default_factory=dict)
    withheld: dict[str, int] = field(default_factory=dict)

    def listed_subjects(self) -> Iterator[str]:
        """Keys of whom records are about that were asked for over all subjects, or by an id."""
        for place in self.places:
            yield from self.listed_at(place)

    def listed_at(self, place: RecordPlace) -> Iterator[str]:
        """Keys of whom the records of a place over all subjects are about.

        Nobody of records whose subjects the caller may not learn: how many there are is closed too.
        """
        # the nodes of a search stand as subjects already
        if place.is_keyed or place.is_search or not list(record_nodes(place.content)):
            return
        for records in self.places[place].records().values():
            for stream, rows in records.runs:
                if stream.cell.leaves[SUBJECT_ID].outcome is Outcome.DENIED:
                    continue
                column = stream.columns[SUBJECT_KEY]
                yield from (str(row[column]) for row in rows if row[column] is not None)

    def released_records(self) -> tuple[str, ...]:
        """References `department/kind/id` of the dishonest and list records in the answer.

        Each once, in the order of the places, and not more than the limit of listed records lets
        an answer hold. Records that were only counted, and those of subjects that nobody knows,
        are in no answer.
        """
        found: dict[str, None] = {}
        for place, records in self.places.items():
            if MODEL.kinds[place.kind].is_dishonest and any(record_nodes(place.content)):
                unknown = self._unknown_at(place) if place.is_keyed else _NO_KEYS
                found.update(dict.fromkeys(records.references(unknown)))
        return tuple(found)

    def _unknown_at(self, place: RecordPlace) -> frozenset[str]:
        return next(
            (above.unknown for root, above in self.subjects.items() if place in root.records),
            _NO_KEYS,
        )

    def note_withheld(self, slug: str, records: int) -> None:
        """Note records that a department left out of one batch."""
        if records:
            self.withheld[slug] = self.withheld.get(slug, 0) + records

    def note_source(self, slug: str, outcome: SourceOutcome) -> None:
        """Note how a department answered; the first failure stays."""
        if self.sources.get(slug, SourceOutcome.ANSWERED) is SourceOutcome.ANSWERED:
            self.sources[slug] = outcome
