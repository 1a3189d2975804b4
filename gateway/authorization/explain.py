"""From an authorized plan to stable text: who is asked at each place, and by which rules.

No value of a record and no key of a subject appears; subjects are told by profile and number.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from gateway.authorization.plan import AuthorizedPlan, listed_kinds
from gateway.authorization.types import Cell, Provider, StatisticsCell, Stream
from gateway.planning.explain import INDENT, predicate_text
from gateway.planning.leaves import wants_count
from gateway.planning.types import RecordPlace, StatisticsRoot, SubjectPlace
from policies.model import Decision, Missing, Outcome, SubjectProfile, Use
from schema.classification import SubjectKind
from schema.predicate import ALWAYS

NEEDS: Mapping[Missing, str] = {
    Missing.NOTHING_HELPS: "open to nobody like this caller",
    Missing.ANOTHER_CALLER: "open to other callers only",
    Missing.ANOTHER_SUBJECT: "open for other subjects only",
    Missing.ANOTHER_PURPOSE: "open for other purposes only",
    Missing.CONSENT: "needs the subject's consent",
    Missing.GRANT: "needs a sharing grant",
    Missing.TOKEN: "needs a token that is for it",
}
_KINDS: Mapping[SubjectKind, str] = {
    SubjectKind.ORGANISATION: "an organisation",
    SubjectKind.INDIVIDUAL_BUSINESS: "an individual business",
    SubjectKind.NATURAL_PERSON: "a natural person",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """Who stands at a subject place.

    Attributes:
        profiles: number of subjects by profile; None where they are found on the way only.
    """

    profiles: Mapping[SubjectProfile, int | None]


class DecisionNotes:
    """What authorization adds to the text of a plan (`PlanNotes`)."""

    def __init__(self, plan: AuthorizedPlan, standing: Mapping[SubjectPlace, Standing]) -> None:
        self._plan = plan
        self._standing = standing

    def of_subjects(self, place: SubjectPlace) -> Sequence[str]:
        if place not in self._standing:
            return ["nobody, since nothing that leads here is asked for"]
        return [
            f"{profile_text(profile)}{'' if number is None else f': {number} of them'}"
            for profile, number in self._standing[place].profiles.items()
        ]

    def of_records(self, place: RecordPlace, above: SubjectPlace | None) -> Sequence[str]:
        if above is not None and above not in self._standing:
            return []
        lines: list[str] = []
        for provider in self._plan.providers(place):
            if above is None:
                told = self._listed(place, provider)
            else:
                told = self._keyed(place, provider, self._profiles(place, above))
            lines += _alike_together(provider, told)
        return lines or ["nobody supplies this kind"]

    def _profiles(self, place: RecordPlace, above: SubjectPlace) -> list[SubjectProfile]:
        """Profiles that have this place: some stand at subjects of one type only."""
        profiles = self._standing[above].profiles
        return [profile for profile in profiles if _stands(place, above, profile)]

    def _keyed(
        self, place: RecordPlace, provider: Provider, profiles: Sequence[SubjectProfile]
    ) -> Iterator[tuple[str, tuple[str, ...]]]:
        for profile in profiles:
            streams = self._plan.keyed_streams(place, profile)
            stream = next((item for item in streams if item.provider is provider), None)
            cell = self._plan.cell(place, provider, profile)
            yield profile_text(profile), tuple(_cell_lines(place, cell, stream))

    def _listed(
        self, place: RecordPlace, provider: Provider
    ) -> Iterator[tuple[str, tuple[str, ...]]]:
        streams = [item for item in self._plan.listed_streams(place) if item.provider is provider]
        for kind in listed_kinds(place):
            cell = self._plan.cell(place, provider, self._plan.general_profile(kind))
            stream = next((item for item in streams if kind in (item.subject_kinds or ())), None)
            yield _KINDS[kind], tuple(_cell_lines(place, cell, stream))

    def of_statistics(self, root: StatisticsRoot) -> Sequence[str]:
        lines: list[str] = []
        for provider in self._plan.statistics_providers(root):
            lines += _alike_together(provider, self._counted(root, provider))
        return lines or ["nobody supplies this kind"]

    def _counted(
        self, root: StatisticsRoot, provider: Provider
    ) -> Iterator[tuple[str, tuple[str, ...]]]:
        for kind in SubjectKind:
            cell = self._plan.statistics_cell(root, provider, kind)
            lines = tuple(_statistics_lines(cell))
            yield _KINDS[kind], (*lines, f"{INDENT}{'asked' if cell.is_asked else 'not asked'}")


def _alike_together(
    provider: Provider, told: Iterable[tuple[str, tuple[str, ...]]]
) -> Iterator[str]:
    """Lines of one provider; subjects that are treated alike under one heading."""
    found: dict[tuple[str, ...], list[str]] = {}
    for subject, lines in told:
        found.setdefault(lines, []).append(subject)
    for lines, subjects in found.items():
        yield f"{provider.slug}, {' or '.join(subjects)}"
        yield from lines


def profile_text(profile: SubjectProfile) -> str:
    """A subject profile in words, without its keys."""
    kind = _KINDS[profile.subject_kind]
    if profile.is_self:
        return f"{kind}, the caller itself"
    fields = sum("." in coordinate for coordinate in profile.consented)
    return f"{kind} that consented to {fields} fields" if fields else kind


def _stands(place: RecordPlace, above: SubjectPlace, profile: SubjectProfile) -> bool:
    is_person = profile.subject_kind is SubjectKind.NATURAL_PERSON
    return place in (above.person if is_person else above.organisation).values()


def _cell_lines(place: RecordPlace, cell: Cell, stream: Stream | None) -> Iterator[str]:
    yield f"{INDENT}records {_decided(cell.kind)}"
    if not cell.is_open:
        return
    if cell.kind.row is not None:
        yield f"{INDENT * 2}where {predicate_text(cell.kind.row)}"
    for use, decisions in ((Use.FILTER, cell.filters), (Use.ORDER, cell.orders)):
        for names, decision in _alike(decisions):
            yield f"{INDENT}{use.value} by {', '.join(names)} {_decided(decision)}"
    for names, decision in _alike([(name, cell.leaves[name]) for name in place.leaves]):
        yield f"{INDENT}{decision.outcome.value.lower()} {', '.join(names)}{_by(decision)}"
    if wants_count(place.content):
        yield f"{INDENT}count {_decided(cell.count)}"
    yield f"{INDENT}{'not asked' if stream is None else f'asked for {_wanted(stream)}'}"


def _statistics_lines(cell: StatisticsCell) -> Iterator[str]:
    yield f"{INDENT}records {_decided(cell.kind)}"
    if not cell.is_open:
        return
    if cell.kind.row is not None:
        yield f"{INDENT * 2}where {predicate_text(cell.kind.row)}"
    for names, decision in _alike(cell.filters):
        yield f"{INDENT}filter by {', '.join(names)} {_decided(decision)}"
    yield f"{INDENT}count {_decided(cell.count)}"
    for names, decision in _alike(cell.aggregates):
        yield f"{INDENT}aggregate {', '.join(names)} {_decided(decision)}"


def _wanted(stream: Stream) -> str:
    selection = stream.selection
    wanted = "JSON" if stream.is_json else f"rows of {', '.join(selection.fields)}"
    if stream.row_rule != (stream.cell.kind.row or ALWAYS):
        wanted += ", without hidden records"
    return wanted


def _alike(decisions: Sequence[tuple[str, Decision]]) -> Iterator[tuple[list[str], Decision]]:
    """Names that are decided alike, in the order of the first of each."""
    groups: dict[Decision, list[str]] = {}
    for name, decision in decisions:
        groups.setdefault(decision, []).append(name)
    return ((names, decision) for decision, names in groups.items())


def _decided(decision: Decision) -> str:
    return f"{decision.outcome.value.lower()}{_by(decision)}"


def _by(decision: Decision) -> str:
    mask = f" ({decision.mask.value})" if decision.outcome is Outcome.MASKED else ""
    needs = f" ({NEEDS[decision.missing]})" if decision.missing is not None else ""
    return f"{mask}{needs} by {', '.join(decision.rule_ids)}"
