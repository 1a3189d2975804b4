"""The endpoint over a small pipeline, with a clock by hand and observers that remember."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from gateway.http.graphql_endpoint import GraphQLEndpoint
from gateway.http.types import RequestRecord
from tests.gateway.http.small_pipeline import SmallPipeline


@dataclass
class HandClock:
    """A clock that only a test moves."""

    now: float = 50.0

    def monotonic(self) -> float:
        return self.now

    def wire_time(self) -> str:
        return "2026-03-01T08:00:00Z"

    def epoch_s(self) -> int:
        return 1_772_352_000


@dataclass
class Memory:
    """An observer that remembers."""

    records: list[RequestRecord] = field(default_factory=list)
    defects: list[tuple[str, BaseException]] = field(default_factory=list)

    def finished(self, record: RequestRecord) -> None:
        self.records.append(record)

    def failed(self, request_id: str, error: BaseException) -> None:
        self.defects.append((request_id, error))


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def pipeline() -> SmallPipeline:
    return SmallPipeline()


@pytest.fixture
def endpoint(pipeline: SmallPipeline, clock: HandClock, memory: Memory) -> GraphQLEndpoint:
    return GraphQLEndpoint(pipeline, clock, [memory], new_request_id=lambda: "request-1")
