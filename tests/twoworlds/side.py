"""One side of the comparison: the gateway over one world, from HTTP to the departments' calls.

Clock and request ids are given, so that two sides answer at the same moment under the same id.
"""

from __future__ import annotations

import datetime as dt
import functools
import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from graphql import GraphQLSchema

from gateway.answering.answer import Answerer
from gateway.answering.resolve import Resolver
from gateway.authorization.authorize import Authorizer, manifest_providers
from gateway.catalogue import CatalogueContext
from gateway.contract import Adapter
from gateway.entitlements.types import RulesInForce
from gateway.fetching.calls import CallLimits, Departments
from gateway.fetching.executor import Fetcher
from gateway.fetching.registry import Registry
from gateway.fetching.types import SourceOutcome
from gateway.http.graphql_endpoint import GraphQLEndpoint
from gateway.http.limits import HttpLimits
from gateway.http.types import RequestRecord
from gateway.identity.authenticate import MUST_BE_BOUND, Authenticator
from gateway.identity.issuer import LocalIssuer, TokenRequest
from gateway.identity.keys import generate_key
from gateway.identity.prover import Prover
from gateway.opaque import OpaqueCodec
from gateway.operation.budget import NewDocumentBudget
from gateway.operation.limits import Limits
from gateway.operation.operations import Operations
from gateway.persons.references import PersonReferences
from gateway.pipeline import Pipeline, Stages
from gateway.planning.plans import Plans
from gateway.visibility.parts import SchemaParts
from policies.engine import PolicySet
from policies.loader import load_policies
from policies.model import Caller, CallerClass
from schema.build import build_schema, core_schema
from schema.records import MODEL
from tests.gateway.http.asgi import post
from tests.oracle.ids import CLIENT
from tests.oracle.product import WorldEntitlements
from tests.oracle.world import World
from tests.support.admission import admission_of
from tests.support.sender import BEARER, URL
from tests.support.stages import no_mutations
from tests.twoworlds.watched import KeptEntries, StandingClients, WatchedAdapter, count_statements

_NOW = 1_793_606_400
_PROVER = Prover(generate_key(), lambda: _NOW, lambda: secrets.token_hex(8))
_PATIENCE_S = 120.0
_AROUND = 200


class StandingClock:
    """Shows one moment."""

    def monotonic(self) -> float:
        return 1_000.0

    def wire_time(self) -> str:
        return "2026-11-02T08:00:00Z"

    def epoch_s(self) -> int:
        return _NOW


@dataclass(frozen=True)
class Question:
    """One request: its caller and its body's members."""

    caller: Caller
    document: str
    variables: Mapping[str, Any] = field(default_factory=dict)
    operation_name: str | None = None

    def __str__(self) -> str:
        return f"{self.caller}\nvariables: {dict(self.variables)}\n{self.document}"


