"""What was decided about whom: the report's entries, told apart by subject for the audit.

Each subject can be shown who looked at it, and what of it was clear, masked or refused. So an
entry of the log must not say of one subject what was decided about another.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gateway.answering.access import digest_json
from gateway.answering.types import Entry, Report
from gateway.audit.types import DecisionDigest
from gateway.authorization.plan import subject_kind
from gateway.fetching.types import FetchResults
from gateway.planning.types import FetchPlan, RecordsRoot, SubjectPlace
from policies.model import SubjectProfile

_Standing = tuple[SubjectPlace, SubjectProfile] | tuple[str, str]
"""A place and the profile there; for listed subjects the root's response key and the kind."""

_SHARES_KEPT = 256


def shares_of(
    plan: FetchPlan, results: FetchResults, report: Report
) -> tuple[tuple[DecisionDigest, tuple[str, ...]], ...]:
    """Subjects grouped by the decisions that hold for them; empty if all hold for all of them."""
    if _all_stand_alike(plan, results):
        return ()
    standings: dict[str, list[_Standing]] = {}
    for key, standing in _standings(plan, results):
        found = standings.setdefault(key, [])
        if standing not in found:
            found.append(standing)
    groups: dict[tuple[_Standing, ...], list[str]] = {}
    for key, stands in standings.items():
        groups.setdefault(tuple(stands), []).append(key)
    shares = [(_digest(report, stands), tuple(keys)) for stands, keys in groups.items()]
    return tuple(share for share in shares if share[0] != report.digest)


def _all_stand_alike(plan: FetchPlan, results: FetchResults) -> bool:
    """Whether there is one place with subjects of one profile, and nothing else: the usual case."""
    subjects = results.subjects
    if len(plan.roots) > 1 or len(subjects) != 1:
        return False
    (place,) = subjects.values()
    return len(place.groups) <= 1


def _standings(plan: FetchPlan, results: FetchResults) -> Iterator[tuple[str, _Standing]]:
    for place, subjects in results.subjects.items():
        for profile, keys in subjects.groups.items():
            for key in keys:
                yield key, (place, profile)
    for name, root in plan.roots.items():
        if isinstance(root, RecordsRoot) and root.place in results.places:
            for key in results.listed_at(root.place):
                yield key, (name, subject_kind(key).value)


def _digest(report: Report, standings: tuple[_Standing, ...]) -> DecisionDigest:
    found = report.shares.get(standings)
    if found is None:
        if len(report.shares) >= _SHARES_KEPT:
            report.shares.clear()
        entries = [entry for entry in report.entries if _holds(entry, standings)]
        found = report.shares[standings] = DecisionDigest(digest_json(entries))
    return found


def _holds(entry: Entry, standings: Sequence[_Standing]) -> bool:
    for where, who in standings:
        if isinstance(where, str):
            is_there = entry.subjects is None and entry.path[0] == where
            if is_there and (entry.subject_kinds is None or who in entry.subject_kinds):
                return True
        elif entry.subjects is where and (entry.profiles is None or who in entry.profiles):
            return True
    return False
