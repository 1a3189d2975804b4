"""Requests as JSON values, for the way to an adapter's process, and back.

Selections are sent once per process and named by number afterwards: the adapter gets the very same
object each time, and can keep what it prepared for it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import astuple
from typing import Any

from gateway.contract import (
    After,
    ChangesRequest,
    Command,
    CommandActor,
    FetchContext,
    JsonConstant,
    JsonField,
    JsonNode,
    OrderKey,
    RecordRequest,
    RecordSelection,
    StatisticsRequest,
)
from schema.classification import SubjectKind
from schema.codes import RecordKind
from schema.predicate import (
    And,
    Comparison,
    Includes,
    IsNull,
    Not,
    OneOf,
    Operator,
    Or,
    Predicate,
    StartsWith,
)

SELECTIONS_KEPT = 1_024


class SelectionsSent:
    """Which selections a process knows, and under which numbers."""

    def __init__(self, most: int = SELECTIONS_KEPT) -> None:
        self._most = most
        self._last = 0
        # The selection is kept beside its number: while it lives, its id is its own.
        self._known: OrderedDict[int, tuple[int, RecordSelection]] = OrderedDict()

    def fetch_form(self, requests: Sequence[RecordRequest], context: FetchContext) -> object:
        """What one call of `fetch` is sent as; what is new in it counts as sent."""
        new: list[object] = []
        keys: list[tuple[str, ...]] = []
        asked = [
            [request.path, self._number(request.selection, new), _place(request.keys, keys)]
            + ([] if request.after is None else [_after_form(request.after)])
            for request in requests
        ]
        return [context_form(context), new, self._forgotten(), keys, asked]

    def _number(self, selection: RecordSelection, new: list[object]) -> int:
        known = self._known.get(id(selection))
        if known is not None:
            self._known.move_to_end(id(selection))
            return known[0]
        self._last += 1
        self._known[id(selection)] = (self._last, selection)
        new.append([self._last, _selection_form(selection)])
        return self._last

    def _forgotten(self) -> list[int]:
        forgotten = []
        while len(self._known) > self._most:
            forgotten.append(self._known.popitem(last=False)[1][0])
        return forgotten


class SelectionsHeld:
    """The selections that a process was sent."""

    def __init__(self) -> None:
        self._held: dict[int, RecordSelection] = {}

    def fetch_call(self, form: Any) -> tuple[list[RecordRequest], FetchContext]:
        """What `fetch_form` was made of."""
        context, new, forgotten, keys, asked = form
        for number, selection in new:
            self._held[number] = _selection(selection)
        given = [tuple(each) for each in keys]
        requests = [
            RecordRequest(
                path,
                self._held[number],
                None if place is None else given[place],
                _after(rest[0]) if rest else None,
            )
            for path, number, place, *rest in asked
        ]
        # Forgotten only now: one call may name more selections than are kept.
        for number in forgotten:
            del self._held[number]
        return requests, context_of(context)


def _place(asked: tuple[str, ...] | None, keys: list[tuple[str, ...]]) -> int | None:
    """Place of the keys among those of the call; requests of one place share theirs."""
    if asked is None:
        return None
    for place, known in enumerate(keys):
        if known is asked:
            return place
    keys.append(asked)
    return len(keys) - 1


def statistics_form(requests: Sequence[StatisticsRequest], context: FetchContext) -> object:
    """A call of `statistics`."""
    asked = [
        [
            request.path,
            request.kind.value,
            _predicate_form(request.predicate),
            request.group_by,
            request.sums,
            request.max_groups,
            request.marked,
            _kinds_form(request.subject_kinds),
            request.subjects,
        ]
        for request in requests
    ]
    return [context_form(context), asked]


def statistics_call(form: Any) -> tuple[list[StatisticsRequest], FetchContext]:
    """What `statistics_form` was made of."""
    context, asked = form
    requests = [
        StatisticsRequest(
            path,
            RecordKind(kind),
            _predicate(predicate),
            tuple(group_by),
            tuple(sums),
            max_groups,
            tuple(marked),
            _kinds(kinds),
            subjects,
        )
        for path, kind, predicate, group_by, sums, max_groups, marked, kinds, subjects in asked
    ]
    return requests, context_of(context)


def changes_form(request: ChangesRequest, context: FetchContext) -> object:
    """A call of `changes`."""
    return [context_form(context), request.kind.value, request.since, request.most]


def changes_call(form: Any) -> tuple[ChangesRequest, FetchContext]:
    """What `changes_form` was made of."""
    context, kind, since, most = form
    return ChangesRequest(RecordKind(kind), since, most), context_of(context)


def command_form(command: Command, context: FetchContext) -> object:
    """A call of `submit`."""
    return [
        context_form(context),
        command.name,
        dict(command.arguments),
        command.idempotency_key,
        command.expected_version,
        list(astuple(command.actor)),
    ]


def command_call(form: Any) -> tuple[Command, FetchContext]:
    """What `command_form` was made of."""
    context, name, arguments, idempotency_key, version, actor = form
    command = Command(name, arguments, idempotency_key, version, CommandActor(*actor))
    return command, context_of(context)


def context_form(context: FetchContext) -> object:
    """The context of a call."""
    # The monotonic clock is one for the whole machine, so the deadline means the same there.
    return [context.request_id, context.deadline, context.fetched_at]


def context_of(form: Any) -> FetchContext:
    """What `context_form` was made of."""
    request_id, deadline, fetched_at = form
    return FetchContext(request_id, deadline, fetched_at)


def _after_form(after: After) -> object:
    return [after.values, after.department, after.record_id]


def _after(form: Any) -> After:
    values, department, record_id = form
    return After(tuple(values), department, record_id)


def _selection_form(selection: RecordSelection) -> object:
    return [
        selection.kind.value,
        selection.fields,
        _predicate_form(selection.predicate),
        [[key.field, key.descending] for key in selection.order],
        selection.first,
        selection.lookahead,
        selection.count,
        selection.marked,
        None if selection.json is None else _node_form(selection.json),
        selection.checked,
        selection.beside,
        _kinds_form(selection.subject_kinds),
    ]


def _selection(form: Any) -> RecordSelection:
    kind, fields, predicate, order, first, lookahead, count, marked, json, *rest = form
    checked, beside, kinds = rest
    return RecordSelection(
        RecordKind(kind),
        tuple(fields),
        _predicate(predicate),
        tuple(OrderKey(field, descending) for field, descending in order),
        first,
        lookahead,
        count,
        tuple(marked),
        None if json is None else _node(json),
        tuple(checked),
        tuple(beside),
        _kinds(kinds),
    )


def _kinds_form(kinds: frozenset[SubjectKind] | None) -> object:
    return None if kinds is None else sorted(kind.value for kind in kinds)


def _kinds(form: Any) -> frozenset[SubjectKind] | None:
    return None if form is None else frozenset(map(SubjectKind, form))


def _node_form(node: JsonNode) -> object:
    return [[key, *_entry_form(entry)] for key, entry in node.entries]


def _entry_form(entry: JsonField | JsonConstant | JsonNode) -> tuple[str, object]:
    match entry:
        case JsonField(field):
            return "field", field
        case JsonConstant(value):
            return "constant", value
        case JsonNode():
            return "node", _node_form(entry)


def _node(form: Any) -> JsonNode:
    return JsonNode(tuple((key, _entry(word, value)) for key, word, value in form))


def _entry(word: str, value: Any) -> JsonField | JsonConstant | JsonNode:
    if word == "field":
        return JsonField(value)
    return JsonConstant(value) if word == "constant" else _node(value)


def _predicate_form(predicate: Predicate) -> object:
    match predicate:
        case And(parts):
            return ["and", [_predicate_form(part) for part in parts]]
        case Or(parts):
            return ["or", [_predicate_form(part) for part in parts]]
        case Not(part):
            return ["not", _predicate_form(part)]
        case Comparison(field, operator, value):
            return ["compare", field, operator.value, value]
        case OneOf(field, values):
            return ["one of", field, values]
        case StartsWith(field, prefix):
            return ["starts", field, prefix]
        case Includes(field, value):
            return ["includes", field, value]
        case IsNull(field):
            return ["null", field]


def _predicate(form: Any) -> Predicate:
    match form:
        case ["and", parts]:
            return And(tuple(map(_predicate, parts)))
        case ["or", parts]:
            return Or(tuple(map(_predicate, parts)))
        case ["not", part]:
            return Not(_predicate(part))
        case ["compare", field, operator, value]:
            return Comparison(field, Operator(operator), value)
        case ["one of", field, values]:
            return OneOf(field, tuple(values))
        case ["starts", field, prefix]:
            return StartsWith(field, prefix)
        case ["includes", field, value]:
            return Includes(field, value)
        case ["null", field]:
            return IsNull(field)
    raise ValueError("a condition of no known form")
