"""What an operator decides about one department's adapter beside the adapter's own settings."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Isolation(Enum):
    """Where an adapter runs."""

    IN_PROCESS = "in-process"
    PROCESS = "process"


@dataclass(frozen=True, slots=True)
class ProcessLimits:
    """What an adapter's process may use.

    Attributes:
        memory_mb: address space.
        cpu_s: seconds of CPU between two signs of life; what never gives one is ended after them.
        open_files: files and connections open at a time.
        answer_kb: largest answer to one call; a larger one is no answer.
        start_s: longest time to import the package and to call its hook.
    """

    memory_mb: int = 1_024
    cpu_s: int = 10
    open_files: int = 256
    answer_kb: int = 8_192
    start_s: float = 20.0


@dataclass(frozen=True, slots=True)
class CallGuards:
    """How one department is called; None: as all are.

    Attributes:
        deadline_ms: longest wait for an answer.
        concurrency: most calls under way at a time on a worker.
        failures: failures in a row after which a capability is left alone.
        pause_ms: how long it is left alone.
    """

    deadline_ms: int | None = None
    concurrency: int | None = None
    failures: int | None = None
    pause_ms: int | None = None


@dataclass(frozen=True, slots=True)
class AdapterGuards:
    """Everything that guards the others from one adapter.

    Attributes:
        isolation: None: in the gateway's process if it came with the gateway, else in its own.
    """

    isolation: Isolation | None = None
    process: ProcessLimits = ProcessLimits()
    calls: CallGuards = CallGuards()
