"""Effects on departments' records begun and ended, each in one transaction with its audit entry.

Who may act is decided before. In the entry the record stands under its sealed id, as callers see
it, so that the log names no record and an effect can still be made again from it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum

import orjson

from gateway.audit.types import ANSWERED, AuditEntry, DecisionDigest, EntryKind, RecordsWithin
from gateway.entitlements.errors import EntitlementRefusedError
from gateway.entitlements.registers import Effect, EffectRegister, RecordEffect
from gateway.identity.principal import Principal
from gateway.opaque import OpaqueCodec, RecordId
from gateway.store.lending import Lending, OneConnection
from policies.model import CallerClass
from schema.codes import RecordKind

MAX_CAUSE = 200


class EffectAct(Enum):
    """What is done with an effect."""

    BEGIN = "BEGIN_EFFECT"
    END = "END_EFFECT"


@dataclass(frozen=True, slots=True)
class EffectLine:
    """What the entry says of an effect.

    Attributes:
        record: sealed id.
        outcome: the effect, or `LIFTED`.
    """

    act: EffectAct
    record: str
    effect: Effect
    cause: str
    hidden_from: tuple[CallerClass, ...]

    def members(self) -> dict[str, object]:
        """For the decisions of the entry."""
        is_begun = self.act is EffectAct.BEGIN
        return {
            "act": self.act.value,
            "cause": self.cause,
            "effect": self.effect.value,
            "hiddenFrom": [each.value for each in self.hidden_from],
            "object": self.record,
            "outcome": self.effect.value if is_begun else "LIFTED",
            "rules": [],
        }


class EffectOffice:
    """Acts on effects.

    Args:
        lending: connections to the store.
        recorder: writes entries in the transaction of the act.
        codec: seals and opens ids of records.
    """

    def __init__(
        self,
        lending: Lending,
        recorder: RecordsWithin,
        codec: OpaqueCodec,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._lending = lending
        self._recorder = recorder
        self._codec = codec
        self._clock = clock

    def effect(
        self, record: str, effect: Effect, cause: str, hidden_from: tuple[CallerClass, ...] = ()
    ) -> RecordEffect:
        """Return an effect on the record with this sealed id.

        Raises:
            EntitlementRefusedError: the id is none of a record, or the effect is not possible.
        """
        found = self._codec.read_id(record)
        if not isinstance(found, RecordId):
            raise EntitlementRefusedError("expected the id of a record, as answers show it")
        if not cause.strip() or "\0" in cause or len(cause) > MAX_CAUSE:
            raise EntitlementRefusedError(
                f"the cause of an effect is empty or too long, expected 1 to {MAX_CAUSE} characters"
            )
        if (effect is Effect.HIDDEN) != bool(hidden_from):
            raise EntitlementRefusedError("only what is HIDDEN is hidden from some caller classes")
        kind = RecordKind(found.kind)
        return RecordEffect(found.department, kind, found.record_id, effect, cause, hidden_from)

    async def act(
        self, principal: Principal, act: EffectAct, effect: RecordEffect, request_id: str
    ) -> None:
        """Begin or end an effect; durable with its entry when this returns."""
        at = self._clock()
        sealed = self._codec.record_id(effect.kind.value, effect.department, effect.record_id)
        line = EffectLine(act, sealed, effect.effect, effect.cause, effect.hidden_from)
        async with self._lending.connection() as connection, connection.transaction():
            register = EffectRegister(OneConnection(connection))
            if act is EffectAct.BEGIN:
                await register.put(effect, at)
            else:
                await register.lift(effect)
            await self._recorder.record(connection, _entry(principal, line, request_id, at))


def _entry(principal: Principal, line: EffectLine, request_id: str, at: datetime) -> AuditEntry:
    decisions = orjson.dumps([line.members()], option=orjson.OPT_SORT_KEYS)
    return AuditEntry(
        request_id=request_id,
        at=at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        principal=principal,
        address_class="console",
        operation_hash="",
        operation_name=line.act.value,
        decisions=DecisionDigest(decisions),
        subjects=(),
        departments=(),
        consents=(),
        released=(),
        policy_version="",
        outcome=ANSWERED,
        duration_class="console",
        units=0,
        kind=EntryKind.ACT,
    )
