"""Numbers for Prometheus: requests, departments, audit batches and caches, of one worker."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from gateway.http.log_metrics import LogCollector, LogState
from gateway.http.types import RequestRecord

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
_ENTRIES = (1, 2, 4, 8, 16, 32, 64, 128)


@dataclass(frozen=True, slots=True)
class CacheFill:
    """How full a cache is and how often it was asked, since the start.

    Attributes:
        size_bytes: what its entries take; None where it does not count bytes.
    """

    entries: int
    hits: int
    misses: int
    size_bytes: int | None = None


class _CacheCollector(Collector):
    """Reads the caches when the numbers are asked for, not before."""

    def __init__(self) -> None:
        self.caches: dict[str, Callable[[], CacheFill]] = {}

    def collect(self) -> Iterable[Metric]:
        """Yield four families with one sample per cache."""
        labels = ["cache"]
        entries = GaugeMetricFamily("gateway_cache_entries", "Entries in a cache", labels=labels)
        sizes = GaugeMetricFamily("gateway_cache_bytes", "Bytes in a cache", labels=labels)
        hits = CounterMetricFamily("gateway_cache_hits", "Times found", labels=labels)
        misses = CounterMetricFamily("gateway_cache_misses", "Times not found", labels=labels)
        for name, read in self.caches.items():
            fill = read()
            entries.add_metric([name], fill.entries)
            if fill.size_bytes is not None:
                sizes.add_metric([name], fill.size_bytes)
            hits.add_metric([name], fill.hits)
            misses.add_metric([name], fill.misses)
        yield from (entries, sizes, hits, misses)


class Metrics:
    """The numbers of one worker, in a registry of their own."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        self._requests = Counter(
            "gateway_requests",
            "Finished requests",
            ["route", "status", "code"],
            registry=registry,
        )
        self._request_seconds = Histogram(
            "gateway_request_seconds",
            "Time from headers to answer",
            ["route"],
            buckets=_SECONDS,
            registry=registry,
        )
        self._defects = Counter("gateway_defects", "Requests ended by a defect", registry=registry)
        self._departments = Counter(
            "gateway_department_outcomes",
            "Calls to departments by how they ended",
            ["department", "outcome"],
            registry=registry,
        )
        self._department_seconds = Histogram(
            "gateway_department_seconds",
            "Time of a call to a department",
            ["department"],
            buckets=_SECONDS,
            registry=registry,
        )
        self._withheld = Counter(
            "gateway_withheld_records",
            "Records that a department left out of an answer, by reason",
            ["department", "reason"],
            registry=registry,
        )
        self._audit_batch = Histogram(
            "gateway_audit_batch_entries",
            "Audit entries that shared one commit",
            buckets=_ENTRIES,
            registry=registry,
        )
        self._audit_seconds = Histogram(
            "gateway_audit_commit_seconds",
            "Time of an audit commit",
            buckets=_SECONDS,
            registry=registry,
        )
        self._shadow_plans = Counter(
            "gateway_shadow_plans",
            "Plans that candidate rules decided too, and those left out",
            ["result"],
            registry=registry,
        )
        self._shadow_differences = Counter(
            "gateway_shadow_differences",
            "Questions that candidate rules decide differently",
            ["use", "live", "candidate"],
            registry=registry,
        )
        self._sweeps = Counter(
            "gateway_query_sweeps",
            "Clients that began to ask for more subjects than usual",
            ["span"],
            registry=registry,
        )
        self._caches = _CacheCollector()
        registry.register(self._caches)
        ProcessCollector(registry=registry)
        # Children by label values; finding one through `labels` costs more than counting.
        self._request_counters: dict[tuple[str, int, str | None], Counter] = {}
        self._request_timers: dict[str, Histogram] = {}
        self._department_children: dict[tuple[str, str], tuple[Counter, Histogram]] = {}

    def finished(self, record: RequestRecord) -> None:
        """Count one request."""
        key = (record.route, record.status, record.code)
        counter = self._request_counters.get(key)
        if counter is None:
            counter = self._requests.labels(record.route, str(record.status), record.code or "")
            self._request_counters[key] = counter
        counter.inc()
        timer = self._request_timers.get(record.route)
        if timer is None:
            timer = self._request_seconds.labels(record.route)
            self._request_timers[record.route] = timer
        timer.observe(record.duration_s)

    def failed(self, request_id: str, error: BaseException) -> None:
        """Count one defect."""
        self._defects.inc()

    def department_answered(self, department: str, outcome: str, duration_s: float) -> None:
        """Count one call to a department.

        Args:
            department: its slug.
            outcome: `ANSWERED`, `DOWN`, `TIMED_OUT`, `MALFORMED` …
        """
        key = (department, outcome)
        children = self._department_children.get(key)
        if children is None:
            children = (
                self._departments.labels(department, outcome),
                self._department_seconds.labels(department),
            )
            self._department_children[key] = children
        counter, timer = children
        counter.inc()
        timer.observe(duration_s)

    def records_withheld(self, department: str, reason: str, records: int) -> None:
        """Count records that were left out of one answer.

        Args:
            department: its slug.
            reason: `BAD_VALUE`: a value does not fit the schema.
        """
        self._withheld.labels(department, reason).inc(records)

    def audit_committed(self, entries: int, duration_s: float) -> None:
        """Count one commit of audit entries."""
        self._audit_batch.observe(entries)
        self._audit_seconds.observe(duration_s)

    def shadow_plan(self, result: str) -> None:
        """Count one plan that candidate rules decided, or that was left out."""
        self._shadow_plans.labels(result).inc()

    def shadow_difference(self, use: str, live: str, candidate: str) -> None:
        """Count one question that candidate rules decide differently."""
        self._shadow_differences.labels(use, live, candidate).inc()

    def sweep_began(self, span: str) -> None:
        """Count one client that began to ask for more subjects than usual.

        Args:
            span: `MINUTE` or `DAY`.
        """
        self._sweeps.labels(span).inc()

    def watch_cache(self, name: str, read: Callable[[], CacheFill]) -> None:
        """Report a cache under a name whenever the numbers are asked for."""
        self._caches.caches[name] = read

    def watch_log(self, read: Callable[[], LogState]) -> None:
        """Report how the keeping of the audit log goes whenever the numbers are asked for."""
        self._registry.register(LogCollector(read))

    def render(self) -> bytes:
        """Return all numbers in Prometheus' text format."""
        return generate_latest(self._registry)
