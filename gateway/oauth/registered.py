"""Registered clients as the authorization server reads them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from gateway.entitlements.types import ClientTerms
from gateway.oauth.types import FindClient, OAuthClient
from policies.model import CallerClass, Purpose
from schema.codes import RecordKind

_CLASSES = {each.value: each for each in CallerClass if each is not CallerClass.PUBLIC}
_PURPOSES = {each.value: each for each in Purpose}
_KINDS = {f"credit:{each.value}:read": each for each in RecordKind}


def registered_clients(
    terms: Callable[[str], ClientTerms], *, is_sandbox: bool | None = None
) -> FindClient:
    """Return how clients are found.

    Args:
        terms: what this worker knows of a client.
        is_sandbox: serve clients for test data only, or none of them; None: all.
    """
    return partial(_find, terms, is_sandbox)


def _find(
    terms: Callable[[str], ClientTerms], is_sandbox: bool | None, client_id: str
) -> OAuthClient | None:
    found = terms(client_id)
    contract = found.contract
    if contract is None or contract.organisation is None:
        # a token names one organisation
        return None
    if is_sandbox is not None and contract.is_sandbox is not is_sandbox:
        return None
    caller_class = _CLASSES.get(contract.caller_class)
    if caller_class is None or not _are_known(contract.purposes):
        return None
    kinds = None
    if contract.scopes:
        kinds = frozenset(_KINDS[scope] for scope in contract.scopes if scope in _KINDS)
    return OAuthClient(
        client_id,
        caller_class,
        contract.organisation,
        contract.name,
        found.is_suspended,
        frozenset(_PURPOSES[code] for code in contract.purposes),
        kinds,
        contract.acts_for,
        contract.credentials,
    )


def _are_known(purposes: frozenset[str]) -> bool:
    """A purpose that nothing here knows would leave none, which means all."""
    return purposes <= _PURPOSES.keys()
