"""The stages from document to body over adapters that a test gives; no identity, no audit.

Every caller may do everything unless the test gives rules of its own.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from gateway.answering.answer import NOTHING_RESOLVED, Answerer
from gateway.authorization.authorize import Authorizer, manifest_providers
from gateway.contract import Adapter, FetchContext, Manifest
from gateway.entitlements.data_contract import DataContract
from gateway.entitlements.types import ConsentTerms, Granted, Mark, RecordEffects
from gateway.fetching.calls import CallLimits, Departments
from gateway.fetching.executor import Fetcher
from gateway.fetching.types import SourceOutcome
from gateway.identity.principal import Principal
from gateway.opaque import OpaqueCodec
from gateway.operation.budget import NewDocumentBudget
from gateway.operation.errors import RequestError
from gateway.operation.limits import Limits
from gateway.operation.operations import Operations
from gateway.operation.types import OperationRequest
from gateway.persons.references import PersonReferences
from gateway.planning.persons import with_persons
from gateway.planning.plans import Plans
from policies.engine import PolicySet
from policies.model import (
    Caller,
    CallerClass,
    Condition,
    Effect,
    Purpose,
    Rule,
    Use,
)
from schema.build import build_schema, core_schema
from schema.codes import RecordKind
from schema.records import MODEL

TODAY = dt.date(2026, 11, 2)
FETCHED_AT = "2026-11-02T08:00:00Z"
OFFICER = Caller(CallerClass.DEPARTMENT, "114101990050000186", Purpose.INSPECTION)
SCHEMA = core_schema(build_schema())


def rule(
    name: str,
    effect: Effect = Effect.PERMIT,
    *,
    coordinates: tuple[str, ...] = (),
    uses: tuple[Use, ...] = (),
    condition: Condition | None = None,
    **more: Any,
) -> Rule:
    """A rule for every caller, with what the test is about replaced."""
    return Rule(
        id=f"test.{name}",
        effect=effect,
        who=more.get("who", ()),
        purposes=(),
        uses=uses,
        classes=(),
        coordinates=coordinates,
        subject_kinds=more.get("subject_kinds", ()),
        organisations=(),
        condition=condition or Condition(),
        mask=more.get("mask"),
        legal_basis="样例",
        intent="a rule of a test",
    )


EVERYTHING = rule("everything")


def policies(*rules: Rule) -> PolicySet:
    """These rules, on a fixed day."""
    return PolicySet(rules or (EVERYTHING,), MODEL, TODAY)


@dataclass(frozen=True, slots=True)
class GrantedByAll(Granted):
    """Coordinates that every provider granted."""

    coordinates: frozenset[str] = frozenset()

    def of(self, provider: str) -> frozenset[str]:
        """The same for every provider."""
        return self.coordinates


@dataclass
class HandEntitlements:
    """Entitlements that a test sets."""

    consented: Mapping[str, ConsentTerms] = field(default_factory=dict)
    grants: frozenset[str] | Granted = frozenset()
    record_effects: Mapping[tuple[str, RecordKind], RecordEffects] = field(default_factory=dict)
    version: int = 1

    def consents(self, caller: Caller, subject_keys: Sequence[str]) -> Mapping[str, ConsentTerms]:
        """Terms of the subjects asked for."""
        return {key: self.consented[key] for key in subject_keys if key in self.consented}

    def granted(self, caller: Caller) -> Granted:
        """The same for every caller."""
        return self.grants if isinstance(self.grants, Granted) else GrantedByAll((), self.grants)

    def marks(self, caller: Caller, kinds: Iterable[RecordKind]) -> tuple[Mark, ...]:
        """Nothing that a fence would compare."""
        return ()

    def effects(self, caller: Caller, department: str, kind: RecordKind) -> RecordEffects:
        """The same for every caller."""
        return self.record_effects.get((department, kind), RecordEffects())


@dataclass
class HandClock:
    """Seconds that only a test moves."""

    now: float = 1_000.0

    def __call__(self) -> float:
        return self.now


class SmallGateway:
    """Answers documents. Adapters are used as they are; the test opens and closes them.

    Args:
        manifests: of departments beside those with adapters.
    """

    def __init__(
        self,
        adapters: Mapping[str, Adapter],
        *,
        rules: PolicySet | None = None,
        entitlements: HandEntitlements | None = None,
        limits: CallLimits | None = None,
        clock: Callable[[], float] = time.monotonic,
        manifests: Sequence[Manifest] = (),
    ) -> None:
        self.entitlements = entitlements or HandEntitlements()
        self.rules = rules or policies()
        self.observed: list[tuple[str, SourceOutcome]] = []
        self.opaque = opaque = OpaqueCodec([bytes(range(64))])
        known = [*(adapter.manifest for adapter in adapters.values()), *manifests]
        budget = NewDocumentBudget(time.monotonic, per_second=1e9, burst=10**9)
        departments = Departments(
            adapters,
            limits or CallLimits(),
            lambda slug, outcome, _: self.observed.append((slug, outcome)),
            clock,
        )
        self.operations = Operations(SCHEMA, Limits(), budget)
        self.plans = Plans(SCHEMA, opaque)
        self.authorizer = Authorizer(manifest_providers(known), self.entitlements)
        self.fetcher = Fetcher(departments, opaque)
        self.answerer = Answerer(opaque)
        self._clock = clock

    async def body(
        self,
        document: str,
        variables: Mapping[str, Any] | None = None,
        caller: Caller = OFFICER,
        patience_s: float = 30.0,
        contract: DataContract | None = None,
    ) -> bytes:
        """The bytes of the response.

        Raises:
            ClientError: the operation is refused after planning.
        """
        given = variables or {}
        try:
            operation = self.operations.load(OperationRequest(document, None, given), "test")
            persons = PersonReferences(self.opaque, Principal(caller, "test"))
            planned = with_persons(self.plans.plan(operation, given), persons.key)
        except RequestError as error:
            return error.answer().body
        authorized = self.authorizer.authorize(planned.plan, caller, self.rules, contract)
        context = FetchContext("test", self._clock() + patience_s, FETCHED_AT)
        results = await self.fetcher.fetch(authorized, planned.variables, context)
        return self.answerer.answer(
            authorized, planned.variables, results, NOTHING_RESOLVED, persons.reference
        ).body

    async def ask(
        self,
        document: str,
        variables: Mapping[str, Any] | None = None,
        caller: Caller = OFFICER,
        patience_s: float = 30.0,
        contract: DataContract | None = None,
    ) -> Any:
        """The response as a value; every error with a path has a code."""
        answer = orjson.loads(await self.body(document, variables, caller, patience_s, contract))
        for error in answer.get("errors", ()):
            assert error["extensions"]["code"]
        return answer


def codes(answer: Any) -> list[str]:
    """Codes of the errors."""
    return [error["extensions"]["code"] for error in answer.get("errors", ())]
