"""Seeded leaks: small mistakes put into the product, each of which two worlds must show.

A leak lets something hidden have an effect on what is observed. It is switched on by patching the
product for the length of a test, as the oracle's faults are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from gateway.answering import answer as answering
from gateway.answering import free_text
from gateway.authorization import authorize, statistics, streams
from gateway.authorization.plan import AuthorizedPlan
from gateway.contract import RowBatch
from gateway.entitlements.types import RecordEffects
from gateway.fetching import checks, cursors
from gateway.fetching.calls import Departments
from gateway.http import responses
from gateway.sources.postgres import conditions, statement
from policies.engine import AccessTable
from policies.model import Decision, Outcome, Use
from schema.predicate import matches
from schema.records import MODEL
from tests.support.patching import Patch, function_patch, method_patch

Hidden = list[str]


@dataclass(frozen=True)
class Leak:
    """A named mistake.

    Attributes:
        callers: names of the callers of which one must notice it, in this order.
        in_postgres: it lies in the SQL kit.
    """

    name: str
    put: Patch
    callers: tuple[str, ...] = ("market TENDER", "public", "bank PRE_LOAN")
    in_postgres: bool = False


def _both(*patches: Patch) -> Patch:
    def put(patching: pytest.MonkeyPatch) -> None:
        for patch in patches:
            patch(patching)

    return put


def _stream(alter: Callable[[Any], Any]) -> Patch:
    """Change every stream that the authorization stage makes."""

    def change(original: Any) -> Any:
        return lambda *given, **named: alter(original(*given, **named))

    return function_patch(streams, "make_stream", change)


def _without_rule(stream: Any) -> Any:
    """The source is not told the row rule."""
    selection = replace(stream.selection, predicate=stream.place.arguments.filter)
    return replace(stream, selection=selection)


def _hidden_ids(alter: Callable[[Hidden], Patch]) -> Patch:
    """A mistake that uses the ids of the records hidden from the caller."""
    hidden: Hidden = []

    def note(original: Any) -> Any:
        def made(*given: Any, **named: Any) -> Any:
            effects = next(each for each in given if isinstance(each, RecordEffects))
            hidden[:] = sorted(effects.hidden)
            return original(*given, **named)

        return made

    return _both(function_patch(streams, "make_stream", note), alter(hidden))


def _unmasked(original: Any) -> Any:
    def decide(self: Any, coordinate: str, use: Use) -> Decision:
        decided: Decision = original(self, coordinate, use)
        is_masked = decided.outcome is Outcome.MASKED
        return Decision(Outcome.CLEAR, decided.rule_ids) if is_masked else decided

    return decide


def _pruning(original: Any) -> Any:
    """What the row rule forbids is taken out after the page was cut."""

    def is_sound(stream: Any, batch: Any, request: Any) -> Any:
        kind = MODEL.kinds[stream.place.kind]
        if isinstance(batch, RowBatch):
            groups = [
                [row for row in rows if matches(stream.row_rule, _named(stream, row), kind)]
                for rows in batch.groups
            ]
            batch.groups[:] = groups  # type: ignore[index]  # the adapters give lists
        return original(stream, batch, request)

    return is_sound


def _named(stream: Any, row: Any) -> dict[str, Any]:
    return {name: row[position] for name, position in stream.columns.items()}


def _header(hidden: Hidden) -> Patch:
    def change(original: Any) -> Any:
        async def send(*given: Any) -> None:
            *before, headers = given
            await original(*before, (*headers, ("x-withheld", str(len(hidden)))))

        return send

    return function_patch(responses, "send_response", change)


def _cursor(hidden: Hidden) -> Patch:
    def change(original: Any) -> Any:
        return lambda *given: original(*given) + ",".join(hidden).encode()

    return function_patch(cursors, "cursor_context", change)


def _suggestion(hidden: Hidden) -> Patch:
    def change(original: Any) -> Any:
        def errors(plan: Any, results: Any) -> list[Any]:
            found = original(plan, results)
            if hidden:
                found = [*found, {"message": f"did you mean `{hidden[0]}`?"}]
            return list(found)

        return errors

    return function_patch(answering, "source_errors", change)


def _asked_twice(hidden: Hidden) -> Patch:
    def change(original: Any) -> Any:
        async def fetch_all(self: Any, calls: Any, context: Any) -> Any:
            if hidden:
                await original(self, calls, context)
            return await original(self, calls, context)

        return fetch_all

    return method_patch(Departments, "fetch_all", change)


def _whoever_asks(original: Any) -> Any:
    """Plans are kept under everything but the caller."""
    return lambda plan, _caller, *rest: original(plan, None, *rest)


def _one_for_all(original: Any) -> Any:
    """Decisions made for the subject under one alias serve those under the others."""

    def table(self: AuthorizedPlan, profile: Any, provider_code: str) -> Any:
        first = self.__dict__.setdefault("first_profile", profile)
        return original(self, first, provider_code)

    return table


def _without_ties(original: Any) -> Any:
    """The order ends before the record id."""
    return lambda *given: original(*given).rpartition(", ")[0]


def _use_open(use: Use) -> Patch:
    """A use that is permitted to everybody."""

    def change(original: Any) -> Any:
        def decide(self: AccessTable, coordinate: str, asked: Use) -> Decision:
            decided: Decision = original(self, coordinate, asked)
            return replace(decided, outcome=Outcome.CLEAR) if asked is use else decided

        return decide

    return method_patch(AccessTable, "decide", change)


def _only_filter(original: Any) -> Any:
    return lambda rule, wanted: wanted


LEAKS: tuple[Leak, ...] = (
    Leak("filter: whoever may read nothing may still filter", _use_open(Use.FILTER)),
    Leak("order: whoever may read nothing may still order", _use_open(Use.ORDER)),
    Leak("aggregate: whoever may read nothing may still group", _use_open(Use.AGGREGATE)),
    Leak(
        "count: totals are of everything",
        function_patch(
            statement, "_total", lambda original: lambda table, _where: original(table, "true")
        ),
        in_postgres=True,
    ),
    Leak("statistics: groups are of everything", function_patch(statistics, "both", _only_filter)),
    Leak("cursor: bound to the records that are hidden", _hidden_ids(_cursor)),
    Leak("error: a hidden record makes an answer unsound", _stream(_without_rule)),
    Leak("header: tells how many records are hidden", _hidden_ids(_header)),
    Leak("cache key: without the caller", function_patch(authorize, "cache_key", _whoever_asks)),
    Leak("mask: skipped", method_patch(AccessTable, "decide", _unmasked)),
    Leak(
        "scrubbing: skipped",
        function_patch(free_text, "scrub", lambda _original: lambda text: text),
    ),
    Leak(
        "tie-break: equal records stand as the source stores them",
        function_patch(conditions, "order_sql", _without_ties),
        in_postgres=True,
    ),
    Leak(
        "hasNextPage: pages are cut before hidden records are taken out",
        _both(_stream(_without_rule), function_patch(checks, "is_sound", _pruning)),
    ),
    Leak(
        "alias merge: the first subject's permissions serve the others",
        method_patch(AuthorizedPlan, "table", _one_for_all),
        ("bank PRE_LOAN",),
    ),
    Leak("suggestion: names a record that is hidden", _hidden_ids(_suggestion)),
    Leak("cost: departments are asked again for what is hidden", _hidden_ids(_asked_twice)),
)
