"""The structured log: one JSON line per event, with facts about requests and no record's value.

A defect is logged by its kinds and places in the code; its text stays out, because the texts of
database and parser errors repeat values.
"""

from __future__ import annotations

import traceback
from typing import Any, BinaryIO

import orjson
import structlog
from structlog.typing import FilteringBoundLogger

from gateway.http.clock import Clock
from gateway.http.types import RequestRecord

_MOST_FRAMES = 40
_DURATION_CLASSES = ((0.01, "under 10 ms"), (0.1, "under 100 ms"), (1.0, "under 1 s"))


def json_logger(stream: BinaryIO) -> FilteringBoundLogger:
    """Return a logger that writes JSON lines to a stream, each flushed."""
    logger: FilteringBoundLogger = structlog.wrap_logger(
        structlog.BytesLogger(stream),
        processors=[structlog.processors.JSONRenderer(serializer=_dumps)],
        wrapper_class=structlog.make_filtering_bound_logger("info"),
        cache_logger_on_first_use=True,
    )
    return logger


def _dumps(event: Any, **_: Any) -> bytes:
    return orjson.dumps(event, default=str)


class AccessLog:
    """Writes finished requests and defects.

    Args:
        logger: where lines go; see `json_logger`.
        clock: for the time of a line.
    """

    def __init__(self, logger: FilteringBoundLogger, clock: Clock) -> None:
        # Bound once: building a logger for each line costs more than writing it.
        self._logger = logger.bind()
        self._clock = clock

    def finished(self, record: RequestRecord) -> None:
        """Write one line about a request; members that are not known stay out."""
        facts: dict[str, str | int] = {
            "time": self._clock.wire_time(),
            "request_id": record.request_id,
            "method": record.method,
            "route": record.route,
            "status": record.status,
            "duration": duration_class(record.duration_s),
            "request_bytes": record.request_bytes,
            "response_bytes": record.response_bytes,
        }
        if record.code is not None:
            facts["code"] = record.code
        note = record.note
        if note.client_id is not None:
            facts["client_id"] = note.client_id
        if note.caller_class is not None:
            facts["caller_class"] = note.caller_class
        if note.purpose is not None:
            facts["purpose"] = note.purpose
        self._logger.info("request", **facts)

    def failed(self, request_id: str, error: BaseException) -> None:
        """Write one line about a defect: kinds and places, outermost first."""
        self._logger.error(
            "defect",
            time=self._clock.wire_time(),
            request_id=request_id,
            errors=describe_error(error),
        )


def duration_class(duration_s: float) -> str:
    """Return how long a request took, roughly: an exact time may tell what was found."""
    for limit_s, name in _DURATION_CLASSES:
        if duration_s < limit_s:
            return name
    return "1 s and more"


def describe_error(error: BaseException) -> list[dict[str, Any]]:
    """Return kind and places of an error and of its causes, without their texts."""
    described: list[dict[str, Any]] = []
    current: BaseException | None = error
    while current is not None and len(described) < 5:
        frames = traceback.extract_tb(current.__traceback__)[-_MOST_FRAMES:]
        described.append(
            {
                "kind": f"{type(current).__module__}.{type(current).__qualname__}",
                "places": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
            }
        )
        current = current.__cause__ or current.__context__
    return described
