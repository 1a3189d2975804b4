"""What the gateway asks of an adapter. Frozen values; an adapter never changes them.

A subject key is the unified social credit code of an organisation, or `P:` and the network
reference of a person. Field names are those of `schema.model` (dotted GraphQL names); besides
them `SUBJECT_KEY` asks for the key of the subject that the record is about.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from schema.classification import SubjectKind
from schema.codes import RecordKind
from schema.predicate import ALWAYS, Predicate, WireScalar

SUBJECT_KEY = "@subject"
RECORD_ID = "meta.recordId"
PERSON_KEY_PREFIX = "P:"


@dataclass(frozen=True, slots=True)
class OrderKey:
    """One order key. Text orders by code point; missing values come last in both directions."""

    field: str
    descending: bool


@dataclass(frozen=True, slots=True)
class After:
    """Position of the last record already seen, in the order over all departments.

    The whole order is: the order keys, then department code, then record id, both ascending.

    Attributes:
        values: wire value per order key, None for a missing one.
        department: code of the department that supplied that record.
        record_id: its record id.
    """

    values: tuple[WireScalar | None, ...]
    department: str
    record_id: str


@dataclass(frozen=True, slots=True)
class JsonNode:
    """JSON object that the source is asked to build for a record: names and what stands there.

    Attributes:
        entries: response key with a field name, a nested node, or a constant.
    """

    entries: tuple[tuple[str, JsonField | JsonConstant | JsonNode], ...]


@dataclass(frozen=True, slots=True)
class JsonField:
    field: str


@dataclass(frozen=True, slots=True)
class JsonConstant:
    """A value that the gateway supplies; `FETCHED_AT` stands for the time of the fetch."""

    value: WireScalar | None


FETCHED_AT = "\x00fetched-at"


@dataclass(frozen=True, slots=True, eq=False)
class RecordSelection:
    """What is wanted of the records of one kind: the part of a request that a plan makes once.

    Selections compare by identity, so that an adapter can keep what it prepared for one.

    Attributes:
        kind: record kind.
        fields: columns wanted, in row order. Only these may be read for the answer.
        predicate: filter and row rules together; the source applies it.
        order: order keys; the adapter adds its record id as the last, ascending.
        first: records wanted per key (or in all).
        lookahead: one record more is returned where there is one.
        count: also return the number of matching records per key (or in all), without paging.
        marked: record ids whose `meta.objectionMark` reads true whatever the source says.
        json: build JSON of this shape instead of rows; only if the manifest offers it.
        checked: fields of which `json` answers carry a summary (see `FieldSummary`).
        beside: fields whose values `json` answers carry record by record beside it, the record id
            first: what the audit refers to, and what row rules read that no summary can prove.
        subject_kinds: only records about such subjects; None: all. Given without keys only.
    """

    kind: RecordKind
    fields: tuple[str, ...]
    predicate: Predicate = ALWAYS
    order: tuple[OrderKey, ...] = ()
    first: int = 1
    lookahead: bool = False
    count: bool = False
    marked: tuple[str, ...] = ()
    json: JsonNode | None = None
    checked: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    subject_kinds: frozenset[SubjectKind] | None = None


class RecordRequest(NamedTuple):
    """Records of one kind: for each of the keys, or (keys None) over all subjects.

    Attributes:
        path: response path, for logs.
        keys: subject keys, without repetition.
        after: continue behind this position.
    """

    path: str
    selection: RecordSelection
    keys: tuple[str, ...] | None
    after: After | None = None


@dataclass(frozen=True, slots=True)
class StatisticsRequest:
    """Counts and sums over all records of a kind that satisfy the predicate.

    Attributes:
        group_by: field names; one group per combination of their values.
        sums: money, decimal or integer fields to add up.
        marked: as in `RecordSelection`.
        subject_kinds: only records about such subjects; None: all.
        subjects: count the different subjects of each group too.
    """

    path: str
    kind: RecordKind
    predicate: Predicate
    group_by: tuple[str, ...]
    sums: tuple[str, ...]
    max_groups: int
    marked: tuple[str, ...] = ()
    subject_kinds: frozenset[SubjectKind] | None = None
    subjects: bool = False


@dataclass(frozen=True, slots=True)
class FetchContext:
    """What is the same for all requests of one call.

    Attributes:
        request_id: for the department's own log; says nothing about the caller.
        deadline: `time.monotonic()` value after which the answer is not wanted any more.
        fetched_at: wire time written where a record says when it was fetched.
    """

    request_id: str
    deadline: float
    fetched_at: str