@dataclass(frozen=True)
class Observed:
    """All that a caller can observe of an answer, time excepted.

    Attributes:
        cost: what departments were asked for, in order, and what that counts for the caller.
        rows: records and groups in the answer.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    cost: Sequence[object]
    rows: int

    def differs_from(self, other: Observed) -> str:
        """The first aspect that differs, in words; empty if none does."""
        for name in ("status", "body", "headers", "cost"):
            mine, others = (_text(getattr(each, name)) for each in (self, other))
            if mine != others:
                return f"{name}: {_parting(mine, others)}"
        return ""


def _text(aspect: object) -> str:
    return aspect.decode() if isinstance(aspect, bytes) else str(aspect)


def _parting(one: str, other: str) -> str:
    """Both texts around the place where they part."""
    at = next(
        (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b),
        min(len(one), len(other)),
    )
    start, stop = max(0, at - _AROUND), at + _AROUND
    return f"at {at}\n  {one[start:stop]}\n  {other[start:stop]}"


@dataclass
class _Defects:
    """Lets no defect pass as an answer."""

    error: BaseException | None = None

    def finished(self, record: RequestRecord) -> None:
        """Nothing to note."""

    def failed(self, request_id: str, error: BaseException) -> None:
        """Keep the error."""
        self.error = error


class Side:
    """The gateway over one world."""

    def __init__(self, world: World, adapters: Mapping[str, Adapter]) -> None:
        self._notes: list[object] = []
        self._statements: Counter[str] = Counter()
        self._recorder = KeptEntries()
        self._defects = _Defects()
        self._tokens: dict[Caller, str] = {}
        self.adapters = {
            slug: WatchedAdapter(inner, self._notes) for slug, inner in adapters.items()
        }
        for inner in adapters.values():
            count_statements(inner, self._statements)
        self._endpoint = GraphQLEndpoint(
            Pipeline(self._stages(world), StandingClock().monotonic),
            StandingClock(),
            [self._defects],
            HttpLimits(query_s=_PATIENCE_S),
            lambda: "the-same-id",
        )

    async def ask(self, question: Question) -> Observed:
        """Send one request and observe all there is."""
        self._notes.clear()
        self._statements.clear()
        self._recorder.entries.clear()
        self._defects.error = None
        sent = {
            "query": question.document,
            "variables": dict(question.variables),
            "operationName": question.operation_name,
        }
        reply = await post(self._endpoint, orjson.dumps(sent), self._credentials(question.caller))
        if self._defects.error is not None:
            raise self._defects.error
        counted = [
            (each.outcome, each.units, each.subjects, each.decisions.sha256, each.departments)
            for each in self._recorder.entries
        ]
        rows = sum(part.rows for each in self._recorder.entries for part in each.departments)
        groups = reply.body.count(b'"count":')
        return Observed(
            reply.status,
            reply.headers,
            reply.body,
            [*self._notes, sorted(self._statements.items()), *counted],
            rows + groups,
        )

    def _credentials(self, caller: Caller) -> list[tuple[str, str]]:
        if caller.caller_class is CallerClass.PUBLIC:
            return []
        if caller not in self._tokens:
            matter_no = "办2026-1" if caller.caller_class is CallerClass.DEPARTMENT else None
            is_bound = caller.caller_class in MUST_BE_BOUND
            request = TokenRequest(caller, CLIENT, matter_no, jkt=_PROVER.jkt if is_bound else None)
            self._tokens[caller] = _issuer().mint(request)
        token = self._tokens[caller]
        if caller.caller_class in MUST_BE_BOUND:
            return list(_PROVER.headers("POST", f"{URL}/graphql", token).items())
        return [("authorization", f"Bearer {token}")]

    def _stages(self, world: World) -> Stages:
        schema = _schema()
        opaque = OpaqueCodec([world.sealing.key])
        entitlements = WorldEntitlements(world)
        rules = RulesInForce(_policies(world.today), 1)
        clock = StandingClock().monotonic
        departments = Departments(
            self.adapters, CallLimits(adapter_timeout_s=_PATIENCE_S), _unobserved, clock
        )
        catalogue = CatalogueContext(Registry(self.adapters, ()), MODEL, clock)
        budget = NewDocumentBudget(clock, per_second=1e9, burst=10**9)
        manifests = [adapter.manifest for adapter in self.adapters.values()]
        standings = StandingClients(entitlements)
        return Stages(
            authenticator=Authenticator(_issuer().token_rules(), BEARER, lambda: _NOW),
            admission=admission_of(standings.client, clock=clock),
            operations=Operations(schema, Limits(), budget),
            plans=Plans(schema, opaque),
            authorizer=Authorizer(manifest_providers(manifests), entitlements),
            fetcher=Fetcher(departments, opaque, clock),
            resolver=Resolver(schema, SchemaParts(schema), lambda _plan: catalogue),
            answerer=Answerer(opaque),
            mutations=no_mutations(),
            persons=functools.partial(PersonReferences, opaque),
            recorder=self._recorder,
            standings=standings,
            rules=lambda: rules,
        )


@functools.cache
def _schema() -> GraphQLSchema:
    return core_schema(build_schema())


@functools.cache
def _policies(today: str) -> PolicySet:
    """The shipped rules, read once."""
    return load_policies(MODEL, dt.date.fromisoformat(today))


@functools.cache
def _issuer() -> LocalIssuer:
    return LocalIssuer(
        "https://issuer.invalid", "gateway", generate_key(), lambda: _NOW, lambda: "a-token"
    )


def _unobserved(_slug: str, _outcome: SourceOutcome, _duration_s: float) -> None:
    pass
