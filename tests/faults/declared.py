"""The faults that are caused, the outcome of each, and why some cannot befall a kind of adapter.

`scripts.faults_page` makes `docs/reference/faults.md` of this; the tests beside it and
`tests/gateway/isolation` cause each fault and compare the outcome.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


class Outcome(Enum):
    """What comes of a fault, as `extensions.sources` has it."""

    ANSWERED = "ANSWERED"
    WITHHELD = "ANSWERED, the record withheld"
    TIMED_OUT = "TIMED_OUT"
    DOWN = "DOWN"
    MALFORMED = "MALFORMED"
    NOT_CONTAINED = "not contained"


@dataclass(frozen=True, slots=True)
class Case:
    """What comes of one fault at one kind of adapter, and how."""

    outcome: Outcome
    remark: str


@dataclass(frozen=True, slots=True)
class DoesNotApply:
    """Why a fault cannot befall a kind of adapter."""

    why: str


@dataclass(frozen=True, slots=True)
class CodeFault:
    """A fault in an adapter's code: in the gateway's process, in its own, and what that does."""

    inside: Outcome
    outside: Outcome
    is_started_again: bool


NAMED = (
    "hang", "slow drip", "wrong type", "extra rows", "duplicate keys", "huge row",
    "crash at import", "endless loop", "os._exit", "memory hunger", "source restart",
    "half-open connection", "bad TLS", "disk full", "half-written drop", "clock skew",
    "cancelled request",
)  # fmt: skip
"""Each is caused at each kind of adapter, or a reason stands in its place."""

A, W, T = Outcome.ANSWERED, Outcome.WITHHELD, Outcome.TIMED_OUT
D, M, N = Outcome.DOWN, Outcome.MALFORMED, Outcome.NOT_CONTAINED

_NO_CODE = DoesNotApply(
    "the kit is the gateway's own code, and a declaration runs nothing; "
    "for departments that write code see [in the adapter's code](#in-the-adapters-code)"
)
_NO_CODE_OF_THEIRS: Mapping[str, Case | DoesNotApply] = dict.fromkeys(
    ("crash at import", "endless loop", "os._exit", "memory hunger"), _NO_CODE
)
_NO_DROPS = DoesNotApply("nothing is dropped; see *answer cut in the middle*")

POSTGRES: Mapping[str, Case | DoesNotApply] = {
    "hang": Case(T, "given up at the deadline; the connection is left"),
    "slow drip": Case(T, "a byte now and then is no answer in time"),
    "wrong type": Case(D, "a column of another type than was declared: the server refuses"),
    "extra rows": Case(A, "the statement takes as many as were asked for"),
    "duplicate keys": Case(M, "a record id that stands twice is no order"),
    "huge row": Case(M, "longer than any text may be"),
    **_NO_CODE_OF_THEIRS,
    "source restart": Case(A, "connections that are gone are made anew"),
    "half-open connection": Case(A, "found out at the next question, and made anew"),
    "bad TLS": Case(D, "no encryption where it is required: nothing is sent"),
    "disk full": Case(D, "the server says so"),
    "half-written drop": _NO_DROPS,
    "clock skew": Case(A, "zone and clock of the server change no value"),
    "cancelled request": Case(A, "its place is free again"),
    "server gone": Case(D, "nobody listens"),
    "unknown login": Case(D, "the server refuses"),
    "table gone": Case(D, "the server refuses"),
    "column gone": Case(D, "the server refuses"),
    "table locked": Case(T, "the server ends the statement"),
    "too many connections": Case(D, "the server refuses"),
    "statement killed": Case(D, "an administrator ends the connection"),
    "answer cut in the middle": Case(D, "half an answer is none"),
    "another protocol": Case(D, "what speaks there is no PostgreSQL"),
    "impossible date": Case(W, "30 February is no day; counted in the quality report"),
}

MYSQL: Mapping[str, Case | DoesNotApply] = {
    "hang": Case(T, "given up at the deadline; the connection is left"),
    "slow drip": Case(T, "a byte now and then is no answer in time"),
    "wrong type": Case(W, "a text where a date was declared; counted in the quality report"),
    "extra rows": Case(A, "the statement takes as many as were asked for"),
    "duplicate keys": Case(M, "a record id that stands twice is no order"),
    "huge row": Case(M, "more bytes than an answer may have"),
    **_NO_CODE_OF_THEIRS,
    "source restart": Case(A, "connections that are gone are made anew"),
    "half-open connection": Case(A, "found out at the next question, and made anew"),
    "bad TLS": Case(D, "no encryption where it is required: no password is sent"),
    "disk full": Case(D, "the server says so"),
    "half-written drop": _NO_DROPS,
    "clock skew": Case(A, "zone and clock of the server change no value"),
    "cancelled request": Case(A, "the statement is killed, and its place is free again"),
    "server gone": Case(D, "nobody listens"),
    "wrong password": Case(D, "the server refuses"),
    "table gone": Case(D, "the server refuses"),
    "column gone": Case(D, "the server refuses"),
    "statement without end": Case(T, "the server ends it, or it is killed there"),
    "answer cut in the middle": Case(D, "half an answer is none"),
    "another protocol": Case(D, "what speaks there is no MySQL"),
    "impossible date": Case(W, "the day zero is no day; counted in the quality report"),
}

REST: Mapping[str, Case | DoesNotApply] = {
    "hang": Case(T, "given up at the deadline"),
    "slow drip": Case(T, "a byte now and then is no answer in time"),
    "wrong type": Case(W, "a list where a text was declared; counted in the quality report"),
    "extra rows": Case(T, "more than may be completed in memory: the question is too broad"),
    "duplicate keys": Case(M, "an id comes twice"),
    "huge row": Case(M, "reading ends at the most bytes, whatever was announced"),
    **_NO_CODE_OF_THEIRS,
    "source restart": Case(A, "reading is asked again over a new connection"),
    "half-open connection": Case(A, "found out at the next question, and made anew"),
    "bad TLS": Case(D, "a certificate of an unknown authority: nothing is sent"),
    "disk full": Case(D, "the service says so (507)"),
    "half-written drop": DoesNotApply("nothing is dropped; see *half of the JSON*"),
    "clock skew": Case(A, "the clock of the service decides nothing"),
    "cancelled request": Case(A, "its connection is closed"),
    "flood": Case(M, "reading ends at the most bytes"),
    "closes without an answer": Case(D, "and again when asked again"),
    "another protocol": Case(D, "what speaks there is no HTTP"),
    "fails": Case(D, "500"),
    "busy": Case(D, "503, and again when asked again"),
    "forbids": Case(D, "403"),
    "sends us elsewhere": Case(D, "credentials go to no other host"),
    "a page instead": Case(M, "HTML is no JSON"),
    "half of the JSON": Case(M, "no answer"),
    "JSON without end": Case(M, "nested deeper than anything is"),
    "pages go round": Case(M, "a page that was there already"),
}

FILES: Mapping[str, Case | DoesNotApply] = {
    "hang": Case(T, "a disk that does not answer: the query is interrupted"),
    "slow drip": Case(A, "without its manifest it is no drop yet; the former answers"),
    "wrong type": Case(A, "the row is refused and goes back; the others answer"),
    "extra rows": Case(A, "another number than the manifest says: refused, the former answers"),
    "duplicate keys": Case(A, "the rows are refused and go back; the others answer"),
    "huge row": Case(A, "a file that is larger than allowed: refused, the former answers"),
    "crash at import": _NO_CODE,
    "endless loop": Case(A, "an indexing without end is ended; the former answers"),
    "os._exit": Case(A, "an indexing that dies changes nothing; the former answers"),
    "memory hunger": Case(A, "indexing needs more than it may have; the former answers"),
    "source restart": Case(A, "the exchange folder is away, and comes back"),
    "half-open connection": DoesNotApply("files are read on this machine"),
    "bad TLS": DoesNotApply("files are read on this machine"),
    "disk full": Case(A, "the index cannot be written; the former answers, and it is tried again"),
    "half-written drop": Case(A, "its checksum tells: refused, the former answers"),
    "clock skew": Case(A, "a day that has not come: refused until it has, the former answers"),
    "cancelled request": Case(A, "its thread is free again"),
    "nothing dropped yet": Case(D, "there is nothing to answer from"),
    "damaged index": Case(D, "the file is no index"),
    "damaged state": Case(A, "made again from the drops"),
    "manifest that is none": Case(A, "refused, the former answers"),
    "column gone": Case(A, "refused by its name, the former answers"),
    "file missing": Case(A, "refused, the former answers"),
    "link out of the folder": Case(A, "refused, the former answers"),
    "pipe instead of a file": Case(A, "refused, the former answers"),
}

STARTING: Mapping[str, str] = {
    "crash at import": "quarantined with the reason; its kinds are `DOWN`",
    "raises": "quarantined with the reason; its kinds are `DOWN`",
    "ends": "quarantined: the process ended",
    "hangs": "quarantined when `start_s` is over",
    "returns nothing": "quarantined: no adapter",
    "floods": "quarantined at the first frame that is none",
    "goes on and on": "quarantined at the first frame that is longer than a manifest",
}
"""What a package can do wrong while it is loaded in its own process."""

PROCESS: Mapping[str, CodeFault | DoesNotApply] = {
    "hang": CodeFault(T, T, False),
    "hangs and ignores cancellation": CodeFault(T, T, False),
    "endless loop": CodeFault(N, T, True),
    "blocks without a loop": CodeFault(N, T, True),
    "stops itself": CodeFault(N, T, True),
    "slow drip": CodeFault(N, T, True),
    "os._exit": CodeFault(N, D, True),
    "segmentation fault": CodeFault(N, D, True),
    "memory hunger": CodeFault(N, D, True),
    "forks and dies": CodeFault(N, D, True),
    "system exit": CodeFault(N, D, True),
    "keyboard interrupt": CodeFault(N, D, True),
    "half-open connection": CodeFault(N, D, True),
    "garbage on the pipe": CodeFault(N, D, True),
    "frame of four gigabytes": CodeFault(N, D, True),
    "head that is no JSON": CodeFault(N, D, True),
    "JSON bomb": CodeFault(N, D, True),
    "answers nobody asked for": CodeFault(N, D, True),
    "pickle instead of an answer": CodeFault(N, D, True),
    "unavailable": CodeFault(D, D, False),
    "timed out": CodeFault(T, T, False),
    "rejected": CodeFault(D, D, False),
    "mapping failed": CodeFault(M, M, False),
    "foreign error": CodeFault(D, D, False),
    "disk full": CodeFault(D, D, False),
    "no batches": CodeFault(M, M, False),
    "nothing": CodeFault(M, M, False),
    "wrong type": CodeFault(M, M, False),
    "objects for texts": CodeFault(M, M, False),
    "bytes for texts": CodeFault(M, M, False),
    "extra rows": CodeFault(M, M, False),
    "duplicate keys": CodeFault(M, M, False),
    "huge row": CodeFault(M, M, False),
    "lone surrogate": CodeFault(M, M, False),
    "clock skew": CodeFault(A, A, False),
    "cancelled request": CodeFault(A, A, False),
    "crash at import": DoesNotApply("befalls the start, see below"),
    "source restart": DoesNotApply("the source is the code's own; see the kits"),
    "bad TLS": DoesNotApply("between gateway and process there is a pipe and no network"),
    "half-written drop": DoesNotApply("between gateway and process there is a pipe and no folder"),
}


def cases(kind: Mapping[str, Case | DoesNotApply]) -> dict[str, Case]:
    """Faults that can befall a kind of adapter, with what comes of them."""
    return {name: case for name, case in kind.items() if isinstance(case, Case)}


def code_faults() -> dict[str, CodeFault]:
    """Faults that can befall an adapter's code."""
    return {name: fault for name, fault in PROCESS.items() if isinstance(fault, CodeFault)}
