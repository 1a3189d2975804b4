"""Random walks over the small machine."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from gateway.demo.postgres import PostgresAddress
from gateway.lifecycle.engine import Engine
from tests.support.lifecycle import (
    APPLICANT,
    OFFICE,
    STRANGER,
    TERMS,
    Requests,
    address_of,
    order,
    writes_papers,
)
from tests.support.lifecycle_walk import Walk

_numbers = itertools.count(1)


class RequestWalk(Walk):
    units = (OFFICE, APPLICANT, STRANGER)
    told = "SELECT count(*) FROM told WHERE case_no = $1"

    def make_engine(self) -> Engine[Any]:
        return Engine(Requests(), TERMS)

    async def open_case(self) -> str:
        case_no = f"W-{next(_numbers)}"
        wanted = order("file", APPLICANT, at=self.clock())
        async with self.pool.connection() as connection:
            await self.engine.open(connection, case_no, wanted, writes_papers(case_no, 1))
        return case_no


def _walk(address: PostgresAddress, examples: int, steps: int) -> None:
    RequestWalk.address = address_of(address)
    run_state_machine_as_test(
        RequestWalk,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_short_walks_lead_nowhere_else(cases_database: PostgresAddress) -> None:
    _walk(cases_database, 6, 12)


@pytest.mark.long
def test_long_walks_lead_nowhere_else(cases_database: PostgresAddress) -> None:
    _walk(cases_database, 150, 40)
