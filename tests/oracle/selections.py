"""Random selections: of records, connections and subjects."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeVar

from schema.codes import RecordKind
from schema.model import FieldModel, KindModel
from schema.records import MODEL
from tests.oracle.invent import Inventor
from tests.oracle.landscape import Landscape
from tests.oracle.links import LINKS
from tests.oracle.operations import Writing

_T = TypeVar("_T")
PAGED = "paged"
"""Response key of the list that `$after` pages through."""
_OF_ALL = frozenset(
    {
        "licences",
        "penalties",
        "otherActs",
        "taxArrears",
        "majorTaxViolations",
        "judgmentDefaulters",
        "consumptionRestrictions",
    }
)
_TELLING = ("meta.subjectId", "meta.objectionMark")
_NESTED_TYPES = {
    "shareholders": "Shareholder",
    "directorsAndManagers": "Officer",
    "beneficialOwners": "BeneficialOwner",
    "financeResponsible": "ResponsiblePerson",
    "missingDocuments": "MissingDocument",
    "responsiblePersons": "ListedPerson",
}


@dataclass
class Selector:
    """Writes selection sets.

    Attributes:
        most_records: the largest page asked for.
        prefers_prose: select the free text of every record.
    """

    random: Random
    landscape: Landscape
    invent: Inventor
    writing: Writing
    most_records: int = 20
    prefers_prose: bool = False

    def record(self, kind: RecordKind, depth: int, own_type: str | None = None) -> str:
        """A selection set on a record.

        Args:
            depth: how many more subjects may be followed.
            own_type: type that the selection set is on, if not the record's own.
        """
        model = MODEL.kinds[kind]
        type_name = model.type_name
        leaves = self._some(self._plain(model), 1, 6)
        if self.prefers_prose:
            leaves += [leaf for leaf in self._plain(model) if leaf.declaration.free_text]
        members = [self._leaf(leaf) for leaf in leaves]
        members += self._meta(model)
        members += self._nested(model)
        if self.random.random() < 0.15:
            members.append(self.writing.field("__typename", {}))
        if self.random.random() < 0.25:
            members.append(self.writing.field("id", {}))
        if depth > 0 and self.random.random() < 0.25:
            members.append(self._followed(depth))
        self.random.shuffle(members)
        if own_type is None:
            return self.writing.selection(type_name, members)
        common = [*self._meta(model), self.writing.field("id", {})]
        inside = f"... on {type_name}{self.writing.selection(type_name, members)}"
        return self.writing.selection(own_type, [*common, inside], split=False)

    def subject(self, type_name: str, depth: int, lists: Sequence[str] = ()) -> str:
        """A selection set on an organisation, a person, or either.

        Args:
            lists: fields that must be among those selected.
        """
        names = set(lists)
        known = self._supplied()
        possible = sorted(known if type_name == "Organisation" else known & _OF_ALL)
        names |= set(self._some(possible, 0 if names else 1, 3))
        members = [self._link(name, depth - 1) for name in sorted(names)]
        if self.random.random() < 0.3:
            members.append(self.writing.field("id", {}))
        if self.random.random() < 0.2:
            members.append(self.writing.field("__typename", {}))
        if type_name == "Organisation" and self.random.random() < 0.4:
            members.append(self.writing.field("uscc", {}))
        if type_name == "CreditSubject" and self.random.random() < 0.5:
            only = self.random.choice(sorted(known - _OF_ALL))
            inside = self.writing.selection(
                "Organisation", ["code: uscc", self._link(only, depth - 1)]
            )
            members.append(f"... on Organisation{inside}")
        self.random.shuffle(members)
        return self.writing.selection(type_name, members)

    def connection(self, type_name: str, node: Callable[[], str]) -> str:
        """A selection set on a connection."""
        members = []
        choice = self.random.random()
        if choice < 0.75:
            members.append(self.writing.field("nodes", {}, node()))
        if choice > 0.65:
            members.append(self.writing.field("edges", {}, self._edge(type_name, node)))
        if self.random.random() < 0.35:
            members.append(self.writing.field("totalCount", {}))
        if self.random.random() < 0.45:
            members.append(self.page_info())
        self.random.shuffle(members)
        return self.writing.selection(type_name, members)

    def page_info(self) -> str:
        """A selection of `pageInfo`."""
        names = self._some(
            ["hasNextPage", "hasPreviousPage", "startCursor", "endCursor", "__typename"], 1, 4
        )
        members = [self.writing.field(name, {}) for name in names]
        return self.writing.field("pageInfo", {}, self.writing.selection("PageInfo", members))

    def paged(self, name: str, arguments: dict[str, str], type_name: str, node: str) -> str:
        """A list that `$after` pages through."""
        self.writing.variables.setdefault("after", ("String", None))
        given = ", ".join(f"{key}: {value}" for key, value in arguments.items())
        return (
            f"{PAGED}: {name}({given}, after: $after) {{ edges {{ cursor node{node} }} "
            f"{self.page_info()} totalCount }}"
        )

    def list_arguments(self, kind: RecordKind, first: int | None = None) -> dict[str, str]:
        """Arguments of a connection of one kind, without `after`."""
        type_name = MODEL.kinds[kind].type_name
        arguments = {}
        if first is not None:
            arguments["first"] = self.writing.value("Int!", first)
        if self.random.random() < 0.25:
            arguments["filter"] = self.writing.value(f"{type_name}Filter", self.invent.filter(kind))
        if self.random.random() < 0.35:
            arguments["orderBy"] = self.writing.value(
                f"[{type_name}Order!]", self.invent.order(kind)
            )
        return arguments

    def first(self) -> int:
        """A page size, mostly small."""
        return min(self.random.choice([0, 1, 1, 2, 2, 3, 3, 5, 5, 20]), self.most_records)

    def _followed(self, depth: int) -> str:
        """The subject of a record, of which there may be many: little is asked of each."""
        before, self.most_records = self.most_records, 2
        below = self.subject("CreditSubject", depth)
        self.most_records = before
        return self.writing.field("subject", {}, below)

    def _link(self, name: str, depth: int) -> str:
        link = LINKS[name]
        if self.writing.budget.fields < 10:
            return self.writing.field("__typename", {})
        if not link.is_list:
            return self.writing.field(name, {}, self.record(link.kind, depth))
        type_name = f"{MODEL.kinds[link.kind].type_name}Connection"
        below = self.connection(type_name, lambda: self.record(link.kind, depth))
        alias = f"{name}{len(self.writing.variables)}{self.random.randrange(10_000)}: "
        is_aliased = self.writing.budget.aliases > 0 and self.random.random() < 0.5
        self.writing.budget.aliases -= is_aliased
        arguments = self.list_arguments(link.kind, self.first())
        return (alias if is_aliased else "") + self.writing.plain_field(name, arguments, below)

    def _supplied(self) -> set[str]:
        """Fields whose records some department of the landscape has."""
        return {name for name, link in LINKS.items() if link.kind in self.landscape.having}

    def _edge(self, type_name: str, node: Callable[[], str]) -> str:
        members = [self.writing.field("node", {}, node())]
        if self.random.random() < 0.5:
            members.append(self.writing.field("cursor", {}))
        return self.writing.selection(type_name.removesuffix("Connection") + "Edge", members)

    def _leaf(self, leaf: FieldModel) -> str:
        return self.writing.field(leaf.name.rpartition(".")[2], {})

    def _plain(self, model: KindModel) -> list[FieldModel]:
        return [leaf for leaf in model.fields if "." not in leaf.name]

    def _meta(self, model: KindModel) -> list[str]:
        if self.random.random() > 0.4:
            return []
        leaves = [leaf for leaf in model.fields if leaf.is_meta]
        chosen = self._some(leaves, 1, 5)
        if self.random.random() < 0.3:
            chosen.append(model.by_name[self.random.choice(_TELLING)])
        members = [self._leaf(leaf) for leaf in chosen]
        return [self.writing.field("meta", {}, self.writing.selection("RecordMeta", members))]

    def _nested(self, model: KindModel) -> list[str]:
        made = []
        for name in dict.fromkeys(leaf.nested_list for leaf in model.fields if leaf.nested_list):
            if self.random.random() < 0.3:
                leaves = [leaf for leaf in model.fields if leaf.nested_list == name]
                members = [self._leaf(leaf) for leaf in self._some(leaves, 0, 4)]
                if not members or self.random.random() < 0.2:
                    members.append(self.writing.field("__typename", {}))
                below = self.writing.selection(_NESTED_TYPES[name], members)
                made.append(self.writing.field(name, {}, below))
        return made

    def _some(self, choices: Sequence[_T], least: int, most: int) -> list[_T]:
        count = min(self.random.randint(least, most), len(choices))
        return self.random.sample(list(choices), count)
