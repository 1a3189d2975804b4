"""AuthorizedPlan: what may be asked of whom, and how each value may be shown.

A *cell* is one provider and one subject profile at a place (for places over all subjects: one
provider and one subject kind). A *stream* is what is asked of a provider for the cells of a
place that are treated alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.contract import CatalogueEntry, Manifest, RecordSelection, StatisticsRequest
from gateway.planning.types import RecordPlace
from policies.model import Decision, Outcome
from schema.classification import SubjectKind
from schema.model import KindModel
from schema.predicate import Predicate, WireScalar


@dataclass(frozen=True, slots=True, eq=False)
class Provider:
    """A department that supplies a kind, and its catalogue entry for it; compared by identity."""

    manifest: Manifest
    entry: CatalogueEntry

    @property
    def slug(self) -> str:
        return self.manifest.slug

    @property
    def code(self) -> str:
        return self.manifest.department_code

    def gateway_value(self, name: str, kind: KindModel) -> WireScalar | None:
        """Value of a field that the gateway or the manifest fills, the same for all records.

        `meta.subjectId` and `meta.fetchedAt` are not among them.
        """
        manifest, entry = self.manifest, self.entry
        values: Mapping[str, WireScalar | None] = {
            "meta.recordKind": kind.kind.value,
            "meta.nature": kind.declaration.nature.value,
            "meta.sourceDepartmentCode": manifest.department_code,
            "meta.sourceDepartmentName": manifest.department_name_zh,
            "meta.sharingAttribute": entry.sharing_attribute.value,
            "meta.disclosureWay": entry.disclosure_way.value,
            "meta.catalogueCode": entry.catalogue_code,
            "meta.legalBasis": entry.legal_basis,
            "meta.adapter": manifest.slug,
            "meta.stale": False,
        }
        return values[name]


@dataclass(frozen=True, slots=True, eq=False)
class Cell:
    """Decisions for one provider and one subject profile at a record place.

    Attributes:
        kind: READ of the kind's own coordinate.
        filters, orders: per field, in the order of the arguments.
        count: COUNT of the kind's own coordinate.
        leaves: READ per field name, for every leaf selected at the place, `meta.subjectId` of a
            selected subject included.
    """

    kind: Decision
    filters: tuple[tuple[str, Decision], ...]
    orders: tuple[tuple[str, Decision], ...]
    count: Decision
    leaves: Mapping[str, Decision]

    @property
    def is_open(self) -> bool:
        return self.kind.outcome is Outcome.CLEAR

    @property
    def is_asked(self) -> bool:
        return self.is_open and all(
            decision.outcome is Outcome.CLEAR for _, decision in (*self.filters, *self.orders)
        )


@dataclass(frozen=True, slots=True, eq=False)
class Stream:
    """One selection for one provider, and what is needed to read its rows.

    Attributes:
        cell: decisions that hold for all its rows.
        columns: position of each field in a row.
        row_rule: the row rules alone; checked again on what comes back.
        subject_kinds: kinds of subjects it lists; None where keys are given.
        kept: what later stages generated for this stream; lives as long as it does.
    """

    place: RecordPlace
    provider: Provider
    cell: Cell
    selection: RecordSelection
    columns: Mapping[str, int]
    row_rule: Predicate
    subject_kinds: frozenset[SubjectKind] | None
    kept: dict[object, Any] = field(default_factory=dict, repr=False)

    @property
    def is_json(self) -> bool:
        return self.selection.json is not None


@dataclass(frozen=True, slots=True, eq=False)
class StatisticsCell:
    """Decisions for one provider and subject kind.

    Attributes:
        aggregates: AGGREGATE per group and sum field, in the order given; READ in its place where
            that is missing and there is a filter.
        is_hiding: a group or sum field may be aggregated and not read.
    """

    kind: Decision
    filters: tuple[tuple[str, Decision], ...]
    count: Decision
    aggregates: tuple[tuple[str, Decision], ...]
    is_hiding: bool

    @property
    def is_open(self) -> bool:
        return self.kind.outcome is Outcome.CLEAR

    @property
    def is_asked(self) -> bool:
        return (
            self.is_open
            and self.count.outcome is Outcome.CLEAR
            and all(
                decision.outcome is Outcome.CLEAR
                for _, decision in (*self.filters, *self.aggregates)
            )
        )


@dataclass(frozen=True, slots=True, eq=False)
class StatisticsStream:
    provider: Provider
    request: StatisticsRequest
