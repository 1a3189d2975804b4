"""The stage: plan and caller to AuthorizedPlan, cached on the whole input of the decision."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence

from gateway.authorization.plan import AuthorizedPlan
from gateway.authorization.types import Provider
from gateway.contract import Manifest
from gateway.entitlements.data_contract import DataContract
from gateway.entitlements.types import Entitlements, Granted
from gateway.planning.types import FetchPlan
from policies.engine import PolicySet
from policies.model import Caller, Limit
from schema.codes import RecordKind


class Authorizer:
    """Makes authorized plans and keeps the latest ones.

    The cache key is the whole canonical input of the decisions: plan (document, operation,
    plan-relevant variables), caller with purpose, policy version and day, the version of
    grants and record effects, and what the token limits.
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

    def authorize(
        self,
        plan: FetchPlan,
        caller: Caller,
        policies: PolicySet,
        contract: DataContract | None = None,
    ) -> AuthorizedPlan:
        """Return the plan with the decisions of these rules for this caller.

        Args:
            contract: what the caller's token gives at most; None: all that rules permit.
        """
        granted = self._entitlements.granted(caller)
        unnamed = None if contract is None else contract.unnamed
        key = cache_key(plan, caller, policies, granted, self._entitlements.version, unnamed)
        found = self._made.get(key)
        if found is not None:
            self._made.move_to_end(key)
        else:
            entitlements = self._entitlements
            found = AuthorizedPlan(
                plan, caller, policies, self._providers, entitlements, granted, unnamed
            )
            self._made[key] = found
            self._decided(found)
            if len(self._made) > self._kept:
                self._made.popitem(last=False)
        if contract is not None and contract.names_subjects:
            return found.under(contract)
        return found


def cache_key(
    plan: FetchPlan,
    caller: Caller,
    policies: PolicySet,
    granted: Granted,
    entitlements_version: int,
    unnamed: Limit | None = None,
) -> tuple[object, ...]:
    """Everything that a decision depends on; a change of any of it is another key.

    What a token gives of single subjects is in their profiles, per request, like consents.
    """
    return (
        plan.key,
        caller,
        policies.version,
        policies.today,
        granted,
        entitlements_version,
        unnamed,
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
