"""Values that pass between a mechanism and the engine."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeAlias, TypeVar

from gateway.lifecycle.machine import Machine
from gateway.store.pool import Connection

__all__ = ["Case", "Connection", "Doer", "Mechanism", "Order", "Step", "Write"]

F = TypeVar("F")


@dataclass(frozen=True, slots=True)
class Doer:
    """Who acts.

    Attributes:
        unit: code of the organisation, or key of the subject.
        person: officer, as the client names it; None where it names nobody.
        caller_class: as the policies have it; empty for the clock.
        request_id: of the request, also in the audit log.
    """

    unit: str
    person: str | None
    caller_class: str
    request_id: str


@dataclass(frozen=True, slots=True)
class Order:
    """An act that is asked for.

    Attributes:
        at: time of the act, with its zone.
        idempotency_key: of the unit's choice; the same key and digest have one effect.
        digest: SHA-256 of the act and all its arguments.
        expected_version: refuse if the case has another; None: no matter.
    """

    act: str
    doer: Doer
    at: datetime
    idempotency_key: str
    digest: bytes
    expected_version: int | None = None
    reason: str | None = None
    basis: str | None = None
    evidence_sha256: bytes | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """A case as it stands."""

    case_no: str
    state: str
    version: int


@dataclass(frozen=True, slots=True)
class Step:
    """A transition that took place.

    Attributes:
        source: None where the case was opened.
        is_repeated: it was done before, under the same key; nothing was done now.
    """

    case_no: str
    version: int
    act: str
    source: str | None
    target: str
    party: str
    at: datetime
    is_repeated: bool = False


Write: TypeAlias = Callable[[Connection], Awaitable[None]]
"""Writes what an act brings with it to the mechanism's own tables."""


class Mechanism(Protocol[F]):
    """What the engine asks of whoever owns a life cycle."""

    @property
    def machine(self) -> Machine[F]: ...

    async def read_facts(self, connection: Connection, case_no: str) -> F:
        """Read the facts of a case; inside the transaction of the act."""
        ...

    def parties(self, facts: F, doer: Doer) -> frozenset[str]:
        """As which parties somebody acts in a case with these facts."""
        ...

    @property
    def effects(self) -> Mapping[str, Callable[[Connection, Step, F], Awaitable[None]]]:
        """What each effect of the machine does; inside the transaction of the act."""
        ...
