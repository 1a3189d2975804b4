"""Which requests a level of a plan needs, and where each answer belongs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from gateway.authorization.plan import AuthorizedPlan
from gateway.authorization.types import Stream
from gateway.contract import (
    PERSON_KEY_PREFIX,
    RECORD_ID,
    After,
    RecordRequest,
    RecordSelection,
)
from gateway.fetching.cursors import cursor_context
from gateway.fetching.types import EVERYBODY, FetchResults, PlaceRecords
from gateway.opaque import CursorPosition, OpaqueCodec
from gateway.planning.types import RecordPlace, SubjectPlace
from schema.codes import RecordKind

EXISTENCE = RecordSelection(kind=RecordKind.REGISTRATION, fields=(RECORD_ID,))


class Asked(NamedTuple):
    """One request, and where its answer goes: a stream's place, or a question of existence.

    Attributes:
        is_alone: no other stream is asked for these keys at this place.
    """

    request: RecordRequest
    stream: Stream | None
    is_alone: bool = True
    probed: SubjectPlace | None = None


class Asker:
    """Collects the requests of one level.

    Attributes:
        asked: requests by the slug of the department.
        leading_on: places asked for whose records lead to subjects again.
    """

    def __init__(
        self,
        plan: AuthorizedPlan,
        variables: Mapping[str, Any],
        opaque: OpaqueCodec,
        results: FetchResults,
    ) -> None:
        self._plan = plan
        self._variables = variables
        self._opaque = opaque
        self._results = results
        self.asked: dict[str, list[Asked]] = {}
        self.leading_on: dict[RecordPlace, None] = {}

    def subjects(self, place: SubjectPlace) -> None:
        """Ask for the records of the subjects at a place."""
        subjects = self._results.subjects[place]
        places = self._results.places
        are_several = len(subjects.distinct) > 1
        for record_place in place.records:
            places[record_place] = PlaceRecords(
                refused=are_several and self._has_cursor_for_several(place, record_place)
            )
        groups = tuple(subjects.groups.values())
        for level in self._plan.subject_streams(place, subjects.profiles):
            if not places[level.place].refused:
                self._streams(level.place, level.streams, groups[level.group])

    def _has_cursor_for_several(self, place: SubjectPlace, member: RecordPlace) -> bool:
        """Whether `after` is given where several subjects stand, each with pages of its own."""
        if member.arguments.after.resolve(self._variables) is None:
            return False
        is_for_person = member in place.person.values()
        is_for_organisation = member in place.organisation.values()
        return (
            sum(
                is_for_person if key.startswith(PERSON_KEY_PREFIX) else is_for_organisation
                for key in self._results.subjects[place].distinct
            )
            > 1
        )

    def everybody(self, place: RecordPlace) -> None:
        """Ask for records over all subjects."""
        self._results.places[place] = PlaceRecords()
        self._streams(place, self._plan.listed_streams(place), None)

    def existence(self, place: SubjectPlace) -> None:
        """Ask which of the codes at a place are registered."""
        subjects = self._results.subjects[place]
        keys = tuple(key for key in subjects.distinct if not key.startswith(PERSON_KEY_PREFIX))
        if keys:
            for provider in self._plan.registrars():
                for part in _parts(keys, provider.manifest.max_keys):
                    request = RecordRequest(".".join(place.path), EXISTENCE, part)
                    self._ask(provider.slug, Asked(request, None, probed=place))

    def _streams(
        self, place: RecordPlace, streams: Sequence[Stream], keys: tuple[str, ...] | None
    ) -> None:
        if not streams:
            return
        after = None
        text = place.arguments.after.resolve(self._variables)
        if text is not None:
            position = self._position(place, (EVERYBODY,) if keys is None else keys, text)
            if position is None:
                self._results.places[place].refused = True
                return
            after = After(position.values, position.department, position.record_id)
            providers = dict.fromkeys(stream.provider for stream in streams)
            self._results.places[place].rejoining = tuple(
                item.slug for item in providers if item.code not in position.answered
            )
        if place.below:
            self.leading_on[place] = None
        path, is_alone = place.path[-1], len(streams) == 1
        for stream in streams:
            slug = stream.provider.slug
            if keys is None or len(keys) <= stream.provider.manifest.max_keys:
                request = RecordRequest(path, stream.selection, keys, after)
                self._ask(slug, Asked(request, stream, is_alone))
                continue
            for part in _parts(keys, stream.provider.manifest.max_keys):
                request = RecordRequest(path, stream.selection, part, after)
                self._ask(slug, Asked(request, stream, is_alone))

    def _ask(self, slug: str, asked: Asked) -> None:
        found = self.asked.get(slug)
        if found is None:
            self.asked[slug] = [asked]
        else:
            found.append(asked)

    def _position(
        self, place: RecordPlace, keys: tuple[str, ...], text: str
    ) -> CursorPosition | None:
        """The position of a cursor; None if it was made elsewhere. It is bound to one subject."""
        if len(keys) != 1:
            return None
        context = cursor_context(place, keys[0], self._plan.caller)
        position = self._opaque.read_cursor(text, context)
        if position is None or len(position.values) != len(place.arguments.order):
            return None
        return position


def _parts(keys: tuple[str, ...], most: int) -> Sequence[tuple[str, ...]]:
    """Keys in pieces of at most `most`; the same tuple if one piece is enough."""
    if len(keys) <= most:
        return (keys,)
    return [keys[start : start + most] for start in range(0, len(keys), most)]
