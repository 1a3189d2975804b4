"""The command `policy explain`: how a field is decided for a caller, and what would help."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import click

from gateway.cli.policy_folders import folders_option, read_policies
from gateway.cli.policy_words import (
    CALLERS,
    CLASSES,
    CLOSED,
    FACTS,
    GATES,
    MASKS,
    OUTCOMES,
    ROLES,
    SUBJECTS,
    USES,
    Language,
    Word,
    language_option,
    purpose_text,
)
from gateway.planning.explain import predicate_text
from policies.engine import PolicySet
from policies.matrix import PROFILE_NAMES, standard_profiles
from policies.model import CallerClass, Decision, Missing, Outcome, Purpose, Role, Use
from policies.reasons import Reasons, Way, reasons
from policies.situations import ONLY_PURPOSE, Facts, Situation, sample_caller
from schema.build import build_schema, core_schema
from schema.classification import SubjectKind
from schema.paths import FieldPlace, find_field
from schema.records import MODEL

_PROFILES = click.Choice(
    list(dict.fromkeys((*(member.value for member in CallerClass), *PROFILE_NAMES)))
)
_PURPOSES = click.Choice([member.value for member in Purpose])
_SUBJECTS = click.Choice([member.value for member in SubjectKind])
_ROLES = click.Choice([member.value for member in Role])
_USES = click.Choice([member.value for member in Use])
INDENT = "  "


@click.command()
@click.option(
    "--as",
    "profile",
    type=_PROFILES,
    required=True,
    help="Class of the caller, or a profile of the matrix.",
)
@click.option(
    "--field",
    "field",
    required=True,
    help="Such as Organisation.taxArrears.balance, or TaxArrears.balance.",
)
@click.option("--purpose", type=_PURPOSES, help="Purpose, where the caller has not just one.")
@click.option("--use", type=_USES, help="One use only; otherwise every use that the field has.")
@click.option("--subject", type=_SUBJECTS, help="Kind of subject, if it is no organisation.")
@click.option("--role", type=_ROLES, help="Role of the person behind the request.")
@click.option("--consent", is_flag=True, help="The subject has consented to the field.")
@click.option("--grant", is_flag=True, help="A sharing grant names the field.")
@click.option("--self", "is_self", is_flag=True, help="The subject is the caller itself.")
@click.option("--source", "is_source", is_flag=True, help="The record is the caller's own.")
@folders_option
@language_option
def explain(
    profile: str,
    field: str,
    purpose: str | None,
    use: str | None,
    subject: str | None,
    role: str | None,
    consent: bool,
    grant: bool,
    is_self: bool,
    is_source: bool,
    folders: tuple[str, ...],
    language: Language,
) -> None:
    """Tell how a field is decided, by which rules and laws, and what would help.

    Decides by the rules alone: consents and grants are assumed with the options, never looked up.
    """
    place = _place(field)
    present = _situation(profile, purpose, _subject_kind(place, subject))
    facts = present.facts
    given = Facts(
        facts.consent or consent,
        facts.grant or grant,
        facts.is_self or is_self,
        facts.is_source or is_source,
    )
    caller = replace(present.caller, role=Role(role) if role else None)
    present = replace(present, caller=caller, facts=given)
    policies = read_policies(folders)
    uses = (Use(use),) if use else uses_of(place.coordinate)
    for line in explanation(policies, present, place.coordinate, uses, language):
        click.echo(line)


def uses_of(coordinate: str) -> tuple[Use, ...]:
    """Uses that a coordinate has: records are counted, comparable fields ordered by."""
    kind = MODEL.by_type_name[coordinate.partition(".")[0]]
    if coordinate == kind.type_name:
        return (Use.READ, Use.COUNT, Use.AGGREGATE)
    field = kind.by_name[coordinate.partition(".")[2]]
    found = [Use.READ]
    if field.is_filterable:
        found.append(Use.FILTER)
    if field.is_comparable:
        found += [Use.ORDER, Use.AGGREGATE]
    return tuple(found)


def _place(text: str) -> FieldPlace:
    place = find_field(core_schema(build_schema()), MODEL, text)
    if place is None:
        raise click.ClickException(
            f"field `{text}` is unknown, expected a coordinate such as `TaxArrears.balance` or a "
            "path such as `Organisation.taxArrears.balance`; `docs/catalogue.md` and the query "
            "`catalogue` list all of them"
        )
    return place


def _subject_kind(place: FieldPlace, stated: str | None) -> SubjectKind:
    if stated is None:
        return place.subject_kind or SubjectKind.ORGANISATION
    kind = SubjectKind(stated)
    is_person = kind is SubjectKind.NATURAL_PERSON
    if place.subject_kind and is_person != (place.subject_kind is SubjectKind.NATURAL_PERSON):
        raise click.UsageError(f"--subject {stated} does not fit the path given with --field")
    return kind


def _situation(profile: str, purpose: str | None, subject_kind: SubjectKind) -> Situation:
    known = {each.name: each.situation for each in standard_profiles(subject_kind)}
    if profile in known:
        present = known[profile]
        if purpose is not None:
            present = replace(present, caller=replace(present.caller, purpose=Purpose(purpose)))
        return present
    caller_class = CallerClass(profile)
    stated = Purpose(purpose) if purpose else ONLY_PURPOSE.get(caller_class)
    if stated is None:
        raise click.UsageError(f"a caller of class `{profile}` needs --purpose")
    return Situation(sample_caller(caller_class, stated), subject_kind, Facts())


def explanation(
    policies: PolicySet,
    present: Situation,
    coordinate: str,
    uses: tuple[Use, ...],
    language: Language,
) -> Iterator[str]:
    """Lines that tell how the uses of a coordinate are decided in a situation."""
    yield from _heading(present, coordinate, language)
    kind = coordinate.partition(".")[0]
    records = present.table(policies).decide(kind, Use.READ)
    if coordinate != kind and records.outcome is not Outcome.DENIED:
        yield f"{kind}: {_outcome(records, language)}"
    for use in uses:
        yield from _use(reasons(policies, present, coordinate, use), language)
    yield Word("规则版本", "policy version").in_(language) + f" {policies.version}"


def _heading(present: Situation, coordinate: str, language: Language) -> Iterator[str]:
    kind = MODEL.by_type_name[coordinate.partition(".")[0]]
    declared = kind.declaration
    name, classes = declared.name_zh, (declared.field_class, declared.person_class)
    if coordinate != kind.type_name:
        field = kind.by_name[coordinate.partition(".")[2]]
        name = f"{name} {field.declaration.name_zh}"
        classes = (
            field.class_for(SubjectKind.ORGANISATION),
            field.class_for(SubjectKind.NATURAL_PERSON),
        )
    is_person = present.subject_kind is SubjectKind.NATURAL_PERSON
    yield f"{coordinate} {name}"
    parts = [
        CALLERS[present.caller.caller_class].in_(language),
        purpose_text(present.caller.purpose, language),
        SUBJECTS[present.subject_kind].in_(language),
        *([ROLES[present.caller.role].in_(language)] if present.caller.role else []),
        *(FACTS[fact].in_(language) for fact in sorted(present.facts.names)),
    ]
    yield INDENT + ("；" if language == "zh" else "; ").join(parts)
    level = CLASSES[classes[is_person]].in_(language)
    yield INDENT + Word("保护级别", "class").in_(language) + f" {level}"


def _use(told: Reasons, language: Language) -> Iterator[str]:
    yield f"{USES[told.use].in_(language)}: {_outcome(told.decision, language)}"
    if told.gate is not None:
        is_closed = told.decision.missing is Missing.NOTHING_HELPS
        gate = CLOSED if is_closed and not told.ways else GATES[told.gate]
        yield INDENT + gate.in_(language)
    for way in told.ways:
        yield INDENT + _way(way, language)
    if told.callers:
        text = Word("开放对象", "open to").in_(language)
        names = [CALLERS[each].in_(language) for each in told.callers]
        yield f"{INDENT}{text}: {_joined(names, language)}"
    for rule in told.rules:
        yield f"{INDENT}{rule.id}: {rule.intent}"
        yield f"{INDENT * 2}{rule.legal_basis}"
    if not told.rules:
        yield INDENT + Word("没有规则允许", "no rule permits it").in_(language)


def _outcome(decision: Decision, language: Language) -> str:
    text = OUTCOMES[decision.outcome].in_(language)
    if decision.outcome is Outcome.MASKED:
        text += f" ({MASKS[decision.mask].in_(language)})"
    if decision.row is not None:
        limit = Word("只限于符合条件的记录", "only records where").in_(language)
        text += f" ({limit}: {predicate_text(decision.row)})"
    return text


def _way(way: Way, language: Language) -> str:
    parts = [FACTS[fact].in_(language) for fact in way.facts]
    if way.subject_kind is not None:
        parts.append(SUBJECTS[way.subject_kind].in_(language))
    if way.role is not None:
        parts.append(Word("经办角色为", "role").in_(language) + f" {ROLES[way.role].in_(language)}")
    if way.purposes:
        names = [purpose_text(each, language) for each in way.purposes]
        parts.append(Word("用途为", "purpose").in_(language) + f" {_joined(names, language)}")
    text = (" 并且 " if language == "zh" else " and ").join(parts)
    would = Word("如有以下条件即可", "would do").in_(language)
    masked = f" ({OUTCOMES[way.outcome].in_(language)})" if way.outcome is Outcome.MASKED else ""
    return f"{would}: {text}{masked}"


def _joined(names: list[str], language: Language) -> str:
    return ("、" if language == "zh" else ", ").join(names)
