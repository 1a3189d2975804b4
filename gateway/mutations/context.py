"""What the mutation root's fields ask for: each act at its desk, in a savepoint of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from gateway.entitlements.consent import ConsentRecord
from gateway.entitlements.errors import EntitlementRefusedError
from gateway.entitlements.grant import GrantRecord
from gateway.mutations.inputs import read_letter, read_wish
from gateway.mutations.office import Desks
from gateway.mutations.types import ActRefused
from gateway.store.pool import Connection
from policies.sharing.model import Act
from schema.sharing import Consent, ConsentLetter, Decision, GrantRequest, SharingGrant

_T = TypeVar("_T")
_MOST_NAMED = 100


class ActContext:
    """Does one operation's acts, in order; see `schema.mutation.MutationContext`.

    A refused act leaves nothing; those before and after it stand.
    """

    def __init__(self, connection: Connection, desks: Desks) -> None:
        self._connection = connection
        self._desks = desks
        self.refused: list[ActRefused] = []

    async def request_grant(self, wish: GrantRequest) -> SharingGrant:
        return await self._grant(
            Act.REQUEST_GRANT, None, lambda: self._desks.grants.request(read_wish(wish))
        )

    async def extend_grant(self, grant_no: str, reason: str) -> SharingGrant:
        return await self._grant(
            Act.EXTEND_GRANT, grant_no, lambda: self._desks.grants.extend(grant_no, reason)
        )

    async def decide_grant(
        self, grant_no: str, decision: Decision, reason: str | None
    ) -> SharingGrant:
        is_given = decision is Decision.ACCEPT
        return await self._grant(
            Act.DECIDE_GRANT,
            grant_no,
            lambda: self._desks.grants.decide(grant_no, is_given, reason),
        )

    async def suspend_grant(self, grant_no: str, reason: str) -> SharingGrant:
        return await self._grant(
            Act.SUSPEND_GRANT, grant_no, lambda: self._desks.grants.suspend(grant_no, reason)
        )

    async def resume_grant(self, grant_no: str, reason: str | None) -> SharingGrant:
        return await self._grant(
            Act.RESUME_GRANT, grant_no, lambda: self._desks.grants.resume(grant_no, reason)
        )

    async def revoke_grant(self, grant_no: str, reason: str) -> SharingGrant:
        return await self._grant(
            Act.REVOKE_GRANT, grant_no, lambda: self._desks.grants.revoke(grant_no, reason)
        )

    async def file_consent_letter(self, letter: ConsentLetter) -> Consent:
        days = self._desks.limits.default_days.value
        return await self._consent(
            Act.FILE_LETTER,
            None,
            lambda: self._desks.consents.file_letter(read_letter(letter, days)),
        )

    async def check_consent_letter(
        self, consent_no: str, decision: Decision, reason: str | None
    ) -> Consent:
        is_good = decision is Decision.ACCEPT
        return await self._consent(
            Act.CHECK_LETTER,
            consent_no,
            lambda: self._desks.consents.check_letter(consent_no, is_good, reason),
        )

    async def withdraw_consent(self, consent_no: str, reason: str | None) -> Consent:
        return await self._consent(
            Act.WITHDRAW_CONSENT,
            consent_no,
            lambda: self._desks.consents.withdraw(consent_no, reason),
        )

    async def _grant(
        self, act: Act, grant_no: str | None, work: Callable[[], Awaitable[GrantRecord]]
    ) -> SharingGrant:
        return await self._desks.show_grant(await self._do(act, grant_no, work))

    async def _consent(
        self, act: Act, consent_no: str | None, work: Callable[[], Awaitable[ConsentRecord]]
    ) -> Consent:
        return await self._desks.show_consent(await self._do(act, consent_no, work))

    async def _do(self, act: Act, object_no: str | None, work: Callable[[], Awaitable[_T]]) -> _T:
        before = len(self._desks.acting.done)
        try:
            async with self._connection.transaction():
                return await work()
        except EntitlementRefusedError as error:
            del self._desks.acting.done[before:]
            named = None if object_no is None else object_no[:_MOST_NAMED]
            self.refused.append(ActRefused(act, named, error.code))
            raise
