"""Clients registered over HTTP by clients that may: reads what is asked, hands it to the office.

Administrators are named in the settings. They come as any client does, with a bound token or a
certificate and a statement; every act and every refusal is on record.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import Enum
from typing import Any, TypeVar

import orjson

from gateway.administrators.admitting import Admitting, Asked
from gateway.administrators.powers import Act
from gateway.admission.admit import Admission
from gateway.audit.types import OutdatedDecisionError, Recorder
from gateway.entitlements.client import Client
from gateway.entitlements.client_keys import NewCredentials, read_certificate, read_jwks
from gateway.entitlements.contract import Pace
from gateway.entitlements.types import RulesInForce
from gateway.errors import BadRequest, ClientError, Refused, Unauthenticated, Unavailable
from gateway.identity.authenticate import Authenticator
from gateway.identity.challenge import challenge
from gateway.identity.principal import Principal, claiming
from gateway.onboarding import Acting, ClientAct, ClientOffice, Rotation, client_members
from gateway.request import Credentials, RequestFacts
from gateway.trail import Trail
from policies.model import CallerClass, Purpose

LIST_CLIENTS = "LIST_CLIENTS"
_ACTS = {each.name.lower(): each for each in ClientAct}
_CLIENT = {
    "clientId": str,
    "callerClass": str,
    "organisation": str,
    "name": str,
    "quotaPerDay": int,
    "purposes": list,
    "mayAskAnything": bool,
    "requestsPerMinute": int,
    "burst": int,
    "contractNo": str,
    "environment": str,
    "scopes": list,
    "actsFor": list,
    "mayNamePersons": bool,
    "certificateSubject": str,
    "redirectUris": list,
    "grantTypes": list,
    "jwks": dict,
    "certificates": list,
}
_REQUIRED = ("clientId", "callerClass", "name")
_ROTATION = {"clientId": str, "jwks": dict, "certificates": list, "overlapHours": int}
_E = TypeVar("_E", bound=Enum)


@dataclass(frozen=True, slots=True)
class ClientAdministration:
    """Does what administrators ask; see `gateway.http.types.AdministeringClients`.

    Attributes:
        administrators: ids of the clients that may.
        people: admits the administrators who act through them.
    """

    authenticator: Authenticator
    rules: Callable[[], RulesInForce]
    admission: Admission
    recorder: Recorder
    office: ClientOffice
    administrators: frozenset[str]
    people: Admitting
    clock: Callable[[], float] = time.monotonic

    async def act(
        self, asked: object, credentials: Credentials, session: str | None, facts: RequestFacts
    ) -> Mapping[str, object]:
        """Do one act and return the client afterwards.

        Args:
            session: of the administrator who acts; his name stands in the entry.

        Raises:
            ClientError: refused, and that is on record if the credentials were good.
        """
        principal = await self.admit(credentials, facts)
        members = _members(asked)
        act = _ACTS.get(str(members.pop("act", None)))
        if act is None:
            raise _invalid(f"`act` is none of {', '.join(_ACTS)}")
        asked_act = Asked(Act.CHANGE_CLIENT, act.value, facts.path)
        person = (await self.people.admit(session, asked_act)).person
        if person is not None:
            principal = replace(principal, user_ref=person.name)
        acting = Acting(principal, facts.request_id, facts.peer_class)
        try:
            client_id = await self._do(act, acting, members)
        except OutdatedDecisionError:
            raise Unavailable(
                "ENTITLEMENTS_CHANGED",
                "what is registered of the administrator changed meanwhile: nothing was done, try "
                "again",
                headers=(("Retry-After", "1"),),
            ) from None
        return client_members(await self.office.show(client_id))

    async def list_clients(
        self, credentials: Credentials, facts: RequestFacts
    ) -> list[Mapping[str, object]]:
        """Return all clients; that they were listed is on record.

        Raises:
            ClientError: refused, and that is on record if the credentials were good.
        """
        principal = await self.admit(credentials, facts)
        lines = await self.office.list_clients()
        found: list[Mapping[str, object]] = [client_members(line) for line in lines]
        entry = Trail(facts, principal, self.rules(), self.clock).entry()
        await self.recorder.commit(replace(entry, operation_name=LIST_CLIENTS))
        return found

    async def admit(self, credentials: Credentials, facts: RequestFacts) -> Principal:
        """Let in a client that administers.

        Raises:
            ClientError: it is refused, and that is on record if the credentials were good.
        """
        if credentials.is_empty:
            raise Unauthenticated(
                "TOKEN_REQUIRED",
                "an access token is needed here, and none was sent",
                headers=challenge(None),
            )
        try:
            principal = self.authenticator.authenticate(credentials, facts.method, facts.path)
            facts.note.next_nonce = self.authenticator.nonce_after(credentials)
        except ClientError as error:
            self.admission.failed(error, facts.peer)
            if error.claimant is not None:
                await self._refuse(claiming(error.claimant), facts, error)
            raise
        try:
            self.admission.enter(principal, facts.note)
            if principal.client_id not in self.administrators:
                raise Refused(
                    "NOT_AN_ADMINISTRATOR", "this client does not register clients of the gateway"
                )
        except ClientError as error:
            await self._refuse(principal, facts, error)
            raise
        return principal

    async def _refuse(self, principal: Principal, facts: RequestFacts, error: ClientError) -> None:
        trail = Trail(facts, principal, self.rules(), self.clock)
        trail.outcome = error.code
        await self.recorder.commit(replace(trail.entry(), operation_name="clients"))

    async def _do(self, act: ClientAct, acting: Acting, members: dict[str, Any]) -> str:
        """Do an act; returns whom it was about."""
        if act is ClientAct.REGISTER:
            found = _checked(members.pop("client", None), _CLIENT, _REQUIRED)
            _refuse_rest(members)
            client = _client(found)
            _refuse_oneself(acting, client.client_id)
            await self.office.register(acting, client, _credentials(found))
            return client.client_id
        ends_tokens = members.pop("endTokens", False) if act is ClientAct.ROTATE else False
        if not isinstance(ends_tokens, bool):
            raise _invalid("`endTokens` is neither true nor false")
        kinds = _ROTATION if act is ClientAct.ROTATE else {"clientId": str}
        found = _checked(members, kinds, ("clientId",))
        client_id: str = found["clientId"]
        _refuse_oneself(acting, client_id)
        if act is ClientAct.ROTATE:
            credentials = _credentials(found)
            if credentials is None:
                raise _invalid("neither `jwks` nor `certificates` is given")
            overlap = timedelta(hours=min(max(found.get("overlapHours", 0), -1), 10_000))
            await self.office.rotate(acting, client_id, Rotation(credentials, overlap, ends_tokens))
        else:
            await self.office.suspend(acting, client_id, is_suspended=act is ClientAct.SUSPEND)
        return client_id


def _refuse_oneself(acting: Acting, client_id: str) -> None:
    """An administrator that stops or widens itself is for the operator at the console."""
    if client_id == acting.principal.client_id:
        raise Refused("NOT_AN_ADMINISTRATOR", "an administrator does not change its own client")


def _client(found: Mapping[str, Any]) -> Client:
    environment = found.get("environment", "LIVE")
    if environment not in ("LIVE", "SANDBOX"):
        raise _invalid("`environment` is neither LIVE nor SANDBOX")
    return Client(
        found["clientId"],
        _member(CallerClass, found["callerClass"], "callerClass"),
        found.get("organisation"),
        found["name"],
        found.get("quotaPerDay"),
        tuple(_member(Purpose, each, "purposes") for each in _texts(found, "purposes")),
        found.get("mayAskAnything"),
        _pace(found),
        found.get("contractNo"),
        environment == "SANDBOX",
        _texts(found, "scopes"),
        _texts(found, "actsFor"),
        found.get("mayNamePersons"),
        found.get("certificateSubject"),
        _texts(found, "redirectUris"),
        _texts(found, "grantTypes"),
    )


def _pace(found: Mapping[str, Any]) -> Pace | None:
    stated = [found[name] for name in ("requestsPerMinute", "burst") if name in found]
    if stated and (len(stated) == 1 or min(stated) < 1):
        raise _invalid("`requestsPerMinute` and `burst` are given together, from 1")
    return Pace(*stated) if stated else None


def _credentials(found: Mapping[str, Any]) -> NewCredentials | None:
    jwks, certificates = found.get("jwks"), _texts(found, "certificates")
    if jwks is None and not certificates:
        return None
    keys = NewCredentials() if jwks is None else read_jwks(orjson.dumps(jwks).decode())
    held = tuple(read_certificate(pem.encode())[0] for pem in certificates)
    return NewCredentials(keys.keys, keys.algorithm, held)


def _members(asked: object) -> dict[str, Any]:
    if not isinstance(asked, dict):
        raise _invalid("the body is no object")
    return dict(asked)


def _checked(
    value: object, kinds: Mapping[str, type], required: tuple[str, ...]
) -> Mapping[str, Any]:
    """The members of an object, each of its type; null is as good as absent."""
    given = {name: each for name, each in _members(value).items() if each is not None}
    for name, each in given.items():
        kind = kinds.get(name)
        if kind is None or type(each) is not kind:
            raise _invalid(f"`{name[:50]}` is unknown or of another type")
    for name in required:
        if name not in given:
            raise _invalid(f"`{name}` is missing")
    return given


def _refuse_rest(members: Mapping[str, Any]) -> None:
    if members:
        raise _invalid(f"`{next(iter(members))[:50]}` is unknown")


def _texts(found: Mapping[str, Any], name: str) -> tuple[str, ...]:
    listed = found.get(name, [])
    if not all(isinstance(each, str) for each in listed):
        raise _invalid(f"`{name}` is no list of texts")
    return tuple(listed)


def _member(kind: type[_E], stated: object, name: str) -> _E:
    for each in kind:
        if each.value == stated:
            return each
    raise _invalid(f"`{name}` holds an unknown code")


def _invalid(message: str) -> BadRequest:
    return BadRequest("INVALID_PARAMETERS", message)
