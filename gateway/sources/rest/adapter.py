"""RestAdapter: an adapter from a manifest and the description of a service, over HTTP.

The service is asked for the records of some subjects, or for a list; what it cannot filter,
order or page is done here over what it gave, within a bound.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gateway.contract import (
    PERSON_KEY_PREFIX,
    AdapterError,
    Batch,
    ChangesBatch,
    ChangesRequest,
    FetchContext,
    Health,
    KindQuality,
    Manifest,
    NotSupported,
    QualityRequest,
    RecordRequest,
    RowBatch,
    SourceTimedOut,
    StatisticsBatch,
    StatisticsRequest,
)
from gateway.sources.deadlines import Deadlines
from gateway.sources.local import LocalQuality, LocalTable, Odd
from gateway.sources.local.values import moment
from gateway.sources.rest.access import AccessTokens
from gateway.sources.rest.changes import changes_of
from gateway.sources.rest.client import HttpClient, Question, UnauthorisedError
from gateway.sources.rest.mapping import Endpoint, Listing, Resource, RestApi
from gateway.sources.rest.paths import at_path
from gateway.sources.rest.reading import (
    Answer,
    Ask,
    Distinct,
    Parameters,
    Record,
    Value,
    narrowing,
    pages,
)
from gateway.sources.rest.source import RestSource, tls_context
from schema.codes import RecordKind
from schema.predicate import Predicate

_HEALTH_S = 1.0
_MOST_MEASURED = 5_000_000
"""Records of one kind that are counted; they pass one page after the other."""


class RestAdapter:
    """Answers for one department from its HTTP service."""

    def __init__(
        self,
        manifest: Manifest,
        api: RestApi,
        source: RestSource,
        clock: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """
        Raises:
            ValueError: certificates, keys or credentials cannot be used.
        """
        self._manifest = manifest
        self._api = api
        self._source = source
        self._clock = clock
        self._deadlines = Deadlines(clock)
        self._client = HttpClient(source, tls_context(source), clock, jitter)
        self._tokens: AccessTokens | None = None
        if source.credentials is not None:
            self._tokens = AccessTokens(self._client, source.credentials, clock)
        self._resources: Mapping[RecordKind, Resource] = {
            resource.mapping.kind: resource for resource in api.resources
        }
        self._tables = {
            kind: LocalTable(resource.mapping, manifest.department_code, at_path)
            for kind, resource in self._resources.items()
        }

    @property
    def manifest(self) -> Manifest:
        return self._manifest

    async def open(self) -> None:
        """Nothing to do: connections open when first needed, so a dead source stops no start."""

    async def aclose(self) -> None:
        await self._client.aclose()

    async def health(self) -> Health:
        ask = self._asking(self._clock() + _HEALTH_S)
        try:
            answer = await ask(Endpoint(self._api.health), {})
        except AdapterError:
            return Health(is_up=False, as_of=None)
        return Health(is_up=True, as_of=self._as_of(answer))

    def _as_of(self, answer: Answer) -> str | None:
        if not self._api.as_of or not isinstance(answer, dict):
            return None
        found = at_path(self._api.as_of)(answer)
        shown = None if found is None else moment(found)
        return None if isinstance(shown, Odd) else shown

    async def fetch(
        self, requests: Sequence[RecordRequest], context: FetchContext
    ) -> Sequence[Batch]:
        deadline = self._deadline(context)
        try:
            async with self._deadlines.until(deadline):
                return await self._fetch(requests, self._asking(deadline))
        except TimeoutError as error:
            raise SourceTimedOut("the service did not answer in time") from error

    async def _fetch(self, requests: Sequence[RecordRequest], ask: Ask) -> Sequence[Batch]:
        keyed = await self._keyed(requests, ask)
        batches: list[Batch] = []
        for request in requests:
            if request.keys is None:
                batches.append(await self._listed(request, ask))
            else:
                table = self._tables[request.selection.kind]
                batches.append(table.answer(keyed[request.selection.kind], request))
        return batches

    async def statistics(
        self, requests: Sequence[StatisticsRequest], context: FetchContext
    ) -> Sequence[StatisticsBatch]:
        deadline = self._deadline(context)
        try:
            async with self._deadlines.until(deadline):
                return await self._statistics(requests, self._asking(deadline))
        except TimeoutError as error:
            raise SourceTimedOut("the service did not answer in time") from error

    async def _statistics(
        self, requests: Sequence[StatisticsRequest], ask: Ask
    ) -> Sequence[StatisticsBatch]:
        batches = []
        for request in requests:
            resource, listing = self._listing(request.kind)
            records = await self._read_list(resource, listing, request.predicate, ask)
            batches.append(self._tables[request.kind].statistics(records, request))
        return batches

    async def quality(
        self, requests: Sequence[QualityRequest], context: FetchContext
    ) -> Sequence[KindQuality]:
        """Read the whole list of each kind, page by page, and count."""
        ask = self._asking(context.deadline)
        try:
            async with self._deadlines.until(context.deadline):
                return [await self._quality(request, ask) for request in requests]
        except TimeoutError as error:
            raise SourceTimedOut("the service did not answer in time") from error

    async def _quality(self, request: QualityRequest, ask: Ask) -> KindQuality:
        resource, listing = self._listing(request.kind)
        counted = LocalQuality(resource.mapping, request, at_path)
        distinct = Distinct(self._tables[request.kind].record_id)
        async for page in pages(ask, listing.endpoint, {}, _MOST_MEASURED):
            counted.add(distinct.of(page))
        return counted.told()

    async def changes(self, request: ChangesRequest, context: FetchContext) -> ChangesBatch:
        """Tell the next changes of a kind whose resource says how they are asked for."""
        deadline, resource = self._deadline(context), self._resource(request.kind)
        ask, most = self._asking(deadline), self._source.most_records
        try:
            async with self._deadlines.until(deadline):
                return await changes_of(request, resource, ask, context, most)
        except TimeoutError as error:
            raise SourceTimedOut("the service did not answer in time") from error

    async def stored(
        self, kind: RecordKind, keys: Sequence[str], context: FetchContext
    ) -> Sequence[Record]:
        """Records of some subjects as the service gives them, for those who map them."""
        ask = self._asking(self._deadline(context))
        return await self._read_keys(self._resource(kind), keys, ask)

    def explain(self, requests: Sequence[RecordRequest]) -> str:
        """The questions that `fetch` would ask, without values."""
        lines = []
        for request in requests:
            resource = self._resource(request.selection.kind)
            if request.keys is not None:
                endpoint = resource.by_keys.endpoint
                lines.append(
                    f"{endpoint.method} {endpoint.path} by {resource.by_keys.organisations}"
                )
                continue
            _, listing = self._listing(request.selection.kind)
            narrowed = narrowing(request.selection.predicate, listing, resource.mapping)
            names = ", ".join(narrowed) or "nothing"
            endpoint = listing.endpoint
            lines.append(f"{endpoint.method} {endpoint.path} narrowed by {names}")
        return "\n".join(dict.fromkeys(lines))

    def _deadline(self, context: FetchContext) -> float:
        return min(context.deadline, self._clock() + self._source.timeout_s)

    def _asking(self, deadline: float) -> Ask:
        """What asks the service until the deadline, with a fresh token where one is refused."""

        async def ask(endpoint: Endpoint, parameters: Parameters) -> Answer:
            question = self._question(endpoint, parameters)
            if self._tokens is None:
                return await self._client.ask(question, {}, deadline)
            headers = await self._tokens.headers(deadline)
            try:
                return await self._client.ask(question, headers, deadline)
            except UnauthorisedError:
                self._tokens.forget(headers)
            return await self._client.ask(question, await self._tokens.headers(deadline), deadline)

        return ask

    def _question(self, endpoint: Endpoint, parameters: Parameters) -> Question:
        url = self._source.url.rstrip("/") + endpoint.path
        if endpoint.method == "POST":
            return Question("POST", url, body=parameters)
        query = {
            name: str(value) if isinstance(value, str | int) else ",".join(value)
            for name, value in parameters.items()
        }
        return Question("GET", url, query=query)

    async def _keyed(
        self, requests: Sequence[RecordRequest], ask: Ask
    ) -> Mapping[RecordKind, list[Record]]:
        """Records of all subjects asked for, by kind: each subject is asked for once."""
        keys: dict[RecordKind, dict[str, None]] = {}
        for request in requests:
            if request.keys is not None:
                keys.setdefault(request.selection.kind, {}).update(dict.fromkeys(request.keys))
        reads = [
            (kind, self._read_keys(self._resource(kind), part, ask))
            for kind, wanted in keys.items()
            for part in _parts(list(wanted), self._resource(kind).by_keys.most_keys)
        ]
        found: dict[RecordKind, list[Record]] = {kind: [] for kind in keys}
        for (kind, _), records in zip(reads, await _together([r for _, r in reads]), strict=True):
            found[kind].extend(records)
        return found

    async def _read_keys(self, resource: Resource, keys: Sequence[str], ask: Ask) -> list[Record]:
        by_keys = resource.by_keys
        parameters: dict[str, Value] = {}
        codes = [key for key in keys if not key.startswith(PERSON_KEY_PREFIX)]
        if codes:
            parameters[by_keys.organisations] = codes
        if by_keys.persons is not None and len(codes) < len(keys):
            prefix = len(PERSON_KEY_PREFIX)
            persons = [key[prefix:] for key in keys if key.startswith(PERSON_KEY_PREFIX)]
            parameters[by_keys.persons] = persons
        if not parameters:
            return []
        return await self._read(resource, by_keys.endpoint, parameters, ask)

    async def _read(
        self, resource: Resource, endpoint: Endpoint, parameters: Parameters, ask: Ask
    ) -> list[Record]:
        distinct = Distinct(self._tables[resource.mapping.kind].record_id)
        found: list[Record] = []
        async for page in pages(ask, endpoint, parameters, self._source.most_records):
            found.extend(distinct.of(page))
        return found

    async def _read_list(
        self, resource: Resource, listing: Listing, predicate: Predicate, ask: Ask
    ) -> list[Record]:
        parameters = narrowing(predicate, listing, resource.mapping)
        return await self._read(resource, listing.endpoint, parameters, ask)

    async def _listed(self, request: RecordRequest, ask: Ask) -> RowBatch:
        """Records over all subjects; no more pages are read than the order makes necessary."""
        selection = request.selection
        resource, listing = self._listing(selection.kind)
        table = self._tables[selection.kind]
        order = selection.order
        if selection.count or not order or order[0] != listing.sorted_by:
            records = await self._read_list(resource, listing, selection.predicate, ask)
            return table.answer(records, request)
        distinct = Distinct(table.record_id)
        found: list[Record] = []
        number, next_look = 0, 1
        parameters = narrowing(selection.predicate, listing, resource.mapping)
        async for page in pages(ask, listing.endpoint, parameters, self._source.most_records):
            found.extend(distinct.of(page))
            number += 1
            if found and number == next_look:
                # Looking costs as much as there is, so it is done after 1, 2, 4, 8 … pages.
                next_look *= 2
                settled = table.settled(found, request)
                if settled is not None:
                    return settled
        return table.answer(found, request)

    def _resource(self, kind: RecordKind) -> Resource:
        found = self._resources.get(kind)
        if found is None:
            raise NotSupported(f"no resource for record kind `{kind.value}`")
        return found

    def _listing(self, kind: RecordKind) -> tuple[Resource, Listing]:
        resource = self._resource(kind)
        if resource.listing is None:
            raise NotSupported(f"record kind `{kind.value}` can only be asked for by subject")
        return resource, resource.listing


def _parts(keys: Sequence[str], size: int) -> list[Sequence[str]]:
    return [keys[start : start + size] for start in range(0, len(keys), size)]


async def _together(reads: Sequence[Any]) -> list[list[Record]]:
    """Run side by side; the first that fails ends the others."""
    if len(reads) == 1:
        return [await reads[0]]
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(read) for read in reads]
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from failed
    return [task.result() for task in tasks]
