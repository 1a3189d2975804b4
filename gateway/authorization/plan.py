"""AuthorizedPlan: the decisions for one plan and caller, made when first asked for, then kept.

Other stages read it; only `authorization.authorize` makes one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import Any

from gateway.authorization.statistics import statistics_cell, statistics_streams
from gateway.authorization.streams import make_stream
from gateway.authorization.types import (
    Cell,
    Provider,
    StatisticsCell,
    StatisticsStream,
    Stream,
)
from gateway.contract import PERSON_KEY_PREFIX
from gateway.entitlements.data_contract import DataContract
from gateway.entitlements.types import ConsentTerms, Entitlements, Granted
from gateway.errors import BadRequest
from gateway.planning.leaves import SUBJECT_ID, record_kinds
from gateway.planning.types import (
    FetchPlan,
    RecordPlace,
    StatisticsRoot,
    SubjectMember,
    SubjectPlace,
)
from policies.engine import AccessTable, PolicySet
from policies.model import Caller, Decision, Limit, Outcome, SubjectProfile, Use
from schema.classification import SubjectKind
from schema.codes import RecordKind
from schema.records import MODEL

MAX_PROFILES = 16
MAX_REPORTS = 64
_NOTHING: frozenset[str] = frozenset()
# profile, whether the provider is the caller's own, whose own rules count, what it granted
_TableKey = tuple[SubjectProfile, bool, str | None, frozenset[str]]
_GENERAL = {kind: SubjectProfile(kind, False, _NOTHING) for kind in SubjectKind}
LISTED_KINDS = tuple(SubjectKind)
SEARCHED_KINDS = (SubjectKind.ORGANISATION, SubjectKind.INDIVIDUAL_BUSINESS)


def subject_kind(key: str) -> SubjectKind:
    """Kind of the subject that a key stands for.

    Source: GB 32100-2015, first two characters: 92 is an individual business.
    """
    if key.startswith(PERSON_KEY_PREFIX):
        return SubjectKind.NATURAL_PERSON
    return SubjectKind.INDIVIDUAL_BUSINESS if key.startswith("92") else SubjectKind.ORGANISATION


@dataclass(frozen=True, slots=True)
class Profiles:
    """Subject profiles of some keys.

    Attributes:
        groups: keys by profile, profiles in the order of their first key.
        consents: terms that were looked at, by key.
    """

    groups: Mapping[SubjectProfile, tuple[str, ...]]
    consents: Mapping[str, ConsentTerms]


@dataclass(frozen=True, slots=True)
class PlaceStreams:
    """Streams of one record place for one group of subjects, by the group's number."""

    place: RecordPlace
    group: int
    streams: tuple[Stream, ...]


def _members(place: SubjectPlace, profile: SubjectProfile) -> Mapping[str, SubjectMember]:
    is_person = profile.subject_kind is SubjectKind.NATURAL_PERSON
    return place.person if is_person else place.organisation


