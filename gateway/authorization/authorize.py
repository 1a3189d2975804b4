"""The stage: plan and caller to AuthorizedPlan, cached on the whole input of the decision."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence

from gateway.authorization.plan import AuthorizedPlan
from gateway.authorization.types import Provider
from gateway.contract import Manifest
from gateway.entitlements.types import Entitlements, Granted
from gateway.planning.types import FetchPlan
from policies.engine import PolicySet
from policies.model import Caller
from schema.codes import RecordKind


class Authorizer:
    """Makes authorized plans and keeps the latest ones.

    The cache key is the whole canonical input of the decisions: plan (document, operation,
    plan-relevant variables), caller with purpose, policy version and day, and the version of
    grants and record effects.
    """

    def __init__(
        self,
        providers: Mapping[RecordKind, Sequence[Provider]],
        entitlements: Entitlements,
        kept: int = 2_048,
        decided: Callable[[AuthorizedPlan], None] = lambda _plan: None,
    ) -> None:
        """
        Args:
            decided: is told of every plan that is made, once; must return at once.
        """
        self._providers = providers
        self._entitlements = entitlements
        self._kept = kept
        self._decided = decided
        self._made: OrderedDict[tuple[object, ...], AuthorizedPlan] = OrderedDict()

    def authorize(self, plan: FetchPlan, caller: Caller, policies: PolicySet) -> AuthorizedPlan:
        """Return the plan with the decisions of these rules for this caller."""
        granted = self._entitlements.granted(caller)
        key = cache_key(plan, caller, policies, granted, self._entitlements.version)
        found = self._made.get(key)
        if found is not None:
            self._made.move_to_end(key)
            return found
        made = AuthorizedPlan(plan, caller, policies, self._providers, self._entitlements, granted)
        self._made[key] = made
        self._decided(made)
        if len(self._made) > self._kept:
            self._made.popitem(last=False)
        return made


def cache_key(
    plan: FetchPlan,
    caller: Caller,
    policies: PolicySet,
    granted: Granted,
    entitlements_version: int,
) -> tuple[object, ...]:
    """Everything that a decision depends on; a change of any of it is another key."""
    return (
        plan.key,
        caller,
        policies.version,
        policies.today,
        granted,
        entitlements_version,
    )


def manifest_providers(
    manifests: Sequence[Manifest],
) -> Mapping[RecordKind, Sequence[Provider]]:
    """Providers of every kind, ordered by department code."""
    found: dict[RecordKind, list[Provider]] = {}
    for manifest in sorted(manifests, key=lambda item: item.department_code):
        for entry in manifest.entries:
            found.setdefault(entry.kind, []).append(Provider(manifest, entry))
    return found
