"""Acts on sharing grants: asked for, put off, decided, suspended, resumed, revoked; and lists.

Source: life cycle of a grant, 7.9 to 7.11 of the city's process description.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from gateway.entitlements.acts import ActDone, Acting, require_reason
from gateway.entitlements.errors import EntitlementRefusedError
from gateway.entitlements.grant import GrantRecord, SharingGrant, check_grant
from gateway.entitlements.grant_clock import china_day
from gateway.entitlements.grant_register import GrantFilter, GrantRegister
from gateway.entitlements.grantable import Grantable
from gateway.entitlements.states import GrantState
from gateway.store.lending import Lending
from policies.model import Purpose
from policies.sharing.model import Act, Party, acting_organisation
from schema.sharing import SharingMode

GRANT_NOT_FOUND = "GRANT_NOT_FOUND"
GRANT_ALREADY_REQUESTED = "GRANT_ALREADY_REQUESTED"


@dataclass(frozen=True, slots=True)
class GrantWish:
    """What a consumer asks for; see `SharingGrant` for the members."""

    provider: str
    catalogue_code: str
    purposes: tuple[Purpose, ...]
    coordinates: tuple[str, ...]
    legal_basis: str
    scenario: str
    scope: str
    mode: SharingMode
    impact_assessment: str
    impact_assessed_on: date
    valid_until: datetime


class GrantDesk:
    """Does the acts of one actor.

    Args:
        new_number: makes the number of a grant.
    """

    def __init__(
        self,
        acting: Acting,
        lending: Lending,
        grantable: Grantable,
        new_number: Callable[[str], str],
    ) -> None:
        self._acting = acting
        self._register = GrantRegister(lending)
        self._grantable = grantable
        self._new_number = new_number

    async def request(self, wish: GrantWish) -> GrantRecord:
        """Ask a department for fields.

        Raises:
            EntitlementRefusedError: ACT_NOT_PERMITTED, TERMS_INVALID, GRANT_ITEMS_REFUSED,
                GRANT_NOT_NEEDED or GRANT_ALREADY_REQUESTED.
        """
        caller = self._acting.caller
        consumer = acting_organisation(caller) or ""
        rule_id = self._acting.require(Act.REQUEST_GRANT, {Party.CONSUMER: consumer})
        grant = SharingGrant(
            self._new_number("SG"),
            consumer,
            wish.provider,
            wish.catalogue_code,
            tuple(dict.fromkeys(wish.purposes)),
            tuple(dict.fromkeys(wish.coordinates)),
            wish.legal_basis,
            wish.scenario,
            wish.scope,
            wish.mode,
            wish.impact_assessment,
            wish.valid_until,
            wish.impact_assessed_on,
        )
        check_grant(grant)
        self._check_times(grant)
        self._grantable.check(grant, caller.caller_class)
        entry = self._grantable.entry(grant.provider, grant.catalogue_code)
        grant = replace(grant, sharing_attribute=entry.sharing_attribute)
        earlier = await self._register.find_request_like(grant)
        if earlier is not None:
            raise EntitlementRefusedError(
                f"the same was asked for by grant `{earlier}`, which waits for its answer",
                GRANT_ALREADY_REQUESTED,
            )
        await self._register.request(grant, self._acting.at)
        return await self._noted(Act.REQUEST_GRANT, grant.grant_no, rule_id, None)

    async def extend(self, grant_no: str, reason: str | None) -> GrantRecord:
        """Put the answer off, once."""
        reason = require_reason("putting an answer off", reason)
        rule_id = await self._permitted(Act.EXTEND_GRANT, grant_no)
        await self._register.extend(grant_no, self._acting.at)
        return await self._noted(Act.EXTEND_GRANT, grant_no, rule_id, reason)

    async def decide(self, grant_no: str, is_given: bool, reason: str | None) -> GrantRecord:
        """Give or refuse what was asked for; a refusal needs a reason."""
        if not is_given:
            reason = require_reason("a refusal", reason)
        state = GrantState.ACTIVE if is_given else GrantState.REFUSED
        return await self._change(
            Act.DECIDE_GRANT, grant_no, (GrantState.REQUESTED,), state, reason
        )

    async def suspend(self, grant_no: str, reason: str | None) -> GrantRecord:
        """Stop a grant for the time being; effective on every worker within a second."""
        reason = require_reason("suspending a grant", reason)
        return await self._change(
            Act.SUSPEND_GRANT, grant_no, (GrantState.ACTIVE,), GrantState.SUSPENDED, reason
        )

    async def resume(self, grant_no: str, reason: str | None) -> GrantRecord:
        """Let a suspended grant go on."""
        return await self._change(
            Act.RESUME_GRANT, grant_no, (GrantState.SUSPENDED,), GrantState.ACTIVE, reason
        )

    async def revoke(self, grant_no: str, reason: str | None) -> GrantRecord:
        """End a grant for good; effective on every worker within a second."""
        reason = require_reason("revoking a grant", reason)
        return await self._change(
            Act.REVOKE_GRANT, grant_no, (GrantState.ACTIVE,), GrantState.REVOKED, reason
        )

    async def find(self, grant_no: str) -> GrantRecord:
        """Return a grant that the actor may see.

        Raises:
            EntitlementRefusedError: GRANT_NOT_FOUND; the same for one that it may not see.
        """
        self._acting.parties(Act.READ_GRANT)
        found = await self._register.find(grant_no, self._acting.at)
        if found is None or not self._acting.may(Act.READ_GRANT, _parties(found)):
            raise EntitlementRefusedError(
                f"there is no grant `{grant_no[:100]}` that concerns you", GRANT_NOT_FOUND
            )
        return found

    async def list_grants(self, wanted: GrantFilter) -> Sequence[GrantRecord]:
        """Return grants that the actor may see, the last requested first."""
        parties = self._acting.parties(Act.READ_GRANT)
        if Party.ANYBODY not in parties:
            wanted = replace(wanted, party=acting_organisation(self._acting.caller))
        return await self._register.list_grants(wanted, self._acting.at)

    def _check_times(self, grant: SharingGrant) -> None:
        today = china_day(self._acting.at)
        if grant.impact_assessed_on is not None and grant.impact_assessed_on > today:
            raise EntitlementRefusedError(
                "the impact assessment is of a day to come; it has to be finished before"
            )
        if grant.valid_until <= self._acting.at:
            raise EntitlementRefusedError("the grant would end before it begins")

    async def _permitted(self, act: Act, grant_no: str) -> str:
        found = await self.find(grant_no)
        return self._acting.require(act, _parties(found))

    async def _change(
        self,
        act: Act,
        grant_no: str,
        before: tuple[GrantState, ...],
        state: GrantState,
        reason: str | None,
    ) -> GrantRecord:
        if reason is not None:
            reason = require_reason("the act", reason)
        found = await self.find(grant_no)
        rule_id = self._acting.require(act, _parties(found))
        if found.state not in before:
            names = " or ".join(member.value for member in before)
            raise EntitlementRefusedError(
                f"grant `{grant_no}` is {found.state.value}, expected {names}",
                "GRANT_STATE_CONFLICT",
            )
        refusal = reason if state is GrantState.REFUSED else None
        await self._register.change_state(grant_no, state, self._acting.at, refusal)
        return await self._noted(act, grant_no, rule_id, reason)

    async def _noted(
        self, act: Act, grant_no: str, rule_id: str, reason: str | None
    ) -> GrantRecord:
        record = await self._register.find(grant_no, self._acting.at)
        assert record is not None
        await self._acting.note(ActDone(act, grant_no, record.state.value, rule_id), reason)
        return record


def _parties(grant: GrantRecord) -> dict[Party, str]:
    return {Party.CONSUMER: grant.terms.consumer, Party.PROVIDER: grant.terms.provider}
