"""Answers of one level, put to their places: checked, merged over departments, cut to the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gateway.authorization.types import Stream
from gateway.contract import Batch, JsonBatch, Row, RowBatch
from gateway.fetching.asking import Asked
from gateway.fetching.checks import is_sound, tells_existence
from gateway.fetching.merge import merge_rows
from gateway.fetching.types import (
    EVERYBODY,
    FetchResults,
    PlaceRecords,
    Records,
    RowPart,
    Run,
    SourceOutcome,
)
from gateway.planning.types import RecordPlace, SubjectPlace

Answer = Batch | SourceOutcome


class Intake:
    """Takes the answers of one level."""

    def __init__(self, results: FetchResults) -> None:
        self._results = results
        self._pending: dict[RecordPlace, dict[str, list[tuple[Stream, Sequence[Row]]]]] = {}
        self._failed: dict[RecordPlace, set[str]] = {}
        self._known: dict[SubjectPlace, set[str]] = {}

    def take(
        self, slug: str, asked: Sequence[Asked], answer: Sequence[Batch] | SourceOutcome
    ) -> None:
        """Take what a department answered, in the order of the requests, or how it failed."""
        batches: Sequence[Answer]
        if isinstance(answer, SourceOutcome):
            self._results.note_source(slug, answer)
            batches = [answer] * len(asked)
        elif not isinstance(answer, list | tuple) or len(answer) != len(asked):
            self._results.note_source(slug, SourceOutcome.MALFORMED)
            batches = [SourceOutcome.MALFORMED] * len(asked)
        else:
            self._results.note_source(slug, SourceOutcome.ANSWERED)
            batches = answer
        for item, batch in zip(asked, batches, strict=True):
            self._take(slug, item, batch)

    def finish(self) -> None:
        """After all departments: merge, and say which codes nobody knows."""
        for place, pending in self._pending.items():
            self._merge(place, pending)
        for place, keys in self._failed.items():
            for key in keys:
                self._results.places[place].totals.pop(key, None)
        for probed, known in self._known.items():
            self._note_unknown(probed, known)

    def _take(self, slug: str, item: Asked, answer: Answer) -> None:
        stream = item.stream
        if stream is None:
            fits = tells_existence(answer, len(item.request.keys or ()))
            self._take_existence(item, self._checked(slug, answer, fits))
            return
        checked = self._checked(slug, answer, is_sound(stream, answer, item.request))
        if isinstance(checked, SourceOutcome):
            self._fail(slug, item, stream, checked)
        elif isinstance(checked, JsonBatch):
            self._take_json(slug, item, stream, checked)
        else:
            self._take_rows(slug, item, stream, checked)

    def _checked(self, slug: str, answer: Answer, fits: bool) -> Answer:
        if fits or isinstance(answer, SourceOutcome):
            return answer
        self._results.note_source(slug, SourceOutcome.MALFORMED)
        return SourceOutcome.MALFORMED

    def _fail(self, slug: str, item: Asked, stream: Stream, outcome: SourceOutcome) -> None:
        self._results.places[stream.place].failed[slug] = outcome
        failed = self._failed.setdefault(stream.place, set())
        failed.update(item.request.keys or (EVERYBODY,))

    def _take_json(self, slug: str, item: Asked, stream: Stream, batch: JsonBatch) -> None:
        found = self._results.places[stream.place]
        keys = item.request.keys or (EVERYBODY,)
        self._count(slug, sum(batch.counts))
        self._results.note_withheld(slug, batch.withheld)
        found.json.update(zip(keys, batch.groups, strict=True))
        if batch.beside is not None:
            for key, rows in zip(keys, batch.beside, strict=True):
                found.beside[key] = (stream, rows)
        if stream.selection.lookahead:
            first = stream.selection.first
            found.more.update(
                key for key, count in zip(keys, batch.counts, strict=True) if count > first
            )
        if batch.totals is not None:
            found.totals.update(zip(keys, batch.totals, strict=True))

    def _take_rows(self, slug: str, item: Asked, stream: Stream, batch: RowBatch) -> None:
        keys = item.request.keys or (EVERYBODY,)
        self._count(slug, sum(map(len, batch.groups)))
        self._results.note_withheld(slug, batch.withheld)
        if item.is_alone:
            part = RowPart(stream, keys, batch.groups)
            self._results.places[stream.place].parts.append(part)
        else:
            pending = self._pending.setdefault(stream.place, {})
            for key, rows in zip(keys, batch.groups, strict=True):
                pending.setdefault(key, []).append((stream, rows))
        if batch.totals is not None:
            totals = self._results.places[stream.place].totals
            for key, total in zip(keys, batch.totals, strict=True):
                totals[key] = totals.get(key, 0) + total

    def _count(self, slug: str, rows: int) -> None:
        self._results.rows[slug] = self._results.rows.get(slug, 0) + rows

    def _merge(
        self, place: RecordPlace, pending: dict[str, list[tuple[Stream, Sequence[Row]]]]
    ) -> None:
        found: PlaceRecords = self._results.places[place]
        for key, streams in pending.items():
            found.merged[key] = _page(place, streams)

    def _take_existence(self, item: Asked, answer: Answer) -> None:
        place = item.probed
        if place is None:  # pragma: no cover - a request without stream asks for existence
            return
        known = self._known.setdefault(place, set())
        if isinstance(answer, RowBatch):
            keys = item.request.keys or ()
            known.update(key for key, rows in zip(keys, answer.groups, strict=True) if rows)
        else:
            known.update(self._results.subjects[place].distinct)

    def _note_unknown(self, place: SubjectPlace, known: set[str]) -> None:
        subjects = self._results.subjects[place]
        asked = [key for key in subjects.distinct if not key.startswith("P:")]
        if len(known) < len(asked):
            unknown = frozenset(key for key in asked if key not in known)
            self._results.subjects[place] = replace(subjects, unknown=unknown)


def _page(place: RecordPlace, streams: Sequence[tuple[Stream, Sequence[Row]]]) -> Records:
    first = place.arguments.first
    answered = tuple(sorted({stream.provider.code for stream, _ in streams}))
    merged = merge_rows(place, streams)
    return Records(_runs(merged[:first]), len(merged) > first, answered)


def _runs(merged: Sequence[tuple[Stream, Row]]) -> list[Run]:
    runs: list[tuple[Stream, list[Row]]] = []
    for stream, row in merged:
        if not runs or runs[-1][0] is not stream:
            runs.append((stream, []))
        runs[-1][1].append(row)
    return list(runs)
