"""Commitments of which some are bad, one way each, and what measuring them must tell."""

from __future__ import annotations

from dataclasses import replace

from gateway.contract import KindQuality, Lag, QualityRequest
from gateway.sources.mapping import Code, DateColumn, KindMapping, Text, TextDate, Timestamp
from schema.codes import RecordKind
from schema.identifiers import make_uscc

FIRM = make_uscc("9", "1", "410199", "MA9QQQ01").code
WRONG = FIRM[:-1] + ("0" if FIRM[-1] != "0" else "1")
MAPPING = KindMapping(
    kind=RecordKind.COMMITMENT,
    table="cn",
    record_id="id",
    organisation="code",
    columns={
        "meta.recordId": Text("id"),
        "meta.decidedOn": DateColumn("decided"),
        "meta.publishedOn": DateColumn("published"),
        "meta.reportedAt": Timestamp("reported"),
        "meta.verifiedAt": Timestamp("verified"),
        "meta.disclosureState": Code("state", {"1": "PUBLISHED"}),
        "validUntil": TextDate("until"),
        "content": Text("text"),
    },
)
COLUMNS = ("id", "code", "decided", "published", "reported", "verified", "state", "until", "text")
_LATE = "2026-10-09T17:30:00Z"
"""Already the next day in the country."""
ROWS = (
    ("good", FIRM, "2026-10-09", "2026-10-12", _LATE, "2026-10-12T01:00:00Z", "1", "20270101", "a"),
    ("open", FIRM, "2026-10-09", None, _LATE, None, "1", None, "b"),
    ("old", FIRM, "2020-01-02", "2020-01-03", None, None, "1", None, "c"),
    ("empty", FIRM, "2026-10-10", "2026-10-12", None, None, None, None, ""),
    ("nobody", None, "2026-10-10", None, None, None, "1", None, "d"),
    ("check", WRONG, "2026-10-10", None, None, None, "1", None, "e"),
    ("small", FIRM.lower(), "2026-10-10", None, None, None, "1", None, "f"),
    ("state", FIRM, "2026-10-10", None, None, None, "9", None, "g"),
    ("day", FIRM, "2026-10-10", None, None, None, "1", "soon", "h"),
    ("odd", FIRM, "2026-10-11", None, None, None, "1", "20260230", "i"),
)
REQUEST = QualityRequest(
    RecordKind.COMMITMENT,
    ("meta.recordId", "meta.disclosureState", "content", "promisorName"),
    "2026-01-01",
)
EXPECTED = KindQuality(
    kind=RecordKind.COMMITMENT,
    records=4,
    refused={
        "MISSING_CODE": 1,
        "BAD_USCC": 2,
        "ODD_VALUE": 1,
        "UNKNOWN_CODE": 1,
        "BAD_DATE": 1,
    },
    refused_rows=6,
    newest="2026-10-11",
    synced_at=_LATE,
    missing={"meta.disclosureState": 2, "content": 1},
    not_supplied=("promisorName",),
    invalid_codes=2,
    published=(
        Lag("2026-10-11", None, 1),
        Lag("2026-10-10", "2026-10-12", 1),
        Lag("2026-10-10", None, 5),
        Lag("2026-10-09", "2026-10-12", 1),
        Lag("2026-10-09", None, 1),
    ),
    checked=(Lag("2026-10-10", "2026-10-12", 1), Lag("2026-10-10", None, 1)),
)


def settled(told: KindQuality) -> KindQuality:
    """The same with the groups of days in one order, whatever the source's was."""

    def order(lag: Lag) -> tuple[str, str]:
        return (lag.begun, lag.done or "")

    return replace(
        told,
        published=tuple(sorted(told.published, key=order, reverse=True)),
        checked=tuple(sorted(told.checked, key=order, reverse=True)),
    )
