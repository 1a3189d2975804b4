"""What an adapter outside would send, for `credit-gateway explain`: asked of a process of its own.

The command runs inside an event loop and must not wait in it for an answer, so it starts another
process for the question and ends it afterwards.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from gateway.contract import AdapterError, FetchContext, RecordRequest, SourceUnavailable
from gateway.isolation.asking_form import SelectionsSent
from gateway.isolation.framing import FrameError, FrameReader, pack
from gateway.isolation.loading import LoadingFailed
from gateway.isolation.start import AdapterStart, introduce
from gateway.isolation.words import Word, error_of

_PATIENCE_S = 10.0
_RECEIVED = 65_536


def explain_outside(start: AdapterStart, requests: Sequence[RecordRequest]) -> str:
    """The adapter's own words.

    Raises:
        AdapterError: it does not tell.
    """
    try:
        process, _ = introduce(start)
    except LoadingFailed as error:
        raise SourceUnavailable(str(error)) from error
    try:
        process.pipe.settimeout(_PATIENCE_S)
        context = FetchContext("explain", time.monotonic() + _PATIENCE_S, "1970-01-01T00:00:00Z")
        form = SelectionsSent().fetch_form(requests, context)
        process.pipe.sendall(pack(1, Word.EXPLAIN, form))
        reader = FrameReader(start.limits.answer_kb * 1024)
        while data := process.pipe.recv(_RECEIVED):
            for frame in reader.feed(data):
                if frame.word == Word.DONE and isinstance(frame.body, str):
                    return frame.body
                raise error_of(frame.body)
    except (OSError, FrameError) as error:
        raise SourceUnavailable("the adapter's process does not answer") from error
    finally:
        process.end()
    raise AdapterError("the adapter's process ended")
