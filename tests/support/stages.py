"""Stages over a small gateway, for tests that go through the pipeline to the store."""

from __future__ import annotations

import secrets
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import partial

from gateway.accesslog.evidence import LogEvidence
from gateway.answering.resolve import Resolver
from gateway.audit.entry import RecordHasher
from gateway.audit.references import SubjectReferences
from gateway.audit.types import AuditEntry
from gateway.audit.within import TransactionRecorder
from gateway.catalogue import CatalogueContext
from gateway.entitlements.types import ClientTerms, RulesInForce
from gateway.fetching.registry import Registry
from gateway.identity.access_token import TokenRules
from gateway.identity.authenticate import Authenticator
from gateway.mutations.office import Office
from gateway.mutations.run import Mutations
from gateway.persons.references import PersonReferences
from gateway.pipeline import Stages
from gateway.root_fields import RootFields
from gateway.store.pool import Connection, LightPool
from gateway.translog.suites import SHA256
from gateway.visibility.parts import SchemaParts
from schema.records import MODEL
from tests.support.admission import admission_of
from tests.support.sender import BEARER
from tests.support.sharing import HandOffice
from tests.support.small_gateway import SCHEMA, HandEntitlements, SmallGateway


@dataclass
class ListRecorder:
    """Keeps the entries of refusals and queries in a list."""

    entries: list[AuditEntry] = field(default_factory=list)

    async def commit(self, entry: AuditEntry) -> None:
        """Keep one entry."""
        self.entries.append(entry)


@dataclass
class SetStandings:
    """What is known of clients, as a test sets it."""

    known: ClientTerms = field(default_factory=lambda: ClientTerms(("client:any", 0)))
    after_refresh: ClientTerms | None = None
    refreshed: list[frozenset[str]] = field(default_factory=list)

    def client(self, client_id: str) -> ClientTerms:
        """The same for every client."""
        return self.known

    def repeating(self, repeat_key: bytes) -> HandEntitlements:
        """Nothing."""
        return HandEntitlements()

    async def refresh(self, areas: Collection[str]) -> None:
        """Remember what was read anew, and know it."""
        self.refreshed.append(frozenset(areas))
        if self.after_refresh is not None:
            self.known = self.after_refresh


async def _no_store() -> Connection:
    raise ConnectionRefusedError


def no_mutations() -> Mutations:
    """Mutations without a store, for pipelines that are only asked."""
    within = TransactionRecorder(SubjectReferences(secrets.token_bytes), RecordHasher(bytes(32)))
    return Mutations(SCHEMA, LightPool(_no_store, 1), within, HandOffice().office(), SetStandings())


def stages_over(
    small: SmallGateway, recorder: ListRecorder, pool: LightPool, office: Office
) -> Stages:
    """Return stages whose mutations are missing and whose root fields read the store."""
    catalogue = CatalogueContext(Registry({}, ()), MODEL)
    standings = SetStandings()
    evidence = LogEvidence(pool, SHA256)
    return Stages(
        authenticator=Authenticator(
            TokenRules("i", "a", {}, max_lifetime_s=300), BEARER, time.time
        ),
        admission=admission_of(standings.client),
        operations=small.operations,
        plans=small.plans,
        authorizer=small.authorizer,
        fetcher=small.fetcher,
        resolver=Resolver(
            SCHEMA,
            SchemaParts(SCHEMA),
            lambda plan: RootFields(catalogue, office, pool, evidence, plan.caller),
        ),
        answerer=small.answerer,
        mutations=no_mutations(),
        persons=partial(PersonReferences, small.opaque),
        recorder=recorder,
        standings=standings,
        rules=lambda: RulesInForce(small.rules, 0),
    )
