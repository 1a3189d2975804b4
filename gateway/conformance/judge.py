"""Judges an adapter without pytest: promise after promise, each kept, broken or not judged."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from gateway.conformance.department import Department
from gateway.conformance.promises import PROMISES, Promise, proofs_of
from gateway.conformance.suites import AdapterConformance
from gateway.contract import Manifest

_NEEDS_CONTROL = frozenset({"STABLE_PAGING", "DEADLINE", "RECONNECT", "READ_ONLY", "ROUND_TRIPS"})
_BY_CAPABILITY = {"LISTS": "lists", "JSON": "json", "STATISTICS": "statistics"}


class Verdict(Enum):
    """What came of a promise."""

    KEPT = "KEPT"
    BROKEN = "BROKEN"
    NOT_OFFERED = "NOT_OFFERED"
    NOT_JUDGED = "NOT_JUDGED"


@dataclass(frozen=True, slots=True)
class Finding:
    """One promise and what came of it.

    Attributes:
        reason: for the author's eyes; may hold values of the fixture, so it is in no report.
    """

    promise: Promise
    verdict: Verdict
    reason: str = ""


def judge(department: Department) -> Iterator[Finding]:
    """Judge every promise, in order.

    Raises:
        RuntimeError: Python runs without assertions, which would keep every promise.
    """
    if not __debug__:
        raise RuntimeError("the conformance kit proves nothing under `python -O`")
    proofs = proofs_of(AdapterConformance)
    unsure: set[str] = set()
    manifest = department.make_adapter().manifest
    for name, promise in PROMISES.items():
        missing = [need for need in promise.needs if need in unsure]
        if missing:
            unsure.add(name)
            yield Finding(promise, Verdict.NOT_JUDGED, f"builds on {missing[0]}")
        elif not _is_offered(name, manifest):
            yield Finding(promise, Verdict.NOT_OFFERED, "the manifest does not offer it")
        elif name in _NEEDS_CONTROL and department.control is None:
            yield Finding(promise, Verdict.NOT_JUDGED, "the source is not under the kit's control")
        else:
            finding = _prove(promise, proofs[name], department)
            if finding.verdict is Verdict.BROKEN:
                unsure.add(name)
            yield finding


def _is_offered(promise: str, manifest: Manifest) -> bool:
    capability = _BY_CAPABILITY.get(promise)
    return capability is None or any(getattr(entry, capability) for entry in manifest.entries)


def _prove(promise: Promise, tests: tuple[str, ...], department: Department) -> Finding:
    suite = AdapterConformance()
    logging.getLogger("asyncio").setLevel(
        logging.CRITICAL
    )  # adapters under test leave tasks behind
    for test in tests:
        try:
            getattr(suite, test)(department)
        except Exception as error:
            text = str(error) or "not as promised"
            reason = (
                f"{test.removeprefix('test_').replace('_', ' ')}: {type(error).__name__}: {text}"
            )
            return Finding(promise, Verdict.BROKEN, reason[:600])
    return Finding(promise, Verdict.KEPT)
