"""Errors an adapter may raise. Their texts are for operators and never reach a caller.

AdapterError
├── SourceUnavailable   the source cannot be reached or does not answer
│   └── SourceTimedOut  the source took the question and did not answer in time
│       └── QuestionTooBroad  the source would have to give more records than its bound
├── SourceRejected      the source answered and refused (login, permission, syntax)
├── MappingFailed       the source's data do not fit the declared types
└── NotSupported        the request asks for something that the manifest does not offer
"""

from __future__ import annotations


class AdapterError(Exception):
    """Something went wrong between the adapter and its source."""


class SourceUnavailable(AdapterError):
    """The source cannot be reached, or does not answer."""


class SourceTimedOut(SourceUnavailable):
    """The source took the question and did not answer in time; other questions it may answer."""


class QuestionTooBroad(SourceTimedOut):
    """More records would have to be read than the bound allows; narrower questions go through."""


class SourceRejected(AdapterError):
    """The source answered and refused."""


class MappingFailed(AdapterError):
    """Data of the source do not fit the types that the schema declares."""


class NotSupported(AdapterError):
    """The request asks for something that the manifest does not offer."""