class AuthorizedPlan:
    """Decisions and streams of one plan for one caller. Made when first asked for, then kept.

    Attributes:
        marks: what the decisions rely on beside consents and rules.
    """

    def __init__(
        self,
        plan: FetchPlan,
        caller: Caller,
        policies: PolicySet,
        providers: Mapping[RecordKind, Sequence[Provider]],
        entitlements: Entitlements,
        granted: Granted,
        unnamed: Limit | None = None,
    ) -> None:
        """
        Args:
            unnamed: what the caller's token lets through of subjects that are not named.
        """
        self.plan = plan
        # taken with the plan: whatever is decided later is decided on the same or newer ones
        self.marks = entitlements.marks(caller, record_kinds(plan))
        self.caller = caller
        self.policy_version = policies.version
        self.policies = policies
        self._providers = providers
        self._entitlements = entitlements
        self._granted = granted
        self._contract: DataContract | None = None
        self._unnamed = _GENERAL if unnamed is None else _limited(unnamed)
        self._tables: dict[_TableKey, AccessTable] = {}
        self._cells: dict[tuple[RecordPlace, Provider, SubjectProfile], Cell] = {}
        self._keyed: dict[tuple[RecordPlace, SubjectProfile], tuple[Stream, ...]] = {}
        self._listed: dict[RecordPlace, tuple[Stream, ...]] = {}
        self._levels: dict[
            tuple[SubjectPlace, tuple[SubjectProfile, ...]], tuple[PlaceStreams, ...]
        ] = {}
        self.reports: dict[object, Any] = {}
        self.kept: dict[object, Any] = {}

    @property
    def granted(self) -> Granted:
        """What sharing grants give the caller."""
        return self._granted

    @property
    def token_limit(self) -> Limit | None:
        """What the caller's token lets through of a subject that it is about; None: everything."""
        if self._contract is not None:
            return self._contract.limit
        return next(iter(self._unnamed.values())).limit

    @property
    def profiles_met(self) -> tuple[SubjectProfile, ...]:
        """Profiles for which anything was decided so far."""
        return tuple(dict.fromkeys([profile for profile, *_ in list(self._tables)]))

    def for_query(self, entitlements: Entitlements) -> AuthorizedPlan:
        """This plan for one query that has consents of its own; all decisions are shared."""
        own = copy(self)
        own._entitlements = entitlements
        return own

    def under(self, contract: DataContract) -> AuthorizedPlan:
        """This plan for a token that is about some subjects only; all decisions are shared."""
        own = copy(self)
        own._contract = contract
        return own

    def remember_report(self, key: object, report: object) -> None:
        """Keep what later stages derived from this plan's decisions, the latest few."""
        if len(self.reports) >= MAX_REPORTS:
            self.reports.clear()
        self.reports[key] = report

    def providers(self, place: RecordPlace) -> Sequence[Provider]:
        """Providers of the place's kind, by department code; of a node, the one it names."""
        found = self._providers.get(place.kind, ())
        if place.record is not None:
            return [item for item in found if item.code == place.record.department]
        return found

    def suppliers(self, kind: RecordKind) -> Sequence[Provider]:
        """All providers of a kind, by department code."""
        return self._providers.get(kind, ())

    def profiles(self, keys: Sequence[str]) -> Profiles:
        """Profiles of subjects named one by one.

        Raises:
            BadRequest: TOO_MANY_ACCESS_PROFILES.
        """
        consents = self._entitlements.consents(self.caller, keys)
        own = self.caller.organisation
        if keys and not consents and own not in keys and self._contract is None:
            kind = _common_kind(keys)
            if kind is not None:
                return Profiles({self._unnamed[kind]: tuple(keys)}, consents)
        groups: dict[SubjectProfile, list[str]] = {}
        for key in keys:
            if key in consents or key == own or self._contract is not None:
                profile = self._profile(key, consents.get(key))
            else:
                profile = self._unnamed[subject_kind(key)]
            found = groups.get(profile)
            if found is None:
                groups[profile] = [key]
            else:
                found.append(key)
        if len(groups) > MAX_PROFILES:
            raise BadRequest(
                "TOO_MANY_ACCESS_PROFILES",
                f"the subjects need more than {MAX_PROFILES} different sets of permissions; "
                "ask for fewer subjects at a time",
            )
        return Profiles({profile: tuple(found) for profile, found in groups.items()}, consents)

    def _profile(self, key: str, terms: ConsentTerms | None) -> SubjectProfile:
        consented = terms.coordinates if terms is not None else _NOTHING
        kind, contract = subject_kind(key), self._contract
        if contract is None:
            limit = self._unnamed[kind].limit
        else:
            limit = contract.of(key, None if terms is None else terms.consent_no)
        return SubjectProfile(kind, key == self.caller.organisation, consented, limit)

    def table(self, profile: SubjectProfile, provider_code: str) -> AccessTable:
        """Decisions for a profile and a provider."""
        is_source = provider_code == self.caller.organisation
        # Departments without rules of their own are decided alike.
        own = provider_code if provider_code in self.policies.own_rules else None
        granted = self._granted.of(provider_code)
        key = (profile, is_source, own, granted)
        found = self._tables.get(key)
        if found is None:
            found = self.policies.compile(self.caller, profile, granted, is_source, provider=own)
            self._tables[key] = found
        return found

    def cell(self, place: RecordPlace, provider: Provider, profile: SubjectProfile) -> Cell:
        """Decisions of one cell."""
        key = (place, provider, profile)
        found = self._cells.get(key)
        if found is None:
            found = self._cells[key] = self._decide(place, provider, profile)
        return found

    def _decide(self, place: RecordPlace, provider: Provider, profile: SubjectProfile) -> Cell:
        table = self.table(profile, provider.code)
        kind = MODEL.kinds[place.kind]
        arguments = place.arguments
        orders = () if arguments.is_default_order else arguments.order

        def decisions(names: Sequence[str], use: Use) -> tuple[tuple[str, Decision], ...]:
            return tuple((name, table.decide(kind.by_name[name].coordinate, use)) for name in names)

        leaves = (*place.leaves, SUBJECT_ID)
        return Cell(
            kind=table.decide(kind.type_name, Use.READ),
            filters=decisions(arguments.filter_fields, Use.FILTER),
            orders=decisions([key.field for key in orders], Use.ORDER),
            count=table.decide(kind.type_name, Use.COUNT),
            leaves=dict(decisions(leaves, Use.READ)),
        )

    def keyed_streams(self, place: RecordPlace, profile: SubjectProfile) -> tuple[Stream, ...]:
        """What to ask for subjects of one profile, a stream per provider that may be asked."""
        found = self._keyed.get((place, profile))
        if found is None:
            cells = [
                (provider, self.cell(place, provider, profile))
                for provider in self.providers(place)
            ]
            asked = [(provider, cell) for provider, cell in cells if cell.is_asked]
            may_count = _may_count(cell for _, cell in cells)
            found = tuple(
                make_stream(
                    place,
                    provider,
                    cell,
                    self._entitlements.effects(self.caller, provider.slug, place.kind),
                    len(asked) == 1,
                    may_count,
                    None,
                )
                for provider, cell in asked
            )
            self._keyed[place, profile] = found
        return found

    def subject_streams(
        self, place: SubjectPlace, profiles: tuple[SubjectProfile, ...]
    ) -> tuple[PlaceStreams, ...]:
        """What to ask for at a place of subjects, for groups of subjects of these profiles."""
        found = self._levels.get((place, profiles))
        if found is None:
            if len(self._levels) >= MAX_REPORTS:
                self._levels.clear()
            found = self._levels[place, profiles] = tuple(
                PlaceStreams(member, group, self.keyed_streams(member, profile))
                for group, profile in enumerate(profiles)
                for member in _members(place, profile).values()
                if isinstance(member, RecordPlace)
            )
        return found

    def listed_streams(self, place: RecordPlace) -> tuple[Stream, ...]:
        """What to ask over all subjects: per provider a stream for each group of equal cells."""
        found = self._listed.get(place)
        if found is None:
            cells = [
                (provider, cell, kinds)
                for provider in self.providers(place)
                for cell, kinds in self._equal_cells(place, provider)
            ]
            grouped = [item for item in cells if item[1].is_asked]
            may_count = _may_count(cell for _, cell, _ in cells)
            found = tuple(
                make_stream(
                    place,
                    provider,
                    cell,
                    self._entitlements.effects(self.caller, provider.slug, place.kind),
                    len(grouped) == 1,
                    may_count,
                    kinds,
                )
                for provider, cell, kinds in grouped
            )
            self._listed[place] = found
        return found

    def _equal_cells(
        self, place: RecordPlace, provider: Provider
    ) -> list[tuple[Cell, frozenset[SubjectKind]]]:
        groups: list[tuple[Cell, set[SubjectKind]]] = []
        for kind in listed_kinds(place):
            cell = self.cell(place, provider, self._unnamed[kind])
            for other, kinds in groups:
                if _alike(cell, other):
                    kinds.add(kind)
                    break
            else:
                groups.append((cell, {kind}))
        return [(cell, frozenset(kinds)) for cell, kinds in groups]

    def general_profile(self, kind: SubjectKind) -> SubjectProfile:
        """Profile of a subject that is not named: its kind alone."""
        return self._unnamed[kind]

    def registrars(self) -> Sequence[Provider]:
        """Providers of registrations: they tell whether a code is known."""
        return self._providers.get(RecordKind.REGISTRATION, ())

    def statistics_providers(self, root: StatisticsRoot) -> Sequence[Provider]:
        return self._providers.get(root.kind, ())

    def statistics_cell(
        self, root: StatisticsRoot, provider: Provider, kind: SubjectKind
    ) -> StatisticsCell:
        """Decisions of one cell of `recordStatistics`."""
        return statistics_cell(root, self.table(self.counted_profile(kind), provider.code))

    def counted_profile(self, kind: SubjectKind) -> SubjectProfile:
        """Profile by which subjects of a kind are counted in statistics."""
        return _counted(self._unnamed[kind])

    def statistics_streams(self, root: StatisticsRoot) -> Sequence[StatisticsStream]:
        """What to ask for statistics."""
        return statistics_streams(
            root,
            self.statistics_providers(root),
            lambda provider, kind: self.statistics_cell(root, provider, kind),
            lambda provider: self._entitlements.effects(self.caller, provider.slug, root.kind),
        )


