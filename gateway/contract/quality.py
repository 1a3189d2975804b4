"""What a department's source tells of its own records' quality: numbers, never records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol, runtime_checkable

from gateway.contract.requests import FetchContext
from schema.codes import RecordKind


@dataclass(frozen=True, slots=True)
class QualityRequest:
    """A question about all records of one kind.

    Attributes:
        required: fields of which missing values are counted.
        since: wire date; only of records decided from then on is the time until publication told.
        max_lags: most groups of `published` and of `checked`.
    """

    kind: RecordKind
    required: tuple[str, ...]
    since: str
    max_lags: int = 20_000


class Lag(NamedTuple):
    """Records for which something began on one day and was done on another.

    Attributes:
        begun, done: wire dates; `done` is None where it is not done yet.
    """

    begun: str
    done: str | None
    records: int


@dataclass(frozen=True, slots=True)
class KindQuality:
    """What a source tells of one kind.

    Attributes:
        records: that are accepted, and can be shown.
        refused: rows that are not, by rule; a row may break several.
        refused_rows: how many they are together.
        newest: wire date of the newest decision.
        synced_at: wire time at which the data came from where they are made; None: not known.
        missing: records without a value, by required field that the source supplies.
        not_supplied: required fields that the source does not supply at all.
        invalid_codes: records whose organisation has no valid code.
        published: from the decision to the publication.
        checked: from the report to the check.
        is_complete: whether `published` and `checked` are whole.
        trouble: why newer data were not taken up, for operators; empty if there is none.
    """

    kind: RecordKind
    records: int
    refused: Mapping[str, int]
    refused_rows: int
    newest: str | None
    synced_at: str | None
    missing: Mapping[str, int]
    not_supplied: tuple[str, ...]
    invalid_codes: int
    published: tuple[Lag, ...] = field(default=())
    checked: tuple[Lag, ...] = field(default=())
    is_complete: bool = True
    trouble: str = ""


@runtime_checkable
class QualityAdapter(Protocol):
    """Adapter that can tell the quality of its records. May be slow; never on a query's path."""

    async def quality(
        self, requests: Sequence[QualityRequest], context: FetchContext
    ) -> Sequence[KindQuality]:
        """Answer each request, in the same order."""
        ...
