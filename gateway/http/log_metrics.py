"""Numbers about the audit log, as far as this worker keeps it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector


@dataclass(frozen=True, slots=True)
class LogState:
    """How the keeping of the log goes.

    Attributes:
        is_sequencer: whether this worker signs now.
        troubles: per part (`sequencer`, `segments`, a witness's name) whether its last try failed.
    """

    is_sequencer: bool
    troubles: Mapping[str, bool]


class LogCollector(Collector):
    """Reads the state when the numbers are asked for."""

    def __init__(self, read: Callable[[], LogState]) -> None:
        self._read = read

    def collect(self) -> Iterable[Metric]:
        """Yield whether this worker is the sequencer, and what is in trouble."""
        state = self._read()
        sequencer = GaugeMetricFamily("gateway_audit_log_sequencer", "Whether this worker signs")
        sequencer.add_metric([], int(state.is_sequencer))
        trouble = GaugeMetricFamily(
            "gateway_audit_log_trouble", "Whether the last try failed", labels=["part"]
        )
        for part, is_in_trouble in state.troubles.items():
            trouble.add_metric([part], int(is_in_trouble))
        yield from (sequencer, trouble)
