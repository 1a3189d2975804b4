"""The register of consents in the store: filing, changes of state, lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from gateway.entitlements.consent import Consent, check_consent
from gateway.entitlements.errors import EntitlementRefusedError
from gateway.entitlements.states import ConsentState, consent_states_before
from gateway.store.lending import Lending
from gateway.store.pool import Connection

_INSERT = """
INSERT INTO consent (
    consent_no, state, subject_key, authoriser_name, signer_name, signer_role, signer_proof,
    institution, institution_name, institution_licence_no, institution_contact, purpose,
    record_kinds, is_one_off, valid_from, valid_to, processing, retention, restrictions,
    how_to_withdraw, form, signed_at, document_sha256, changed_at, seal_certificate)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
    $20, $21, $22, $23, $24, $25)
"""
_INSERT_COORDINATES = """
INSERT INTO consent_coordinate (consent_no, coordinate) SELECT $1, unnest($2::text[])
"""
_CHANGE = """
UPDATE consent SET state = $2, version = version + 1, changed_at = $4
WHERE consent_no = $1 AND state = ANY ($3::text[])
RETURNING version
"""
_REPLACE_OTHERS = """
UPDATE consent AS old SET state = 'REPLACED', version = old.version + 1, changed_at = $2
FROM consent AS new
WHERE new.consent_no = $1 AND old.consent_no <> new.consent_no AND old.state = 'ACTIVE'
    AND old.subject_key = new.subject_key AND old.institution = new.institution
    AND old.purpose = new.purpose
"""
_OTHERS = """
SELECT old.consent_no FROM consent AS old JOIN consent AS new
    ON old.subject_key = new.subject_key AND old.institution = new.institution
    AND old.purpose = new.purpose
WHERE new.consent_no = $1 AND old.consent_no <> new.consent_no AND old.state = 'ACTIVE'
ORDER BY old.consent_no
"""
_LIST = """
SELECT consent_no, version, state, subject_key, institution, purpose, valid_from, valid_to
FROM consent
WHERE $1::text IS NULL OR subject_key = $1
ORDER BY changed_at DESC, consent_no LIMIT $2
"""


@dataclass(frozen=True, slots=True)
class ConsentLine:
    """One consent in a list."""

    consent_no: str
    version: int
    state: ConsentState
    subject_key: str
    institution: str
    purpose: str
    valid_from: datetime
    valid_to: datetime


class ConsentRegister:
    """Keeps consents; every change raises the consent's version and reaches all workers."""

    def __init__(self, lending: Lending) -> None:
        self._lending = lending

    async def add(
        self, consent: Consent, at: datetime, state: ConsentState = ConsentState.DRAFT
    ) -> None:
        """File a consent as DRAFT or SIGNED.

        Raises:
            EntitlementRefusedError: the consent is incomplete or its number is taken.
        """
        check_consent(consent)
        if state not in (ConsentState.DRAFT, ConsentState.SIGNED):
            raise EntitlementRefusedError(f"a consent is not filed as {state.value}")
        async with self._lending.connection() as connection:
            try:
                async with connection.transaction():
                    await _insert(connection, consent, at, state)
            except asyncpg.UniqueViolationError as error:
                raise EntitlementRefusedError(
                    f"the number `{consent.consent_no}` is taken"
                ) from error

    async def activate(self, consent_no: str, at: datetime) -> int:
        """Let a signed consent release data; one for the same institution and purpose ends.

        Returns:
            The new version.

        Raises:
            EntitlementRefusedError: it is not SIGNED, or another is being activated.
        """
        async with self._lending.connection() as connection:
            try:
                async with connection.transaction():
                    await connection.execute(_REPLACE_OTHERS, consent_no, at)
                    return await _change(connection, consent_no, ConsentState.ACTIVE, at)
            except asyncpg.UniqueViolationError as error:
                raise EntitlementRefusedError(
                    f"another consent in place of `{consent_no}` became active meanwhile",
                    "CONSENT_STATE_CONFLICT",
                ) from error

    async def ended_by(self, consent_no: str) -> tuple[str, ...]:
        """Return the numbers of the consents that activating this one ends."""
        async with self._lending.connection() as connection:
            return tuple(row[0] for row in await connection.fetch(_OTHERS, consent_no))

    async def change_state(self, consent_no: str, state: ConsentState, at: datetime) -> int:
        """Change the state; `activate` is the way to ACTIVE.

        Returns:
            The new version.

        Raises:
            EntitlementRefusedError: the consent is not in a state that may change to this one.
        """
        if state is ConsentState.ACTIVE:
            return await self.activate(consent_no, at)
        async with self._lending.connection() as connection:
            return await _change(connection, consent_no, state, at)

    async def withdraw(self, consent_no: str, at: datetime) -> int:
        """Withdraw a signed or active consent: no answer that relies on it is committed after this.

        Returns:
            The new version.
        """
        return await self.change_state(consent_no, ConsentState.WITHDRAWN, at)

    async def list_consents(
        self, subject_key: str | None, limit: int = 100
    ) -> Sequence[ConsentLine]:
        """Return the consents of a subject (None: of all), the last changed first."""
        async with self._lending.connection() as connection:
            rows = await connection.fetch(_LIST, subject_key, limit)
        return [
            ConsentLine(
                row["consent_no"],
                row["version"],
                ConsentState(row["state"]),
                row["subject_key"],
                row["institution"],
                row["purpose"],
                row["valid_from"],
                row["valid_to"],
            )
            for row in rows
        ]


async def _insert(
    connection: Connection, consent: Consent, at: datetime, state: ConsentState
) -> None:
    institution, signature = consent.institution, consent.signature
    conditions = consent.conditions
    await connection.execute(
        _INSERT,
        consent.consent_no,
        state.value,
        consent.subject_key,
        consent.authoriser_name,
        signature.signer_name,
        signature.signer_role.value,
        signature.proof,
        institution.uscc,
        institution.name,
        institution.licence_no,
        institution.contact,
        consent.purpose.value,
        [kind.value for kind in consent.record_kinds],
        consent.is_one_off,
        consent.valid_from,
        consent.valid_to,
        conditions.processing,
        conditions.retention,
        conditions.restrictions,
        conditions.how_to_withdraw,
        signature.form.value,
        signature.signed_at,
        signature.document_sha256,
        at,
        signature.seal_certificate,
    )
    await connection.execute(
        _INSERT_COORDINATES, consent.consent_no, list(dict.fromkeys(consent.coordinates))
    )


async def _change(
    connection: Connection, consent_no: str, state: ConsentState, at: datetime
) -> int:
    before = [earlier.value for earlier in consent_states_before(state)]
    version = await connection.fetchval(_CHANGE, consent_no, state.value, before, at)
    if version is None:
        expected = " or ".join(before) or "no state"
        raise EntitlementRefusedError(
            f"consent `{consent_no}` cannot become {state.value}: it must exist and be {expected}",
            "CONSENT_STATE_CONFLICT",
        )
    return int(version)
