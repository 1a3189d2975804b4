"""Random walks over list entries of both kinds."""

from __future__ import annotations

import hashlib
import itertools
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from gateway.demo.postgres import PostgresAddress
from gateway.lifecycle.engine import Engine
from gateway.lifecycle.terms import load_terms
from gateway.lifecycle.types import Doer, Order
from gateway.store.pool import Connection
from plugins.creditcentre.adapter import TERMS
from plugins.creditcentre.listing.catalogue import ListKind, load_lists
from plugins.creditcentre.listing.mechanism import Listing
from tests.plugins.creditcentre.centre import HOUSING, MARKET, PUNISH, REWARD, new_firm
from tests.support.lifecycle import address_of
from tests.support.lifecycle_walk import Walk

_numbers = itertools.count(1)
_ENTRY = """
INSERT INTO list_entry (case_no, list_code, list_name, list_basis, is_reward, unit, subject_key,
    subject_name, facts, severity, measures, notice_served_on, notice_tells_of_objection,
    decision_no, decided_on, valid_until, channel, exit_reason)
VALUES ($1, $2, 'n', 'b', false, $3, $4, 'n', 'f', 'SERIOUS', '{B01}', '2026-09-01', true,
    'd', '2026-09-01', $5::date + 90, 'web', 'REPAIRED')
"""


class ListWalk(Walk):
    kind: ClassVar[ListKind]
    firm: ClassVar[str]
    # every effect but those that only mark the entry leaves a notice or a letter
    told = """
        SELECT (SELECT count(*) FROM list_notice WHERE case_no = $1)
            + (SELECT count(*) FROM list_letter WHERE case_no = $1)
            + (SELECT count(*) FROM lifecycle_step WHERE case_no = $1
               AND act IN ('withdraw', 'decline', 'uphold', 'expire', 'return'))
    """

    def make_engine(self) -> Engine[Any]:
        return Engine(Listing(self.kind, load_lists()), load_terms(TERMS))

    async def open_case(self) -> str:
        case_no = f"W-{next(_numbers)}"
        firm = new_firm("2")
        type(self).units = (MARKET, MARKET, HOUSING, firm)
        code = PUNISH if self.kind is ListKind.PUNISH else REWARD

        async def write(connection: Connection) -> None:
            await connection.execute(_ENTRY, case_no, code, MARKET, firm, self.clock().date())

        doer = Doer(MARKET, "anna", "department", "r")
        digest = hashlib.sha256(case_no.encode()).digest()
        wanted = Order("propose", doer, self.clock(), case_no, digest, None, "因", "据")
        async with self.pool.connection() as connection:
            await self.engine.open(connection, case_no, wanted, write)
        return case_no


class PunishWalk(ListWalk):
    kind = ListKind.PUNISH


class RewardWalk(ListWalk):
    kind = ListKind.REWARD


def _walk(walk: type[ListWalk], address: PostgresAddress, examples: int, steps: int) -> None:
    walk.address = address_of(address)
    run_state_machine_as_test(
        walk,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.parametrize("walk", [PunishWalk, RewardWalk])
def test_short_walks_lead_nowhere_else(
    centre_database: PostgresAddress, walk: type[ListWalk]
) -> None:
    _walk(walk, centre_database, 3, 12)


@pytest.mark.long
@pytest.mark.parametrize("walk", [PunishWalk, RewardWalk])
def test_long_walks_lead_nowhere_else(
    centre_database: PostgresAddress, walk: type[ListWalk]
) -> None:
    _walk(walk, centre_database, 60, 50)
