"""The stage: results and decisions to the body of a GraphQL response."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import Any

import orjson

from gateway.answering.access import access_json, denial_errors
from gateway.answering.compile import PersonReference
from gateway.answering.report import Reporter
from gateway.answering.shares import shares_of
from gateway.answering.statistics import write_statistics
from gateway.answering.types import Entry, WrittenAnswer
from gateway.answering.writer import NULL, DataWriter
from gateway.authorization.plan import AuthorizedPlan
from gateway.errors import BadRequest
from gateway.fetching.types import FetchResults, SourceOutcome
from gateway.opaque import OpaqueCodec
from gateway.planning.types import (
    NullRoot,
    Path,
    RecordPlace,
    RecordsRoot,
    ResolvedRoot,
    Root,
    StatisticsRoot,
    SubjectPlace,
    SubjectsRoot,
    TypenameRoot,
)

SOURCE_ERRORS = {
    SourceOutcome.DOWN: ("SOURCE_DOWN", "department `{}` does not answer"),
    SourceOutcome.TIMED_OUT: ("SOURCE_TIMED_OUT", "department `{}` did not answer in time"),
    SourceOutcome.MALFORMED: (
        "SOURCE_MALFORMED",
        "department `{}` gave an answer that does not fit its declaration",
    ),
}


MAX_ANSWER_BYTES = 5_000_000


def within_limit(body: bytes, most: int = MAX_ANSWER_BYTES) -> bytes:
    """The body, if it is not too large to be sent.

    Raises:
        BadRequest: ANSWER_TOO_LARGE.
    """
    if len(body) > most:
        raise BadRequest(
            "ANSWER_TOO_LARGE",
            f"the answer would have {len(body)} bytes, expected at most {most}; "
            "ask for fewer subjects, fields or records at a time",
        )
    return body


@dataclass(frozen=True, slots=True)
class Resolved:
    """What the generic executor answered: values by response key, and its errors."""

    data: Mapping[str, Any]
    errors: Sequence[Mapping[str, Any]] = ()


NOTHING_RESOLVED = Resolved({})


class Answerer:
    """Writes response bodies."""

    def __init__(self, opaque: OpaqueCodec) -> None:
        self._opaque = opaque

    def answer(
        self,
        plan: AuthorizedPlan,
        variables: Mapping[str, Any],
        results: FetchResults,
        resolved: Resolved,
        person: PersonReference,
    ) -> WrittenAnswer:
        """Write the body for what was fetched and what was resolved.

        Args:
            person: makes the references under which the caller learns of persons.
        """
        report = Reporter(plan, results).report()
        positions = {} if report.fixed_access is not None else _positions(report.entries, results)
        writer = DataWriter(plan, variables, results, self._opaque, person)
        pieces: list[bytes] = [b'{"data":{']
        for position, (key, root) in enumerate(plan.plan.roots.items()):
            pieces.append((b"," if position else b"") + orjson.dumps(key) + b":")
            pieces.append(_root(root, key, writer, results, resolved))
        pieces.append(b"}")
        errors: list[Any] = list(
            report.fixed_errors
            if report.fixed_errors is not None
            else denial_errors(report.entries, positions)
        )
        errors += source_errors(plan, results)
        errors += resolved.errors
        if errors:
            pieces += [b',"errors":', orjson.dumps(errors)]
        access = report.fixed_access or access_json(report.entries, positions)
        pieces += [
            b',"extensions":{"access":',
            access,
            b',"sources":',
            _sources(results),
            b"}}",
        ]
        body = within_limit(b"".join(pieces))
        return WrittenAnswer(
            body, report.digest, report.grounds, shares_of(plan.plan, results, report)
        )


def _positions(entries: Sequence[Entry], results: FetchResults) -> dict[SubjectPlace, Any]:
    places = {entry.subjects for entry in entries if entry.profiles is not None}
    positions: dict[SubjectPlace, Any] = {}
    for place in places:
        if place is not None:
            subjects = results.subjects[place]
            by_key = subjects.profile_by_key()
            positions[place] = [by_key.get(key) for key in subjects.positions]
    return positions


def _root(
    root: Root, key: str, writer: DataWriter, results: FetchResults, resolved: Resolved
) -> bytes:
    match root:
        case SubjectsRoot(place, _, is_list):
            return writer.subjects(place, is_list)
        case RecordsRoot(place):
            return writer.listing(place)
        case StatisticsRoot():
            return orjson.dumps(write_statistics(root, results.statistics[root]))
        case ResolvedRoot():
            return orjson.dumps(resolved.data.get(key))
        case TypenameRoot():
            return b'"Query"'
        case NullRoot():
            return NULL


def _sources(results: FetchResults) -> bytes:
    sources = tuple(sorted(results.sources.items(), key=itemgetter(0)))
    withheld = tuple(sorted(results.withheld.items())) if results.withheld else ()
    return _sources_json(sources, withheld)


@lru_cache(maxsize=1_024)
def _sources_json(
    sources: tuple[tuple[str, SourceOutcome], ...], withheld: tuple[tuple[str, int], ...]
) -> bytes:
    left_out = dict(withheld)
    told: list[dict[str, Any]] = []
    for slug, outcome in sources:
        told.append({"source": slug, "outcome": outcome.value})
        if slug in left_out:
            told[-1]["withheld"] = left_out[slug]
    return orjson.dumps(told)


def source_errors(plan: AuthorizedPlan, results: FetchResults) -> list[dict[str, Any]]:
    """One error per misnamed entity, failed provider of a place and refused cursor.

    In document order.
    """
    if (
        all(outcome is SourceOutcome.ANSWERED for outcome in results.sources.values())
        and not any(found.refused or found.rejoining for found in results.places.values())
        and not results.statistics
        and not results.misnamed
    ):
        return []
    errors: list[dict[str, Any]] = []
    for root in plan.plan.roots.values():
        if isinstance(root, SubjectsRoot):
            places = list(_places_of(root.place))
            misnamed = results.misnamed.get(root.place, ())
            errors += [_misnamed_error(root.place, position) for position in misnamed]
        elif isinstance(root, RecordsRoot):
            places = list(_places_from(root.place))
        else:
            places = []
        for place in places:
            errors += _place_errors(plan, place, results)
        if isinstance(root, StatisticsRoot):
            errors += _statistics_errors(root, results)
    return errors


def _misnamed_error(place: SubjectPlace, position: int) -> dict[str, Any]:
    return {
        "message": "a representation is not `Organisation` with a valid `uscc`",
        "path": [*place.path, position],
        "extensions": {"code": "BAD_REPRESENTATION"},
    }


def _places_of(place: SubjectPlace) -> Iterator[RecordPlace]:
    for record_place in place.records:
        yield from _places_from(record_place)


def _places_from(place: RecordPlace) -> Iterator[RecordPlace]:
    yield place
    for below in place.below:
        yield from _places_of(below)


def _place_errors(
    plan: AuthorizedPlan, place: RecordPlace, results: FetchResults
) -> list[dict[str, Any]]:
    found = results.places.get(place)
    if found is None:
        return []
    if found.refused:
        return [
            {
                "message": "cursor in `after` is not valid here",
                "path": place.path,
                "extensions": {"code": "CURSOR_NOT_VALID_HERE"},
            }
        ]
    errors: list[dict[str, Any]] = []
    for provider in plan.providers(place):
        slug = provider.slug
        if slug in found.failed:
            errors.append(source_error(place.path, slug, found.failed[slug]))
        elif slug in found.rejoining:
            errors.append(
                {
                    "message": f"department `{slug}` answers again; "
                    "what it has on earlier pages is missing there",
                    "path": place.path,
                    "extensions": {"code": "SOURCE_REJOINED", "source": slug},
                }
            )
    return errors


def _statistics_errors(root: StatisticsRoot, results: FetchResults) -> list[dict[str, Any]]:
    failed: dict[str, SourceOutcome] = {}
    too_many = False
    for stream, answer in results.statistics[root]:
        if isinstance(answer, SourceOutcome):
            failed.setdefault(stream.provider.slug, answer)
        elif not answer.is_complete:
            too_many = True
    errors = [source_error(root.path, slug, outcome) for slug, outcome in failed.items()]
    if too_many:
        errors.append(
            {
                "message": "there are too many groups; group by fewer fields or filter",
                "path": root.path,
                "extensions": {"code": "TOO_MANY_GROUPS"},
            }
        )
    return errors


def source_error(path: Path, slug: str, outcome: SourceOutcome) -> dict[str, Any]:
    """The error that tells of a failed department at a place."""
    code, message = SOURCE_ERRORS[outcome]
    return {
        "message": message.format(slug),
        "path": path,
        "extensions": {"code": code, "source": slug},
    }
