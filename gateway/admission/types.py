"""What decides whether a client is let in, and what it may run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from gateway.entitlements.contract import Pace, RegisteredOperation
from gateway.entitlements.types import ClientTerms, Mark
from policies.model import CallerClass

QUERY_SWEEP = "QUERY_SWEEP"
"""Warning of an audit entry: the client asks for more subjects than usual business needs."""


_USUAL_PACE = Pace(6_000, 600)


@dataclass(frozen=True, slots=True)
class SweepLimits:
    """How many distinct subjects of one client are still usual.

    More are answered, and raise a warning.

    Source: the city's default for warnings of query sweeps (查询异常预警), 200 subjects a minute or
    5,000 a day.
    """

    per_minute: int = 200
    per_day: int = 5_000


@dataclass(frozen=True, slots=True)
class AdmissionRules:
    """What holds for clients whose contract says nothing else.

    Attributes:
        must_register: caller classes whose clients are answered only if they are registered.
        runs_registered_only: caller classes whose registered clients run registered operations
            only.
        pace: of a client for one purpose.
    """

    must_register: frozenset[CallerClass] = frozenset(
        {CallerClass.INSTITUTION, CallerClass.PLATFORM}
    )
    runs_registered_only: frozenset[CallerClass] = frozenset(
        {CallerClass.INSTITUTION, CallerClass.PLATFORM}
    )
    pace: Pace = _USUAL_PACE
    sweep: SweepLimits = SweepLimits()


@dataclass(frozen=True, slots=True)
class Admitted:
    """A client that was let in, as it was known at that moment.

    Attributes:
        operation: what it runs; None where it may run anything.
    """

    terms: ClientTerms
    operation: RegisteredOperation | None = None

    @property
    def marks(self) -> tuple[Mark, ...]:
        """What its answer relies on: the contract, where that let the operation through."""
        return () if self.operation is None else (self.terms.mark,)


class SweepObserver(Protocol):
    """Is told when a client begins to ask for more subjects than usual."""

    def sweep_began(self, span: str) -> None:
        """Take note of one.

        Args:
            span: `MINUTE` or `DAY`.
        """
        ...


class NoSweepObserver:
    """For whoever measures nothing."""

    def sweep_began(self, span: str) -> None:
        """Nothing."""
