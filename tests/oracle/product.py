"""The product, bound to the oracle's world: the stages from document text to response body.

Identity and audit are left out, because the caller of an operation is given. Entitlements come
from the world, so that both sides read the same state.
"""

from __future__ import annotations

import datetime as dt
import functools
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import orjson
from graphql import GraphQLSchema

from gateway.answering.answer import NOTHING_RESOLVED, Answerer
from gateway.answering.replay import caller_of, replayed
from gateway.answering.types import WrittenAnswer
from gateway.authorization.authorize import Authorizer, manifest_providers
from gateway.contract import Adapter, FetchContext
from gateway.entitlements.types import ConsentTerms, Granted, Mark, RecordEffects
from gateway.fetching.calls import CallLimits, Departments
from gateway.fetching.executor import Fetcher
from gateway.fetching.types import SourceOutcome
from gateway.identity.principal import Principal
from gateway.opaque import OpaqueCodec
from gateway.operation.budget import NewDocumentBudget
from gateway.operation.limits import Limits
from gateway.operation.operations import Operations
from gateway.operation.types import OperationRequest
from gateway.persons.references import PersonReferences
from gateway.planning.persons import with_persons
from gateway.planning.plans import Plans
from policies.engine import PolicySet
from policies.loader import load_policies
from policies.model import Caller
from schema.build import build_schema, core_schema
from schema.codes import RecordKind
from schema.records import MODEL
from tests.oracle.ids import CLIENT
from tests.oracle.operations import Operation
from tests.oracle.world import World


@dataclass(frozen=True)
class WorldEntitlements:
    """A world's consents, grants and effects, as the authorization stage asks for them."""

    world: World

    @property
    def version(self) -> int:
        return 1

    def consents(self, caller: Caller, subject_keys: Sequence[str]) -> Mapping[str, ConsentTerms]:
        """Active consents by subject key."""
        found = {}
        for key in subject_keys:
            coordinates = self.world.consented(caller, key)
            if coordinates:
                found[key] = ConsentTerms("1", 1, coordinates)
        return found

    def marks(self, caller: Caller, kinds: Iterable[RecordKind]) -> tuple[Mark, ...]:
        """Nothing that a fence would compare."""
        return ()

    def granted(self, caller: Caller) -> Granted:
        """What was granted, by provider."""
        providers = sorted({grant.provider for grant in self.world.grants})
        given = [(code, self.world.granted(caller, code)) for code in providers]
        return Granted(tuple((code, coordinates) for code, coordinates in given if coordinates))

    def effects(self, caller: Caller, department: str, kind: RecordKind) -> RecordEffects:
        """Effects on the records of a department, given by its slug."""
        here = [
            effect
            for effect in self.world.effects
            if effect.department == department and effect.kind is kind
        ]
        return RecordEffects(
            hidden=tuple(e.record_id for e in here if caller.caller_class in e.hidden_from),
            marked=tuple(e.record_id for e in here if e.is_marked),
            ended=tuple(e.record_id for e in here if e.is_ended),
        )


class Product:
    """Answers operations with the compiled path."""

    def __init__(self, world: World, adapters: Mapping[str, Adapter]) -> None:
        self._world = world
        schema = _schema()
        self._opaque = opaque = OpaqueCodec([world.sealing.key])
        self._policies = _policies(world.today)
        manifests = [adapter.manifest for adapter in adapters.values()]
        unlimited = NewDocumentBudget(time.monotonic, per_second=1e9, burst=10**9)
        self._operations = Operations(schema, Limits(), unlimited)
        self._plans = Plans(schema, opaque)
        self._authorizer = Authorizer(manifest_providers(manifests), WorldEntitlements(world))
        departments = Departments(adapters, CallLimits(adapter_timeout_s=30.0), _unobserved)
        self._fetcher = Fetcher(departments, opaque)
        self._answerer = Answerer(opaque)

    async def answer(self, operation: Operation) -> bytes:
        """The bytes of the response."""
        request = OperationRequest(
            operation.document, operation.operation_name, operation.variables
        )
        context = FetchContext("oracle", time.monotonic() + 30.0, self._world.fetched_at)
        validated = self._operations.load(request, "oracle")
        persons = PersonReferences(self._opaque, Principal(operation.caller, CLIENT))
        planned = with_persons(self._plans.plan(validated, operation.variables), persons.key)
        authorized = self._authorizer.authorize(planned.plan, operation.caller, self._policies)
        results = await self._fetcher.fetch(authorized, planned.variables, context)
        written = self._answerer.answer(
            authorized, planned.variables, results, NOTHING_RESOLVED, persons.reference
        )
        _replay(written, self._policies, operation.caller)
        return written.body


def _replay(written: WrittenAnswer, policies: PolicySet, caller: Caller) -> None:
    """Whatever was decided can be decided again from what is stored of it.

    Raises:
        AssertionError: something else was decided the second time.
    """
    said = orjson.loads(written.grounds.json)["caller"]
    as_recorded = {**said, "callerReference": "-" if caller.organisation else None}
    anew = replayed(written.grounds.json, policies, caller_of(as_recorded))
    assert anew == orjson.loads(written.decisions.json), "the replay differs"


@functools.cache
def _schema() -> GraphQLSchema:
    return core_schema(build_schema())


@asynccontextmanager
async def opened(world: World, adapters: Mapping[str, Adapter]) -> AsyncIterator[Product]:
    """Open the adapters for the length of the block."""
    for adapter in adapters.values():
        await adapter.open()
    try:
        yield Product(world, adapters)
    finally:
        for adapter in adapters.values():
            await adapter.aclose()


@functools.cache
def _policies(today: str) -> PolicySet:
    """The shipped rules, read once."""
    return load_policies(MODEL, dt.date.fromisoformat(today))


def _unobserved(_slug: str, _outcome: SourceOutcome, _duration_s: float) -> None:
    pass
