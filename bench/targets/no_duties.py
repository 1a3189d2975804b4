"""The gateway without its duties: a caller is known by the text of its header, a plan is decided
once for all times, and nothing is recorded.

Only what it saves is of interest: the difference to the gateway is what identity, policy, quota
and committed audit cost together. Nothing of it can be switched on in the gateway.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from bench.targets.program import run_target
from gateway.authorization.plan import AuthorizedPlan
from gateway.composition import open_gateway, trusted_proxy
from gateway.contract import FetchContext
from gateway.http.access_log import AccessLog, json_logger
from gateway.http.clock import SystemClock
from gateway.http.dispatch import GRAPHQL_PATH, HttpApp
from gateway.http.graphql_endpoint import GraphQLEndpoint
from gateway.http.metrics import Metrics
from gateway.http.types import Credentials, RequestFacts, RequestObserver
from gateway.identity.principal import Principal
from gateway.operation.types import OperationAnswer, OperationRequest
from gateway.pipeline import Stages
from gateway.planning.persons import with_persons
from gateway.planning.types import FetchPlan
from gateway.settings import Settings


class UndutifulPipeline:
    """Answers operations with the stages that fetch and write."""

    def __init__(self, stages: Stages) -> None:
        self._stages = stages
        self._principals: dict[str | None, Principal] = {}
        self._decided: dict[tuple[int, int], tuple[FetchPlan, AuthorizedPlan]] = {}

    async def answer(
        self, request: OperationRequest, credentials: Credentials, facts: RequestFacts
    ) -> OperationAnswer:
        """Answer one operation."""
        stages = self._stages
        context = FetchContext(facts.request_id, facts.deadline, facts.received_at)
        principal = self._principal(credentials, facts)
        operation = stages.operations.load(request, principal.client_id)
        persons = stages.persons(principal)
        planned = with_persons(stages.plans.plan(operation, request.variables), persons.key)
        authorized = self._authorized(planned.plan, principal)
        results = await stages.fetcher.fetch(authorized, planned.variables, context)
        resolved = await stages.resolver.resolve(authorized, operation, request.variables)
        written = stages.answerer.answer(
            authorized, planned.variables, results, resolved, persons.reference
        )
        return OperationAnswer(written.body, is_request_error=False)

    def _principal(self, credentials: Credentials, facts: RequestFacts) -> Principal:
        authorization = credentials.authorization
        found = self._principals.get(authorization)
        if found is None:
            found = self._stages.authenticator.authenticate(credentials, facts.method, facts.path)
            self._principals[authorization] = found
        return found

    def _authorized(self, plan: FetchPlan, principal: Principal) -> AuthorizedPlan:
        key = (id(plan), id(principal))
        found = self._decided.get(key)
        if found is None:
            # The plan is kept, so that its number stays its own.
            policies = self._stages.rules().policies
            found = (plan, self._stages.authorizer.authorize(plan, principal.caller, policies))
            self._decided[key] = found
        return found[1]


def make_app(settings: Settings) -> ASGIApp:
    """Return the application; its lifespan opens and closes the gateway."""
    clock = SystemClock()
    proxy = trusted_proxy(settings.server)
    metrics = Metrics()
    observers: list[RequestObserver] = [metrics, AccessLog(json_logger(sys.stderr.buffer), clock)]
    endpoints: list[GraphQLEndpoint] = []

    def observe(slug: str, outcome: object, duration_s: float) -> None:
        metrics.department_answered(slug, str(getattr(outcome, "value", outcome)), duration_s)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with open_gateway(replace(settings, audit_log=None), observe) as gateway:
            pipeline = UndutifulPipeline(gateway.stages)
            endpoints.append(GraphQLEndpoint(pipeline, clock, observers, proxy=proxy))
            yield

    async def graphql(scope: Scope, receive: Receive, send: Send) -> None:
        await endpoints[0](scope, receive, send)

    return HttpApp({GRAPHQL_PATH: graphql}, Starlette(lifespan=lifespan), clock, observers)


if __name__ == "__main__":
    run_target(make_app)
