"""Reapplying: what was done after the point to which a store was put back holds again.

The log says of each act on a consent, grant, client, effect or matter what it was about and what
came of it, and of each answer which one-off consents it used up. It does not hold the terms of what
was agreed: a consent, grant or client that is newer than the backup is gone and must be given
again, and a client whose terms or keys were changed since is suspended until it is registered anew,
for what it may is no longer known.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from gateway.administrators.powers import Act as AdministratorAct
from gateway.administrators.record import ADMINISTRATION, COMPLETED
from gateway.audit.types import ANSWERED
from gateway.effects import EffectAct
from gateway.entitlements.consent_register import ConsentRegister
from gateway.entitlements.registers import Effect, EffectRegister, RecordEffect
from gateway.entitlements.states import ConsentState, GrantState
from gateway.onboarding import ClientAct
from gateway.opaque import OpaqueCodec, RecordId
from gateway.recovery.acts import LoggedAct
from gateway.retention.erasure import ERASURE, erase_again
from gateway.store.lending import OneConnection
from gateway.store.pool import Connection
from policies.model import CallerClass
from policies.sharing.model import Act
from schema.codes import RecordKind

_CONSENT_ACTS = frozenset({Act.GRANT_CONSENT, Act.CHECK_LETTER, Act.WITHDRAW_CONSENT})
_GRANT_ACTS = frozenset({Act.DECIDE_GRANT, Act.SUSPEND_GRANT, Act.RESUME_GRANT, Act.REVOKE_GRANT})
_NEW = frozenset({Act.FILE_LETTER, Act.REQUEST_GRANT})
_CLOSE_MATTER = "CLOSE_MATTER"

_CONSENT = """
UPDATE consent SET state = $2, version = version + 1, changed_at = $3
WHERE consent_no = $1 AND state <> $2 AND state NOT IN ('REFUSED', 'WITHDRAWN', 'REPLACED')
    AND ($2 <> 'ACTIVE' OR state = 'SIGNED')
"""
_REPLACED = """
UPDATE consent SET state = 'REPLACED', version = version + 1, changed_at = $2
WHERE consent_no = ANY ($1::text[]) AND state IN ('SIGNED', 'ACTIVE')
"""
_GRANT = """
UPDATE sharing_grant SET state = $2, version = version + 1,
    decided_at = coalesce(decided_at, $3)
WHERE grant_no = $1 AND state <> $2 AND state NOT IN ('REFUSED', 'REVOKED', 'EXPIRED')
"""
_SUSPEND = "UPDATE client SET is_suspended = $2 WHERE client_id = $1"
_CLOSE = """
INSERT INTO matter_closed AS m (organisation, matter_no, closed_on) VALUES ($1, $2, $3)
ON CONFLICT (organisation, matter_no) DO UPDATE
    SET closed_on = least(m.closed_on, EXCLUDED.closed_on)
"""
_USE = """
INSERT INTO consent_use (consent_no, record_kind, request_id, used_at)
SELECT $1, k.kind, $3, $4 FROM unnest($2::text[]) AS k (kind)
WHERE EXISTS (SELECT FROM consent WHERE consent_no = $1)
ON CONFLICT (consent_no, record_kind) DO NOTHING
"""
_USED_UP = """
UPDATE consent AS c SET state = 'USED_UP', version = c.version + 1, changed_at = $2
WHERE c.consent_no = $1 AND c.state = 'ACTIVE' AND NOT EXISTS (
    SELECT FROM unnest(c.record_kinds) AS k (kind) WHERE NOT EXISTS (
        SELECT FROM consent_use AS u
        WHERE u.consent_no = c.consent_no AND u.record_kind = k.kind))
"""
_DISABLE = "UPDATE administrator SET state = 'DISABLED' WHERE name = $1 AND state <> 'DISABLED'"
# the key that was the newest then is in the store, or newer than all that are
_REVOKE_KEYS = """
UPDATE oauth_signing_key SET revoked_at = $2
WHERE revoked_at IS NULL
    AND generation <= coalesce(
        (SELECT k.generation FROM oauth_signing_key AS k WHERE k.kid = $1), generation)
