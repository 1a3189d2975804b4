"""The rules decided by Cedar and by the engine: both say the same of every request."""

from __future__ import annotations

import datetime as dt
import json
import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import cedarpy
import pytest

from policies.engine import DEFAULT_DENY, PolicySet
from policies.judgement import STRICTNESS
from policies.loader import RULES, load_policies
from policies.model import Effect, Outcome, Purpose, Role, Rule, Use
from policies.own import OwnRules
from policies.situations import all_rules
from schema.classification import MaskKind, SubjectKind
from schema.records import MODEL
from tests.policies import cedar
from tests.policies.more_rules import MORE_RULES, OWN_RULES
from tests.policies.records import TODAY
from tests.policies.reference import Question
from tests.policies.test_engine import (
    ORGANISATION,
    OWN_COORDINATES,
    OWN_KINDS,
    as_request,
    random_question,
)

BATCH = 500
Verdict = tuple[Outcome, frozenset[str], MaskKind]
DENIED: Verdict = (Outcome.DENIED, frozenset({DEFAULT_DENY}), MaskKind.NONE)


class SecondOpinion:
    """A policy set in Cedar: parsed, and validated against the schema, once."""

    def __init__(self, policies: PolicySet) -> None:
        rules = list(all_rules(policies))
        self._schema = cedarpy.Schema.from_str(cedar.SCHEMA)
        self._policies = _parsed(cedar.policies_text(rules))
        self._bars = _parsed(cedar.bars_text(rules))
        entities = json.dumps(cedar.entities())
        self._entities = cedarpy.Entities.from_json_str(entities, self._schema)
        self._rules = {rule.id: rule for rule in rules}
        self._today = policies.today.toordinal()

    def decide(self, asked: Sequence[Question]) -> list[Verdict]:
        """What the rules come to, for each question."""
        kinds = self._ask([question.but(**_gate(question)) for question in asked])
        fields = [
            question
            for question, kind in zip(asked, kinds, strict=True)
            if not _is_kind(question) and kind[0] is not Outcome.DENIED
        ]
        own = dict(zip(fields, self._ask(fields), strict=True))
        others = [each for each in fields if each.use != "read"]
        reads = self._ask([each.but(use="read") for each in others])
        read = dict(zip(others, reads, strict=True))
        return [
            _together(each, own[each], read.get(each)) if each in own else kind
            for each, kind in zip(asked, kinds, strict=True)
        ]

    def _ask(self, asked: Sequence[Question]) -> list[Verdict]:
        """The verdict on each coordinate's own rules alone."""
        known = [each for each in asked if cedar.has_use(each.coordinate, each.use)]
        requests = [self._request(each) for each in known]
        answers = self._answers(requests, self._policies)
        # Only records of a whole kind are barred; a field has no bars.
        barred = self._answers(
            [self._request(each) for each in known if _is_kind(each)], self._bars
        )
        verdicts: list[Verdict] = []
        for each in asked:
            if not cedar.has_use(each.coordinate, each.use):
                verdicts.append(DENIED)
                continue
            bars = _names(next(barred)) if _is_kind(each) else frozenset[str]()
            verdicts.append(self._verdict(next(answers), bars, each))
        return verdicts

    def _answers(
        self, requests: list[dict[str, Any]], policies: cedarpy.PolicySet
    ) -> Iterator[cedarpy.AuthzResult]:
        return iter(cedarpy.is_authorized_batch(requests, policies, self._entities, self._schema))

    def _request(self, asked: Question) -> dict[str, Any]:
        context = {
            "purpose": asked.purpose,
            "organisation": asked.organisation,
            "provider": asked.provider,
            "today": self._today,
            "consented": asked.coordinate in asked.consented,
            "granted": asked.coordinate in asked.granted,
            "isSelf": asked.is_self,
            "isSource": asked.is_source,
        }
        use = Use(asked.use)
        return cedar.request(
            asked.caller, asked.role, asked.coordinate, use, asked.subject, context
        )

    def _verdict(
        self, answer: cedarpy.AuthzResult, bars: frozenset[str], asked: Question
    ) -> Verdict:
        names = _names(answer)
        if cedar.NOBODY in names:
            return DENIED
        if not answer.allowed:
            forbids = names | bars
            return (Outcome.DENIED, forbids, MaskKind.NONE) if forbids else DENIED
        rules = [self._rules[name] for name in names]
        best = [rule for rule in rules if _rank(rule) == max(map(_rank, rules))]
        masks = {
            rule.id: _mask(rule, asked)
            for rule in rules
            if rule.effect is Effect.MASK and (rule in best or rule.provider)
        }
        if masks:
            strictest = min(masks.values(), key=STRICTNESS.index)
            deciding = frozenset(name for name, mask in masks.items() if mask is strictest)
            return Outcome.MASKED, deciding, strictest
        if bars or any(rule.condition.row for rule in rules):
            best = [rule for rule in rules if rule.condition.row is None] or rules
        return Outcome.CLEAR, bars.union(rule.id for rule in best), MaskKind.NONE


