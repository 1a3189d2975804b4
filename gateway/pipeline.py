"""Stages 2 to 9 of a query's path, in order, one call a line."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from graphql import OperationType

from gateway.admission.admit import Admission
from gateway.admission.types import QUERY_SWEEP, Admitted
from gateway.answering.answer import Answerer
from gateway.answering.resolve import Resolver
from gateway.audit.types import AuditEntry, OutdatedDecisionError, Quota, Recorder
from gateway.authorization.authorize import Authorizer
from gateway.contract import FetchContext
from gateway.entitlements.types import RulesInForce, Standings
from gateway.errors import ClientError, Unavailable
from gateway.fetching.executor import Fetcher
from gateway.identity.authenticate import Authenticator
from gateway.identity.principal import Principal, claiming
from gateway.mutations.run import Mutations
from gateway.mutations.types import Acts
from gateway.operation.errors import RequestError
from gateway.operation.operations import Operations
from gateway.operation.repetition import repeat_key
from gateway.operation.types import OperationAnswer, OperationRequest, ValidatedOperation
from gateway.operation.validate import refuse_mutation_by_get
from gateway.persons.references import PersonReferences
from gateway.planning.persons import with_persons
from gateway.planning.plans import Plans
from gateway.request import Credentials, RequestFacts
from gateway.trail import Trail
from policies.engine import PolicySet
from policies.model import Caller, CallerClass


@dataclass(frozen=True, slots=True)
class Stages:
    """The stages, wired by the composition root."""

    authenticator: Authenticator
    admission: Admission
    operations: Operations
    plans: Plans
    authorizer: Authorizer
    fetcher: Fetcher
    resolver: Resolver
    answerer: Answerer
    mutations: Mutations
    persons: Callable[[Principal], PersonReferences]
    recorder: Recorder
    rules: Callable[[], RulesInForce]
    standings: Standings


_CATCH_UP_S = 1.0
_CHANGED = "ENTITLEMENTS_CHANGED"


class Pipeline:
    """Answers operations; nothing leaves before its audit entry is committed."""

    def __init__(self, stages: Stages, clock: Callable[[], float] = time.monotonic) -> None:
        self._stages = stages
        self._clock = clock

    async def answer(
        self, request: OperationRequest, credentials: Credentials, facts: RequestFacts
    ) -> OperationAnswer:
        """Answer one operation.

        A query whose rules, grants or effects changed while it ran is run once more.

        Raises:
            ClientError: refused; if the token was genuine, the refusal is on record.
        """
        authenticator = self._stages.authenticator
        try:
            principal = authenticator.authenticate(credentials, facts.method, facts.path)
            facts.note.next_nonce = authenticator.nonce_after(credentials)
        except ClientError as error:
            self._stages.admission.failed(error, facts.peer)
            await self._record_claimant(error, facts)
            raise
        return await self.answer_for(principal, request, facts)

    async def answer_for(
        self, principal: Principal, request: OperationRequest, facts: RequestFacts
    ) -> OperationAnswer:
        """Answer one operation for a caller whom this server identified in another way.

        Raises:
            ClientError: refused, and the refusal is on record.
        """
        try:
            return await self._attempt(request, facts, principal, is_last=False)
        except OutdatedDecisionError as outdated:
            await self._catch_up(outdated.areas, facts.deadline)
        return await self._attempt(request, facts, principal, is_last=True)

    async def _record_claimant(self, error: ClientError, facts: RequestFacts) -> None:
        """Put on record whose genuine token claimed what is refused, such as an unknown purpose."""
        if error.claimant is not None:
            sender = claiming(error.claimant)
            trail = Trail(facts, sender, self._stages.rules(), self._clock)
            trail.outcome = error.code
            await self._stages.recorder.commit(trail.entry())

    async def _attempt(
        self, request: OperationRequest, facts: RequestFacts, principal: Principal, is_last: bool
    ) -> OperationAnswer:
        """Run and record an operation.

        Raises:
            ClientError: refused, and the refusal is on record.
            OutdatedDecisionError: not if it is the last attempt; nothing is on record.
        """
        stages = self._stages
        rules = stages.rules()
        trail = Trail(facts, principal, rules, self._clock)
        try:
            # a request that is run once more counts once
            admitted = stages.admission.enter(principal, facts.note, counts=not is_last)
            operation = stages.operations.load(
                stages.admission.with_document(request, admitted), trail.client_key
            )
            trail.operation(operation)
            admitted = stages.admission.allow(operation, principal, admitted)
            if operation.operation.operation is OperationType.QUERY:
                answer = await self._run(operation, request, facts, trail, rules.policies, admitted)
            else:
                answer = await self._act(operation, request, facts, trail, admitted)
        except RequestError as error:
            trail.refuse(error.errors[0].extensions)
            answer = error.answer()
        except ClientError as error:
            trail.outcome = error.code
            await stages.recorder.commit(trail.entry())
            raise
        except Exception:
            trail.outcome = "INTERNAL_ERROR"
            await stages.recorder.commit(trail.entry())
            raise
        if trail.is_recorded:
            return answer
        try:
            facts.note.quota = await stages.recorder.commit(self._answered(trail, admitted))
        except OutdatedDecisionError:
            if not is_last and trail.is_query and self._clock() < facts.deadline:
                raise
            trail.outcome = _CHANGED
            await stages.recorder.commit(trail.entry())
            raise _changed() from None
        return answer

    async def _catch_up(self, areas: frozenset[str], deadline: float) -> None:
        """Let this worker read what has changed, as far as there is time."""
        try:
            async with asyncio.timeout(min(_CATCH_UP_S, deadline - self._clock())):
                await self._stages.standings.refresh(areas)
        except TimeoutError:
            # the next attempt is compared with the store as the first was
            pass

    def _answered(self, trail: Trail, admitted: Admitted) -> AuditEntry:
        """The entry of an answer, with what the client's contract and its pace add to it."""
        entry = trail.entry()
        client_id = entry.principal.client_id
        quota = quota_of(entry.principal, admitted)
        if quota is not None:
            entry = replace(entry, quota=quota)
        counts = _may_be_swept(trail.caller, entry.subjects)
        if counts and self._stages.admission.is_sweep(client_id, entry.subjects):
            entry = replace(entry, warnings=(QUERY_SWEEP,))
        return entry

    async def _run(
        self,
        operation: ValidatedOperation,
        request: OperationRequest,
        facts: RequestFacts,
        trail: Trail,
        policies: PolicySet,
        admitted: Admitted,
    ) -> OperationAnswer:
        stages = self._stages
        context = FetchContext(facts.request_id, facts.deadline, facts.received_at)
        persons = stages.persons(trail.principal)
        planned = with_persons(stages.plans.plan(operation, request.variables), persons.key)
        contract = admitted.contract(trail.principal.contract)
        authorized = stages.authorizer.authorize(planned.plan, trail.caller, policies, contract)
        if facts.idempotency_key is not None:
            key = repeat_key(
                facts.idempotency_key, trail.principal.client_id, operation, request.variables
            )
            authorized = authorized.for_query(stages.standings.repeating(key))
        results = await stages.fetcher.fetch(authorized, planned.variables, context)
        resolved = await stages.resolver.resolve(authorized, operation, request.variables)
        written = stages.answerer.answer(
            authorized, planned.variables, results, resolved, persons.reference
        )
        trail.answered((*admitted.marks, *authorized.marks), results, written)
        return OperationAnswer(written.body, is_request_error=False)

    async def _act(
        self,
        operation: ValidatedOperation,
        request: OperationRequest,
        facts: RequestFacts,
        trail: Trail,
        admitted: Admitted,
    ) -> OperationAnswer:
        """Run a mutation; it is committed together with its entry."""

        def acted(acts: Acts) -> AuditEntry:
            return replace(trail.acted(acts), marks=admitted.marks)

        stages = self._stages
        refuse_mutation_by_get(operation, facts.method)
        stages.plans.check_variables(operation, request.variables)
        body = await stages.mutations.run(
            operation, request.variables, trail.actor, facts.deadline, acted
        )
        trail.is_recorded = True
        return OperationAnswer(body, is_request_error=False)