"""
_UNKNOWN = frozenset(
    {
        AdministratorAct.APPOINT.value,
        AdministratorAct.CHANGE_OPERATION.value,
        AdministratorAct.REGISTER_ADAPTERS.value,
    }
)
"""Acts of which the log says that they were done, and not what came of them."""
_EXISTS = {
    "consent": "SELECT EXISTS (SELECT FROM consent WHERE consent_no = $1)",
    "grant": "SELECT EXISTS (SELECT FROM sharing_grant WHERE grant_no = $1)",
    "client": "SELECT EXISTS (SELECT FROM client WHERE client_id = $1)",
}


@dataclass(slots=True)
class Reapplied:
    """What was done again, and what cannot be.

    Attributes:
        acts: acts of the log that were gone through.
        gone: consents, grants and clients that are newer than the backup, `<sort> <number>`, and
            acts of administrators of which only that they were done is known.
        suspended: clients whose terms or keys were changed after the point.
        effects: ids of records that no key opens any more.
    """

    acts: int = 0
    erasures: int = 0
    uses: int = 0
    gone: dict[str, None] = field(default_factory=dict)
    suspended: dict[str, None] = field(default_factory=dict)
    effects: dict[str, None] = field(default_factory=dict)


class Reapplying:
    """Goes through acts in the order of the log, in one transaction; then `finish`."""

    def __init__(self, connection: Connection, codec: OpaqueCodec) -> None:
        self._connection = connection
        self._codec = codec
        self.done = Reapplied()
        self._kinds: Mapping[str, Callable[[LoggedAct], Awaitable[None]]] = {
            **{act.value: self._consent for act in _CONSENT_ACTS},
            **{act.value: self._grant for act in _GRANT_ACTS},
            **{act.value: self._new for act in _NEW},
            **{act.value: self._client for act in ClientAct},
            **{act.value: self._effect for act in EffectAct},
            _CLOSE_MATTER: self._matter,
        }

    async def apply(self, logged: LoggedAct) -> None:
        """Do one act again; what the store knows already stays as it is."""
        if not logged.line:
            await self._beside(logged)
            return
        work = self._kinds.get(logged.act)
        if work is not None:
            self.done.acts += 1
            await work(logged)

    async def finish(self) -> Reapplied:
        """Suspend whom nobody knows the terms of."""
        for client_id in self.done.suspended:
            await self._connection.execute(_SUSPEND, client_id, True)
        return self.done

    async def _beside(self, logged: LoggedAct) -> None:
        entry = logged.entry
        if entry.get("kind") == ADMINISTRATION:
            await self._administration(entry)
            return
        if entry.get("event") == ERASURE:
            at = datetime.fromisoformat(entry["at"])
            await erase_again(self._connection, bytes.fromhex(entry["reference"]), at)
            self.done.erasures += 1
            return
        if "event" in entry or entry["outcome"] != ANSWERED:
            return
        for use in entry.get("consents", ()):
            if "delivered" in use:
                at, number = datetime.fromisoformat(entry["at"]), use["consentNo"]
                kinds, request_id = list(use["delivered"]), entry["requestId"]
                await self._connection.execute(_USE, number, kinds, request_id, at)
                await self._connection.execute(_USED_UP, number, at)
                self.done.uses += 1

    async def _administration(self, entry: Mapping[str, Any]) -> None:
        """Accounts and keys that ended stay so; of other acts only that they were done is known."""
        if entry["outcome"] != COMPLETED:
            return
        act, named = entry["event"], str(entry["object"])
        if act == AdministratorAct.DISABLE.value:
            await self._connection.execute(_DISABLE, named)
        elif act == AdministratorAct.DESTROY_KEY.value:
            at = datetime.fromisoformat(entry["at"])
            await self._connection.execute(_REVOKE_KEYS, named.rpartition(" ")[2], at)
        elif act in _UNKNOWN:
            self.done.gone[f"{act} of {entry['at']}"] = None
            return
        else:
            return
        self.done.acts += 1

    async def _is_there(self, sort: str, number: str) -> bool:
        if await self._connection.fetchval(_EXISTS[sort], number):
            return True
        self.done.gone[f"{sort} {number}"] = None
        return False

    async def _consent(self, logged: LoggedAct) -> None:
        at = datetime.fromisoformat(logged.entry["at"])
        ended = list(logged.line.get("ended", ()))
        if logged.outcome == ConsentState.ACTIVE.value:
            # entries from before acts named them
            register = ConsentRegister(OneConnection(self._connection))
            ended += await register.ended_by(logged.object)
        if ended:
            await self._connection.execute(_REPLACED, ended, at)
        is_state = logged.outcome in ConsentState.__members__
        if is_state and await self._is_there("consent", logged.object):
            await self._connection.execute(_CONSENT, logged.object, logged.outcome, at)

    async def _grant(self, logged: LoggedAct) -> None:
        is_state = logged.outcome in GrantState.__members__
        if is_state and await self._is_there("grant", logged.object):
            at = datetime.fromisoformat(logged.entry["at"])
            await self._connection.execute(_GRANT, logged.object, logged.outcome, at)

    async def _new(self, logged: LoggedAct) -> None:
        sort = "consent" if logged.act == Act.FILE_LETTER.value else "grant"
        states = ConsentState if sort == "consent" else GrantState
        if logged.outcome in states.__members__:
            await self._is_there(sort, logged.object)

    async def _client(self, logged: LoggedAct) -> None:
        if not await self._is_there("client", logged.object):
            return
        if logged.act in (ClientAct.SUSPEND.value, ClientAct.RESUME.value):
            is_suspended = logged.act == ClientAct.SUSPEND.value
            await self._connection.execute(_SUSPEND, logged.object, is_suspended)
        else:
            self.done.suspended[logged.object] = None

    async def _effect(self, logged: LoggedAct) -> None:
        found = self._codec.read_id(logged.object)
        if not isinstance(found, RecordId):
            self.done.effects[logged.object] = None
            return
        line = logged.line
        effect = RecordEffect(
            found.department,
            RecordKind(found.kind),
            found.record_id,
            Effect(line["effect"]),
            line["cause"],
            tuple(CallerClass(each) for each in line["hiddenFrom"]),
        )
        register = EffectRegister(OneConnection(self._connection))
        if logged.act == EffectAct.BEGIN.value:
            await register.put(effect, datetime.fromisoformat(logged.entry["at"]))
        else:
            await register.lift(effect)

    async def _matter(self, logged: LoggedAct) -> None:
        organisation = logged.entry["organisation"]
        day = date.fromisoformat(logged.outcome.removeprefix("CLOSED "))
        await self._connection.execute(_CLOSE, organisation, logged.object, day)
