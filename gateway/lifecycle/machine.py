"""A life cycle as data: what states there are, which act leads where, who may do it, what runs.

    Machine ── states, transitions, clocks
    Transition ── from, act, to, who, statements needed, conditions, effects
    Clock ── a term that begins on entering a state and runs while the case stays in others

A machine is checked when it is made, so that one that cannot be walked never starts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from types import MappingProxyType
from typing import Generic, TypeVar

from gateway.lifecycle.errors import LifecycleDeclarationError

F = TypeVar("F")
"""Facts of a case, as its mechanism reads them: a frozen value."""

CLOCK = "clock"
"""The party that acts when a deadline has passed."""


class Statement(Enum):
    """What an act has to be accompanied by."""

    REASON = "REASON"
    BASIS = "BASIS"
    EVIDENCE = "EVIDENCE"


@dataclass(frozen=True)
class Condition(Generic[F]):
    """Something that has to be so.

    Attributes:
        name: short, in words joined by dashes.
        text: what was expected and what to do, as the rest of a sentence.
        holds: of the facts of the case and the day in China.
    """

    name: str
    text: str
    holds: Callable[[F, date], bool]


@dataclass(frozen=True)
class Transition(Generic[F]):
    """One way from a state to another, or back to itself.

    Attributes:
        who: parties of which the actor must be one; the mechanism says who is which.
        needs: statements without which the act is refused.
        conditions: all have to hold.
        effects: what else happens in the same transaction, by name and in order.
        other_person_than: an earlier act of the case that another person must have done.
        extends: clock and term by which its deadline moves further.
        stops, resumes: clocks that stand still from, or until, this act.
    """

    source: str
    act: str
    target: str
    who: frozenset[str]
    needs: frozenset[Statement] = frozenset()
    conditions: tuple[Condition[F], ...] = ()
    effects: tuple[str, ...] = ()
    other_person_than: str | None = None
    extends: tuple[tuple[str, str], ...] = ()
    stops: frozenset[str] = frozenset()
    resumes: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Clock(Generic[F]):
    """A deadline of a case.

    Attributes:
        whose: the party that has to act by then.
        starts: states on entering which it begins, unless it runs already.
        runs: states in which it runs on; in any other it ends.
        term: name of a term; empty where `until` says the day.
        until: last day by the facts; None from it: no deadline.
        act: what the clock itself does on the day after; None: it is overdue, and no more.
    """

    name: str
    whose: str
    starts: frozenset[str]
    runs: frozenset[str]
    term: str = ""
    until: Callable[[F], date | None] | None = None
    act: str | None = None


@dataclass(frozen=True)
class Machine(Generic[F]):
    """A life cycle.

    Attributes:
        name: short name, words joined by dashes.
        title: in Chinese and English.
        states: each state with its term in Chinese, the initial state first.
        openers: parties that may open a case; opening is the act `opening`.
        opening_needs, opening_conditions, opening_effects: as of a transition.
        source: where the life cycle is laid down.
    """

    name: str
    title: str
    source: str
    states: Mapping[str, str]
    opening: str
    openers: frozenset[str]
    transitions: tuple[Transition[F], ...]
    clocks: tuple[Clock[F], ...] = ()
    opening_needs: frozenset[Statement] = frozenset()
    opening_conditions: tuple[Condition[F], ...] = ()
    opening_effects: tuple[str, ...] = ()
    _table: Mapping[tuple[str, str], Transition[F]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        table = {(each.source, each.act): each for each in self.transitions}
        object.__setattr__(self, "_table", MappingProxyType(table))
        check_machine(self)

    @property
    def initial(self) -> str:
        return next(iter(self.states))

    @property
    def ends(self) -> frozenset[str]:
        """States from which nothing leads."""
        return frozenset(self.states) - {each.source for each in self.transitions}

    @property
    def effects(self) -> frozenset[str]:
        return frozenset(self.opening_effects).union(*(each.effects for each in self.transitions))

    @property
    def terms(self) -> frozenset[str]:
        """Terms that its clocks and extensions are reckoned by."""
        extensions = {term for each in self.transitions for _, term in each.extends}
        return frozenset(clock.term for clock in self.clocks if clock.term) | extensions

    def transition(self, state: str, act: str) -> Transition[F] | None:
        return self._table.get((state, act))

    def acts_from(self, state: str) -> tuple[str, ...]:
        return tuple(each.act for each in self.transitions if each.source == state)

    def states_before(self, state: str) -> tuple[str, ...]:
        """States from which one step leads to this one."""
        before = {each.source for each in self.transitions if each.target == state}
        return tuple(each for each in self.states if each in before)

    def clock(self, name: str) -> Clock[F]:
        return next(clock for clock in self.clocks if clock.name == name)


def check_machine(machine: Machine[F]) -> None:
    """Refuse a machine that cannot be walked.

    Raises:
        LifecycleDeclarationError: an unknown state or clock, two transitions for one act, a state
            that nothing leads to, a clock that could never do its act.
    """

    def fail(text: str) -> LifecycleDeclarationError:
        return LifecycleDeclarationError(f"life cycle `{machine.name}`: {text}")

    names = {clock.name for clock in machine.clocks}
    if len(names) != len(machine.clocks):
        raise fail("two clocks have one name")
    if len(machine._table) != len(machine.transitions):
        raise fail("one act leads from one state in two ways, expected an act for each")
    for each in machine.transitions:
        unknown = {each.source, each.target} - set(machine.states)
        if unknown:
            raise fail(f"`{each.act}` names the state `{min(unknown)}`, which is not declared")
        if not each.who:
            raise fail(f"nobody may do `{each.act}` from `{each.source}`")
        for name in {name for name, _ in each.extends} | each.stops | each.resumes:
            if name not in names:
                raise fail(f"`{each.act}` moves the clock `{name}`, which is not declared")
    reached = {machine.initial} | {each.target for each in machine.transitions}
    for state in machine.states:
        if state not in reached:
            raise fail(f"nothing leads to `{state}`")
    for clock in machine.clocks:
        _check_clock(machine, clock, fail)


def _check_clock(
    machine: Machine[F], clock: Clock[F], fail: Callable[[str], LifecycleDeclarationError]
) -> None:
    if (clock.until is None) == (not clock.term):
        raise fail(f"clock `{clock.name}` needs a term or a day by the facts, one of them")
    if not clock.starts <= clock.runs or not clock.runs <= set(machine.states):
        raise fail(f"clock `{clock.name}` starts where it does not run, or in an unknown state")
    if clock.act is None:
        return
    for state in clock.runs:
        found = machine.transition(state, clock.act)
        if found is None or CLOCK not in found.who:
            raise fail(f"clock `{clock.name}` cannot do `{clock.act}` from `{state}`")
