"""Machines and terms that cannot be used are refused when they are made; diagrams show all."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.lifecycle.diagram import draw, tell
from gateway.lifecycle.errors import LifecycleDeclarationError
from gateway.lifecycle.machine import Clock, Transition
from gateway.lifecycle.terms import load_terms, parse_span
from tests.support.lifecycle import OFFICE, REQUEST, TERMS

_WHO = frozenset({OFFICE})
_CHECKING = frozenset({"CHECKING"})
FILE = """
title = "t"
in-force-from = 2026-04-01

[terms.answer]
value = "7 working days"
rule = "OBJ-3"
source = "条例"
confidence = "READ"
"""


@pytest.mark.parametrize(
    ("transition", "expected"),
    [
        (Transition("OPEN", "x", "NOWHERE", _WHO), "NOWHERE"),
        (Transition("OPEN", "accept", "DONE", _WHO), "in two ways"),
        (Transition("OPEN", "x", "DONE", frozenset()), "nobody may"),
        (Transition("OPEN", "x", "DONE", _WHO, stops=frozenset({"y"})), "clock `y`"),
    ],
    ids=["state", "twice", "nobody", "clock"],
)
def test_transition_that_cannot_be_is_refused(transition: Any, expected: str) -> None:
    with pytest.raises(LifecycleDeclarationError, match=expected):
        replace(REQUEST, transitions=(*REQUEST.transitions, transition))


def test_state_that_nothing_leads_to_is_refused() -> None:
    with pytest.raises(LifecycleDeclarationError, match="nothing leads to `ISLAND`"):
        replace(REQUEST, states={**REQUEST.states, "ISLAND": "孤岛"})


@pytest.mark.parametrize(
    ("clock", "expected"),
    [
        (Clock("c", OFFICE, _CHECKING, _CHECKING), "one of them"),
        (Clock("c", OFFICE, frozenset({"OPEN"}), _CHECKING, term="t"), "where it does not run"),
        (Clock("c", OFFICE, _CHECKING, _CHECKING, term="t", act="decide"), "cannot do"),
    ],
    ids=["no-term", "start", "act"],
)
def test_clock_that_cannot_be_is_refused(clock: Any, expected: str) -> None:
    with pytest.raises(LifecycleDeclarationError, match=expected):
        replace(REQUEST, clocks=(*REQUEST.clocks, clock))


def test_diagram_shows_every_state_and_transition() -> None:
    drawn = draw(REQUEST)
    assert all(f"    {state}: " in drawn for state in REQUEST.states)
    assert drawn.count("-->") == len(REQUEST.transitions) + 1 + len(REQUEST.ends)


def test_page_tells_terms_with_their_source() -> None:
    assert "7 working days (`answer`, T-1: tests; OWN)" in tell(REQUEST, TERMS)


def test_terms_are_read_with_their_source(tmp_path: Path) -> None:
    (tmp_path / "2026.toml").write_text(FILE, encoding="utf-8")
    [version] = load_terms(tmp_path).versions
    term = version.terms["answer"]
    assert (str(term.span), term.reference.rule) == ("7 working days", "OBJ-3")


@pytest.mark.parametrize(
    ("found", "put"),
    [
        ('source = "条例"', 'source = ""'),
        ('confidence = "READ"', 'confidence = "SURE"'),
        ('value = "7 working days"', 'value = "soon"'),
        ("in-force-from = 2026-04-01", 'in-force-from = "2026-04-01"'),
        ('rule = "OBJ-3"\n', ""),
        ('title = "t"', "title = "),
    ],
    ids=["source", "confidence", "value", "day", "key", "toml"],
)
def test_terms_without_source_or_form_are_refused(tmp_path: Path, found: str, put: str) -> None:
    (tmp_path / "2026.toml").write_text(FILE.replace(found, put), encoding="utf-8")
    with pytest.raises(LifecycleDeclarationError, match=r"2026\.toml"):
        load_terms(tmp_path)


def test_folder_without_terms_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LifecycleDeclarationError, match="no version"):
        load_terms(tmp_path)


@pytest.mark.parametrize("text", ["7 working days", "1 working day", "3 months", "30 days"])
def test_span_is_written_as_it_is_read(text: str) -> None:
    assert str(parse_span(text)) == text
