"""Seeded faults: small mistakes put into the product, each of which the oracle must notice.

A fault replaces one function of the product by a wrong one for the length of a test. Where the
product takes a function from another module by name, every module that holds it is patched.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from gateway.answering import access, entries, free_text, mask, statistics, writer
from gateway.answering import compile as compiling
from gateway.authorization import streams
from gateway.entitlements.types import RecordEffects
from gateway.fetching import cursors, merge
from gateway.opaque import OpaqueCodec
from gateway.persons import references
from gateway.planning import arguments, collect
from gateway.sources.postgres import columns, conditions, statement
from policies.engine import AccessTable, PolicySet
from policies.model import Decision, Outcome, Use
from tests.support.patching import Change, Patch, function_patch, method_patch


@dataclass(frozen=True)
class Fault:
    """A named mistake."""

    name: str
    put: Patch


def _member(module: Any, name: str, value: Any) -> Patch:
    def put(patching: pytest.MonkeyPatch) -> None:
        assert hasattr(module, name)
        patching.setattr(module, name, value)

    return put


def _text(old: str, new: str) -> Change:
    """Replace a piece of the text that a function makes."""

    def change(original: Any) -> Any:
        return lambda *given, **named: original(*given, **named).replace(old, new)

    return change


def _shown(old: str, new: str) -> Change:
    """Replace a piece of the SQL that shows a column."""

    def change(original: Any) -> Any:
        def made(*given: Any) -> Any:
            column = original(*given)
            return replace(column, shown=column.shown.replace(old, new))

        return made

    return change


def _always(value: Any) -> Change:
    return lambda _original: lambda *_given, **_named: value


def _decisions(alter: Callable[[Decision], Decision]) -> Patch:
    def change(original: Any) -> Any:
        return lambda self, coordinate, use: alter(original(self, coordinate, use))

    return method_patch(AccessTable, "decide", change)


def _use_taken_for(use: Use, other: Use) -> Patch:
    def change(original: Any) -> Any:
        def decide(self: AccessTable, coordinate: str, asked: Use) -> Decision:
            taken = other if asked is use else asked
            decided: Decision = original(self, coordinate, taken)
            return decided

        return decide

    return method_patch(AccessTable, "decide", change)


def _use_open(use: Use) -> Patch:
    def change(original: Any) -> Any:
        def decide(self: AccessTable, coordinate: str, asked: Use) -> Decision:
            decided: Decision = original(self, coordinate, asked)
            return replace(decided, outcome=Outcome.CLEAR) if asked is use else decided

        return decide

    return method_patch(AccessTable, "decide", change)


def _compile(alter: Callable[[list[Any]], list[Any]]) -> Patch:
    """Change what the rules are told: caller, subject, granted, is_source."""

    def change(original: Any) -> Any:
        def compiled(self: PolicySet, *given: Any, **named: Any) -> Any:
            names = ("caller", "subject", "granted", "is_source")
            told = list(given) + [named[name] for name in names[len(given) :]]
            return original(self, *alter(told))

        return compiled

    return method_patch(PolicySet, "compile", change)


def _unmasked(decision: Decision) -> Decision:
    if decision.outcome is not Outcome.MASKED:
        return decision
    return Decision(Outcome.CLEAR, decision.rule_ids)


def _without_consent(told: list[Any]) -> list[Any]:
    caller, subject, granted, is_source = told
    return [caller, replace(subject, consented=frozenset()), granted, is_source]


def _without_self(told: list[Any]) -> list[Any]:
    caller, subject, granted, is_source = told
    return [caller, replace(subject, is_self=False), granted, is_source]


def _effects(alter: Callable[[RecordEffects], RecordEffects]) -> Patch:
    """Change the effects that the authorization stage writes into requests."""

    def change(original: Any) -> Any:
        def made(*given: Any, **named: Any) -> Any:
            seen = [alter(g) if isinstance(g, RecordEffects) else g for g in given]
            return original(*seen, **named)

        return made

    return function_patch(streams, "make_stream", change)


def _missing_first(_original: Any) -> Any:
    original = merge._sorted_by

    def wrong(rows: Any, place: Any, key: Any) -> Any:
        ordered = original(rows, place, key)

        def is_missing(item: Any) -> bool:
            stream, row = item
            return row[stream.columns[key.field]] is None

        return sorted(ordered, key=lambda item: not is_missing(item))

    return wrong


def _turned(_original: Any) -> Any:
    original = merge._sorted_by
    return lambda rows, place, key: original(rows, place, replace(key, descending=False))


def _turned_identity(original: Any) -> Any:
    def wrong(item: Any) -> tuple[tuple[int, ...], Any]:
        code, record_id = original(item)
        return tuple(-ord(character) for character in code), record_id

    return wrong


FAULTS: tuple[Fault, ...] = (
    # planner
    Fault(
        "skip and include are ignored",
        method_patch(collect.Collector, "_is_included", _always(True)),
    ),
    Fault(
        "fragments apply to every type", method_patch(collect.Collector, "_applies", _always(True))
    ),
    Fault(
        "orders are ascending",
        function_patch(
            arguments,
            "order_keys",
            lambda original: (
                lambda value: tuple(replace(key, descending=False) for key in original(value))
            ),
        ),
    ),
    Fault(
        "only the first condition of a field counts",
        function_patch(
            arguments,
            "_conditions",
            lambda original: lambda name, given: original(name, given)[:1],
        ),
    ),
    Fault("cursors forget the filter", function_patch(arguments, "wire_filter", _always(None))),
    # rules
    Fault("masks are clear", _decisions(_unmasked)),
    Fault("row rules are forgotten", _decisions(lambda made: replace(made, row=None))),
    Fault("whoever reads may filter", _use_taken_for(Use.FILTER, Use.READ)),
    Fault("whoever reads may order", _use_taken_for(Use.ORDER, Use.READ)),
    Fault("whoever counts may aggregate", _use_open(Use.AGGREGATE)),
    Fault("nobody is a source", _compile(lambda told: [*told[:3], False])),
    Fault("grants are forgotten", _compile(lambda told: [*told[:2], frozenset(), told[3]])),
    Fault("consents are forgotten", _compile(_without_consent)),
    Fault("nobody is himself", _compile(_without_self)),
    # effects
    Fault("hidden records are shown", _effects(lambda seen: replace(seen, hidden=()))),
    Fault("ended records are shown", _effects(lambda seen: replace(seen, ended=()))),
    Fault("marks are forgotten", _effects(lambda seen: replace(seen, marked=()))),
    # source
    Fault(
        "missing values come first", function_patch(conditions, "order_sql", _text("LAST", "FIRST"))
    ),
    Fault(
        "sources order ascending", function_patch(conditions, "order_sql", _text(" DESC", " ASC"))
    ),
    Fault("cursors are not followed", function_patch(conditions, "after_sql", _always("true"))),
    Fault(
        "a page begins with the last record", function_patch(conditions, "_tie", _text(">", ">="))
    ),
    Fault(
        "prefixes match whole texts",
        function_patch(conditions, "condition_sql", _text("starts_with", "texteq")),
    ),
    Fault(
        "counts are of everything",
        function_patch(
            statement, "_total", lambda original: lambda table, where: original(table, "true")
        ),
    ),
    Fault(
        "amounts lose their decimals",
        function_patch(columns, "_number", lambda original: lambda raw, decimals: original(raw, 0)),
    ),
    Fault("times are local", function_patch(columns, "_time", _shown("'UTC'", "'Asia/Tokyo'"))),
    # merge
    Fault(
        "merged lists have missing values first",
        function_patch(merge, "_sorted_by", _missing_first),
    ),
    Fault("merged lists are ascending", function_patch(merge, "_sorted_by", _turned)),
    Fault(
        "merged amounts are texts", function_patch(merge, "_number", _always(lambda value: value))
    ),
    Fault("merged ties are turned", function_patch(merge, "_identity", _turned_identity)),
    # masks
    Fault(
        "masks show the value", function_patch(mask, "mask_function", _always(lambda value: value))
    ),
    Fault("amount bands are shifted", _member(mask, "_BANDS", mask._BANDS[:1] + mask._BANDS[2:])),
    Fault(
        "free text is not scrubbed",
        function_patch(free_text, "scrub", lambda original: lambda text: text),
    ),
    # writer and report
    Fault(
        "subjects are named by their whole key",
        _member(compiling, "_subject_id", lambda key, _: key),
    ),
    Fault(
        "persons are named alike for every caller",
        _member(references, "binding", lambda _: b'["person"]'),
    ),
    Fault(
        "a record names persons by what the network knows them by",
        _member(compiling, "_person_ref", lambda identity, _: identity),
    ),
    Fault("small groups are shown", function_patch(statistics, "_held_back", _always(set()))),
    Fault("sources are not named", function_patch(entries, "_slugs", _always(None))),
    Fault(
        "errors come in another order",
        function_patch(
            access,
            "denial_errors",
            lambda original: lambda *given: reversed(list(original(*given))),
        ),
    ),
    Fault(
        "ends of pages are missing", method_patch(writer.DataWriter, "_end_cursor", _always(None))
    ),
    # ids and cursors
    Fault(
        "cursors are bound to nothing", function_patch(cursors, "cursor_context", _always(b"[]"))
    ),
    Fault(
        "ids forget the department",
        method_patch(
            OpaqueCodec,
            "record_id",
            lambda original: lambda self, kind, department, name: original(self, kind, "", name),
        ),
    ),
)
