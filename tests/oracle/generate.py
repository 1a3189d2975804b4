"""Random valid operations, most of which find records and meet a page's end, a mask or a denial."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import orjson

from policies.model import Caller, CallerClass, Use
from schema.classification import SubjectKind
from schema.codes import RecordKind
from schema.records import MODEL
from tests.oracle.access import Access, is_permitted
from tests.oracle.executor import Oracle, TracedAnswer
from tests.oracle.ids import person_reference
from tests.oracle.invent import Inventor
from tests.oracle.landscape import Landscape
from tests.oracle.limits import is_within_limits
from tests.oracle.links import LINKS
from tests.oracle.operations import EnumName, Operation, Writing
from tests.oracle.records import PERSON
from tests.oracle.selections import PAGED, Selector

UNKNOWN_CODES = ("91410100MA45K1KE05", "91410100706782213G")
_MANY = (2, 3, 5, 8, 8, 20, 200)
_MOST_CONSENTING = 8
"""Subjects asked for at once where each may have given another consent: 16 profiles may stand."""


@dataclass(frozen=True)
class Generator:
    """Generates operations from one source of randomness.

    Attributes:
        oracle: gives the ids and cursors of earlier answers.
    """

    random: Random
    landscape: Landscape
    oracle: Oracle

    def operation(self) -> Operation:
        """A new operation; where it finds nothing, every other time another one."""
        made = self._within_limits()
        if self.random.random() < 0.5 and not self._rows(made):
            return self._within_limits()
        return made

    def _within_limits(self) -> Operation:
        while True:
            caller = self.random.choice(self.landscape.callers)
            writer = _Writer(self.random, self.landscape, self.oracle, caller)
            is_paged = self.random.random() < 0.2
            made = writer.paged() if is_paged else writer.mixed()
            if is_within_limits(made.document):
                return self._next_page(made) if is_paged else made

    def _next_page(self, operation: Operation) -> Operation:
        """The operation behind a cursor of its first page, if that has one."""
        cursors = list(_cursors(self._answer(operation)))
        if not cursors:
            return operation
        chosen = {**operation.variables, "after": self.random.choice(cursors)}
        return replace(operation, variables=chosen)

    def _answer(self, operation: Operation) -> Any:
        return orjson.loads(self._traced(operation).body)["data"]

    def _rows(self, operation: Operation) -> int:
        return self._traced(operation).rows

    def _traced(self, operation: Operation) -> TracedAnswer:
        return self.oracle.traced(
            operation.document, operation.operation_name, operation.variables, operation.caller
        )


def _cursors(data: Any) -> Iterator[str]:
    if isinstance(data, list):
        for member in data:
            yield from _cursors(member)
    elif isinstance(data, dict):
        for key, member in data.items():
            if key == PAGED and member:
                yield from (edge["cursor"] for edge in member["edges"])
            else:
                yield from _cursors(member)


class _Writer:
    """Writes one operation."""

    def __init__(
        self, random: Random, landscape: Landscape, oracle: Oracle, caller: Caller
    ) -> None:
        self.random = random
        self.landscape = landscape
        self.oracle = oracle
        self.caller = caller
        self.writing = Writing(random)
        invent = Inventor(random, landscape.world, caller, landscape.remembered)
        self.invent = invent
        self.select = Selector(random, landscape, invent, self.writing)

    def mixed(self) -> Operation:
        """One to five root fields of any sort."""
        choices = [
            self._subject,
            self._subject,
            self._subject,
            self._subjects,
            self._subjects,
            self._records,
            self._search,
            self._node,
            self._person,
            self._entities,
            self._statistics,
        ]
        if self.caller.caller_class is CallerClass.SUBJECT:
            choices += [self._person if self._is_person() else self._subject] * 12
        count = self.random.choice([1, 1, 1, 1, 2, 2, 3, 5])
        members = [f"r{number}: {self.random.choice(choices)()}" for number in range(count)]
        if count < 5 and self.random.random() < 0.1:
            members.append("__typename")
        return self._finished(members)

    def paged(self) -> Operation:
        """One list that can be paged through."""
        choice = self.random.random()
        first = self.random.choice([1, 1, 2, 3])
        if choice < 0.6:
            root = self._paged_subject(first)
        elif choice < 0.8:
            kind = self._kind()
            arguments = self._kind_arguments(kind, first)
            node = self.select.record(kind, 1, "CreditRecord")
            root = self.select.paged("records", arguments, "CreditRecordConnection", node)
        else:
            arguments = self.select.list_arguments(RecordKind.REGISTRATION, first)
            node = self.select.subject("Organisation", 1)
            root = self.select.paged("searchSubjects", arguments, "OrganisationConnection", node)
        return self._finished([root])

    def _paged_subject(self, first: int) -> str:
        kind = self._kind()
        names = [name for name, link in LINKS.items() if link.is_list and link.kind is kind]
        if not names:
            kind, names = RecordKind.ADMINISTRATIVE_PENALTY, ["penalties"]
        name = names[0]
        arguments = self.select.list_arguments(kind, first)
        type_name = f"{MODEL.kinds[kind].type_name}Connection"
        listed = self.select.paged(name, arguments, type_name, self.select.record(kind, 1))
        code = self.writing.value("USCC!", self._code(kind))
        if self.random.random() < 0.3:
            return f"subjects(usccs: [{code}]) {{ uscc {listed} }}"
        return f"subject(uscc: {code}) {{ {listed} }}"

    def _finished(self, members: list[str]) -> Operation:
        name = self.random.choice([None, "Q", "Read"])
        document = self.writing.document(name, members)
        if name is not None and self.random.random() < 0.15:
            document += "\nquery Other { __typename }"
            return Operation(document, name, self.writing.values(), self.caller)
        sent = name if self.random.random() < 0.3 else None
        return Operation(document, sent, self.writing.values(), self.caller)

    def _subject(self) -> str:
        kind = self._kind()
        code = self._code(kind)
        if self.landscape.leaking and self.random.random() < 0.1:
            kind, code = self.random.choice(self.landscape.leaking)
            self.select.prefers_prose = True
        elif code in self._consenting() and self.random.random() < 0.7:
            kind = self._consented_kind(code)
        lists = [name for name, link in LINKS.items() if link.kind is kind]
        below = self.select.subject("Organisation", 2, lists[:1])
        self.select.prefers_prose = False
        return f"subject(uscc: {self.writing.value('USCC!', code)}){below}"

    def _consented_kind(self, code: str) -> RecordKind:
        """A kind of which the subject lets the caller read something."""
        consented = self.landscape.world.consented(self.caller, code)
        return self.random.choice(
            [kind.kind for kind in MODEL.kinds.values() if kind.type_name in consented]
        )

    def _subjects(self) -> str:
        count = min(self.random.choice(_MANY), len(self.landscape.codes))
        if self._consenting():
            count = min(count, _MOST_CONSENTING)
        if count > 50 and self.random.random() < 0.6:
            count = 20
        kind = self._kind()
        codes = [self._code(kind) for _ in range(count)]
        lists = [name for name, link in LINKS.items() if link.kind is kind]
        if count > 20:
            self.select.most_records = 3
        below = self.select.subject("Organisation", 1 if count > 20 else 2, lists[:1])
        self.select.most_records = 20
        return f"subjects(usccs: {self.writing.value('[USCC!]!', codes)}){below}"

    def _entities(self) -> str:
        kind = self._kind()
        codes = [self._code(kind) for _ in range(self.random.choice([1, 2, 3]))]
        representations = [{"__typename": "Organisation", "uscc": code} for code in codes]
        below = self.select.subject("Organisation", 1)
        given = self.writing.value("[_Any!]!", representations)
        return f"_entities(representations: {given}) {{ __typename ... on Organisation{below} }}"

    def _search(self) -> str:
        arguments = self.select.list_arguments(RecordKind.REGISTRATION, self.select.first())
        below = self.select.connection(
            "OrganisationConnection", lambda: self.select.subject("Organisation", 1)
        )
        return self.writing.plain_field("searchSubjects", arguments, below)

    def _records(self) -> str:
        kind = self._kind()
        arguments = self._kind_arguments(kind, self.select.first())
        below = self.select.connection(
            "CreditRecordConnection", lambda: self.select.record(kind, 1, "CreditRecord")
        )
        return self.writing.plain_field("records", arguments, below)

    def _kind_arguments(self, kind: RecordKind, first: int) -> dict[str, str]:
        arguments = {
            "kind": self.writing.value("RecordKind!", EnumName(kind.value)),
            "first": self.writing.value("Int!", first),
        }
        member = _member_name(kind)
        if self.random.random() < 0.25:
            wire_filter = {member: self.invent.filter(kind)}
            arguments["filter"] = self.writing.value("RecordFilter", wire_filter)
        if self.random.random() < 0.35:
            order = {member: self.invent.order(kind)}
            arguments["orderBy"] = self.writing.value("RecordOrder", order)
        return arguments

    def _statistics(self) -> str:
        kind = self._kind()
        member = _member_name(kind)
        arguments = {"kind": self.writing.value("RecordKind!", EnumName(kind.value))}
        if groups := self.invent.groups(kind):
            arguments["groupBy"] = self.writing.value("RecordFields", {member: groups})
        if sums := self.invent.sums(kind):
            arguments["sum"] = self.writing.value("RecordFields", {member: sums})
        if self.random.random() < 0.3:
            given = {member: self.invent.filter(kind)}
            arguments["filter"] = self.writing.value("RecordFilter", given)
        below = " { groups { values { field value } count sums { field value } } suppressedGroups }"
        return self.writing.plain_field("recordStatistics", arguments, below)

    def _node(self) -> str:
        sealing = self.landscape.world.sealing
        choice = self.random.random()
        kind = self._kind()
        if self._is_person() and choice < 0.5:
            text = self._reference()
        elif choice < 0.35:
            text = sealing.seal(["S", self._code(kind)], ["id"])
        elif choice < 0.45 and self.landscape.persons:
            text = self._reference()
        elif choice < 0.95:
            found = [
                record
                for department in self.landscape.world.departments
                for record in department.records.get(kind, ())
            ]
            record = self.random.choice(found)
            plain = ["R", kind.value, record.department, record.record_id]
            text = sealing.seal(plain, ["id"])
        else:
            text = "bm90IGFuIGlk"
        given = self.writing.value("ID!", text)
        type_name = MODEL.kinds[kind].type_name
        members = [
            "__typename",
            "id",
            f"... on CreditSubject{self.select.subject('CreditSubject', 1)}",
            f"... on {type_name}{self.select.record(kind, 1)}",
        ]
        return f"node(id: {given}){self.writing.selection('Node', members)}"

    def _person(self) -> str:
        if not self.landscape.persons:
            return self._subject()
        given = self.writing.value("PersonReference!", self._reference())
        below = self.select.subject("CreditSubject", 2)
        members = ["__typename", f"... on CreditSubject{below}"]
        return f"person(reference: {given}){self.writing.selection('Person', members)}"

    def _reference(self) -> str:
        """The caller's reference of a person: mostly one with records, itself if it is one."""
        key = self.random.choice(self.landscape.persons)
        if self.random.random() < 0.05:
            key = f"{PERSON}{0:064x}"
        elif self._is_person() and self.caller.organisation:
            key = self.caller.organisation
        return person_reference(self.landscape.world.sealing, self.caller, key)

    def _is_person(self) -> bool:
        return (self.caller.organisation or "").startswith(PERSON)

    def _kind(self) -> RecordKind:
        """A kind, mostly one that the caller may read of some subject."""
        own = self.caller.organisation
        kinds = sorted(self.landscape.having, key=lambda kind: kind.value)
        if self.caller.caller_class is CallerClass.SUBJECT and self.random.random() < 0.8:
            kinds = [kind for kind in kinds if own in self.landscape.having[kind]] or kinds
        readable = [kind for kind in kinds if self._may_read(kind)]
        return self.random.choice(readable if readable and self.random.random() < 0.9 else kinds)

    def _may_read(self, kind: RecordKind) -> bool:
        access = Access(self.landscape.world, self.caller)
        profiles = [access.kind_profile(SubjectKind.ORGANISATION)]
        if self.caller.caller_class is CallerClass.SUBJECT and self.caller.organisation:
            profiles.append(access.profile(self.caller.organisation))
        return any(
            is_permitted(access.decide(MODEL.kinds[kind].type_name, Use.READ, profile, provider))
            for provider in self.landscape.world.providers(kind)
            for profile in profiles
        )

    def _code(self, kind: RecordKind) -> str:
        """The code of an organisation that mostly has records of the kind."""
        choice = self.random.random()
        own = self.caller.organisation
        if self.caller.caller_class is CallerClass.SUBJECT and own in self.landscape.codes:
            if choice < 0.8:
                return own
        elif choice < 0.6 and (consenting := self._consenting()):
            return self.random.choice(consenting)
        if choice > 0.97:
            return self.random.choice(UNKNOWN_CODES)
        return self.random.choice(self.landscape.having[kind] or self.landscape.codes)

    def _consenting(self) -> list[str]:
        institution = self.caller.acting_for or self.caller.organisation
        return [
            consent.subject
            for consent in self.landscape.world.consents
            if (consent.institution, consent.purpose) == (institution, self.caller.purpose)
            and not consent.subject.startswith(PERSON)
        ]


def _member_name(kind: RecordKind) -> str:
    type_name = MODEL.kinds[kind].type_name
    return type_name[0].lower() + type_name[1:]
