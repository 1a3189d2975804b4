"""Puts an operation to both sides and tells how their answers differ."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Protocol

from tests.oracle.compare import differences
from tests.oracle.executor import Oracle, TracedAnswer
from tests.oracle.operations import Operation
from tests.oracle.shrink import shrunk


class Answering(Protocol):
    """The side that is judged."""

    def answer(self, operation: Operation) -> Awaitable[bytes]:
        """The bytes of the response."""
        ...


@dataclass(frozen=True)
class Verdict:
    """What came of one operation.

    Attributes:
        expected: the oracle's answer.
        difference: in words; empty if the answers are equal byte for byte.
    """

    operation: Operation
    expected: TracedAnswer
    difference: str


@dataclass(frozen=True)
class Harness:
    """The oracle beside what it judges."""

    oracle: Oracle
    product: Answering

    async def judge(self, operation: Operation, expected: TracedAnswer | None = None) -> Verdict:
        """Compare the two answers to an operation.

        Args:
            expected: the oracle's, where it is known already.
        """
        if expected is None:
            expected = self.oracle.traced(
                operation.document, operation.operation_name, operation.variables, operation.caller
            )
        try:
            given = await self.product.answer(operation)
        except Exception as error:
            return Verdict(operation, expected, f"raised {type(error).__name__}: {error}")
        return Verdict(operation, expected, differences(expected.body, given))

    async def explained(self, verdict: Verdict) -> str:
        """The smallest operation found that fails too, and how."""
        sort = _sort(verdict.difference)

        async def fails(operation: Operation) -> bool:
            try:
                return _sort((await self.judge(operation)).difference) == sort
            except AssertionError:  # the oracle cannot answer what became of it
                return False

        smallest = await shrunk(verdict.operation, self.oracle.schema, fails)
        again = await self.judge(smallest)
        return f"{smallest}\n{again.difference}"


def _sort(difference: str) -> str:
    """What sort of failure: which exception, or another answer."""
    return difference.partition(":")[0] if difference.startswith("raised") else difference[:1]