def _parsed(text: str) -> cedarpy.PolicySet:
    valid = cedarpy.validate_policies(text, cedar.SCHEMA)
    assert valid.validation_passed, valid.errors[:3]
    return cedarpy.PolicySet.from_str(text)


def _names(answer: cedarpy.AuthzResult) -> frozenset[str]:
    """Ids of the rules that hold."""
    assert not answer.diagnostics.errors, answer.diagnostics.errors
    return frozenset(map(str, answer.diagnostics.id_annotations_by_reason.values()))


def _is_kind(asked: Question) -> bool:
    return "." not in asked.coordinate


def _gate(asked: Question) -> dict[str, str]:
    use = "aggregate" if asked.use == "aggregate" else "read"
    kind = asked.coordinate.partition(".")[0]
    return {"coordinate": kind, "use": asked.use if kind == asked.coordinate else use}


def _together(asked: Question, own: Verdict, read: Verdict | None) -> Verdict:
    """Of a field whose kind is open: other uses than reading follow reading."""
    if read is None or own[0] is Outcome.DENIED:
        return own
    if read[0] is Outcome.MASKED:
        return Outcome.DENIED, read[1], MaskKind.NONE
    return read if read[0] is Outcome.DENIED and asked.use != "aggregate" else own


def _rank(rule: Rule) -> int:
    when = rule.condition
    if rule.provider is not None:
        return 0
    return 2 if when.consent or when.grant else int(when.is_self or when.is_source)


def _mask(rule: Rule, asked: Question) -> MaskKind:
    kind, _, path = asked.coordinate.partition(".")
    declared = MODEL.by_type_name[kind].by_name[path]
    return rule.mask or declared.mask_for(SubjectKind(asked.subject))


def compare(
    policies: PolicySet, questions: int, ask: Callable[[random.Random], Question], seed: int
) -> dict[Outcome, int]:
    """Ask both about random questions; how often each outcome came."""
    chance = random.Random(seed)
    opinion = SecondOpinion(policies)
    outcomes = dict.fromkeys(Outcome, 0)
    for _ in range(questions // BATCH):
        asked = [ask(chance) for _ in range(BATCH)]
        for question, expected in zip(asked, opinion.decide(asked), strict=True):
            found = policies.decide(as_request(question))
            outcomes[found.outcome] += 1
            verdict = found.outcome, frozenset(found.rule_ids), found.mask
            assert verdict == expected, vars(question)
    return outcomes


def test_cedar_decides_as_the_engine(policies: PolicySet) -> None:
    outcomes = compare(policies, 20_000, random_question, 20260922)
    assert outcomes[Outcome.CLEAR] > 2_000
    assert outcomes[Outcome.MASKED] > 50


@pytest.mark.long
@pytest.mark.parametrize("part", range(8))
def test_cedar_decides_a_million_questions_as_the_engine(policies: PolicySet, part: int) -> None:
    compare(policies, 125_000, random_question, part)


def test_cedar_decides_roles_days_and_own_rules_as_the_engine(tmp_path: Path) -> None:
    (tmp_path / "more.toml").write_text(MORE_RULES, encoding="utf-8")
    own = OwnRules("tax", ORGANISATION, OWN_KINDS, "rules.toml", OWN_RULES)

    def ask(chance: random.Random) -> Question:
        asked = random_question(chance).but(
            coordinate=chance.choice([*OWN_COORDINATES, *sorted(OWN_KINDS) * 20]),
            role=chance.choice([None, *(role.value for role in Role)]),
            provider=chance.choice([None, ORGANISATION, ORGANISATION, "114101990050000186"]),
        )
        entitled = frozenset({asked.coordinate, asked.coordinate.partition(".")[0]})
        return asked.but(consented=chance.choice([entitled, frozenset()]))

    for today in (dt.date(2026, 8, 31), TODAY, dt.date(2026, 10, 1)):
        policies = load_policies(MODEL, today, (RULES, tmp_path), [own])
        compare(policies, 2_000, ask, today.toordinal())


def test_requests_that_the_schema_does_not_know_are_refused(policies: PolicySet) -> None:
    opinion = SecondOpinion(policies)
    question = random_question(random.Random(1))
    with pytest.raises(AssertionError):
        opinion.decide([question.but(purpose=3)])


def test_rules_that_differ_are_decided_otherwise(policies: PolicySet) -> None:
    """Of the engine with one rule more and Cedar without it, somebody notices."""
    changed = PolicySet(policies.rules[1:], MODEL, TODAY)
    opinion = SecondOpinion(changed)
    first = policies.rules[0]
    asked = Question(
        caller=first.who[0].value,
        organisation=ORGANISATION,
        purpose=(first.purposes or tuple(Purpose))[0].value,
        subject=(first.subject_kinds or tuple(SubjectKind))[0].value,
        coordinate=first.coordinates[0],
        use=first.uses[0].value,
        is_self=True,
        is_source=True,
        consented=frozenset(first.coordinates),
        granted=frozenset(first.coordinates),
    )
    found = policies.decide(as_request(asked))
    (expected,) = opinion.decide([asked])
    assert (found.outcome, frozenset(found.rule_ids), found.mask) != expected
