"""The words of the pipe between the gateway and an adapter's process."""

from __future__ import annotations

from enum import StrEnum

from gateway.contract import (
    AdapterError,
    MappingFailed,
    NotSupported,
    QuestionTooBroad,
    SourceRejected,
    SourceTimedOut,
    SourceUnavailable,
)


class Word(StrEnum):
    """What is asked, and how it went."""

    LOAD = "load"
    OPEN = "open"
    CLOSE = "close"
    PING = "ping"
    CANCEL = "cancel"
    HEALTH = "health"
    FETCH = "fetch"
    STATISTICS = "statistics"
    CHANGES = "changes"
    SUBMIT = "submit"
    QUALITY = "quality"
    EXPLAIN = "explain"
    DONE = "done"
    FAILED = "failed"


CAPABILITIES = (Word.STATISTICS, Word.CHANGES, Word.SUBMIT, Word.QUALITY, Word.EXPLAIN)
"""What an adapter may offer beyond what each has."""

ERRORS: dict[type[AdapterError], str] = {
    QuestionTooBroad: "too broad",
    SourceTimedOut: "timed out",
    SourceUnavailable: "unavailable",
    SourceRejected: "rejected",
    MappingFailed: "mapping",
    NotSupported: "not supported",
}
"""Errors of the contract by word, the more special ones first."""
UNFIT = [ERRORS[MappingFailed], "UnfitAnswer"]


def error_of(form: object) -> AdapterError:
    """The error that a process told of; its own words stay with it."""
    match form:
        case [str() as word, str() as name]:
            text = f"in the adapter's process: {name[:60]}"
            for kind, known in ERRORS.items():
                if word == known:
                    return kind(text)
            return AdapterError(text)
    return MappingFailed("the adapter's process told of a failure in another form")
