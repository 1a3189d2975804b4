"""Random walks over a life cycle: any act by anybody, twice, at once, too late; days that jump.

After each step the case must stand where declared transitions lead, each deadline must run where
it is declared to, and each effect must have been told once.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import hypothesis.strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from gateway.lifecycle.due import sweep
from gateway.lifecycle.engine import Engine
from gateway.lifecycle.errors import LifecycleRefusedError
from gateway.lifecycle.types import Order, Step
from gateway.store.connect import StoreAddress, connector
from gateway.store.pool import LightPool
from tests.support.lifecycle import Clockface, order

_ACTS = st.integers(0, 99)
_PERSONS = st.sampled_from(["anna", "bo", None])


class Walk(RuleBasedStateMachine):
    """One case on its walk; subclasses say of what life cycle.

    Attributes:
        address: database with the tables.
        units: who may come by, those with no business in the case among them.
        told: counts the effects that took place; a statement that takes the number of the case.
    """

    address: ClassVar[StoreAddress]
    units: ClassVar[Sequence[str]]
    told: ClassVar[str]

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.clock = Clockface()
        self.engine = self.make_engine()
        self.pool = LightPool(connector(self.address), 4)
        self.case_no = self.runner.run(self.open_case())
        self.acts = sorted({each.act for each in self.engine.machine.transitions})

    @abstractmethod
    def make_engine(self) -> Engine[Any]:
        """Return the engine of the life cycle that is walked."""

    @abstractmethod
    async def open_case(self) -> str:
        """Open a case and return its number."""

    def teardown(self) -> None:
        self.runner.run(self.pool.aclose())
        self.runner.close()

    @rule(
        number=_ACTS,
        unit=st.integers(0, 9),
        person=_PERSONS,
        is_stale=st.booleans(),
        times=st.integers(1, 3),
    )
    def act(self, number: int, unit: int, person: str | None, is_stale: bool, times: int) -> None:
        self.runner.run(self._act(number, unit, person, is_stale, times))

    @rule(numbers=st.lists(_ACTS, min_size=2, max_size=3), person=_PERSONS)
    def act_at_once(self, numbers: list[int], person: str | None) -> None:
        async def all_of_them() -> None:
            await asyncio.gather(
                *(self._act(number, number, person, False, 1) for number in numbers)
            )

        self.runner.run(all_of_them())

    @rule(days=st.integers(0, 60))
    def let_days_pass(self, days: int) -> None:
        self.clock.at += dt.timedelta(days=days)

        async def two_workers() -> None:
            await asyncio.gather(
                *(sweep(self.engine, self.pool, self.clock, batch=1) for _ in range(2))
            )

        self.runner.run(two_workers())

    @invariant()
    def stands_where_it_was_led(self) -> None:
        self.runner.run(self._check())

    def wanted(self, act: str, unit: str, person: str | None, version: int | None) -> Order:
        return order(
            act,
            unit,
            person,
            self.clock(),
            expected_version=version,
            reason="因",
            basis="据",
            evidence_sha256=bytes(32),
        )

    async def _act(
        self, number: int, unit: int, person: str | None, is_stale: bool, times: int
    ) -> None:
        version = await self._value("SELECT version FROM lifecycle_case WHERE case_no = $1")
        wanted = self.wanted(
            self.acts[number % len(self.acts)],
            self.units[unit % len(self.units)],
            person,
            version - 1 if is_stale else None,
        )
        done: list[Step] = []
        for _ in range(times):
            try:
                async with self.pool.connection() as connection:
                    done.append(await self.engine.act(connection, self.case_no, wanted))
            except LifecycleRefusedError:
                assert not done, "a command that was done is refused when it is repeated"
        assert len({step.version for step in done}) <= 1
        assert not (done and is_stale)

    async def _value(self, statement: str) -> Any:
        async with self.pool.connection() as connection:
            return await connection.fetchval(statement, self.case_no)

    async def _check(self) -> None:
        machine = self.engine.machine
        async with self.pool.connection() as connection:
            case = await connection.fetchrow(
                "SELECT state, version FROM lifecycle_case WHERE case_no = $1", self.case_no
            )
            steps = await connection.fetch(
                "SELECT * FROM lifecycle_step WHERE case_no = $1 ORDER BY version", self.case_no
            )
            running = await connection.fetch(
                "SELECT clock, due_on FROM lifecycle_deadline"
                " WHERE case_no = $1 AND ended_at IS NULL",
                self.case_no,
            )
        assert case is not None
        assert [step["version"] for step in steps] == list(range(1, case["version"] + 1))
        state, effects = machine.initial, len(machine.opening_effects)
        for step in steps[1:]:
            assert step["source"] == state
            transition = machine.transition(state, step["act"])
            assert transition is not None
            assert transition.target == step["target"]
            assert step["party"] in transition.who
            state = step["target"]
            effects += len(transition.effects)
        assert case["state"] == state
        assert await self._value(self.told) == effects
        names = [row["clock"] for row in running]
        assert len(set(names)) == len(names)
        for clock in machine.clocks:
            if state not in clock.runs:
                assert clock.name not in names, "a deadline runs on where it has no place"
            elif state in clock.starts and clock.until is None:
                assert clock.name in names, "a deadline was lost"
