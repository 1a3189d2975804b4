"""Answers `why`: how a use of a field is decided for the caller of an authorized plan.

Asks the rules, the caller's grants and what its token limits. No department and no subject, so
that nothing can be learned of any record.
"""

from __future__ import annotations

from graphql import GraphQLSchema

from gateway.authorization.plan import AuthorizedPlan
from gateway.authorization.types import Provider
from gateway.errors import BadRequest
from policies.model import CallerClass, Outcome, Use
from policies.reasons import Reasons, Way, reasons
from policies.situations import Facts, Situation
from schema.classification import SubjectKind
from schema.paths import FieldPlace, find_field
from schema.records import MODEL
from schema.why import (
    AccessDecision,
    AccessExplanation,
    AccessFact,
    AccessGate,
    AccessOutcome,
    AccessRule,
    AccessWay,
    FieldUse,
)


class Reasoner:
    """What the resolver of `why` may ask for one caller."""

    def __init__(self, schema: GraphQLSchema, plan: AuthorizedPlan) -> None:
        self._schema = schema
        self._plan = plan

    def why(
        self,
        coordinate: str,
        use: FieldUse,
        subject_kind: SubjectKind | None,
        consented: bool,
        about_self: bool | None,
    ) -> AccessExplanation:
        """Tell how a use is decided, department by department.

        Args:
            coordinate: or a path from a subject.
            subject_kind: None: what the path says, else an organisation.
            consented: the subject is taken to have consented, and in any case to be one that the
                token is about.
            about_self: the subject is taken to be the caller itself; None: if the caller is one.

        Raises:
            BadRequest: COORDINATE_UNKNOWN.
        """
        place = find_field(self._schema, MODEL, coordinate)
        if place is None:
            raise BadRequest(
                "COORDINATE_UNKNOWN",
                "`coordinate` names no field, expected one of the `catalogue` such as "
                "`TaxArrears.balance`, or a path such as `Organisation.taxArrears.balance`",
            )
        caller = self._plan.caller
        if about_self is None:
            about_self = caller.caller_class is CallerClass.SUBJECT
        kind = subject_kind or place.subject_kind or SubjectKind.ORGANISATION
        asked = Use[use.name]
        situations = {
            provider.slug: self._situation(place, kind, consented, about_self, provider)
            for provider in self._plan.suppliers(MODEL.by_type_name[_kind_of(place)].kind)
        }
        told = {
            situation: reasons(self._plan.policies, situation, place.coordinate, asked)
            for situation in dict.fromkeys(
                situations.values() or [self._situation(place, kind, consented, about_self, None)]
            )
        }
        return AccessExplanation(
            coordinate=place.coordinate,
            name_zh=_name(place.coordinate),
            use=use,
            subject_kind=kind,
            caller_class=caller.caller_class.value,
            purpose=caller.purpose.value,
            policy_version=self._plan.policies.version,
            decisions=[
                _decision(each, [slug for slug in situations if told[situations[slug]] == each])
                for each in dict.fromkeys(told.values())
            ],
        )

    def _situation(
        self,
        place: FieldPlace,
        kind: SubjectKind,
        consented: bool,
        about_self: bool,
        provider: Provider | None,
    ) -> Situation:
        caller, code = self._plan.caller, provider.code if provider is not None else None
        facts = Facts(
            consent=consented,
            grant=code is not None and place.coordinate in self._plan.granted.of(code),
            is_self=about_self,
            is_source=code is not None and code == caller.organisation,
        )
        own = code if code in self._plan.policies.own_rules else None
        limit = self._plan.token_limit
        return Situation(caller, kind, facts, (caller.purpose,), own, limit)


def _kind_of(place: FieldPlace) -> str:
    return place.coordinate.partition(".")[0]


def _name(coordinate: str) -> str:
    type_name, _, field = coordinate.partition(".")
    kind = MODEL.by_type_name[type_name]
    return kind.by_name[field].declaration.name_zh if field else kind.declaration.name_zh


def _decision(told: Reasons, sources: list[str]) -> AccessDecision:
    decision = told.decision
    return AccessDecision(
        sources=sources,
        outcome=AccessOutcome[decision.outcome.name],
        mask=decision.mask.value if decision.outcome is Outcome.MASKED else None,
        some_records=decision.row is not None,
        gate=AccessGate[told.gate.name] if told.gate is not None else None,
        missing=decision.missing.value if decision.missing is not None else None,
        rules=[
            AccessRule(
                id=rule.id,
                effect=rule.effect.value,
                legal_basis=rule.legal_basis,
                intent=rule.intent,
            )
            for rule in told.rules
        ],
        ways=[_way(way) for way in told.ways],
        callers=[each.value for each in told.callers],
    )


def _way(way: Way) -> AccessWay:
    return AccessWay(
        facts=[AccessFact[fact.upper()] for fact in way.facts],
        subject_kind=way.subject_kind,
        role=way.role.value if way.role is not None else None,
        purposes=[each.value for each in way.purposes],
        outcome=AccessOutcome[way.outcome.name],
    )
