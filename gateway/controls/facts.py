"""Reads facts and consents for controls from the gateway's own database, some at a time."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Mapping

import orjson

from gateway.controls.types import ConsentTimes, Fact
from gateway.store.lending import Lending

_AT_ONCE = 2_000
_ENTRIES = """
SELECT entry_no, at, entry FROM audit_entry
WHERE entry_no > $1 AND at >= $2 AND at < $3
ORDER BY entry_no LIMIT $4
"""
_CONSENTS = """
SELECT c.consent_no, c.subject_key, c.institution, c.purpose, c.valid_from
FROM consent AS c
WHERE (c.subject_key, c.institution) IN (
    SELECT u.subject_key, u.institution FROM consent AS u WHERE u.valid_to >= $1)
"""


async def read_facts(lending: Lending, begin: dt.datetime, end: dt.datetime) -> AsyncIterator[Fact]:
    """Yield the requests that arrived from `begin` to `end` (excluded), the first stored first."""
    last = 0
    while True:
        async with lending.connection() as connection:
            rows = await connection.fetch(_ENTRIES, last, begin, end, _AT_ONCE)
        for row in rows:
            entry = orjson.loads(row["entry"])
            if entry.get("kind", "REQUEST") == "REQUEST":
                yield _fact(row["entry_no"], row["at"], entry)
        if len(rows) < _AT_ONCE:
            return
        last = rows[-1]["entry_no"]


def _fact(entry_no: int, at: dt.datetime, entry: Mapping[str, object]) -> Fact:
    members: dict[str, object] = dict(entry)
    subjects, consents = members["subjects"], members["consents"]
    assert isinstance(subjects, list)
    assert isinstance(consents, list)

    def text(name: str) -> str:
        return str(members[name])

    def maybe(name: str) -> str | None:
        return None if members[name] is None else str(members[name])

    return Fact(
        entry_no=entry_no,
        request_id=text("requestId"),
        at=at,
        caller_class=text("callerClass"),
        organisation=maybe("organisation"),
        client_id=text("clientId"),
        user_ref=maybe("userRef"),
        purpose=text("purpose"),
        matter_no=maybe("matterNo"),
        outcome=text("outcome"),
        subjects=tuple(subjects),
        consents=tuple(consent["consentNo"] for consent in consents),
    )


async def read_consents(lending: Lending, since: dt.datetime) -> Mapping[str, ConsentTimes]:
    """Return consents that held at that time or later, and others between the same two."""
    async with lending.connection() as connection:
        rows = await connection.fetch(_CONSENTS, since)
    return {row["consent_no"]: ConsentTimes(*row) for row in rows}
