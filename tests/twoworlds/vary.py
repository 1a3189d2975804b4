"""Makes the other world: everything that a caller may not see is changed, nothing that it may.

What may be changed is found out by looking (`tests.twoworlds.seen`) before and after.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from random import Random

from policies.model import Caller, CallerClass, Purpose
from schema.codes import RecordKind
from tests.oracle.world import Consent, Effect, Grant, RowRules
from tests.twoworlds.natives import TABLES, Natives, Row, Rows, Table
from tests.twoworlds.pen import City, Pen
from tests.twoworlds.seen import Eyes


@dataclass
class Varier:
    """Makes other worlds for one caller.

    Attributes:
        made: how often each sort of difference was made, so that a test can tell whether the
            worlds differ at all.
    """

    random: Random
    city: City
    caller: Caller
    made: Counter[str] = field(default_factory=Counter)
    _effects: list[Effect] = field(default_factory=list)
    _dropped: set[tuple[str, RecordKind, str]] = field(default_factory=set)

    def other(self) -> City:
        """The other world.

        Raises:
            AssertionError: it can be told from the first by what the caller may see.
        """
        rows = {table.name: self._table(table) for table in TABLES}
        natives = Natives(rows)
        before = self.city.world
        world = replace(
            before,
            departments=natives.departments(),
            consents=self._consents(),
            grants=self._grants(),
            effects=self._other_effects(),
            rows=RowRules(),
        )
        assert Eyes(world, self.caller).everything() == self._eyes.everything()
        return City(natives, world)

    @cached_property
    def _eyes(self) -> Eyes:
        return Eyes(self.city.world, self.caller)

    def _table(self, table: Table) -> Rows:
        """The rows of a table, changed, fewer and more, in another physical order."""
        pen = Pen(self.random, self.city, table, self._eyes, self.made)
        made: list[Row] = []
        for row in self.city.natives.rows[table.name]:
            if not pen.is_hidden(row):
                made.append(pen.changed(row))
                made += self._copies(pen, row)
            elif pen.may_come_and_go and self.random.random() < 0.3:
                self.made["hidden record removed"] += 1
                self._dropped.add(pen.where(row))
            else:
                made.append(pen.changed_hidden(row))
                made += self._copies(pen, row)
        self.random.shuffle(made)
        return tuple(made)

    def _copies(self, pen: Pen, row: Row) -> Iterator[Row]:
        """Maybe a further record that nothing is seen of."""
        if not pen.may_come_and_go or self.random.random() > 0.2:
            return
        copy = pen.copied(row)
        if pen.is_hidden(copy) or self.random.random() < 0.5:
            copy = pen.changed_hidden(copy) if pen.is_hidden(copy) else pen.buried(copy)
        if not pen.is_hidden(copy):
            if pen.is_seen_by_state(copy) and self.random.random() < 0.4:
                self._effects.append(Effect(*pen.where(copy), is_ended=True))
                self.made["ended record added"] += 1
            else:
                self._effects.append(Effect(*pen.where(copy), hidden_from=self._hidden_from()))
                self.made["record hidden by an effect added"] += 1
        else:
            self.made["hidden record added"] += 1
        yield copy

    def _hidden_from(self) -> frozenset[CallerClass]:
        others = self.random.sample(list(CallerClass), self.random.randrange(4))
        return frozenset({self.caller.caller_class, *others})

    def _other_effects(self) -> tuple[Effect, ...]:
        """Effects of records that are gone, or on other callers, are other ones."""
        own = self.caller.caller_class
        kept = []
        for effect in self.city.world.effects:
            if (effect.department, effect.kind, effect.record_id) in self._dropped:
                continue
            if effect.hidden_from and own not in effect.hidden_from:
                others = [each for each in CallerClass if each is not own]
                chosen = frozenset(self.random.sample(others, self.random.randrange(1, 4)))
                effect = replace(effect, hidden_from=chosen)
                self.made["hidden from others"] += 1
            kept.append(effect)
        self.random.shuffle(kept)
        return (*kept, *self._effects)

    def _consents(self) -> tuple[Consent, ...]:
        """The caller's own stay; those of others, and for other purposes, are other ones."""
        institution = self.caller.acting_for or self.caller.organisation
        kept: list[Consent] = []
        others: list[Consent] = []
        for consent in self.city.world.consents:
            is_own = (consent.institution, consent.purpose) == (institution, self.caller.purpose)
            (kept if is_own else others).append(consent)
        left = self.random.sample(others, len(others) // 2)
        self.made["consent of others"] += len(others)
        added = [
            replace(consent, purpose=purpose)
            for consent in self.random.sample(kept, min(len(kept), 5))
            for purpose in (Purpose.PRE_LOAN, Purpose.POST_LOAN)
            if purpose is not self.caller.purpose
        ]
        return (*kept, *left, *added)

    def _grants(self) -> tuple[Grant, ...]:
        own = (self.caller.organisation, self.caller.purpose)
        grants = self.city.world.grants
        kept = [each for each in grants if (each.organisation, each.purpose) == own]
        others = [each for each in grants if (each.organisation, each.purpose) != own]
        self.made["grant of others"] += len(others)
        return (*kept, *self.random.sample(others, len(others) // 2))
