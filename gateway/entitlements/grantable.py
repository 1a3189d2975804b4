"""Whether what a department asks for can be granted: catalogue and rules are held against it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gateway.contract import CatalogueEntry, Manifest
from gateway.entitlements.errors import EntitlementRefusedError
from gateway.entitlements.grant import SharingGrant
from gateway.entitlements.opening import Opening, opened_by_consent, opened_by_grant
from policies.engine import PolicySet
from policies.model import Caller, CallerClass, Purpose
from schema.codes import SharingAttribute
from schema.records import MODEL

GRANT_ITEMS_REFUSED = "GRANT_ITEMS_REFUSED"
GRANT_NOT_NEEDED = "GRANT_NOT_NEEDED"
_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Grantable:
    """Knows the joined departments and the rules of the day."""

    manifests: Sequence[Manifest]
    policies: Callable[[], PolicySet]

    def entry(self, provider: str, catalogue_code: str) -> CatalogueEntry:
        """Return the entry of a department's catalogue.

        Raises:
            EntitlementRefusedError: GRANT_ITEMS_REFUSED, there is none.
        """
        for manifest in self.manifests:
            if manifest.department_code == provider:
                for entry in manifest.entries:
                    if entry.catalogue_code == catalogue_code:
                        return entry
        raise EntitlementRefusedError(
            f"department `{provider}` has no catalogue entry `{catalogue_code[:100]}`: the query"
            " `catalogue` lists them",
            GRANT_ITEMS_REFUSED,
        )

    def providers(self, coordinate: str) -> Sequence[str]:
        """Codes of the departments that supply a field."""
        return [
            manifest.department_code
            for manifest in self.manifests
            for entry in manifest.entries
            if coordinate in _supplied(entry)
        ]

    def closed_to_consent(
        self, institution: str, purpose: Purpose, coordinates: Sequence[str]
    ) -> Sequence[str]:
        """Of these fields those that no consent opens for the institution and purpose."""
        caller, policies = Caller(CallerClass.INSTITUTION, institution, purpose), self.policies()
        return [
            coordinate
            for coordinate in coordinates
            if opened_by_consent(policies, caller, coordinate, self.providers(coordinate))
            is Opening.CLOSED
        ]

    def check(self, grant: SharingGrant, consumer_class: CallerClass) -> None:
        """Check that the grant would open something, and nothing that it cannot.

        Args:
            consumer_class: class of the caller that the consumer is.

        Raises:
            EntitlementRefusedError: GRANT_ITEMS_REFUSED, a field is not supplied, not shared or
                closed by the rules; GRANT_NOT_NEEDED, everything is open without it.
        """
        if grant.consumer == grant.provider:
            raise EntitlementRefusedError(
                "a department reads its own records without a grant", GRANT_NOT_NEEDED
            )
        entry = self.entry(grant.provider, grant.catalogue_code)
        if entry.sharing_attribute is SharingAttribute.NONE:
            raise EntitlementRefusedError(
                f"catalogue entry `{entry.catalogue_code}` is not shared at all: "
                f"{entry.legal_basis}",
                GRANT_ITEMS_REFUSED,
            )
        supplied = _supplied(entry)
        _refuse(
            [coordinate for coordinate in grant.coordinates if coordinate not in supplied],
            f"catalogue entry `{entry.catalogue_code}` does not hold",
        )
        self._check_rules(grant, consumer_class)

    def _check_rules(self, grant: SharingGrant, consumer_class: CallerClass) -> None:
        policies = self.policies()
        needed = 0
        for purpose in grant.purposes:
            caller = Caller(consumer_class, grant.consumer, purpose)
            found = {
                coordinate: opened_by_grant(policies, caller, coordinate, grant.provider)
                for coordinate in grant.coordinates
            }
            _refuse(
                [coordinate for coordinate, opening in found.items() if opening is Opening.CLOSED],
                f"no rule lets a grant open, for purpose `{purpose.value}`,",
            )
            needed += sum(opening is Opening.NEEDED for opening in found.values())
        if not needed:
            raise EntitlementRefusedError(
                "every field asked for is open for these purposes without a grant: read it, or"
                " see `credit-gateway policy explain`",
                GRANT_NOT_NEEDED,
            )


def _supplied(entry: CatalogueEntry) -> frozenset[str]:
    kind = MODEL.kinds[entry.kind]
    return frozenset(kind.by_name[name].coordinate for name in entry.items)


def _refuse(coordinates: Sequence[str], why: str) -> None:
    if coordinates:
        named = ", ".join(f"`{coordinate}`" for coordinate in coordinates[:_MOST_NAMED])
        more = len(coordinates) - _MOST_NAMED
        rest = f" and {more} more" if more > 0 else ""
        raise EntitlementRefusedError(f"{why} {named}{rest}", GRANT_ITEMS_REFUSED)