def _limited(limit: Limit) -> Mapping[SubjectKind, SubjectProfile]:
    return {kind: SubjectProfile(kind, False, _NOTHING, limit) for kind in SubjectKind}


def _counted(profile: SubjectProfile) -> SubjectProfile:
    """The profile for statistics: whoever may aggregate a kind learns that it has records."""
    limit = profile.limit
    if limit is None:
        return profile
    kinds = frozenset(each for each in limit.aggregate if "." not in each)
    return replace(profile, limit=Limit(limit.read | kinds, limit.aggregate))


def _common_kind(keys: Sequence[str]) -> SubjectKind | None:
    """The subject kind of all keys, if they have one in common."""
    beginnings = {key[:2] for key in keys}
    if beginnings.isdisjoint((PERSON_KEY_PREFIX, "92")):
        return SubjectKind.ORGANISATION
    return subject_kind(keys[0]) if len(beginnings) == 1 else None


def listed_kinds(place: RecordPlace) -> tuple[SubjectKind, ...]:
    """Subject kinds that can stand at a place over all subjects."""
    return SEARCHED_KINDS if place.is_search else LISTED_KINDS


def _may_count(cells: Iterable[Cell]) -> bool:
    """Whether every open cell may be counted; the sum of some would be no total."""
    return all(cell.count.outcome is Outcome.CLEAR for cell in cells if cell.is_open)


def _alike(first: Cell, second: Cell) -> bool:
    return (
        first.kind == second.kind
        and first.filters == second.filters
        and first.orders == second.orders
        and first.count == second.count
        and first.leaves == second.leaves
    )
