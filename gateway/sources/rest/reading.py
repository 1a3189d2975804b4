"""Records from a service: parameters of a question, pages one after the other, bounds."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any

from gateway.contract import MappingFailed, QuestionTooBroad
from gateway.sources.mapping import Code, KindMapping
from gateway.sources.rest.mapping import (
    Choice,
    Endpoint,
    Listing,
    OnePage,
    PageNumbers,
    PageTokens,
    Range,
)
from gateway.sources.rest.paths import at_path
from schema.predicate import And, Comparison, OneOf, Operator, Predicate

Value = str | int | Sequence[str]
Parameters = Mapping[str, Value]
Answer = dict[str, Any] | list[Any]
Ask = Callable[[Endpoint, Parameters], Any]
"""Asks the service once: takes an endpoint and its parameters, gives an awaitable `Answer`."""

Record = dict[str, Any]


async def pages(
    ask: Ask, endpoint: Endpoint, parameters: Parameters, most_records: int
) -> AsyncIterator[list[Record]]:
    """Yield the records of each page.

    Raises:
        MappingFailed: an answer is not what the endpoint promises.
        QuestionTooBroad: there are more records than allowed.
    """
    paging = endpoint.paging
    sent: dict[str, Value] = {**endpoint.fixed, **parameters}
    found, number, tokens = 0, 0, set[str]()
    while True:
        answer = await ask(endpoint, {**sent, **_page_parameters(paging, number)})
        records = _records(answer, endpoint.items)
        found += len(records)
        if found > most_records:
            raise QuestionTooBroad(f"more than {most_records} records, ask for fewer")
        yield records
        number += 1
        match paging:
            case OnePage():
                return
            case PageNumbers():
                if len(records) < paging.records:
                    return
            case PageTokens():
                token = at_path(paging.next)(answer) if isinstance(answer, dict) else None
                if token is None or token == "":
                    return
                if not isinstance(token, str) or token in tokens or number > most_records:
                    raise MappingFailed("the service goes round in its pages")
                tokens.add(token)
                sent[paging.parameter] = token


def _page_parameters(paging: OnePage | PageNumbers | PageTokens, number: int) -> dict[str, int]:
    match paging:
        case PageNumbers():
            return {paging.number: paging.first + number, paging.size: paging.records}
        case PageTokens() if paging.size:
            return {paging.size: paging.records}
        case _:
            return {}


def _records(answer: Answer, path: str) -> list[Record]:
    found: object = answer
    if path:
        found = at_path(path)(answer) if isinstance(answer, dict) else None
    if not isinstance(found, list) or not all(type(record) is dict for record in found):
        raise MappingFailed("the answer holds no array of records where it should")
    return found


class Distinct:
    """Leaves out records that come again on a later page because the list moved meanwhile."""

    def __init__(self, record_id: Callable[[Any], str | None]) -> None:
        self._record_id = record_id
        self._pages: dict[str, int] = {}
        self._page = 0

    def of(self, records: list[Record]) -> list[Record]:
        """Those of the next page that are new.

        Raises:
            MappingFailed: two records of one page have one id.
        """
        self._page += 1
        fresh = []
        for record in records:
            record_id = self._record_id(record)
            page = None if record_id is None else self._pages.get(record_id)
            if page == self._page:
                raise MappingFailed("two records have one id")
            if page is None:
                fresh.append(record)
                if record_id is not None:
                    self._pages[record_id] = self._page
        return fresh


def narrowing(predicate: Predicate, listing: Listing, mapping: KindMapping) -> Parameters:
    """Parameters that narrow a list to what satisfies the predicate, and maybe more."""
    parts = predicate.parts if isinstance(predicate, And) else (predicate,)
    found: dict[str, Value] = {}
    for known in listing.filters:
        for part in parts:
            match known, part:
                case Range(), Comparison(name, operator, str(value)) if name == known.field:
                    _narrow_range(found, known, operator, value)
                case Choice(), Comparison(name, Operator.EQ, value) if name == known.field:
                    _narrow_choice(found, known, (value,), mapping)
                case Choice(), OneOf(name, values) if name == known.field:
                    _narrow_choice(found, known, values, mapping)
    return found


def _narrow_range(found: dict[str, Value], known: Range, operator: Operator, value: str) -> None:
    if known.least and operator in (Operator.GE, Operator.GT, Operator.EQ):
        found[known.least] = max(value, str(found.get(known.least, "")))
    if known.greatest and operator in (Operator.LE, Operator.LT, Operator.EQ):
        present = found.get(known.greatest)
        found[known.greatest] = value if present is None else min(value, str(present))


def _narrow_choice(
    found: dict[str, Value],
    known: Choice,
    members: Sequence[object],
    mapping: KindMapping,
) -> None:
    column = mapping.columns.get(known.field)
    if isinstance(column, Code) and known.parameter not in found:
        natives = [code for code, member in column.translation.items() if member in members]
        if natives:
            found[known.parameter] = natives
