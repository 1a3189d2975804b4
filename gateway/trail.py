"""What a request leaves behind: gathers, stage by stage, what its audit entry says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from functools import lru_cache
from typing import Any

from graphql import OperationType

from gateway.answering.types import WrittenAnswer
from gateway.audit.types import (
    ANSWERED,
    AuditEntry,
    ConsentUse,
    DecisionDigest,
    DepartmentOutcome,
    EntryKind,
    SubjectDecisions,
)
from gateway.entitlements.acts import Actor
from gateway.entitlements.types import POLICY_AREA, ConsentTerms, Mark, OneOff, RulesInForce
from gateway.fetching.types import FetchResults
from gateway.identity.principal import Principal
from gateway.mutations.types import Acts
from gateway.operation.types import ValidatedOperation
from gateway.request import RequestFacts
from policies.model import Caller, CallerClass

_Shares = tuple[tuple[DecisionDigest, tuple[str, ...]], ...]
_NO_DECISIONS = DecisionDigest(b"[]")
_DURATION_CLASSES = ((0.01, "<10ms"), (0.1, "<100ms"), (1.0, "<1s"))


class Trail:
    """One request's way through the stages."""

    def __init__(
        self,
        facts: RequestFacts,
        principal: Principal,
        rules: RulesInForce,
        clock: Callable[[], float],
    ) -> None:
        self.outcome = ANSWERED
        self._facts = facts
        self._principal = principal
        self._rules = rules
        self._clock = clock
        self._started = clock()
        self._operation: ValidatedOperation | None = None
        self._results: FetchResults | None = None
        self._decisions = _NO_DECISIONS
        self._shares: _Shares = ()
        self._grounds: DecisionDigest | None = None
        # whether the entry was committed with the acts that it tells of
        self.is_recorded = False
        self._marks: tuple[Mark, ...] = ()
        note = facts.note
        note.client_id = principal.client_id
        note.caller_class = principal.caller.caller_class.value
        note.purpose = principal.caller.purpose.value

    @property
    def principal(self) -> Principal:
        return self._principal

    @property
    def caller(self) -> Caller:
        return self._principal.caller

    @property
    def client_key(self) -> str:
        """Whose budget of new documents counts: the client, or the public's network."""
        if self.caller.caller_class is CallerClass.PUBLIC:
            return self._facts.peer
        return self._principal.client_id

    def operation(self, operation: ValidatedOperation) -> None:
        self._operation = operation

    @property
    def actor(self) -> Actor:
        """Who acts, where the operation is a mutation."""
        principal = self._principal
        return Actor(
            principal.caller,
            principal.client_id,
            principal.user_ref,
            principal.matter_no,
            self._facts.request_id,
        )

    def refuse(self, extensions: Mapping[str, Any] | None) -> None:
        """The operation did not run, for this reason."""
        self.outcome = str((extensions or {}).get("code", "REQUEST_ERROR"))

    @property
    def is_query(self) -> bool:
        """Whether the operation changes nothing and may run again."""
        operation = self._operation
        return operation is None or operation.operation.operation is OperationType.QUERY

    def answered(
        self, marks: tuple[Mark, ...], results: FetchResults, written: WrittenAnswer
    ) -> None:
        """The answer is written.

        Args:
            marks: what the decisions relied on beside consents and rules.
        """
        self._marks = ((POLICY_AREA, self._rules.epoch), *marks)
        self._results = results
        self._decisions = written.decisions
        self._grounds = written.grounds
        self._shares = written.shares

    def acted(self, acts: Acts) -> AuditEntry:
        """The entry of a mutation that was run, for the transaction of its acts."""
        return replace(
            self.entry(),
            decisions=acts.digest(),
            subjects=acts.subjects(),
            outcome=acts.outcome(ANSWERED),
            kind=EntryKind.ACT,
        )

    def entry(self) -> AuditEntry:
        """The audit entry, as of now."""
        operation, results = self._operation, self._results
        name = operation.operation.name if operation is not None else None
        subjects = _subjects(results) if results is not None else ()
        return AuditEntry(
            request_id=self._facts.request_id,
            at=self._facts.received_at,
            principal=self._principal,
            address_class=self._facts.peer_class,
            operation_hash=operation.document_hash if operation is not None else "",
            operation_name=name.value if name is not None else None,
            decisions=self._decisions,
            subjects=subjects,
            departments=_departments(results) if results is not None else (),
            consents=_consents(results) if results is not None else (),
            released=self._released(),
            policy_version=self._rules.policies.version,
            outcome=self.outcome,
            duration_class=self._duration_class(),
            units=len(subjects),
            marks=self._marks,
            shares=_positioned(self._shares, subjects) if self._shares else (),
            grounds=self._grounds,
            day=_day_text(self._rules.policies.today),
        )

    def _released(self) -> tuple[str, ...]:
        if self._results is None or self.outcome != ANSWERED:
            return ()
        return self._results.released_records()

    def _duration_class(self) -> str:
        elapsed = self._clock() - self._started
        return next((name for limit, name in _DURATION_CLASSES if elapsed < limit), ">=1s")


@lru_cache(maxsize=4)
def _day_text(day: date) -> str:
    return day.isoformat()


def _subjects(results: FetchResults) -> tuple[str, ...]:
    places = list(results.subjects.values())
    listed = tuple(results.listed_subjects())
    if len(places) == 1 and not listed:
        return places[0].distinct
    keys = (key for subjects in places for key in subjects.distinct)
    return tuple(dict.fromkeys((*keys, *listed)))


def _positioned(shares: _Shares, subjects: tuple[str, ...]) -> tuple[SubjectDecisions, ...]:
    positions = {key: position for position, key in enumerate(subjects)}
    return tuple(
        SubjectDecisions(decisions, tuple(sorted(positions[key] for key in keys)))
        for decisions, keys in shares
    )


def _departments(results: FetchResults) -> tuple[DepartmentOutcome, ...]:
    return tuple(
        DepartmentOutcome(slug, outcome.value, results.rows.get(slug, 0))
        for slug, outcome in sorted(results.sources.items())
    )


def _consents(results: FetchResults) -> tuple[ConsentUse, ...]:
    return tuple(_consent_use(terms, results) for terms in results.consents)


def _consent_use(terms: ConsentTerms, results: FetchResults) -> ConsentUse:
    one_off = terms.one_off
    if one_off is None:
        return ConsentUse(terms.consent_no, terms.version)
    delivered = _delivered(one_off, results)
    return ConsentUse(terms.consent_no, terms.version, delivered, one_off.repeat_key)


def _delivered(one_off: OneOff, results: FetchResults) -> tuple[str, ...]:
    """Kinds of which a department has told what it holds of the subject, even if that is nothing.

    Nothing is known of a kind whose departments all failed.
    """
    kinds = {
        place.kind.value
        for place, found in results.places.items()
        if place.kind in one_off.kinds
        and (one_off.subject_key in found.totals or one_off.subject_key in found.valued())
    }
    return tuple(sorted(kinds))
