"""What both worlds are asked: generated operations, pages followed, and what attackers try."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import orjson

from policies.model import Caller
from schema.filters import enum_name
from schema.model import FieldModel, KindModel, ValueType
from schema.records import MODEL
from tests.oracle.executor import Oracle
from tests.oracle.generate import Generator
from tests.oracle.landscape import Landscape, landscape_of
from tests.oracle.links import LINKS
from tests.oracle.operations import Operation, literal
from tests.oracle.records import Record
from tests.oracle.selections import PAGED
from tests.oracle.world import World
from tests.twoworlds.side import Observed, Question

MOST_PAGES = 6
_BAD = (
    "{ subject(uscc: 1) { penalty } }",
    '{ subject(uscc: "91410100MA45K1KE05") { penaltys { nodes { id } } } }',
    "{ records(kind: PENALTY) { nodes { id } } }",
    "{ searchSubjects(filter: {nam: {eq: 1}}) { nodes { id } } }",
    "{ records(kind: TAX_PAYMENT, first: 101) { nodes { id } } }",
    "query ($a: USCC!) { subject(uscc: $a) { id } }",
    '{ node(id: "bm90IGFuIGlk") { id } }',
    '{ records(kind: TAX_PAYMENT, after: "bm90IGEgY3Vyc29y") { nodes { id } } }',
    "{ __typename",
)
_PLAIN = (
    "{ __schema { types { name fields { name } inputFields { name } enumValues { name } } } }",
    '{ __type(name: "TaxPayment") { name fields { name } } }',
    "{ sources { slug state } }",
    "{ catalogue { kind fields { coordinate } } }",
    "{ _service { sdl } }",
    '{ why(coordinate: "TaxPayment.paidAmount") { __typename } }',
)


@dataclass(frozen=True)
class Asker:
    """Makes questions of one caller.

    Attributes:
        worlds: values, codes and ids are taken from one or the other; what is only in one of
            them is what an attacker would like to know of.
    """

    random: Random
    caller: Caller
    landscapes: tuple[tuple[Oracle, Landscape], ...]

    def question(self) -> Question:
        """A question; three of four are of any sort of operation."""
        choice = self.random.random()
        if choice < 0.78:
            return self._operation()
        if choice < 0.96:
            return Question(self.caller, self._probe(), {})
        return Question(self.caller, self.random.choice([*_BAD, *_PLAIN]), {})

    def _operation(self) -> Question:
        """A generated operation; one that finds nothing is mostly made again."""
        oracle, landscape = self.random.choice(self.landscapes)
        for _ in range(3):
            made = Generator(self.random, landscape, oracle).operation()
            if _traced_rows(oracle, made) or self.random.random() < 0.1:
                break
        return Question(made.caller, made.document, made.variables, made.operation_name)

    def _probe(self) -> str:
        """An attempt at one field of one record: by filter, order, count, group, or alias."""
        _, landscape = self.random.choice(self.landscapes)
        record = self._any_record(landscape.world)
        kind = MODEL.kinds[record.kind]
        attempts = [self._by_filter, self._by_order, self._by_groups, self._by_aliases]
        return self.random.choice(attempts)(kind, record, landscape)

    def _any_record(self, world: World) -> Record:
        found = [
            records
            for department in world.departments
            for records in department.records.values()
            if records
        ]
        return self.random.choice(self.random.choice(found))

    def _by_filter(self, kind: KindModel, record: Record, _: Landscape) -> str:
        """Whether a record with exactly this value is there."""
        leaf = self.random.choice([each for each in kind.filterable if not each.is_list])
        condition = _condition(leaf, record.values.get(leaf.name))
        wanted = _nested(leaf, f"{{{condition}}}")
        given = f"kind: {kind.kind.value}, filter: {{{_member(kind)}: {wanted}}}, first: 3"
        return f"{{ records({given}) {{ totalCount nodes {{ id }} pageInfo {{ hasNextPage }} }} }}"

    def _by_order(self, kind: KindModel, record: Record, landscape: Landscape) -> str:
        """Where a record stands among others by this value."""
        leaf = self.random.choice(kind.comparable)
        order = f"{{field: {enum_name(leaf.name)}, direction: DESC}}"
        asked = "edges { cursor node { id } } pageInfo { hasNextPage endCursor } totalCount"
        lists = [name for name, link in LINKS.items() if link.kind is kind.kind and link.is_list]
        if lists and landscape.having[kind.kind]:
            code = literal(self._code(record, landscape))
            return (
                f"{{ subject(uscc: {code}) {{ {lists[0]}(first: 2, orderBy: [{order}])"
                f" {{ {asked} }} }} }}"
            )
        given = f"kind: {kind.kind.value}, orderBy: {{{_member(kind)}: [{order}]}}, first: 2"
        return f"{{ records({given}) {{ {asked} }} }}"

    def _by_groups(self, kind: KindModel, record: Record, _: Landscape) -> str:
        """How many records share this value."""
        leaf = self.random.choice(kind.comparable)
        given = f"kind: {kind.kind.value}, groupBy: {{{_member(kind)}: [{enum_name(leaf.name)}]}}"
        return (
            f"{{ recordStatistics({given})"
            " { groups { values { field value } count } suppressedGroups } }"
        )

    def _by_aliases(self, kind: KindModel, record: Record, landscape: Landscape) -> str:
        """The same list twice, under two names, once filtered by this value."""
        lists = [name for name, link in LINKS.items() if link.kind is kind.kind and link.is_list]
        if not lists:
            return self._by_filter(kind, record, landscape)
        leaf = self.random.choice([each for each in kind.filterable if not each.is_list])
        condition = _nested(leaf, f"{{{_condition(leaf, record.values.get(leaf.name))}}}")
        code = literal(self._code(record, landscape))
        shown = "{ totalCount nodes { id meta { decidedOn } } pageInfo { hasNextPage } }"
        return (
            f"{{ subject(uscc: {code}) {{ a: {lists[0]}(first: 1) {shown}"
            f" b: {lists[0]}(first: 1, filter: {condition}) {shown} }} }}"
        )

    def _code(self, record: Record, landscape: Landscape) -> str:
        if record.key in landscape.codes:
            return str(record.key)
        return self.random.choice(landscape.having[record.kind] or landscape.codes)


def asker_of(random: Random, caller: Caller, worlds: tuple[World, ...]) -> Asker:
    """An asker for these worlds."""
    return Asker(
        random,
        caller,
        tuple((Oracle(world), landscape_of(world, (caller,))) for world in worlds),
    )


def next_page(question: Question, seen: Observed) -> Question | None:
    """The question for what follows, if the answer has a list that goes on."""
    if "after" not in question.variables:
        return None
    cursor = next(_ends(orjson.loads(seen.body).get("data")), None)
    if cursor is None or cursor == question.variables["after"]:
        return None
    return replace(question, variables={**question.variables, "after": cursor})


def _ends(data: Any) -> Iterator[str]:
    if isinstance(data, list):
        for member in data:
            yield from _ends(member)
    elif isinstance(data, Mapping):
        for key, member in data.items():
            if key == PAGED and member and member["edges"]:
                yield member["edges"][-1]["cursor"]
            else:
                yield from _ends(member)


def _traced_rows(oracle: Oracle, made: Operation) -> int:
    return oracle.traced(made.document, made.operation_name, made.variables, made.caller).rows


def _member(kind: KindModel) -> str:
    return kind.type_name[0].lower() + kind.type_name[1:]


def _nested(leaf: FieldModel, condition: str) -> str:
    if leaf.is_meta:
        return f"{{meta: {{{leaf.name.removeprefix('meta.')}: {condition}}}}}"
    return f"{{{leaf.name}: {condition}}}"


def _condition(leaf: FieldModel, value: Any) -> str:
    if value is None:
        return "isNull: true"
    is_word = leaf.value_type is ValueType.ENUM
    return f"eq: {value if is_word else literal(value)}"
