"""What the oracle answers to generated operations, each worked out once in a run."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from tests.oracle.executor import Oracle, TracedAnswer
from tests.oracle.generate import Generator
from tests.oracle.landscape import Landscape
from tests.oracle.operations import Operation


@dataclass(frozen=True)
class Expectation:
    """An operation and the oracle's answer to it."""

    operation: Operation
    answer: TracedAnswer


class Expectations:
    """Operations by seed; equal seeds give equal operations."""

    def __init__(self, oracle: Oracle, landscape: Landscape) -> None:
        self._oracle = oracle
        self._landscape = landscape
        self._known: dict[int, Expectation] = {}

    def operation(self, seed: int) -> Operation:
        """Generate an operation."""
        return Generator(Random(seed), self._landscape, self._oracle).operation()

    def of(self, seed: int) -> Expectation:
        """Return the operation of a seed with its answer."""
        found = self._known.get(seed)
        if found is None:
            made = self.operation(seed)
            answer = self._oracle.traced(
                made.document, made.operation_name, made.variables, made.caller
            )
            found = self._known[seed] = Expectation(made, answer)
        return found
