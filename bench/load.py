"""The load: a closed loop of so many connections for so many seconds, by wrk or by our client."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

_WRK_SCRIPT = Path(__file__).with_name("wrk.lua")
_RESULT = "RESULT "
_ANSWER_TIMEOUT_S = 60
LONGEST_EXTRA_S = 90


@dataclass(frozen=True, slots=True)
class Target:
    """Where requests go, and the files that wrk and our client read.

    Attributes:
        bodies: a body per line.
        headers: a header per line, `name: value`.
    """

    url: str
    bodies: Path
    headers: Path


@dataclass(frozen=True, slots=True)
class Load:
    """What a client saw.

    Attributes:
        failed: answers of another status than 200, and requests without an answer.
    """

    requests: int
    seconds: float
    bytes: int
    p50_ms: float
    p99_ms: float
    failed: int

    @property
    def per_s(self) -> float:
        return self.requests / self.seconds


def client_name() -> str:
    """The client that is used: `wrk` if it is installed."""
    return "wrk" if shutil.which("wrk") else "asyncio"


def run_load(target: Target, connections: int, seconds: float, client: str | None = None) -> Load:
    """Send requests for a time; blocks.

    Args:
        client: `wrk` or `asyncio`; None: what `client_name` says.

    Raises:
        RuntimeError: the client failed.
    """
    if (client or client_name()) == "wrk":
        command = ["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s"]
        command += [f"--timeout={_ANSWER_TIMEOUT_S}s", "-s", str(_WRK_SCRIPT), target.url, "--"]
        command += [str(target.bodies), str(target.headers)]
    else:
        command = [sys.executable, "-m", "bench.client", target.url, str(connections)]
        command += [str(seconds), str(target.bodies), str(target.headers)]
    done = subprocess.run(  # noqa: S603 - our own client, or wrk with our script
        command, capture_output=True, text=True, timeout=seconds + LONGEST_EXTRA_S, check=False
    )
    line = next((line for line in done.stdout.splitlines() if line.startswith(_RESULT)), None)
    if line is None:
        raise RuntimeError(f"the load client failed: {done.stderr or done.stdout}")
    found = json.loads(line.removeprefix(_RESULT))
    return Load(
        found["requests"],
        found["seconds"],
        found["bytes"],
        found["p50_us"] / 1_000,
        found["p99_us"] / 1_000,
        found["failed"],
    )
