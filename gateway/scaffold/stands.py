"""A source that holds a fixture, and its end when somebody asks for it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from gateway.conformance.control import SourceControl
from gateway.contract import Adapter, AdapterSettings


def _as_it_is(adapter: Adapter) -> Adapter:
    return adapter


@dataclass(frozen=True, slots=True)
class Stand:
    """A source that holds a package's fixture, for as long as a block runs.

    Attributes:
        settings: what `[adapters.<slug>]` says to reach it.
        control: what the kit does to it and counts.
        watched: puts the control between an adapter and its source, where no proxy can stand.
    """

    settings: AdapterSettings
    control: SourceControl
    watched: Callable[[Adapter], Adapter] = _as_it_is


@contextmanager
def stoppable() -> Iterator[None]:
    """Let a request to terminate end everything in order, as Ctrl-C does."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
