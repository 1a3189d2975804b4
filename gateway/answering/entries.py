"""Outcomes of the cells of one place, put together: one entry per distinct outcome.

What makes outcomes distinct, and what an entry names, is written down in
`docs/reference/answers.md`, section 7.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Protocol, TypeVar

from gateway.answering.types import Entry
from gateway.planning.types import Path, SubjectPlace
from policies.model import Decision, Outcome, SubjectProfile, Use
from schema.classification import SubjectKind

Column = SubjectProfile | SubjectKind
"""A subject profile where subjects are named one by one, else a subject kind."""


class Supplier(Protocol):
    """A department that supplies a kind; a `Provider` is one."""

    @property
    def slug(self) -> str:
        """How errors and reports name it."""
        ...


_S = TypeVar("_S", bound=Supplier)
_C = TypeVar("_C", bound=Column)


def entries_of(
    path: Path,
    coordinate: str,
    use: Use,
    providers: Sequence[_S],
    columns: Sequence[_C],
    outcomes: Mapping[tuple[_S, _C], Decision | None],
    subjects: SubjectPlace | None,
) -> Iterator[Entry]:
    """One entry per distinct outcome, ordered by the first cell that has it."""
    shown = {pair: _shown(decision, use) for pair, decision in outcomes.items()}
    distinct = dict.fromkeys(
        shown[provider, column] for provider in providers for column in columns
    )
    by_provider = any(
        len({shown[provider, column] for provider in providers}) > 1 for column in columns
    )
    by_column = any(
        len({shown[provider, column] for column in columns}) > 1 for provider in providers
    )
    for outcome in distinct:
        if outcome is None:
            continue
        pairs = [pair for pair, value in shown.items() if value == outcome]
        decision = outcomes[pairs[0]]
        if decision is None:  # pragma: no cover - an outcome that is shown has a decision
            continue
        concerned = {column for _, column in pairs}
        yield Entry(
            path=path,
            coordinate=coordinate,
            use=use,
            decision=decision,
            rules=_rules([outcomes[pair] for pair in pairs]),
            sources=_slugs(providers, pairs) if by_provider else None,
            profiles=_profiles(concerned) if by_column and subjects is not None else None,
            subject_kinds=_kinds(columns, concerned) if by_column and subjects is None else None,
            subjects=subjects,
        )


def _rules(decisions: Sequence[Decision | None]) -> tuple[str, ...]:
    """Rules that decided, each once, in the order of the cells."""
    return tuple(
        dict.fromkeys(rule for decision in decisions if decision for rule in decision.rule_ids)
    )


def _shown(decision: Decision | None, use: Use) -> tuple[object, ...] | None:
    """What an entry would say of a decision, positions and sources aside."""
    if decision is None:
        return None
    if decision.outcome is Outcome.CLEAR:
        return (Outcome.CLEAR,)
    if decision.outcome is Outcome.MASKED and use is Use.READ:
        return (Outcome.MASKED, decision.mask, decision.rule_ids)
    return (Outcome.DENIED, decision.rule_ids, decision.missing)


def _slugs(providers: Sequence[_S], pairs: Sequence[tuple[_S, _C]]) -> tuple[str, ...]:
    concerned = {provider for provider, _ in pairs}
    return tuple(provider.slug for provider in providers if provider in concerned)


def _profiles(columns: Collection[Column]) -> frozenset[SubjectProfile]:
    return frozenset(column for column in columns if isinstance(column, SubjectProfile))


def _kinds(columns: Sequence[Column], concerned: Collection[Column]) -> tuple[str, ...]:
    return tuple(
        column.value
        for column in columns
        if isinstance(column, SubjectKind) and column in concerned
    )
