"""What decides whether a client is let in, and what it may run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Protocol

from gateway.entitlements.contract import Pace, RegisteredOperation
from gateway.entitlements.data_contract import DataContract, narrowed
from gateway.entitlements.types import ClientTerms, Mark
from policies.model import CallerClass, Limit

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
        is_sandbox: whether clients of the sandbox are answered, and no others.
    """

    must_register: frozenset[CallerClass] = frozenset(
        {CallerClass.INSTITUTION, CallerClass.PLATFORM}
    )
    runs_registered_only: frozenset[CallerClass] = frozenset(
        {CallerClass.INSTITUTION, CallerClass.PLATFORM}
    )
    pace: Pace = _USUAL_PACE
    sweep: SweepLimits = SweepLimits()
    is_sandbox: bool = False


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
        """What its answer relies on: the contract, where that let operation or fields through."""
        return () if self.operation is None and self._scopes is None else (self.terms.mark,)

    @property
    def _scopes(self) -> Limit | None:
        contract = self.terms.contract
        return None if contract is None else contract.scope_limit

    def contract(self, of_token: DataContract | None) -> DataContract | None:
        """What the answer gives at most, by the token and by the client's scopes together."""
        scopes = self._scopes
        return of_token if scopes is None else _within(of_token or DataContract(), scopes)


@lru_cache(maxsize=4_096)
def _within(contract: DataContract, scopes: Limit) -> DataContract:
    return replace(contract, limit=narrowed(contract.limit, scopes))


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
