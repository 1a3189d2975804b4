"""From an authorized plan to the statements that adapters would send, level by level.

Nothing is fetched. Subjects that would be found on the way are stood in for: one of each kind
whose records are selected.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.authorization.plan import AuthorizedPlan
from gateway.contract import PERSON_KEY_PREFIX, Adapter
from gateway.contract.adapter import ExplainingAdapter
from gateway.fetching.asking import Asked, Asker
from gateway.fetching.executor import stand, subject_keys
from gateway.fetching.types import FetchResults, Subjects
from gateway.opaque import OpaqueCodec
from gateway.planning.types import RecordsRoot, SubjectPlace, SubjectsRoot
from schema.classification import SubjectKind

STANDS_FOR_A_PERSON = f"{PERSON_KEY_PREFIX}person"
_STAND_INS: Mapping[SubjectKind, str] = {
    SubjectKind.ORGANISATION: "organisation",
    SubjectKind.INDIVIDUAL_BUSINESS: "92 individual business",
    SubjectKind.NATURAL_PERSON: STANDS_FOR_A_PERSON,
}
_FETCHED_AT = "1970-01-01T00:00:00Z"


@dataclass(frozen=True, slots=True)
class DepartmentCall:
    """One call of one adapter.

    Attributes:
        level: 1 for what is asked first; each further one asks of subjects found before.
        requests: number of requests answered by the call.
        statement: None where the adapter cannot say what it would send.
    """

    level: int
    slug: str
    requests: int
    statement: str | None


@dataclass(frozen=True, slots=True)
class ExplainedCalls:
    """What would be asked.

    Attributes:
        subjects: who stands at each subject place.
        found: places whose subjects only stand in for those that would be found.
    """

    calls: tuple[DepartmentCall, ...]
    subjects: Mapping[SubjectPlace, Subjects]
    found: frozenset[SubjectPlace]


def explain_calls(
    plan: AuthorizedPlan,
    variables: Mapping[str, Any],
    adapters: Mapping[str, Adapter],
    opaque: OpaqueCodec,
) -> ExplainedCalls:
    """Tell which calls a plan leads to, as far as can be known before anything is fetched.

    Raises:
        BadRequest: too many subjects, or a key that is no valid code.
    """
    results = FetchResults(_FETCHED_AT)
    asker = Asker(plan, variables, opaque, results)
    for root in plan.plan.roots.values():
        if isinstance(root, SubjectsRoot):
            stand(plan, results, root.place, subject_keys(root, variables))
            asker.subjects(root.place)
            asker.existence(root.place)
        elif isinstance(root, RecordsRoot):
            asker.everybody(root.place)
    calls: list[DepartmentCall] = []
    found: set[SubjectPlace] = set()
    level = 0
    while asker.asked:
        level += 1
        calls += _calls(level, asker.asked, adapters)
        below = dict.fromkeys(below for place in asker.leading_on for below in place.below)
        asker = Asker(plan, variables, opaque, results)
        for place in below:
            found.add(place)
            results.subjects[place] = _standing_in(plan, place)
            asker.subjects(place)
    return ExplainedCalls(tuple(calls), results.subjects, frozenset(found))


def _calls(
    level: int, asked: Mapping[str, Sequence[Asked]], adapters: Mapping[str, Adapter]
) -> Iterator[DepartmentCall]:
    for slug, items in sorted(asked.items()):
        requests = [item.request for item in items]
        adapter = adapters.get(slug)
        statement = adapter.explain(requests) if isinstance(adapter, ExplainingAdapter) else None
        yield DepartmentCall(level, slug, len(requests), statement)


def _standing_in(plan: AuthorizedPlan, place: SubjectPlace) -> Subjects:
    kinds = [SubjectKind.ORGANISATION, SubjectKind.INDIVIDUAL_BUSINESS]
    if place.person:
        kinds.append(SubjectKind.NATURAL_PERSON)
    groups = {plan.general_profile(kind): (_STAND_INS[kind],) for kind in kinds}
    keys = tuple(key for found in groups.values() for key in found)
    return Subjects(keys, keys, groups)
