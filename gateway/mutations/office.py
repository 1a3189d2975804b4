"""The desks at which grants and consents are dealt with, ready for one actor at a time."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from gateway.entitlements.acts import Acting, Actor, read_history
from gateway.entitlements.consent import ConsentRecord
from gateway.entitlements.consent_desk import ConsentDesk
from gateway.entitlements.grant import GrantRecord
from gateway.entitlements.grant_clock import GrantClock
from gateway.entitlements.grant_desk import GrantDesk
from gateway.entitlements.grantable import Grantable
from gateway.mutations.views import consent_view, grant_view
from gateway.store.lending import Lending
from policies.sharing.model import Sharing
from schema.sharing import Consent, SharingGrant


def random_number(prefix: str) -> str:
    """Return a number that nobody can guess."""
    return f"{prefix}-{secrets.token_hex(8)}"


@dataclass(frozen=True, slots=True)
class Office:
    """What all desks stand on; the same for every actor.

    Attributes:
        clock: the time, with its zone.
        new_number: makes numbers of grants and consents from their prefix.
    """

    sharing: Sharing
    grantable: Grantable
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    new_number: Callable[[str], str] = random_number

    def desks(self, lending: Lending, actor: Actor) -> Desks:
        """The desks for one actor at this moment."""
        return Desks(self, lending, actor)


class Desks:
    """The desks of one actor; all use the same connections and the same moment."""

    def __init__(self, office: Office, lending: Lending, actor: Actor) -> None:
        self._lending = lending
        self._clock = GrantClock(office.sharing)
        self.limits = office.sharing.consents
        self.acting = Acting(lending, office.sharing.acts, actor, office.clock())
        self.grants = GrantDesk(self.acting, lending, office.grantable, office.new_number)
        self.consents = ConsentDesk(
            self.acting, lending, self.limits, office.grantable, office.new_number
        )

    async def show_grant(self, grant: GrantRecord) -> SharingGrant:
        """A grant as the schema shows it."""
        history = await read_history(self._lending, grant.terms.grant_no)
        return grant_view(grant, self._clock.times(grant, self.acting.at), history)

    async def show_consent(self, consent: ConsentRecord) -> Consent:
        """A consent as the schema shows it."""
        history = await read_history(self._lending, consent.terms.consent_no)
        return consent_view(consent, history)
