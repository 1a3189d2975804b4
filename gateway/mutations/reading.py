"""What the query root tells of grants, consents and notices, each to those it concerns."""

from __future__ import annotations

from gateway.entitlements.acts import Actor
from gateway.entitlements.grant_register import GrantFilter
from gateway.entitlements.letters import ConsentFilter
from gateway.errors import BadRequest
from gateway.mutations.office import Desks, Office
from gateway.mutations.views import notice_view
from gateway.store.lending import Lending
from policies.model import Caller
from schema.sharing import (
    Consent,
    ConsentState,
    GrantState,
    Notification,
    SharingGrant,
)

MAX_SHOWN = 100


class SharingReader:
    """Reads for one caller; see `schema.query.SharingContext`."""

    def __init__(self, office: Office, lending: Lending, caller: Caller) -> None:
        self._office = office
        self._lending = lending
        self._caller = caller

    async def grants(
        self, state: GrantState | None, first: int, after: str | None
    ) -> list[SharingGrant]:
        """Grants that concern the caller, the last requested first.

        Raises:
            ClientError: ACT_NOT_PERMITTED or ARGUMENT_OUT_OF_RANGE.
        """
        desks = self._desks()
        wanted = GrantFilter(None, state, _number(after), _checked(first))
        found = await desks.grants.list_grants(wanted)
        return [await desks.show_grant(grant) for grant in found]

    async def consents(
        self, state: ConsentState | None, first: int, after: str | None
    ) -> list[Consent]:
        """Consents that concern the caller, the last signed first.

        Raises:
            ClientError: ACT_NOT_PERMITTED or ARGUMENT_OUT_OF_RANGE.
        """
        desks = self._desks()
        wanted = ConsentFilter(None, None, state, _number(after), _checked(first))
        found = await desks.consents.list_consents(wanted)
        return [await desks.show_consent(consent) for consent in found]

    async def notifications(self, first: int) -> list[Notification]:
        """What the caller was told, the newest first.

        Raises:
            ClientError: ACT_NOT_PERMITTED or ARGUMENT_OUT_OF_RANGE.
        """
        found = await self._desks().consents.list_notices(_checked(first))
        return [notice_view(notice) for notice in found]

    def _desks(self) -> Desks:
        actor = Actor(self._caller, "", None, None, "")
        return self._office.desks(self._lending, actor)


def _checked(first: int) -> int:
    if not 0 <= first <= MAX_SHOWN:
        raise BadRequest("ARGUMENT_OUT_OF_RANGE", f"`first` is {first}, expected 0 to {MAX_SHOWN}")
    return first


def _number(after: str | None) -> str | None:
    """A number that cannot be one has nothing before it."""
    return None if after is None else after.replace("\0", "")
