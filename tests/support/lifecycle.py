"""Life cycles for tests: a small machine of its own, orders, and a database with the tables."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import itertools
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from gateway.demo.postgres import PostgresAddress
from gateway.lifecycle.machine import CLOCK, Clock, Condition, Machine, Statement, Transition
from gateway.lifecycle.terms import Term, Terms, TermsVersion, parse_span
from gateway.lifecycle.types import Doer, Order, Step, Write
from gateway.store.connect import StoreAddress, connector, postgres_url
from gateway.store.pool import Connection
from policies.disclosure.types import Confidence, Reference

OFFICE, APPLICANT, STRANGER = "OFFICE", "APPLICANT", "STRANGER"
START = dt.datetime(2026, 9, 22, 9, tzinfo=dt.timezone(dt.timedelta(hours=8)))
ANSWER_DAYS = 7
TABLES = """
CREATE TABLE request (case_no text PRIMARY KEY REFERENCES lifecycle_case, papers integer NOT NULL);
CREATE TABLE told (case_no text, version integer, what text, PRIMARY KEY (case_no, version, what));
"""
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Papers:
    """Facts of a request: how many papers came with it."""

    count: int


_HAS_PAPERS = Condition[Papers](
    "papers", "papers have to come first", lambda facts, _: facts.count > 0
)
_OFFICE = frozenset({OFFICE})
_BOTH = frozenset({OFFICE, APPLICANT})
REQUEST = Machine[Papers](
    name="request",
    title="申请 / request",
    source="tests",
    states={
        "OPEN": "已提出",
        "CHECKING": "审查中",
        "LATE": "逾期",
        "DONE": "已办结",
        "DROPPED": "已撤回",
    },
    opening="file",
    openers=frozenset({APPLICANT}),
    transitions=(
        Transition("OPEN", "accept", "CHECKING", _OFFICE),
        Transition("OPEN", "drop", "DROPPED", _BOTH, frozenset({Statement.REASON})),
        Transition("CHECKING", "stop", "CHECKING", _OFFICE, stops=frozenset({"answer"})),
        Transition("CHECKING", "resume", "CHECKING", _OFFICE, resumes=frozenset({"answer"})),
        Transition("CHECKING", "extend", "CHECKING", _OFFICE, extends=(("answer", "more"),)),
        Transition("CHECKING", "time-over", "LATE", frozenset({CLOCK}), effects=("tell",)),
        *(
            Transition(
                state,
                "decide",
                "DONE",
                _OFFICE,
                frozenset(Statement),
                (_HAS_PAPERS,),
                ("tell",),
                other_person_than="accept",
            )
            for state in ("CHECKING", "LATE")
        ),
    ),
    clocks=(
        Clock(
            "answer",
            OFFICE,
            frozenset({"CHECKING"}),
            frozenset({"CHECKING"}),
            term="answer",
            act="time-over",
        ),
    ),
)


def terms_of(**spans: str) -> Terms:
    """Terms with these spans, in one version."""
    source = Reference("T-1", "tests", Confidence.OWN)
    terms = {name: Term(parse_span(span), source) for name, span in spans.items()}
    return Terms([TermsVersion("tests", "tests", dt.date(2020, 1, 1), terms)])


TERMS = terms_of(answer=f"{ANSWER_DAYS} working days", more="3 working days")


@dataclass
class Requests:
    """The mechanism of the small machine.

    Attributes:
        fails: the effect raises, as that of a database at fault would.
    """

    machine: Machine[Papers] = REQUEST
    fails: bool = False

    async def read_facts(self, connection: Connection, case_no: str) -> Papers:
        return Papers(
            await connection.fetchval("SELECT papers FROM request WHERE case_no = $1", case_no) or 0
        )

    def parties(self, facts: Papers, doer: Doer) -> frozenset[str]:
        return frozenset({doer.unit}) & _BOTH

    @property
    def effects(self) -> Mapping[str, Callable[[Connection, Step, Papers], Awaitable[None]]]:
        return {"tell": self._tell}

    async def _tell(self, connection: Connection, step: Step, facts: Papers) -> None:
        if self.fails:
            raise RuntimeError("the effect fails")
        await connection.execute(
            "INSERT INTO told VALUES ($1, $2, $3)", step.case_no, step.version, step.act
        )


def writes_papers(case_no: str, count: int) -> Write:
    async def write(connection: Connection) -> None:
        await connection.execute(
            "INSERT INTO request VALUES ($1, $2) ON CONFLICT (case_no) DO UPDATE SET papers = $2",
            case_no,
            count,
        )

    return write


@dataclass
class Clockface:
    """A clock that stands until it is moved."""

    at: dt.datetime = field(default_factory=lambda: START)

    def __call__(self) -> dt.datetime:
        return self.at

    def move_to(self, day: dt.date) -> None:
        """Move to nine in the morning of a day in China."""
        self.at = dt.datetime.combine(day, START.timetz())


def order(
    act: str,
    unit: str = OFFICE,
    person: str | None = "anna",
    at: dt.datetime = START,
    key: str | None = None,
    **said: object,
) -> Order:
    """An order with a key of its own."""
    key = key or f"key-{next(_numbers)}"
    digest = hashlib.sha256(f"{act}{sorted(said)}".encode()).digest()
    return Order(act, Doer(unit, person, "department", "r"), at, key, digest, **said)  # type: ignore[arg-type]


def fill(address: PostgresAddress, *statements: str) -> None:
    """Run statements on a database."""

    async def run() -> None:
        connection = await connector(address_of(address))()
        for statement in statements:
            await connection.execute(statement)
        await connection.close()

    asyncio.run(run())


def address_of(address: PostgresAddress) -> StoreAddress:
    return StoreAddress(postgres_url(**address.connect_arguments()))
