"""The stage: asks all departments of a level at once, then goes down to the subjects found.

Never fails: a department that does is an outcome. What comes back is checked before it counts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from gateway.authorization.authorize import AuthorizedPlan
from gateway.authorization.leaves import SUBJECT_ID, subject_places
from gateway.authorization.types import Stream
from gateway.contract import (
    RECORD_ID,
    SUBJECT_KEY,
    After,
    FetchContext,
    RecordRequest,
    RecordSelection,
    Row,
    RowBatch,
)
from gateway.errors import BadRequest
from gateway.fetching.calls import Departments
from gateway.fetching.checks import BatchChecks
from gateway.fetching.cursors import cursor_context
from gateway.fetching.merge import merge_rows
from gateway.fetching.statistics import fetch_statistics
from gateway.fetching.types import (
    ConsentSeen,
    FetchResults,
    PlaceRecords,
    Records,
    SourceOutcome,
    Subjects,
)
from gateway.opaque import CursorPosition, OpaqueCodec
from gateway.planning.types import (
    RecordPlace,
    RecordsRoot,
    StatisticsRoot,
    SubjectPlace,
    SubjectsRoot,
)
from policies.model import Outcome, SubjectProfile
from schema.codes import RecordKind
from schema.identifiers.uscc import UsccError, is_uscc, parse_uscc

EXISTENCE = RecordSelection(kind=RecordKind.REGISTRATION, fields=(RECORD_ID,))
MAX_SUBJECTS = 200
MAX_LISTED = 10_000
EVERYBODY = ""


@dataclass(slots=True)
class _Asked:
    """One request of one stream, and where its answer goes."""

    slug: str
    request: RecordRequest
    place: RecordPlace | None
    stream: Stream | None


@dataclass(slots=True)
class _Level:
    """Places that are fetched together."""

    subjects: list[SubjectPlace] = field(default_factory=list)
    listings: list[RecordPlace] = field(default_factory=list)
    probed: list[SubjectPlace] = field(default_factory=list)


class Fetcher:
    """Runs authorized plans against the departments."""

    def __init__(self, departments: Departments, opaque: OpaqueCodec) -> None:
        self._departments = departments
        self._opaque = opaque
        self._checks = BatchChecks()

    async def fetch(
        self, plan: AuthorizedPlan, variables: Mapping[str, Any], context: FetchContext
    ) -> FetchResults:
        """Fetch everything that the plan permits.

        Raises:
            BadRequest: too many subjects, or a key that is no valid code.
        """
        run = _FetchRun(plan, variables, context, self._departments, self._checks, self._opaque)
        return await run.run()


class _FetchRun:
    """One execution of one plan."""

    def __init__(
        self,
        plan: AuthorizedPlan,
        variables: Mapping[str, Any],
        context: FetchContext,
        departments: Departments,
        checks: BatchChecks,
        opaque: OpaqueCodec,
    ) -> None:
        self._plan = plan
        self._variables = variables
        self._context = context
        self._departments = departments
        self._checks = checks
        self._opaque = opaque
        self._results = FetchResults(fetched_at=context.fetched_at)

    async def run(self) -> FetchResults:
        level = self._first_level()
        statistics = [
            root for root in self._plan.plan.roots.values() if isinstance(root, StatisticsRoot)
        ]
        if statistics:
            await fetch_statistics(
                statistics, self._plan, self._departments, self._context, self._results
            )
        while level.subjects or level.listings:
            places = await self._run_level(level)
            level = self._next_level(places)
        return self._results

    def _first_level(self) -> _Level:
        level = _Level()
        listed = 0
        for root in self._plan.plan.roots.values():
            if isinstance(root, SubjectsRoot):
                keys = subject_keys(root, self._variables)
                self._stand(root.place, keys)
                level.subjects.append(root.place)
                if any(not key.startswith("P:") for key in keys):
                    level.probed.append(root.place)
                listed += len(keys) * weight(root.place)
            elif isinstance(root, RecordsRoot):
                level.listings.append(root.place)
                listed += root.place.arguments.first * (
                    1 + sum(weight(place) for place in subject_places(root.place))
                )
        if listed > MAX_LISTED:
            raise BadRequest(
                "TOO_MANY_RECORDS",
                f"up to {listed} records were asked for, expected at most {MAX_LISTED}; "
                "ask for fewer subjects or smaller pages",
            )
        return level

    def _stand(self, place: SubjectPlace, keys: Sequence[str]) -> None:
        """Note which subjects stand at a place, and under which profiles."""
        distinct = tuple(dict.fromkeys(keys))
        profiles = self._plan.profiles(distinct)
        self._results.subjects[place] = Subjects(
            tuple(keys), dict(zip(distinct, profiles.by_key, strict=True))
        )
        for terms in profiles.consents.values():
            self._results.consents.add(ConsentSeen(terms.consent_no, terms.version))

    async def _run_level(self, level: _Level) -> list[RecordPlace]:
        asked: list[_Asked] = []
        places: list[RecordPlace] = []
        for subject_place in level.subjects:
            places += self._ask_for_subjects(subject_place, asked)
        for place in level.listings:
            places.append(place)
            self._ask_for_all(place, asked)
        probes = self._ask_for_existence(level.probed, asked)
        answers = await self._call(asked)
        self._take(places, asked, answers)
        self._note_unknown(level.probed, probes, asked, answers)
        return places

    def _ask_for_subjects(self, place: SubjectPlace, asked: list[_Asked]) -> list[RecordPlace]:
        subjects = self._results.subjects[place]
        groups: dict[SubjectProfile, list[str]] = {}
        for key, profile in subjects.profile.items():
            groups.setdefault(profile, []).append(key)
        grouped = {profile: tuple(keys) for profile, keys in groups.items()}
        places = record_places(place)
        for record_place in places:
            found = self._results.places.setdefault(record_place, PlaceRecords())
            for profile, keys in grouped.items():
                members = place.person if keys[0].startswith("P:") else place.organisation
                if record_place in members.values():
                    self._ask(record_place, found, profile, keys, asked)
        return places

    def _ask(
        self,
        place: RecordPlace,
        found: PlaceRecords,
        profile: SubjectProfile,
        keys: tuple[str, ...],
        asked: list[_Asked],
    ) -> None:
        streams = self._plan.keyed_streams(place, profile)
        if not streams:
            return
        text = place.arguments.after.resolve(self._variables)
        position = None
        if text is not None:
            position = self._position(place, keys, text)
            if position is None:
                found.refused = True
                return
        for key in keys:
            found.by_key[key] = Records()
        for stream in streams:
            most = stream.provider.manifest.max_keys
            for start in range(0, len(keys), most):
                part = keys if len(keys) <= most else keys[start : start + most]
                asked.append(self._request(stream, part, position))

    def _ask_for_all(self, place: RecordPlace, asked: list[_Asked]) -> None:
        found = self._results.places.setdefault(place, PlaceRecords())
        streams = self._plan.listed_streams(place)
        if not streams:
            return
        text = place.arguments.after.resolve(self._variables)
        position = None
        if text is not None:
            position = self._position(place, (EVERYBODY,), text)
            if position is None:
                found.refused = True
                return
        found.by_key[EVERYBODY] = Records()
        asked.extend(self._request(stream, None, position) for stream in streams)

    def _position(
        self, place: RecordPlace, keys: tuple[str, ...], text: str
    ) -> CursorPosition | None:
        """The position of a cursor; it is bound to one subject."""
        if len(keys) != 1:
            return None
        context = cursor_context(place, keys[0], self._plan.caller)
        position = self._opaque.read_cursor(text, context)
        if position is None or len(position.values) != len(place.arguments.order):
            return None
        return position

    def _request(
        self, stream: Stream, keys: tuple[str, ...] | None, position: CursorPosition | None
    ) -> _Asked:
        after = (
            None
            if position is None
            else After(position.values, position.department, position.record_id)
        )
        request = RecordRequest(".".join(stream.place.path), stream.selection, keys, after)
        return _Asked(stream.provider.slug, request, stream.place, stream)

    def _ask_for_existence(
        self, places: Sequence[SubjectPlace], asked: list[_Asked]
    ) -> dict[SubjectPlace, list[int]]:
        probes: dict[SubjectPlace, list[int]] = {}
        for place in places:
            keys = tuple(
                key for key in self._results.subjects[place].profile if not key.startswith("P:")
            )
            probes[place] = []
            for provider in self._plan.registrars():
                most = provider.manifest.max_keys
                for start in range(0, len(keys), most):
                    request = RecordRequest(
                        ".".join(place.path), EXISTENCE, keys[start : start + most]
                    )
                    probes[place].append(len(asked))
                    asked.append(_Asked(provider.slug, request, None, None))
        return probes

    async def _call(self, asked: Sequence[_Asked]) -> list[Any]:
        """Answers in the order of `asked`: a batch, or how the department failed."""
        by_slug: dict[str, list[int]] = {}
        for index, item in enumerate(asked):
            by_slug.setdefault(item.slug, []).append(index)
        calls = [
            self._departments.fetch(slug, [asked[i].request for i in indexes], self._context)
            for slug, indexes in by_slug.items()
        ]
        answered = await asyncio.gather(*calls)
        answers: list[Any] = [SourceOutcome.MALFORMED] * len(asked)
        for (slug, indexes), batches in zip(by_slug.items(), answered, strict=True):
            if isinstance(batches, SourceOutcome):
                self._note_source(slug, batches)
                for index in indexes:
                    answers[index] = batches
                continue
            self._note_source(slug, SourceOutcome.ANSWERED)
            if len(batches) != len(indexes):
                self._note_source(slug, SourceOutcome.MALFORMED)
                continue
            for index, batch in zip(indexes, batches, strict=True):
                answers[index] = self._checked(asked[index], batch)
        return answers

    def _checked(self, item: _Asked, batch: Any) -> Any:
        keys = item.request.keys
        groups = 1 if keys is None else len(keys)
        if item.stream is None:
            sound = isinstance(batch, RowBatch) and len(batch.groups) == groups
        else:
            sound = self._checks.is_sound(item.stream, batch, groups)
        if sound:
            return batch
        self._note_source(item.slug, SourceOutcome.MALFORMED)
        return SourceOutcome.MALFORMED

    def _note_source(self, slug: str, outcome: SourceOutcome) -> None:
        known = self._results.sources.get(slug)
        if known is None or known is SourceOutcome.ANSWERED:
            self._results.sources[slug] = outcome

    def _take(
        self, places: Sequence[RecordPlace], asked: Sequence[_Asked], answers: Sequence[Any]
    ) -> None:
        by_place: dict[RecordPlace, list[tuple[_Asked, Any]]] = {place: [] for place in places}
        for item, answer in zip(asked, answers, strict=True):
            if item.place is not None:
                by_place[item.place].append((item, answer))
        for place, items in by_place.items():
            self._take_place(place, items)

    def _take_place(self, place: RecordPlace, items: Sequence[tuple[_Asked, Any]]) -> None:
        found = self._results.places[place]
        pending: dict[str, list[tuple[Stream, Sequence[Row]]]] = {}
        totals: dict[str, int | None] = {}
        for item, answer in items:
            stream = item.stream
            assert stream is not None
            keys = item.request.keys or (EVERYBODY,)
            if isinstance(answer, SourceOutcome):
                found.failed[item.slug] = answer
                for key in keys:
                    found.by_key[key].failed += (item.slug,)
                continue
            self._results.rows[item.slug] = self._results.rows.get(item.slug, 0) + _size(answer)
            for key in keys:
                found.by_key[key].answered += (stream.provider.code,)
            if isinstance(answer, RowBatch):
                for key, rows in zip(keys, answer.groups, strict=True):
                    pending.setdefault(key, []).append((stream, rows))
            else:
                first = stream.selection.first
                for key, json, count in zip(keys, answer.groups, answer.counts, strict=True):
                    records = found.by_key[key]
                    records.json = json
                    records.count = min(count, first)
                    records.has_next = count > first
            if answer.totals is not None:
                for key, total in zip(keys, answer.totals, strict=True):
                    totals[key] = (totals.get(key) or 0) + total
        for key, streams in pending.items():
            _merge_into(found.by_key[key], place, streams)
        for key, counted in totals.items():
            records = found.by_key[key]
            records.total = None if records.failed else counted

    def _note_unknown(
        self,
        places: Sequence[SubjectPlace],
        probes: Mapping[SubjectPlace, Sequence[int]],
        asked: Sequence[_Asked],
        answers: Sequence[Any],
    ) -> None:
        for place in places:
            subjects = self._results.subjects[place]
            known = {key for key in subjects.profile if key.startswith("P:")}
            for index in probes[place]:
                answer = answers[index]
                if isinstance(answer, SourceOutcome):
                    known.update(subjects.profile)
                    break
                keys = asked[index].request.keys or ()
                known.update(key for key, rows in zip(keys, answer.groups, strict=True) if rows)
            if len(known) < len(subjects.profile):
                unknown = frozenset(key for key in subjects.profile if key not in known)
                self._results.subjects[place] = Subjects(
                    subjects.positions, subjects.profile, unknown
                )

    def _next_level(self, places: Iterable[RecordPlace]) -> _Level:
        level = _Level()
        for place in places:
            for below in subject_places(place):
                keys = self._keys_below(place, below)
                if keys:
                    self._stand(below, keys)
                    level.subjects.append(below)
                else:
                    self._results.subjects[below] = Subjects((), {})
        return level

    def _keys_below(self, place: RecordPlace, below: SubjectPlace) -> list[str]:
        """Keys of the subjects of the records in the answer, in response order."""
        is_node = place.is_search
        keys: list[str] = []
        for records in self._in_response_order(place):
            for stream, row in records.rows:
                if is_node or stream.cell.leaves[SUBJECT_ID].outcome is not Outcome.DENIED:
                    key = row[stream.columns[SUBJECT_KEY]]
                    if key is not None:
                        keys.append(str(key))
        return keys

    def _in_response_order(self, place: RecordPlace) -> Iterable[Records]:
        found = self._results.places[place].by_key
        if not place.is_keyed:
            return list(found.values())
        above = next(
            subjects
            for subject_place, subjects in self._results.subjects.items()
            if place in subject_place.organisation.values()
            or place in subject_place.person.values()
        )
        return [found[key] for key in above.positions if key not in above.unknown and key in found]


def _merge_into(
    records: Records, place: RecordPlace, streams: Sequence[tuple[Stream, Sequence[Row]]]
) -> None:
    first = place.arguments.first
    merged = merge_rows(place, streams)
    records.has_next = len(merged) > first
    records.rows = merged[:first] if records.has_next else merged
    records.count = len(records.rows)


def _size(answer: Any) -> int:
    if isinstance(answer, RowBatch):
        return sum(len(rows) for rows in answer.groups)
    return sum(answer.counts)


def record_places(place: SubjectPlace) -> list[RecordPlace]:
    """Record places below a subject place, in document order, organisations' first."""
    members = (*place.organisation.values(), *place.person.values())
    return list(dict.fromkeys(m for m in members if isinstance(m, RecordPlace)))


