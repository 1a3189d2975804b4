"""Carries out commands on list entries over the credit centre's database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import asyncpg

from gateway.contract import Command
from gateway.lifecycle.engine import Engine
from gateway.lifecycle.errors import LifecycleRefusedError
from gateway.lifecycle.ledger import no_such_case
from gateway.lifecycle.numbers import case_number
from gateway.lifecycle.terms import Terms
from gateway.lifecycle.types import Connection, Order, Step
from plugins.creditcentre.arguments import ArgumentError, read_arguments
from plugins.creditcentre.listing.catalogue import CreditList, ListKind
from plugins.creditcentre.listing.commands import COMMANDS, PROPOSAL, PROPOSE
from plugins.creditcentre.listing.facts import ListFacts
from plugins.creditcentre.listing.mechanism import Listing
from schema.codes import ResponsibleRole

ALREADY_LISTED = "ALREADY_LISTED"
PREFIX = "LE"

_KIND = "SELECT list_code FROM list_entry WHERE case_no = $1"
_ENTRY = """
INSERT INTO list_entry (case_no, list_code, list_name, list_basis, is_reward, unit, subject_key,
    subject_name, facts, severity, measures)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
"""
_PERSON = """
INSERT INTO list_entry_person (case_no, position, name, role, finding) VALUES ($1, $2, $3, $4, $5)
"""
_ROLES = frozenset(role.value for role in ResponsibleRole)


class ListDesk:
    """All lists of the credit centre."""

    names = frozenset({PROPOSE, *COMMANDS})

    def __init__(self, lists: Mapping[str, CreditList], terms: Terms) -> None:
        self._lists = lists
        self.engines = {kind: Engine(Listing(kind, lists), terms) for kind in ListKind}

    async def carry_out(
        self, connection: Connection, command: Command, order: Order, entropy: bytes
    ) -> Step:
        """Carry out a command, in a transaction of its own.

        Args:
            order: of the command, still without act and statements.
            entropy: random bytes for the number of a case that is opened.

        Raises:
            LifecycleRefusedError: nothing was done.
        """
        try:
            if command.name == PROPOSE:
                return await self._propose(connection, command, order, entropy)
            return await self._act(connection, command, order)
        except asyncpg.UniqueViolationError as error:
            if error.constraint_name != "list_entry_open":
                raise
            raise LifecycleRefusedError(
                ALREADY_LISTED, "the subject is on this list, or proposed for it, already", "uscc"
            ) from error

    async def _propose(
        self, connection: Connection, command: Command, order: Order, entropy: bytes
    ) -> Step:
        values = read_arguments(PROPOSAL, command.arguments)
        kept = self._lists.get(values["listCode"])
        if kept is None:
            raise ArgumentError("listCode", f"one of {', '.join(sorted(self._lists))}")
        _check_persons(values)
        case_no = case_number(PREFIX, order.at, entropy)

        async def write(inner: Connection) -> None:
            await inner.execute(
                _ENTRY,
                case_no,
                kept.code,
                kept.name,
                kept.basis,
                kept.kind is ListKind.REWARD,
                order.doer.unit,
                values["uscc"],
                values["subjectName"],
                values["facts"],
                values["severity"],
                values["measures"],
            )
            persons = (values["personNames"], values["personRoles"], values["personFindings"])
            for position, (name, role, finding) in enumerate(zip(*persons, strict=True)):
                await inner.execute(_PERSON, case_no, position, name, role, finding)

        engine = self.engines[kept.kind]
        said = _with_statements(order, engine.machine.opening, values)
        return await engine.open(connection, case_no, said, write)

    async def _act(self, connection: Connection, command: Command, order: Order) -> Step:
        declared = COMMANDS[command.name]
        values = read_arguments(declared.arguments, command.arguments)
        case_no = values["caseNo"]
        engine = await self._engine_of(connection, case_no)
        columns = {column: values[name] for name, column in declared.columns.items()}

        async def write(inner: Connection) -> None:
            if columns:
                places = ", ".join(f"{column} = ${n}" for n, column in enumerate(columns, 2))
                # the columns are those that `commands` declares
                statement = f"UPDATE list_entry SET {places} WHERE case_no = $1"  # noqa: S608
                await inner.execute(statement, case_no, *columns.values())

        return await engine.act(
            connection, case_no, _with_statements(order, declared.act, values), write
        )

    async def _engine_of(self, connection: Connection, case_no: str) -> Engine[ListFacts]:
        code = await connection.fetchval(_KIND, case_no)
        kept = self._lists.get(code)
        if kept is None:
            raise no_such_case(case_no)
        return self.engines[kept.kind]


def _with_statements(order: Order, act: str, values: Mapping[str, Any]) -> Order:
    return replace(
        order,
        act=act,
        reason=values["reason"],
        basis=values["basis"],
        evidence_sha256=values["evidenceSha256"],
    )


def _check_persons(values: Mapping[str, Any]) -> None:
    count = len(values["personNames"])
    for name in ("personRoles", "personFindings"):
        if len(values[name]) != count:
            raise ArgumentError(name, f"one for each of the {count} persons")
    if not set(values["personRoles"]) <= _ROLES:
        raise ArgumentError("personRoles", PROPOSAL["personRoles"].expected)