def _may_be_swept(caller: Caller, subjects: tuple[str, ...]) -> bool:
    """Whether subjects count for warnings: the public is no one client, and oneself no find."""
    if caller.caller_class is CallerClass.SUBJECT:
        return not set(subjects) <= {caller.organisation}
    return caller.caller_class is not CallerClass.PUBLIC


def quota_of(principal: Principal, admitted: Admitted) -> Quota | None:
    """What subjects count against where that is not the client's quota, or less than it."""
    terms, operation, contract = admitted.terms, admitted.operation, principal.contract
    counted_as, limits = principal.client_id, [terms.quota_per_day]
    if operation is not None and operation.quota_per_day is not None:
        counted_as = operation.counted_as(principal.client_id)
        limits = [operation.quota_per_day]
    if contract is not None:
        limits.append(contract.quota_per_day)
    known = [limit for limit in limits if limit is not None]
    is_own = counted_as == principal.client_id and limits == [terms.quota_per_day]
    return None if is_own or not known else Quota(counted_as, min(known))


def _changed() -> Unavailable:
    return Unavailable(
        _CHANGED,
        "the rules, grants or record effects that this answer relied on changed while it was made, "
        "and again while it was made anew: nothing is answered, try again",
        headers=(("Retry-After", "1"),),
    )
