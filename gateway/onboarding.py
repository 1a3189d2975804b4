"""Clients registered, changed and stopped, each act in one transaction with its audit entry.

The same office stands behind the commands and behind HTTP. Who may act is decided before.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from enum import Enum

import orjson

from gateway.audit.types import ANSWERED, AuditEntry, DecisionDigest, RecordsWithin
from gateway.entitlements.client import Client
from gateway.entitlements.client_keys import CredentialRegister, NewCredentials
from gateway.entitlements.errors import EntitlementRefusedError
from gateway.entitlements.registers import ClientLine, ClientRegister
from gateway.identity.principal import Principal
from gateway.store.lending import Lending, OneConnection
from gateway.store.pool import Connection

# quotas are counted per day of China Standard Time
_QUOTA_ZONE = timezone(timedelta(hours=8))


class ClientAct(Enum):
    """What is done with a client."""

    REGISTER = "REGISTER_CLIENT"
    ROTATE = "ROTATE_CLIENT_KEYS"
    SUSPEND = "SUSPEND_CLIENT"
    RESUME = "RESUME_CLIENT"


@dataclass(frozen=True, slots=True)
class Acting:
    """Who acts, and by which request.

    Attributes:
        address_class: where the request came from, as in audit entries.
    """

    principal: Principal
    request_id: str
    address_class: str


@dataclass(frozen=True, slots=True)
class Rotation:
    """New credentials in place of old ones.

    Attributes:
        overlap: for how long the old ones are good beside them.
        ends_tokens: whether tokens that were issued until now are not accepted any more.
    """

    credentials: NewCredentials
    overlap: timedelta = timedelta()
    ends_tokens: bool = False


class ClientOffice:
    """Acts on clients.

    Args:
        lending: connections to the store.
        recorder: writes entries in the transaction of the act.
        clock: the moment of an act, with zone.
    """

    def __init__(
        self,
        lending: Lending,
        recorder: RecordsWithin,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._lending = lending
        self._recorder = recorder
        self._clock = clock

    async def register(
        self, acting: Acting, client: Client, credentials: NewCredentials | None = None
    ) -> None:
        """Enter a client, or replace its terms; suspension and operations stay, keys unless given.

        Raises:
            EntitlementRefusedError: its terms are not possible; that is on record.
        """

        async def act(on: OneConnection) -> str:
            await ClientRegister(on).put(client)
            if credentials is not None:
                await CredentialRegister(on).rotate(
                    client.client_id, credentials, self._clock(), timedelta()
                )
            return "REGISTERED"

        await self._act(acting, ClientAct.REGISTER, client.client_id, act)

    async def rotate(self, acting: Acting, client_id: str, rotation: Rotation) -> None:
        """Let new keys and certificates take the place of old ones.

        Raises:
            EntitlementRefusedError: there is no such client, or it is not possible.
        """

        async def act(on: OneConnection) -> str:
            register, at = CredentialRegister(on), self._clock()
            await register.rotate(client_id, rotation.credentials, at, rotation.overlap)
            if rotation.ends_tokens:
                await register.end_tokens(client_id, at)
            return "ROTATED_TOKENS_ENDED" if rotation.ends_tokens else "ROTATED"

        await self._act(acting, ClientAct.ROTATE, client_id, act)

    async def suspend(self, acting: Acting, client_id: str, *, is_suspended: bool = True) -> None:
        """Answer a client nothing from now on, or again.

        Raises:
            EntitlementRefusedError: there is no such client.
        """

        async def act(on: OneConnection) -> str:
            await ClientRegister(on).suspend(client_id, is_suspended)
            return "SUSPENDED" if is_suspended else "ACTIVE"

        kind = ClientAct.SUSPEND if is_suspended else ClientAct.RESUME
        await self._act(acting, kind, client_id, act)

    async def show(self, client_id: str) -> ClientLine:
        """Return a client with what it used of its quota today.

        Raises:
            EntitlementRefusedError: there is no such client.
        """
        return await ClientRegister(self._lending).client(client_id, self.today())

    async def list_clients(self) -> Sequence[ClientLine]:
        """Return all clients by their ids."""
        return await ClientRegister(self._lending).list_clients(self.today())

    def today(self) -> date:
        """The day on which quotas count now."""
        return self._clock().astimezone(_QUOTA_ZONE).date()

    async def _act(
        self,
        acting: Acting,
        act: ClientAct,
        client_id: str,
        work: Callable[[OneConnection], Awaitable[str]],
    ) -> None:
        """Do an act and commit it with its entry; a refusal leaves an entry too."""
        async with self._lending.connection() as connection:
            try:
                async with connection.transaction():
                    state = await work(OneConnection(connection))
                    await self._record(connection, acting, act, client_id, state)
            except EntitlementRefusedError as error:
                async with connection.transaction():
                    await self._record(connection, acting, act, client_id, error.code, error.code)
                raise

    async def _record(
        self,
        connection: Connection,
        acting: Acting,
        act: ClientAct,
        client_id: str,
        state: str,
        outcome: str = ANSWERED,
    ) -> None:
        line: dict[str, object] = {
            "act": act.value,
            "object": client_id[:100],
            "outcome": state,
            "rules": [],
        }
        entry = AuditEntry(
            request_id=acting.request_id,
            at=self._clock().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            principal=acting.principal,
            address_class=acting.address_class,
            operation_hash="",
            operation_name=act.value,
            decisions=DecisionDigest(orjson.dumps([line], option=orjson.OPT_SORT_KEYS)),
            subjects=(),
            departments=(),
            consents=(),
            released=(),
            policy_version="",
            outcome=outcome,
            duration_class=acting.address_class,
            units=0,
        )
        await self._recorder.record(connection, entry)


def client_members(line: ClientLine) -> dict[str, object]:
    """What is registered of a client, for JSON; none of it is secret."""
    registered, held = line.client, line.credentials
    pace, ends = registered.pace, line.tokens_since
    return {
        "clientId": registered.client_id,
        "callerClass": registered.caller_class.value,
        "organisation": registered.organisation,
        "name": registered.name,
        "state": "SUSPENDED" if line.is_suspended else "ACTIVE",
        "quotaPerDay": registered.quota_per_day,
        "usedToday": line.used,
        "purposes": [purpose.value for purpose in registered.purposes],
        "mayAskAnything": registered.may_ask_anything,
        "requestsPerMinute": None if pace is None else pace.requests_per_minute,
        "burst": None if pace is None else pace.burst,
        "contractNo": registered.contract_no,
        "environment": "SANDBOX" if registered.is_sandbox else "LIVE",
        "scopes": list(registered.scopes),
        "actsFor": list(registered.acts_for),
        "mayNamePersons": registered.may_name_persons,
        "redirectUris": list(registered.redirect_uris),
        "grantTypes": list(registered.grant_types),
        "algorithm": held.algorithm,
        "keys": [{"kid": each.kid, "goodUntil": _time(each.good_until)} for each in held.keys],
        "certificates": [
            {"x5tS256": each.x5t_s256, "goodUntil": _time(each.good_until)}
            for each in held.certificates
        ],
        "certificateSubject": held.certificate_subject,
        "tokensSince": None if ends is None else _time(ends.timestamp()),
    }


def _time(at: float | None) -> str | None:
    return None if at is None else datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
