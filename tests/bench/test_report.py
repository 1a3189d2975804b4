"""Ratios are ours against theirs at the number of connections that counts."""

from __future__ import annotations

from bench.measuring import Result
from bench.report import COMPARED_AT, cpu_ratios, rate_ratios
from bench.servers import LIMIT, OURS, STRAWBERRY


def _result(target: str, per_s: float, server_ms: float, connections: int = COMPARED_AT) -> Result:
    return Result("W1", target, connections, per_s, 1.0, 2.0, server_ms, 0.5, 0.1, 2_000, 0, 100)


def test_ratios_of_three_targets_divide_at_sixteen_connections() -> None:
    results = [
        _result(OURS, 600, 0.2),
        _result(LIMIT, 1_000, 0.1),
        _result(STRAWBERRY, 100, 2.0),
        _result(OURS, 1, 9.0, connections=1),
        _result(LIMIT, 100, 0.1, connections=1),
    ]
    assert rate_ratios(results) == {"W1": {LIMIT: 0.6, STRAWBERRY: 6.0}}
    assert cpu_ratios(results) == {"W1": {LIMIT: 0.5, STRAWBERRY: 10.0}}


def test_ratios_without_the_gateway_are_none() -> None:
    assert rate_ratios([_result(LIMIT, 1_000, 0.1)]) == {}
