"""Carries out acts: each is one transaction of claim, lock, judgement, step, clocks and effects.

INVARIANT: the case is locked before anything of it is read or written, so acts on one case come
one after another, whoever asks; a refused act leaves nothing, not even its idempotency key.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Generic, TypeVar

from gateway.lifecycle.clockwork import Clockwork
from gateway.lifecycle.errors import (
    CONDITION_NOT_MET,
    ILLEGAL_TRANSITION,
    OTHER_PERSON_REQUIRED,
    STATEMENT_MISSING,
    TRANSITION_NOT_PERMITTED,
    VERSION_CONFLICT,
    LifecycleDeclarationError,
    LifecycleRefusedError,
)
from gateway.lifecycle.ledger import claim, lock_case, no_such_case, open_case, who_did, write_step
from gateway.lifecycle.machine import CLOCK, Condition, Statement, Transition
from gateway.lifecycle.reckoning import china_day
from gateway.lifecycle.terms import Terms
from gateway.lifecycle.types import Case, Doer, Mechanism, Order, Step, Write
from gateway.store.pool import Connection

F = TypeVar("F")

MOST_STATEMENT = 4_000
"""Longest reason or basis, in characters."""
_FIELD = {
    Statement.REASON: "reason",
    Statement.BASIS: "basis",
    Statement.EVIDENCE: "evidenceSha256",
}


class Engine(Generic[F]):
    """Carries out one machine over one owner's tables.

    Raises:
        LifecycleDeclarationError: an effect that nothing does, or a term that is not there.
    """

    def __init__(self, mechanism: Mechanism[F], terms: Terms) -> None:
        self.mechanism = mechanism
        self.machine = mechanism.machine
        terms.require(self.machine.terms)
        undone = sorted(self.machine.effects - set(mechanism.effects))
        if undone:
            raise LifecycleDeclarationError(
                f"life cycle `{self.machine.name}`: nothing does the effect `{undone[0]}`"
            )
        self._clockwork = Clockwork(self.machine, terms)

    async def open(self, connection: Connection, case_no: str, order: Order, write: Write) -> Step:
        """Open a case.

        Args:
            write: writes the mechanism's own rows, from which the facts are read.

        Raises:
            LifecycleRefusedError: nothing was opened.
        """
        machine = self.machine
        async with connection.transaction():
            repeated = await claim(connection, order)
            if repeated is not None:
                return repeated
            _check_texts(order)
            step = Step(case_no, 1, machine.opening, None, machine.initial, "", order.at)
            await open_case(connection, machine.name, step)
            await write(connection)
            facts = await self.mechanism.read_facts(connection, case_no)
            party = self._party(machine.openers, facts, order.doer)
            if party is None:
                raise _not_permitted(order.act)
            _check_statements(machine.opening_needs, order)
            self._check_conditions(machine.opening_conditions, facts, order)
            step = replace(step, party=party)
            await self._carry_out(connection, step, order, facts, machine.opening_effects, None)
        return step

    async def act(
        self, connection: Connection, case_no: str, order: Order, write: Write | None = None
    ) -> Step:
        """Do an act on a case.

        Args:
            write: writes what the act brings with it, before conditions are judged.

        Raises:
            LifecycleRefusedError: nothing was done.
        """
        async with connection.transaction():
            repeated = await claim(connection, order)
            if repeated is not None:
                return repeated
            _check_texts(order)
            case = await lock_case(connection, self.machine.name, case_no)
            facts = await self.mechanism.read_facts(connection, case_no)
            transition, party = self._judge(case, facts, order)
            await self._check_other_person(connection, case, transition, order)
            if write is not None:
                await write(connection)
                facts = await self.mechanism.read_facts(connection, case_no)
            self._check_conditions(transition.conditions, facts, order)
            version = case.version + 1
            step = Step(case_no, version, order.act, case.state, transition.target, party, order.at)
            await self._carry_out(connection, step, order, facts, transition.effects, transition)
        return step

    def _judge(self, case: Case, facts: F, order: Order) -> tuple[Transition[F], str]:
        """The transition, and the party as which the actor does it."""
        is_clock = order.doer.unit == CLOCK
        parties = {CLOCK} if is_clock else self.mechanism.parties(facts, order.doer)
        if not parties:
            raise no_such_case(case.case_no)
        if order.expected_version not in (None, case.version):
            raise LifecycleRefusedError(
                VERSION_CONFLICT,
                f"the case has version {case.version}, expected {order.expected_version}: read it"
                " again and decide anew",
                "expectedVersion",
            )
        transition = self.machine.transition(case.state, order.act)
        if transition is None:
            possible = ", ".join(self.machine.acts_from(case.state)) or "nothing, it has ended"
            raise LifecycleRefusedError(
                ILLEGAL_TRANSITION,
                f"`{order.act}` does not lead on from {case.state}; possible now: {possible}",
            )
        party = self._party(transition.who, facts, order.doer)
        if party is None:
            raise _not_permitted(order.act)
        _check_statements(transition.needs, order)
        return transition, party

    def _party(self, who: frozenset[str], facts: F, doer: Doer) -> str | None:
        if doer.unit == CLOCK:
            return CLOCK if CLOCK in who else None
        found = sorted(who & self.mechanism.parties(facts, doer) - {CLOCK})
        return found[0] if found else None

    async def _check_other_person(
        self, connection: Connection, case: Case, transition: Transition[F], order: Order
    ) -> None:
        """Four eyes: whoever does it is named, and has not done the act that it rests on."""
        earlier = transition.other_person_than
        if earlier is None or order.doer.unit == CLOCK:
            return
        first = await who_did(connection, case.case_no, earlier)
        person = order.doer.person
        if person is None or first is None or first == (order.doer.unit, person):
            raise LifecycleRefusedError(
                OTHER_PERSON_REQUIRED,
                f"`{order.act}` has to be done by a named person who is not the one that did"
                f" `{earlier}`",
            )

    def _check_conditions(self, conditions: Sequence[Condition[F]], facts: F, order: Order) -> None:
        today = china_day(order.at)
        for condition in conditions:
            if not condition.holds(facts, today):
                raise LifecycleRefusedError(
                    CONDITION_NOT_MET, f"`{order.act}` is not possible now: {condition.text}"
                )

    async def _carry_out(
        self,
        connection: Connection,
        step: Step,
        order: Order,
        facts: F,
        effects: Sequence[str],
        transition: Transition[F] | None,
    ) -> None:
        await write_step(connection, step, order)
        await self._clockwork.turn(connection, step, facts, transition)
        for effect in effects:
            await self.mechanism.effects[effect](connection, step, facts)


def _check_texts(order: Order) -> None:
    for name, text in (("reason", order.reason), ("basis", order.basis)):
        if text is not None and ("\0" in text or len(text) > MOST_STATEMENT):
            raise LifecycleRefusedError(
                STATEMENT_MISSING,
                f"`{name}` is no text of at most {MOST_STATEMENT} characters",
                name,
            )


def _check_statements(needs: frozenset[Statement], order: Order) -> None:
    given = {
        Statement.REASON: bool(order.reason and order.reason.strip()),
        Statement.BASIS: bool(order.basis and order.basis.strip()),
        Statement.EVIDENCE: order.evidence_sha256 is not None,
    }
    for statement in Statement:
        if statement in needs and not given[statement]:
            raise LifecycleRefusedError(
                STATEMENT_MISSING,
                f"`{order.act}` needs `{_FIELD[statement]}`, and there is none",
                _FIELD[statement],
            )


def _not_permitted(act: str) -> LifecycleRefusedError:
    return LifecycleRefusedError(
        TRANSITION_NOT_PERMITTED, f"you are not among those who may do `{act}` in this case"
    )
