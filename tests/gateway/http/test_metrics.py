"""The numbers: what is counted appears, caches are read when asked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from gateway.http.log_metrics import LogState
from gateway.http.metrics import CacheFill, Metrics
from tests.gateway.http.test_access_log import RECORD


def samples(metrics: Metrics) -> dict[str, float]:
    """Return the value of each sample by its name and labels."""
    lines = metrics.render().decode().splitlines()
    pairs = [line.rsplit(" ", 1) for line in lines if not line.startswith("#")]
    return {name: float(value) for name, value in pairs}


def test_requests_are_counted_by_route_status_and_code() -> None:
    metrics = Metrics()
    for record in (RECORD, RECORD, replace(RECORD, status=400, code="MALFORMED_JSON")):
        metrics.finished(record)
    found = samples(metrics)
    assert found['gateway_requests_total{code="",route="/graphql",status="200"}'] == 2
    bad = 'gateway_requests_total{code="MALFORMED_JSON",route="/graphql",status="400"}'
    assert found[bad] == 1
    assert found['gateway_request_seconds_count{route="/graphql"}'] == 3
    assert found['gateway_request_seconds_bucket{le="0.002",route="/graphql"}'] == 0
    assert found['gateway_request_seconds_bucket{le="0.005",route="/graphql"}'] == 3


def test_departments_defects_and_audit_are_counted() -> None:
    metrics = Metrics()
    metrics.department_answered("tax", "TIMED_OUT", 2.0)
    metrics.failed("id", ValueError())
    metrics.audit_committed(3, 0.004)
    metrics.records_withheld("tax", "BAD_VALUE", 2)
    metrics.records_withheld("tax", "BAD_VALUE", 1)
    found = samples(metrics)
    assert found['gateway_withheld_records_total{department="tax",reason="BAD_VALUE"}'] == 3
    outcome = 'gateway_department_outcomes_total{department="tax",outcome="TIMED_OUT"}'
    assert found[outcome] == 1
    assert found['gateway_department_seconds_count{department="tax"}'] == 1
    assert found["gateway_defects_total"] == 1
    assert found['gateway_audit_batch_entries_bucket{le="4.0"}'] == 1
    assert found['gateway_audit_batch_entries_bucket{le="2.0"}'] == 0


def test_a_cache_is_read_when_the_numbers_are_asked_for() -> None:
    metrics = Metrics()
    fills = iter([CacheFill(1, 2, 3, 400), CacheFill(5, 6, 7)])
    metrics.watch_cache("documents", lambda: next(fills))
    first = samples(metrics)
    assert first['gateway_cache_entries{cache="documents"}'] == 1
    assert first['gateway_cache_bytes{cache="documents"}'] == 400
    second = samples(metrics)
    assert second['gateway_cache_hits_total{cache="documents"}'] == 6
    assert 'gateway_cache_bytes{cache="documents"}' not in second


def test_two_workers_share_nothing() -> None:
    one, other = Metrics(), Metrics()
    one.finished(RECORD)
    assert not any(name.startswith("gateway_requests_total") for name in samples(other))


def test_every_number_is_in_the_reference() -> None:
    reference = (Path(__file__).parents[3] / "docs/reference/http.md").read_text(encoding="utf-8")
    lines = Metrics().render().decode().splitlines()
    names = {line.split()[2] for line in lines if line.startswith("# TYPE gateway_")}
    assert len(names) >= 10
    for name in names:
        if not name.endswith("_created"):
            assert f"`{name}`" in reference


def test_log_shows_who_signs_and_what_is_in_trouble() -> None:
    metrics = Metrics()
    metrics.watch_log(lambda: LogState(True, {"segments": True, "sequencer": False}))
    found = samples(metrics)
    assert found["gateway_audit_log_sequencer"] == 1
    assert found['gateway_audit_log_trouble{part="segments"}'] == 1
    assert found['gateway_audit_log_trouble{part="sequencer"}'] == 0
