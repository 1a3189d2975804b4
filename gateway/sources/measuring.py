"""What measuring records' quality has in common over all kits: rules, terms, the numbers told.

How a source is asked for the numbers is each kit's own business.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gateway.contract import KindQuality, Lag, QualityRequest
from schema.identifiers.uscc import USCC_ALPHABET

DECIDED, PUBLISHED = "meta.decidedOn", "meta.publishedOn"
REPORTED, VERIFIED = "meta.reportedAt", "meta.verifiedAt"
TERMS = ((DECIDED, PUBLISHED), (REPORTED, VERIFIED))
"""What begins a term and what ends it: publication, and check."""

MISSING_CODE, BAD_USCC, ODD_VALUE = "MISSING_CODE", "BAD_USCC", "ODD_VALUE"
UNKNOWN_CODE, BAD_DATE = "UNKNOWN_CODE", "BAD_DATE"

USCC_PATTERN = f"^[{USCC_ALPHABET}]{{2}}[0-9]{{6}}[{USCC_ALPHABET}]{{10}}$"
# Source: GB 32100-2015, 4.5: powers of three mod 31; the check character has the weight one.
USCC_WEIGHTS = (*(pow(3, position, 31) for position in range(17)), 1)


@dataclass(frozen=True, slots=True)
class Counts:
    """The numbers that a source gave for one kind.

    Attributes:
        rules: rows that break each rule.
        empty: records without a value, by required field that is supplied.
    """

    records: int
    refused: int
    newest: str | None
    synced_at: str | None
    rules: dict[str, int]
    empty: dict[str, int]


def quality_of(
    request: QualityRequest, counts: Counts, published: Sequence[Any], checked: Sequence[Any]
) -> KindQuality:
    """Put together what was counted and the days of both terms, one group more than wanted."""
    most = request.max_lags
    return KindQuality(
        kind=request.kind,
        records=counts.records,
        refused={rule: count for rule, count in counts.rules.items() if count},
        refused_rows=counts.refused,
        newest=counts.newest,
        synced_at=counts.synced_at,
        missing={name: count for name, count in counts.empty.items() if count},
        not_supplied=tuple(name for name in request.required if name not in counts.empty),
        invalid_codes=counts.rules.get(BAD_USCC, 0),
        published=tuple(Lag(*each) for each in published[:most]),
        checked=tuple(Lag(*each) for each in checked[:most]),
        is_complete=max(len(published), len(checked)) <= most,
    )
