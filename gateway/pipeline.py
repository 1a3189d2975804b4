"""Stages 2 to 9 of a query's path, in order, one call a line."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from gateway.answering.answer import Answerer
from gateway.answering.resolve import Resolver
from gateway.audit.types import Recorder
from gateway.authorization.authorize import Authorizer
from gateway.contract import FetchContext
from gateway.entitlements.types import RulesInForce
from gateway.errors import ClientError
from gateway.fetching.executor import Fetcher
from gateway.identity.authenticate import Authenticator
from gateway.identity.principal import Principal
from gateway.operation.errors import RequestError
from gateway.operation.operations import Operations
from gateway.operation.types import OperationAnswer, OperationRequest
from gateway.persons.references import PersonReferences
from gateway.planning.persons import with_persons
from gateway.planning.plans import Plans
from gateway.request import Credentials, RequestFacts
from gateway.trail import Trail
from policies.engine import PolicySet


@dataclass(frozen=True, slots=True)
class Stages:
    """The stages, wired by the composition root."""

    authenticator: Authenticator
    operations: Operations
    plans: Plans
    authorizer: Authorizer
    fetcher: Fetcher
    resolver: Resolver
    answerer: Answerer
    persons: Callable[[Principal], PersonReferences]
    recorder: Recorder
    rules: Callable[[], RulesInForce]


class Pipeline:
    """Answers operations; nothing leaves before its audit entry is committed."""

    def __init__(self, stages: Stages, clock: Callable[[], float] = time.monotonic) -> None:
        self._stages = stages
        self._clock = clock

    async def answer(
        self, request: OperationRequest, credentials: Credentials, facts: RequestFacts
    ) -> OperationAnswer:
        """Answer one operation.

        Raises:
            ClientError: refused; if the caller was identified, the refusal is on record.
        """
        stages = self._stages
        principal = stages.authenticator.authenticate(credentials.authorization)
        rules = stages.rules()
        trail = Trail(facts, principal, rules, self._clock)
        try:
            answer = await self._run(request, facts, trail, rules.policies)
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
        await stages.recorder.commit(trail.entry())
        return answer

    async def _run(
        self,
        request: OperationRequest,
        facts: RequestFacts,
        trail: Trail,
        policies: PolicySet,
    ) -> OperationAnswer:
        stages = self._stages
        context = FetchContext(facts.request_id, facts.deadline, facts.received_at)
        operation = stages.operations.load(request, trail.client_key)
        trail.operation(operation)
        persons = stages.persons(trail.principal)
        planned = with_persons(stages.plans.plan(operation, request.variables), persons.key)
        authorized = stages.authorizer.authorize(planned.plan, trail.caller, policies)
        results = await stages.fetcher.fetch(authorized, planned.variables, context)
        resolved = await stages.resolver.resolve(authorized, operation, request.variables)
        written = stages.answerer.answer(
            authorized, planned.variables, results, resolved, persons.reference
        )
        trail.answered(results, written)
        return OperationAnswer(written.body, is_request_error=False)
