"""The door of a department: subject keys of persons inside, network references outside.

An adapter is asked by the references that its department keeps, under every key in force, and
what comes back is about the persons that were asked for. Nothing else is touched: requests that
concern no person pass as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import structlog

from gateway.contract import (
    PERSON_KEY_PREFIX,
    RECORD_ID,
    SUBJECT_KEY,
    Adapter,
    Batch,
    ChangesAdapter,
    ChangesBatch,
    ChangesRequest,
    CommandAdapter,
    ExplainingAdapter,
    FetchContext,
    Health,
    Manifest,
    MappingFailed,
    NotSupported,
    QualityAdapter,
    RecordChange,
    RecordRequest,
    RecordSelection,
    Row,
    RowBatch,
    StatisticsAdapter,
)
from gateway.persons.network import NetworkKeys
from schema.codes import RecordKind
from schema.links import LINK, RecordsLink
from schema.model import ValueType
from schema.predicate import NUMERIC_TEXT, WireValue
from schema.records import MODEL
from schema.subject import Person

log = structlog.get_logger()


_PERSON_LEAVES = tuple(
    (kind.kind, leaves)
    for kind in MODEL.kinds.values()
    if (leaves := frozenset(f.name for f in kind.fields if f.value_type is ValueType.PERSON))
)
"""Names of the leaves that name persons, of the few kinds that have any."""
_KINDS_OF_PERSONS = frozenset(
    field.metadata[LINK].kind
    for field in Person.__strawberry_definition__.fields  # type: ignore[attr-defined]
    if isinstance(field.metadata.get(LINK), RecordsLink)
)
_NOTHING: frozenset[str] = frozenset()
_UNLIKE_AN_ANSWER = (TypeError, ValueError, LookupError, AttributeError, ArithmeticError)
"""What looking into something raises that is not shaped like an answer."""


@dataclass(frozen=True, slots=True)
class _Passage:
    """One request on its way through the door.

    Attributes:
        outside: what the adapter is asked instead, one request for each key in force where the
            request names persons.
        subject: column that holds the subject key, if persons may stand there.
        leaves: columns that hold references of persons.
    """

    inside: RecordRequest
    outside: tuple[RecordRequest, ...]
    subject: int | None
    leaves: tuple[int, ...]


def _concerns_persons(request: RecordRequest) -> bool:
    """Whether anything of a request or of its answer may name a person."""
    selection, keys = request.selection, request.keys
    if keys is None:
        if SUBJECT_KEY in selection.fields:
            return True
    # INVARIANT: keys of one request stand for subjects of one kind.
    elif keys and keys[0].startswith(PERSON_KEY_PREFIX):
        return True
    return not _leaves_of(selection.kind).isdisjoint(selection.fields)


def _leaves_of(kind: RecordKind) -> frozenset[str]:
    # Comparing a few members costs less than hashing one.
    for other, leaves in _PERSON_LEAVES:
        if other is kind:
            return leaves
    return _NOTHING


class _Named:
    """References of the persons of one call; the requests of a place share their keys."""

    def __init__(self, network: NetworkKeys) -> None:
        self._network = network
        self._found: dict[tuple[str, ...], tuple[tuple[str, ...], ...]] = {}

    def under_each_key(self, keys: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
        """Keys as the department knows them, under each key in force, the newest first."""
        found = self._found.get(keys)
        if found is None:
            references = zip(*map(self._network.references, keys), strict=True)
            found = self._found[keys] = tuple(
                tuple(PERSON_KEY_PREFIX + each for each in under_one) for under_one in references
            )
        return found


def _passage(request: RecordRequest, named: _Named) -> _Passage:
    """How a request passes that concerns persons."""
    selection, keys = request.selection, request.keys
    outside: tuple[RecordRequest, ...] = (request,)
    may_show = SUBJECT_KEY in selection.fields
    if keys and keys[0].startswith(PERSON_KEY_PREFIX):
        outside = tuple(request._replace(keys=each) for each in named.under_each_key(keys))
    elif keys is not None:
        may_show = False
    leaves = _leaves_of(selection.kind)
    return _Passage(
        request,
        outside,
        selection.fields.index(SUBJECT_KEY) if may_show else None,
        tuple(i for i, name in enumerate(selection.fields) if name in leaves),
    )


class PersonDoor:
    """An adapter as the gateway uses it; see the module."""

    def __init__(self, adapter: Adapter, network: NetworkKeys) -> None:
        self._adapter = adapter
        self._network = network
        self._manifest = adapter.manifest
        if len(network) > 1:
            self._manifest = _by_rows(adapter.manifest)
        # A door offers what its adapter offers, and no more. Attributes are set, since Python 3.12
        # looks for the members of a protocol without `__getattr__`. No person is named there.
        if isinstance(adapter, StatisticsAdapter):
            self.statistics = adapter.statistics
        if isinstance(adapter, CommandAdapter):
            self.submit = adapter.submit
        if isinstance(adapter, ExplainingAdapter):
            self.explain = adapter.explain
        if isinstance(adapter, QualityAdapter):
            self.quality = adapter.quality

    @property
    def manifest(self) -> Manifest:
        return self._manifest

    async def open(self) -> None:
        await self._adapter.open()

    async def aclose(self) -> None:
        await self._adapter.aclose()

    async def health(self) -> Health:
        return await self._adapter.health()

    async def changes(self, request: ChangesRequest, context: FetchContext) -> ChangesBatch:
        """Tell changes; see `ChangesAdapter.changes`. A person that cannot be read is nobody."""
        adapter = self._adapter
        if not isinstance(adapter, ChangesAdapter):
            raise NotSupported(f"the adapter of `{self._manifest.slug}` tells no changes")
        batch = await adapter.changes(request, context)
        strange: list[str] = []
        try:
            changes = tuple(self._change(each, strange) for each in batch.changes)
            return replace(batch, changes=changes)
        except _UNLIKE_AN_ANSWER as error:
            raise MappingFailed("a batch of changes is not even shaped like one") from error

    def _change(self, change: RecordChange, strange: list[str]) -> RecordChange:
        key = change.subject_key
        if key is None or not key.startswith(PERSON_KEY_PREFIX):
            return change
        return RecordChange(
            change.record_id, self._key(key.removeprefix(PERSON_KEY_PREFIX), strange)
        )

    async def fetch(
        self, requests: Sequence[RecordRequest], context: FetchContext
    ) -> Sequence[Batch]:
        """Answer each request; see `Adapter.fetch`."""
        if not any(map(_concerns_persons, requests)):
            return await self._adapter.fetch(requests, context)
        named = _Named(self._network)
        passages = [
            _passage(request, named) if _concerns_persons(request) else None for request in requests
        ]
        asked: list[RecordRequest] = []
        for request, passage in zip(requests, passages, strict=True):
            asked += (request,) if passage is None else passage.outside
        given = await self._adapter.fetch(asked, context)
        if not isinstance(given, list | tuple) or len(given) != len(asked):
            raise MappingFailed(f"no {len(asked)} batches came for as many requests")
        batches = iter(given)
        try:
            return [
                next(batches)
                if passage is None
                else self._inside(passage, [next(batches) for _ in passage.outside])
                for passage in passages
            ]
        except _UNLIKE_AN_ANSWER as error:
            raise MappingFailed("a batch about persons is not even shaped like one") from error

    def _inside(self, passage: _Passage, batches: Sequence[Batch]) -> Batch:
        """What came back, as the answer to the request inside."""
        rows = [batch for batch in batches if isinstance(batch, RowBatch)]
        if len(rows) < len(batches):
            if len(batches) > 1:
                raise MappingFailed("JSON was built of records that are asked for under two keys")
            return batches[0]
        shown = [self._with_persons(passage, batch) for batch in rows]
        return shown[0] if len(shown) == 1 else _together(passage.inside.selection, shown)

    def _with_persons(self, passage: _Passage, batch: RowBatch) -> RowBatch:
        if passage.subject is None and not passage.leaves:
            return batch
        strange: list[str] = []
        groups = [[self._row(passage, row, strange) for row in rows] for rows in batch.groups]
        if strange:
            log.warning(
                "references of persons are under no key in force",
                department=self._manifest.slug,
                references=len(strange),
            )
        return replace(batch, groups=groups)

    def _row(self, passage: _Passage, row: Row, strange: list[str]) -> Row:
        """The row with subject keys in place of references; without, where one cannot be read."""
        subject, shown = passage.subject, list(row)
        if subject is not None:
            key = shown[subject]
            if isinstance(key, str) and key.startswith(PERSON_KEY_PREFIX):
                shown[subject] = self._key(key.removeprefix(PERSON_KEY_PREFIX), strange)
        for column in passage.leaves:
            shown[column] = self._leaf(shown[column], strange)
        return shown

    def _leaf(self, value: WireValue, strange: list[str]) -> WireValue:
        if isinstance(value, list):
            return [self._identity(each, strange) for each in value]
        return self._identity(value, strange)

    def _identity(self, reference: object, strange: list[str]) -> str | None:
        if not isinstance(reference, str):
            return None
        key = self._key(reference, strange)
        return None if key is None else key.removeprefix(PERSON_KEY_PREFIX)

    def _key(self, reference: str, strange: list[str]) -> str | None:
        key = self._network.key_of_reference(reference)
        if key is None:
            strange.append(reference)
        return key


def behind_doors(adapters: Mapping[str, Adapter], network: NetworkKeys) -> Mapping[str, Adapter]:
    """Every adapter behind a door of its own."""
    return {slug: PersonDoor(adapter, network) for slug, adapter in adapters.items()}


def _by_rows(manifest: Manifest) -> Manifest:
    """The manifest without built JSON where a person's records may come in two parts."""
    entries = tuple(
        replace(entry, json=entry.json and entry.kind not in _KINDS_OF_PERSONS)
        for entry in manifest.entries
    )
    return replace(manifest, entries=entries)


