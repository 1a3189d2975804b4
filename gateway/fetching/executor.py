"""The stage: asks all departments of a level at once, then goes down to the subjects found.

Never fails for a department's sake: one that fails is an outcome.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import orjson

from gateway.authorization.plan import AuthorizedPlan
from gateway.contract import SUBJECT_KEY, FetchContext
from gateway.errors import BadRequest
from gateway.fetching.admission import Admission
from gateway.fetching.asking import Asker
from gateway.fetching.calls import Departments
from gateway.fetching.intake import Intake
from gateway.fetching.statistics import fetch_statistics
from gateway.fetching.types import (
    EVERYBODY,
    NOBODY,
    FetchResults,
    Records,
    SourceOutcome,
    Subjects,
)
from gateway.opaque import OpaqueCodec
from gateway.planning.leaves import SUBJECT_ID
from gateway.planning.types import (
    RecordPlace,
    RecordsRoot,
    StatisticsRoot,
    SubjectPlace,
    SubjectsRoot,
)
from policies.model import Outcome
from schema.identifiers.uscc import UsccError, is_uscc, parse_uscc

MAX_SUBJECTS = 200
MAX_LISTED = 10_000


class Fetcher:
    """Runs authorized plans against the departments."""

    def __init__(
        self,
        departments: Departments,
        opaque: OpaqueCodec,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._departments = departments
        self._admission = Admission(clock)
        self._opaque = opaque

    async def fetch(
        self, plan: AuthorizedPlan, variables: Mapping[str, Any], context: FetchContext
    ) -> FetchResults:
        """Fetch everything that the plan permits.

        Raises:
            BadRequest: too many subjects or records, or a key that is no valid code.
            Unavailable: WORKER_BUSY.
        """
        results = FetchResults(context.fetched_at)
        asker = Asker(plan, variables, self._opaque, results)
        listed, statistics = self._first_level(plan, variables, asker, results)
        await self._admission.take(listed, context.deadline)
        try:
            await self._run(plan, variables, context, results, asker, statistics)
        finally:
            self._admission.give_back(listed)
        return results

    async def _run(
        self,
        plan: AuthorizedPlan,
        variables: Mapping[str, Any],
        context: FetchContext,
        results: FetchResults,
        asker: Asker,
        statistics: Sequence[StatisticsRoot],
    ) -> None:
        if statistics:
            await fetch_statistics(statistics, plan, self._departments, context, results)
        while asker.asked:
            requests = {
                slug: [item.request for item in asked] for slug, asked in asker.asked.items()
            }
            answers = await self._departments.fetch_all(requests, context)
            intake = Intake(results)
            for slug, asked in asker.asked.items():
                intake.take(slug, asked, answers[slug])
            intake.finish()
            below = asker.leading_on
            asker = Asker(plan, variables, self._opaque, results)
            self._next_level(plan, below, asker, results)
        for slug, outcome in results.sources.items():
            if outcome is SourceOutcome.MALFORMED:
                self._departments.raise_alarm(slug)
        for slug, records in results.withheld.items():
            self._departments.report_withheld(slug, records)

    def _first_level(
        self,
        plan: AuthorizedPlan,
        variables: Mapping[str, Any],
        asker: Asker,
        results: FetchResults,
    ) -> tuple[int, list[StatisticsRoot]]:
        """Ask for what the roots name; the most records that can come, and the statistics."""
        statistics: list[StatisticsRoot] = []
        listed = 0
        for root in plan.plan.roots.values():
            if isinstance(root, SubjectsRoot):
                keys = subject_keys(root, variables)
                listed += len(keys) * root.place.weight
                _refuse_too_many(listed)
                stand(plan, results, root.place, keys)
                asker.subjects(root.place)
                asker.existence(root.place)
            elif isinstance(root, RecordsRoot):
                listed += root.place.weight
                _refuse_too_many(listed)
                asker.everybody(root.place)
            elif isinstance(root, StatisticsRoot):
                statistics.append(root)
        return listed, statistics

    def _next_level(
        self,
        plan: AuthorizedPlan,
        places: Iterable[RecordPlace],
        asker: Asker,
        results: FetchResults,
    ) -> None:
        for place in places:
            keys = _subjects_of(place, results)
            for below in place.below:
                stand(plan, results, below, keys)
                if keys:
                    asker.subjects(below)


def stand(
    plan: AuthorizedPlan, results: FetchResults, place: SubjectPlace, keys: Sequence[str]
) -> None:
    """Note which subjects stand at a place, and under which profiles."""
    distinct = tuple(dict.fromkeys(keys)) if len(keys) > 1 else tuple(keys)
    if NOBODY in distinct:
        distinct = tuple(key for key in distinct if key != NOBODY)
        misnamed = (position for position, key in enumerate(keys) if key == NOBODY)
        results.misnamed[place] = tuple(misnamed)
    profiles = plan.profiles(distinct)
    results.subjects[place] = Subjects(keys, distinct, profiles.groups)
    results.consents.update(profiles.consents.values())


def _subjects_of(place: RecordPlace, results: FetchResults) -> list[str]:
    """Keys of the subjects of the records in the answer, in response order."""
    keys: list[str] = []
    for records in _in_response_order(place, results):
        for stream, rows in records.runs:
            is_shown = stream.cell.leaves[SUBJECT_ID].outcome is not Outcome.DENIED
            if not (place.is_search or is_shown):
                continue
            column = stream.columns[SUBJECT_KEY]
            keys += [str(row[column]) for row in rows if row[column] is not None]
    return keys


def _in_response_order(place: RecordPlace, results: FetchResults) -> list[Records]:
    found = results.places[place].records()
    if not place.is_keyed:
        return [found[EVERYBODY]] if EVERYBODY in found else []
    above = next(subjects for above, subjects in results.subjects.items() if place in above.records)
    return [found[key] for key in above.positions if key in found and key not in above.unknown]


def _refuse_too_many(listed: int) -> None:
    if listed > MAX_LISTED:
        raise BadRequest(
            "TOO_MANY_RECORDS",
            f"up to {listed} records were asked for, expected at most {MAX_LISTED}; "
            "ask for fewer subjects or smaller pages",
        )


def subject_keys(root: SubjectsRoot, variables: Mapping[str, Any]) -> Sequence[str]:
    """Keys that a root asks for; `NOBODY` for a representation that names no subject.

    Raises:
        BadRequest: TOO_MANY_SUBJECTS.
    """
    value = root.keys.resolve(variables)
    keys: Sequence[Any] = value if root.is_list else (value,)
    if len(keys) > MAX_SUBJECTS:
        raise BadRequest(
            "TOO_MANY_SUBJECTS",
            f"{len(keys)} subjects were asked for, expected at most {MAX_SUBJECTS}",
        )
    return [_entity_key(item) for item in keys] if root.is_entities else keys


def _entity_key(representation: Any) -> str:
    if isinstance(representation, str):
        try:
            representation = orjson.loads(representation)
        except orjson.JSONDecodeError:
            representation = None
    if isinstance(representation, Mapping) and representation.get("__typename") == "Organisation":
        code = representation.get("uscc")
        if isinstance(code, str):
            if is_uscc(code):
                return code
            try:
                return parse_uscc(code).code
            except UsccError:
                pass
    return NOBODY
