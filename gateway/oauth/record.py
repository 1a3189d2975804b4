"""What the authorization server did, as events of the audit log.

An event is written in the transaction of what it tells of, so that no token leaves unrecorded; a
request that was refused before there was one has a transaction of its own, as far as its bucket of
failures lets it. Events name no subject: how many a token is for, and by which consents.

Source: GB/T 22239-2019 (等保), 8.1.4.3 (audit of authentication and of important operations).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from typing import Generic, TypeVar

from gateway.admission.failures import FailureBudget
from gateway.audit.events import LogEvent, append_event
from gateway.errors import TooManyRequests
from gateway.oauth.assertion import unverified_issuer
from gateway.oauth.errors import OAuthError, temporarily_unavailable, too_many_failures
from gateway.oauth.metadata import INTROSPECTION_PATH, PUSHED_PATH, REVOCATION_PATH, TOKEN_PATH
from gateway.oauth.sent import Sent
from gateway.oauth.tokens import IssuedToken
from gateway.oauth.types import FindClient
from gateway.store.pool import CONNECTION_ERRORS, Connection, LightPool, NoConnectionError

SERVER_ACTOR = "credit-gateway-oauth"
"""Actor of a refusal whose sender is not known; what clients did has them as actors."""


class Event(Enum):
    """What was asked for; `docs/audit-events.md` lists these."""

    TOKEN = "TOKEN_REQUEST"  # noqa: S105 - a name
    PUSHED = "PUSHED_REQUEST"
    INTROSPECTION = "INTROSPECTION"
    REVOCATION = "REVOCATION"


class Outcome(Enum):
    """What came of a request that was not refused."""

    ISSUED = "ISSUED"
    ACCEPTED = "ACCEPTED"
    ACTIVE = "ACTIVE"
    INACTIVE = "INACTIVE"
    REVOKED = "REVOKED"
    NOTHING_REVOKED = "NOTHING_REVOKED"


_EVENTS = {
    TOKEN_PATH: Event.TOKEN,
    PUSHED_PATH: Event.PUSHED,
    INTROSPECTION_PATH: Event.INTROSPECTION,
    REVOCATION_PATH: Event.REVOCATION,
}
_UNRECORDED = frozenset({"use_dpop_nonce", "temporarily_unavailable"})
"""A client that is told the nonce comes again at once; without the store nothing is recorded."""
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Done(Generic[_T]):
    """What a request came to.

    Attributes:
        result: for the client.
        outcome, members: for the record.
    """

    result: _T
    outcome: Outcome
    members: Mapping[str, object] = field(default_factory=dict)


class OAuthRecord:
    """Writes events.

    Args:
        clock: seconds since the epoch.
    """

    def __init__(
        self,
        pool: LightPool,
        find_client: FindClient,
        failures: FailureBudget,
        clock: Callable[[], float],
    ) -> None:
        self._pool = pool
        self._find = find_client
        self._failures = failures
        self._clock = clock

    async def write(
        self,
        connection: Connection,
        sent: Sent,
        actor: str,
        outcome: str,
        members: Mapping[str, object],
    ) -> None:
        """Write what a request came to; it is durable when the transaction is."""
        at = datetime.fromtimestamp(int(self._clock()), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        said = {"addressClass": sent.peer.sort, **members}
        event = LogEvent(_EVENTS[sent.path].value, at, sent.request_id, actor, outcome, said)
        await append_event(connection, event)

    async def refused(self, sent: Sent, error: OAuthError) -> None:
        """Put a refusal on record that is not there yet.

        Raises:
            OAuthError: 429, its bucket of failures is empty; 503, it cannot be recorded.
        """
        if error.error in _UNRECORDED:
            return
        claimed = self._claimed(sent)
        try:
            untold = self._failures.spend(sent.peer.network, claimed or "")
        except TooManyRequests as full:
            raise too_many_failures(full.headers) from error
        if error.is_recorded:
            return
        members = {"claimedClient": claimed, "untoldBefore": untold}
        try:
            async with self._pool.connection() as connection:
                await self.write(connection, sent, SERVER_ACTOR, error.error.upper(), members)
        except (NoConnectionError, TimeoutError, *CONNECTION_ERRORS) as trouble:
            raise temporarily_unavailable() from trouble

    def _claimed(self, sent: Sent) -> str | None:
        """The registered client that a request says it is of; believed in nothing else."""
        assertion = sent.form.optional("client_assertion")
        stated = (
            sent.form.optional("client_id") if assertion is None else unverified_issuer(assertion)
        )
        client = None if stated is None else self._find(stated)
        return None if client is None else client.client_id


def issued_members(token: IssuedToken) -> Mapping[str, object]:
    """What is on record of a token; never the token, and no subject."""
    wanted, binding = token.wanted, token.binding
    query, matter = wanted.query, wanted.matter
    return {
        "actingFor": wanted.acting_for,
        "binding": None if binding is None else binding.kind.value,
        "consentNos": list(query.consents),
        "expiresAt": token.expires_at,
        "fields": list(query.fields),
        "grantId": wanted.grant_id,
        "grantType": wanted.grant_type.value,
        "matterNo": matter.matter_no,
        "purpose": query.purpose.value,
        "recordKinds": [kind.value for kind in query.record_kinds],
        "role": None if matter.role is None else matter.role.value,
        "subjectCount": len(query.subjects),
        "tokenId": token.token_id,
        "userRef": matter.user_ref,
    }
