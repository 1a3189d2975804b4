"""What a mutation hands to the audit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import orjson

from gateway.audit.types import AuditEntry, DecisionDigest
from gateway.entitlements.acts import ActDone
from policies.sharing.model import Act


@dataclass(frozen=True, slots=True)
class ActRefused:
    """An act that did not take place.

    Attributes:
        object_no: as the actor named it; None where it named none.
        code: why.
    """

    act: Act
    object_no: str | None
    code: str


@dataclass(frozen=True, slots=True)
class Acts:
    """What an operation did and what it was refused, each in order."""

    done: tuple[ActDone, ...]
    refused: tuple[ActRefused, ...]

    def digest(self) -> DecisionDigest:
        """All acts with their outcomes and the rules that permitted them, for the entry."""
        found = [_done(act) for act in self.done]
        found += [_line(act.act, act.object_no, act.code, []) for act in self.refused]
        return DecisionDigest(orjson.dumps(found, option=orjson.OPT_SORT_KEYS))

    def subjects(self) -> tuple[str, ...]:
        """Whom the acts that took place are about."""
        keys = (done.subject_key for done in self.done if done.subject_key is not None)
        return tuple(dict.fromkeys(keys))

    def outcome(self, answered: str) -> str:
        """The outcome of the whole: the first refusal, if nothing took place."""
        if self.refused and not self.done:
            return self.refused[0].code
        return answered


EntryOf = Callable[[Acts], AuditEntry]
"""Makes the audit entry of a mutation that was run and is not committed yet."""


def _done(act: ActDone) -> dict[str, object]:
    line = _line(act.act, act.object_no, act.state, [act.rule_id])
    if act.ended:
        line["ended"] = act.ended
    return line


def _line(act: Act, object_no: str | None, outcome: str, rules: list[str]) -> dict[str, object]:
    return {"act": act.value, "object": object_no, "outcome": outcome, "rules": rules}
