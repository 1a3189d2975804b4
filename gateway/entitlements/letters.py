"""Consents read whole, and letters: consents that an institution filed, until they are checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from gateway.entitlements.consent import (
    Consent,
    ConsentConditions,
    ConsentForm,
    ConsentRecord,
    Institution,
    Signature,
    SignerRole,
)
from gateway.entitlements.coordinates import may_be_number
from gateway.entitlements.states import ConsentState
from gateway.store.lending import Lending
from policies.model import Purpose
from schema.codes import RecordKind

_ADD_LETTER = "INSERT INTO consent_letter (consent_no, filed_at) VALUES ($1, $2)"
_CHECK_LETTER = """
UPDATE consent_letter SET checked_at = $2, refusal_reason = $3 WHERE consent_no = $1
"""
_IS_PENDING = """
SELECT EXISTS (SELECT FROM consent WHERE subject_key = $1 AND institution = $2 AND purpose = $3
    AND document_sha256 = $4 AND state = 'SIGNED')
"""
_STATE = "CASE WHEN c.state = 'ACTIVE' AND c.valid_to <= $1 THEN 'EXPIRED' ELSE c.state END"
_COLUMNS = f"""
SELECT c.*, {_STATE} AS state_now, l.filed_at, l.refusal_reason,
    ARRAY(SELECT f.coordinate FROM consent_coordinate AS f
          WHERE f.consent_no = c.consent_no ORDER BY f.coordinate) AS coordinates
FROM consent AS c LEFT JOIN consent_letter AS l ON l.consent_no = c.consent_no
"""  # noqa: S608 - made of constants
_FIND = _COLUMNS + "WHERE c.consent_no = $2"
_LIST = f"""
{_COLUMNS}
WHERE ($2::text IS NULL OR c.subject_key = $2) AND ($3::text IS NULL OR c.institution = $3)
    AND ($4::text IS NULL OR {_STATE} = $4)
    AND ($5::text IS NULL OR (c.signed_at, c.consent_no) < (
        SELECT s.signed_at, s.consent_no FROM consent AS s
        WHERE s.consent_no = $5 AND ($2::text IS NULL OR s.subject_key = $2)
            AND ($3::text IS NULL OR s.institution = $3)))
ORDER BY c.signed_at DESC, c.consent_no DESC LIMIT $6
"""  # noqa: S608 - made of constants


@dataclass(frozen=True, slots=True)
class ConsentFilter:
    """Which consents to list; None: any.

    Attributes:
        after: number of a consent; only those that were signed before it. One of another subject
            or institution is as good as none: it would tell when that was signed.
    """

    subject_key: str | None = None
    institution: str | None = None
    state: ConsentState | None = None
    after: str | None = None
    first: int = 50


class LetterRegister:
    """Reads consents with all they say, and keeps when letters were filed and checked."""

    def __init__(self, lending: Lending) -> None:
        self._lending = lending

    async def add(self, consent_no: str, at: datetime) -> None:
        """Say of a signed consent that its institution filed it."""
        async with self._lending.connection() as connection:
            await connection.execute(_ADD_LETTER, consent_no, at)

    async def check(self, consent_no: str, at: datetime, refusal: str | None) -> None:
        """Say when a letter was checked, and why it was refused if it was."""
        async with self._lending.connection() as connection:
            await connection.execute(_CHECK_LETTER, consent_no, at, refusal)

    async def is_pending(self, consent: Consent) -> bool:
        """Whether the same document waits for its check already."""
        async with self._lending.connection() as connection:
            found: bool = await connection.fetchval(
                _IS_PENDING,
                consent.subject_key,
                consent.institution.uscc,
                consent.purpose.value,
                consent.signature.document_sha256,
            )
        return found

    async def find(self, consent_no: str, at: datetime) -> ConsentRecord | None:
        """Return a consent as it stands at this time."""
        if not may_be_number(consent_no):
            return None
        async with self._lending.connection() as connection:
            row = await connection.fetchrow(_FIND, at, consent_no)
        return None if row is None else _record(row)

    async def list_records(self, wanted: ConsentFilter, at: datetime) -> Sequence[ConsentRecord]:
        """Return consents as they stand at this time, the last signed first."""
        state = None if wanted.state is None else wanted.state.value
        async with self._lending.connection() as connection:
            rows = await connection.fetch(
                _LIST,
                at,
                wanted.subject_key,
                wanted.institution,
                state,
                wanted.after,
                wanted.first,
            )
        return [_record(row) for row in rows]


def _record(row: asyncpg.Record) -> ConsentRecord:
    terms = Consent(
        row["consent_no"],
        row["subject_key"],
        row["authoriser_name"],
        Institution(
            row["institution"],
            row["institution_name"],
            row["institution_licence_no"],
            row["institution_contact"],
        ),
        Purpose(row["purpose"]),
        tuple(RecordKind(code) for code in row["record_kinds"]),
        tuple(row["coordinates"]),
        row["is_one_off"],
        row["valid_from"],
        row["valid_to"],
        ConsentConditions(
            row["processing"], row["retention"], row["restrictions"], row["how_to_withdraw"]
        ),
        Signature(
            row["signer_name"],
            SignerRole(row["signer_role"]),
            row["signer_proof"],
            ConsentForm(row["form"]),
            row["signed_at"],
            row["document_sha256"],
            row["seal_certificate"],
        ),
    )
    return ConsentRecord(
        terms,
        ConsentState(row["state_now"]),
        row["version"],
        row["filed_at"],
        row["refusal_reason"],
    )
