"""Entries of a log, written as workers write them, and a subject that asks who looked at it."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import orjson

from gateway.accesslog.adapter import AccessLogAdapter
from gateway.accesslog.evidence import LogEvidence
from gateway.accesslog.mapping import SLUG
from gateway.audit.batch import Batch, Submission
from gateway.audit.entry import RecordHasher
from gateway.audit.references import BatchReferences
from gateway.audit.types import AuditEntry, DecisionDigest
from gateway.identity.principal import Principal
from gateway.store.connect import StoreAddress
from gateway.store.pool import LightPool
from gateway.translog.suites import SHA256
from policies.engine import PolicySet
from policies.loader import load_policies
from policies.model import Caller, CallerClass, Purpose
from schema.records import MODEL
from tests.support.entries import FIRM, ORGAN, audit_entry
from tests.support.small_gateway import SmallGateway

OTHER_FIRM = "91410199MA9DEM028G"
PERSON = "P:" + "ab" * 32
TODAY = dt.date(2026, 11, 25)
NOW = "2026-11-25T02:00:00Z"
FIELDS = "at purpose matterNo outcome fields { coordinate use shown }"


@cache
def rules() -> PolicySet:
    """The rules of the project, on one day."""
    return load_policies(MODEL, TODAY)


def decided(*decisions: tuple[str, str, str]) -> DecisionDigest:
    """Decisions on coordinates: use and outcome."""
    return DecisionDigest(
        orjson.dumps(
            [
                {"coordinate": name, "mask": "NONE", "outcome": outcome, "rules": [], "use": use}
                for name, use, outcome in decisions
            ]
        )
    )


GRADE_READ = decided(("TaxpayerCredit.grade", "read", "CLEAR"))


def officer(purpose: Purpose, matter_no: str | None = "M-1") -> Principal:
    """Return an officer of one department."""
    return Principal(Caller(CallerClass.DEPARTMENT, ORGAN, purpose), "organ", matter_no, "u-7")


def subject(key: str) -> Principal:
    """Return a subject that asks about itself."""
    return Principal(Caller(CallerClass.SUBJECT, key, Purpose.SELF_QUERY), "citizen-portal")


@dataclass
class WrittenLog:
    """A log in a store of its own."""

    pool: LightPool
    gateway: SmallGateway
    references: dict[str, str] = field(default_factory=dict)
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    async def look_up(
        self,
        principal: Principal,
        subjects: Sequence[str] = (FIRM,),
        decisions: DecisionDigest = GRADE_READ,
        **changes: Any,
    ) -> str:
        """Write one entry; returns its request's id."""
        request_id = f"r-{next(self._numbers):04}"
        at = changes.pop("at", NOW)
        entry = audit_entry(request_id, principal=principal, subjects=tuple(subjects), at=at)
        await self.write(replace(entry, decisions=decisions, **changes))
        return request_id

    async def write(self, entry: AuditEntry) -> None:
        """Write one entry, with the decisions that it names."""
        caller = entry.principal.caller
        keys = [*entry.subjects]
        if caller.caller_class is CallerClass.SUBJECT and caller.organisation:
            keys.append(caller.organisation)
        new = {
            key: f"{len(self.references) + number:032x}"
            for number, key in enumerate(dict.fromkeys(keys))
            if key not in self.references
        }
        self.references.update(new)
        batch = Batch()
        batch.add(Submission(entry), self.references, RecordHasher(bytes(32)))
        decisions = {named.sha256: named.json for named in entry.named_decisions()}
        async with self.pool.connection() as connection:
            await batch.write(connection, BatchReferences(self.references, new), decisions)

    async def execute(self, statement: str, *arguments: Any) -> None:
        """Change something in the store."""
        async with self.pool.connection() as connection:
            await connection.execute(statement, *arguments)

    async def ask(self, selection: str = FIELDS, key: str = FIRM, more: str = "") -> Any:
        """What a firm is answered that asks who looked at it."""
        document = f"""{{ subject(uscc: "{key}") {{ accessLog(first: 100 {more}) {{
            totalCount pageInfo {{ hasNextPage endCursor }} nodes {{ {selection} }} }} }} }}"""
        return await self.gateway.ask(document, caller=subject(key).caller)

    async def lines(self, selection: str = FIELDS, key: str = FIRM) -> list[Any]:
        """The lines that a firm is shown."""
        answer = await self.ask(selection, key)
        assert "errors" not in answer, answer["errors"]
        shown = answer["data"]["subject"]["accessLog"]
        assert shown["totalCount"] == len(shown["nodes"])
        found: list[Any] = shown["nodes"]
        return found


@asynccontextmanager
async def written_log(store: StoreAddress, pool: LightPool) -> AsyncIterator[WrittenLog]:
    """Open a log on a store for the length of the block."""
    adapter = AccessLogAdapter(store.url, LogEvidence(pool, SHA256))
    await adapter.open()
    try:
        yield WrittenLog(pool, SmallGateway({SLUG: adapter}, rules=rules()))
    finally:
        await adapter.aclose()