def _together(selection: RecordSelection, batches: Sequence[RowBatch]) -> RowBatch:
    """Parts of the same persons' records as one batch: in order, and no more than asked for."""
    most = selection.first + selection.lookahead
    groups = [
        _merged(selection, parts)[:most]
        for parts in zip(*(batch.groups for batch in batches), strict=True)
    ]
    totals = [batch.totals for batch in batches if batch.totals is not None]
    return RowBatch(
        groups,
        [sum(each) for each in zip(*totals, strict=True)] if totals else None,
        sum(batch.withheld for batch in batches),
    )


def _merged(selection: RecordSelection, parts: Sequence[Sequence[Row]]) -> Sequence[Row]:
    filled = [rows for rows in parts if rows]
    if len(filled) < 2:
        return filled[0] if filled else ()
    kind, position = MODEL.kinds[selection.kind], selection.fields.index
    rows = [row for part in filled for row in part]
    rows.sort(key=_reading(position(RECORD_ID), str))
    for key in reversed(selection.order):
        is_number = kind.by_name[key.field].value_type in NUMERIC_TEXT
        column = position(key.field)
        missing = [row for row in rows if row[column] is None]
        present = [row for row in rows if row[column] is not None]
        present.sort(
            key=_reading(column, Decimal if is_number else _as_it_is), reverse=key.descending
        )
        rows = [*present, *missing]
    return rows


def _reading(column: int, form: Callable[[Any], Any]) -> Callable[[Row], Any]:
    return lambda row: form(row[column])


def _as_it_is(value: Any) -> Any:
    return value
