"""CPU time and memory of processes, read from /proc."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class _Stat:
    parent: int
    cpu_s: float


def _stat(process_id: int) -> _Stat | None:
    """Source: proc_pid_stat(5): after the command in brackets field 4 ppid, 14 to 17 times."""
    try:
        text = (_PROC / str(process_id) / "stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = text.rpartition(")")[2].split()
    return _Stat(int(fields[1]), sum(map(int, fields[11:15])) / _TICKS_PER_S)


def cpu_s(process_id: int) -> float:
    """CPU seconds of a process with its threads and the children it has waited for."""
    found = _stat(process_id)
    if found is None:
        raise ProcessLookupError(f"process {process_id} has ended")
    return found.cpu_s


@dataclass(frozen=True, slots=True)
class PostgresCpu:
    """CPU seconds of a PostgreSQL server.

    Attributes:
        store_s: backends of the gateway's own database.
        rest_s: everything else: departments' backends and background work.
    """

    store_s: float
    rest_s: float


def postgres_cpu(server_id: int, store: str) -> PostgresCpu:
    """CPU of a server and its children, which name their database in their command line."""
    store_s, rest_s = 0.0, cpu_s(server_id)
    for entry in _PROC.iterdir():
        if not entry.name.isdecimal():
            continue
        found = _stat(int(entry.name))
        if found is None or found.parent != server_id:
            continue
        try:
            title = (entry / "cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if f" {store} ".encode() in title:
            store_s += found.cpu_s
        else:
            rest_s += found.cpu_s
    return PostgresCpu(store_s, rest_s)


def resident_mb(process_id: int) -> float:
    """Resident memory in MB (10^6 bytes)."""
    for line in (_PROC / str(process_id) / "status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise ProcessLookupError(f"process {process_id} has ended")
