"""Notices to subjects: kept until they are asked for; nothing is sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.entitlements.states import ConsentState
from gateway.store.lending import Lending
from schema.sharing import NotificationKind

_ADD = "INSERT INTO notification (at, subject_key, kind, consent_no) VALUES ($1, $2, $3, $4)"
_LIST = """
SELECT n.at, n.kind, c.consent_no, c.institution, c.institution_name, c.purpose,
    CASE WHEN c.state = 'ACTIVE' AND c.valid_to <= $2 THEN 'EXPIRED' ELSE c.state END AS state,
    c.how_to_withdraw
FROM notification AS n JOIN consent AS c ON c.consent_no = n.consent_no
WHERE n.subject_key = $1 ORDER BY n.notification_no DESC LIMIT $3
"""


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice.

    Attributes:
        state: of the consent at the time of asking.
    """

    at: datetime
    kind: NotificationKind
    consent_no: str
    institution: str
    institution_name: str
    purpose: str
    state: ConsentState
    how_to_withdraw: str


class Notifications:
    """Keeps notices."""

    def __init__(self, lending: Lending) -> None:
        self._lending = lending

    async def add(
        self, subject_key: str, kind: NotificationKind, consent_no: str, at: datetime
    ) -> None:
        """Let a subject know."""
        async with self._lending.connection() as connection:
            await connection.execute(_ADD, at, subject_key, kind.value, consent_no)

    async def list_notices(
        self, subject_key: str, at: datetime, first: int = 50
    ) -> Sequence[Notice]:
        """Return a subject's notices, the newest first."""
        async with self._lending.connection() as connection:
            rows = await connection.fetch(_LIST, subject_key, at, first)
        return [
            Notice(
                row["at"],
                NotificationKind(row["kind"]),
                row["consent_no"],
                row["institution"],
                row["institution_name"],
                row["purpose"],
                ConsentState(row["state"]),
                row["how_to_withdraw"],
            )
            for row in rows
        ]
