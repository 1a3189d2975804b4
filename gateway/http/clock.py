"""The clocks that HTTP reads; passed in, so that tests bring their own."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Monotonic seconds for durations, and wire time for what is written down."""

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        ...

    def wire_time(self) -> str:
        """Return the current time as `YYYY-MM-DDTHH:MM:SSZ`."""
        ...

    def epoch_s(self) -> int:
        """Return the current time in seconds since the epoch."""
        ...


class SystemClock:
    """The machine's clocks. The text of a second is made once."""

    def __init__(self) -> None:
        self._second = -1
        self._text = ""

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        return time.monotonic()

    def wire_time(self) -> str:
        """Return the current time as `YYYY-MM-DDTHH:MM:SSZ`."""
        second = int(time.time())
        if second != self._second:
            self._text = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            self._second = second
        return self._text

    def epoch_s(self) -> int:
        """Return the current time in seconds since the epoch."""
        return int(time.time())
