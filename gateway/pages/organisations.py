"""What organisations that looked are called: as departments or clients are registered."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gateway.contract import Manifest
from gateway.entitlements.types import ClientTerms


class OrganisationNames:
    """Names of organisations; see `gateway.pages.types.NamesOrganisations`."""

    def __init__(self, manifests: Sequence[Manifest], client: Callable[[str], ClientTerms]) -> None:
        """
        Args:
            client: what this worker knows of a client.
        """
        self._departments = {each.department_code: each.department_name_zh for each in manifests}
        self._client = client

    def __call__(self, code: str, client_id: str | None) -> str | None:
        """Return the name of an organisation; None: it is not known here."""
        department = self._departments.get(code)
        if department is not None or client_id is None:
            return department
        contract = self._client(client_id).contract
        is_of_it = contract is not None and contract.organisation == code
        return contract.name or None if is_of_it and contract is not None else None