def weight(place: SubjectPlace) -> int:
    """Most records that one subject at this place can bring, itself not counted."""
    return sum(
        record_place.arguments.first
        * (1 + sum(weight(below) for below in subject_places(record_place)))
        for record_place in record_places(place)
    )


def subject_keys(root: SubjectsRoot, variables: Mapping[str, Any]) -> list[str]:
    """Keys that a root asks for.

    Raises:
        BadRequest: TOO_MANY_SUBJECTS, or BAD_REPRESENTATION for `_entities`.
    """
    value = root.keys.resolve(variables)
    keys = [value] if not root.is_list else list(value)
    if len(keys) > MAX_SUBJECTS:
        raise BadRequest(
            "TOO_MANY_SUBJECTS",
            f"{len(keys)} subjects were asked for, expected at most {MAX_SUBJECTS}",
        )
    return [_entity_key(item) for item in keys] if root.is_entities else keys


def _entity_key(representation: Any) -> str:
    if isinstance(representation, str):
        representation = orjson.loads(representation)
    if isinstance(representation, Mapping) and representation.get("__typename") == "Organisation":
        code = representation.get("uscc")
        if isinstance(code, str):
            if is_uscc(code):
                return code
            try:
                return parse_uscc(code).code
            except UsccError:
                pass
    raise BadRequest(
        "BAD_REPRESENTATION",
        "a representation is not `Organisation` with a valid `uscc`",
    )
