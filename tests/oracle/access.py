"""Asks the rules on behalf of one caller: profiles of subjects, decisions per provider."""

from __future__ import annotations

from dataclasses import dataclass, field

from policies.model import AccessRequest, Caller, Decision, Outcome, SubjectProfile, Use
from schema.classification import SubjectKind
from tests.oracle.records import Department, subject_kind
from tests.oracle.world import World

_Question = tuple[str, Use, SubjectProfile, str]


@dataclass
class Access:
    """Decisions for one caller, each made once."""

    world: World
    caller: Caller
    _made: dict[_Question, Decision] = field(default_factory=dict)
    _profiles: dict[str, SubjectProfile] = field(default_factory=dict)

    def profile(self, key: str) -> SubjectProfile:
        """Profile of a subject that is named."""
        if key not in self._profiles:
            is_self = self.caller.organisation == key
            consented = self.world.consented(self.caller, key)
            self._profiles[key] = SubjectProfile(subject_kind(key), is_self, consented)
        return self._profiles[key]

    @staticmethod
    def kind_profile(kind: SubjectKind) -> SubjectProfile:
        """Profile where only the subject kind counts."""
        return SubjectProfile(kind, is_self=False, consented=frozenset())

    def decide(
        self, coordinate: str, use: Use, profile: SubjectProfile, provider: Department
    ) -> Decision:
        """The rules' answer."""
        is_source = self.caller.organisation == provider.code
        question = (coordinate, use, profile, provider.code)
        if question not in self._made:
            granted = self.world.granted(self.caller, provider.code)
            self._made[question] = self.world.decide(
                AccessRequest(self.caller, coordinate, use, profile, granted, is_source)
            )
        return self._made[question]


def is_permitted(decision: Decision) -> bool:
    """Clear or masked."""
    return decision.outcome is not Outcome.DENIED
