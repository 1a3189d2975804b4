"""How two sets of rules decide one plan differently. Pure: no clock, no input or output."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gateway.authorization.plan import AuthorizedPlan
from gateway.authorization.types import Provider
from gateway.planning.leaves import SUBJECT_ID, wants_count
from gateway.planning.types import RecordPlace, RecordsRoot, StatisticsRoot, SubjectsRoot
from policies.engine import PolicySet
from policies.model import CallerClass, Decision, Outcome, Purpose, SubjectProfile, Use
from schema.classification import SubjectKind
from schema.records import MODEL

_NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Difference:
    """One question that two sets decide differently. Names no caller, subject or value.

    Attributes:
        department: slug of the provider asked.
        is_self, is_consented: what is special about the subject, beside its kind.
        live, candidate: outcomes. live_rules, candidate_rules: ids of the deciding rules.
        is_of_rows: both permit, of different records or with different masks.
    """

    coordinate: str
    use: Use
    caller_class: CallerClass
    purpose: Purpose
    subject_kind: SubjectKind
    is_self: bool
    is_consented: bool
    department: str
    live: Outcome
    candidate: Outcome
    live_rules: tuple[str, ...]
    candidate_rules: tuple[str, ...]
    is_of_rows: bool


def differences(authorized: AuthorizedPlan, candidate: PolicySet) -> Iterator[Difference]:
    """What a plan's caller would get differently under other rules.

    Looked at are subjects of every kind, the caller itself, and subjects with the consents that
    the plan has met so far.
    """
    live = authorized.policies
    other = candidate.on(live.today)
    caller, granted = authorized.caller, authorized.granted
    for provider, asked in _questions(authorized).items():
        is_source = provider.code == caller.organisation
        for profile in _profiles(authorized):
            tables = [
                rules.compile(
                    caller, profile, granted.of(provider.code), is_source, provider=provider.code
                )
                for rules in (live, other)
            ]
            for coordinate, use in asked:
                before, after = (table.decide(coordinate, use) for table in tables)
                if _is_same(before, after):
                    continue
                yield Difference(
                    coordinate,
                    use,
                    caller.caller_class,
                    caller.purpose,
                    profile.subject_kind,
                    profile.is_self,
                    bool(profile.consented),
                    provider.slug,
                    before.outcome,
                    after.outcome,
                    before.rule_ids,
                    after.rule_ids,
                    before.outcome is after.outcome,
                )


def _is_same(first: Decision, second: Decision) -> bool:
    return (first.outcome, first.mask, first.row) == (second.outcome, second.mask, second.row)


def _profiles(authorized: AuthorizedPlan) -> Iterable[SubjectProfile]:
    general = [SubjectProfile(kind, False, _NOTHING) for kind in SubjectKind]
    itself = SubjectProfile(SubjectKind.ORGANISATION, True, _NOTHING)
    return dict.fromkeys((*general, itself, *authorized.profiles_met))


_Questions = dict[Provider, dict[tuple[str, Use], None]]


def _questions(authorized: AuthorizedPlan) -> _Questions:
    """Coordinates and uses that the plan asks of each provider, each once."""
    found: _Questions = {}
    for root in authorized.plan.roots.values():
        if isinstance(root, StatisticsRoot):
            asked = dict.fromkeys(_of_statistics(root))
            for provider in authorized.statistics_providers(root):
                found.setdefault(provider, {}).update(asked)
        elif isinstance(root, RecordsRoot):
            _add_places(found, authorized, (root.place,))
        elif isinstance(root, SubjectsRoot):
            _add_places(found, authorized, root.place.records)
    return found


def _add_places(
    found: _Questions, authorized: AuthorizedPlan, places: Iterable[RecordPlace]
) -> None:
    for place in places:
        asked = dict.fromkeys(_of_records(place))
        for provider in authorized.providers(place):
            found.setdefault(provider, {}).update(asked)
        for below in place.below:
            _add_places(found, authorized, below.records)


def _of_records(place: RecordPlace) -> Iterator[tuple[str, Use]]:
    kind, arguments = MODEL.kinds[place.kind], place.arguments
    yield kind.type_name, Use.READ
    if wants_count(place.content):
        yield kind.type_name, Use.COUNT
    for name in arguments.filter_fields:
        yield kind.by_name[name].coordinate, Use.FILTER
    for key in () if arguments.is_default_order else arguments.order:
        yield kind.by_name[key.field].coordinate, Use.ORDER
    for name in (*place.leaves, SUBJECT_ID):
        yield kind.by_name[name].coordinate, Use.READ


def _of_statistics(root: StatisticsRoot) -> Iterator[tuple[str, Use]]:
    kind = MODEL.kinds[root.kind]
    yield kind.type_name, Use.READ
    yield kind.type_name, Use.COUNT
    for name in root.arguments.filter_fields:
        yield kind.by_name[name].coordinate, Use.FILTER
    for name in (*root.group_by, *root.sums):
        yield kind.by_name[name].coordinate, Use.AGGREGATE
