"""Invented people as whom anybody may sign in to the pages of the demonstration."""

from __future__ import annotations

from gateway.demo.city.cases import CASES, Case
from gateway.demo.city.settings import NETWORK_KEY
from gateway.pages.types import SignedIn
from gateway.persons.network import NetworkKeys

_NETWORK = NetworkKeys([NETWORK_KEY])


def _head(name: str, case: Case) -> SignedIn:
    return SignedIn(case.code, case.name, case.head_name, False, None, f"demo-{name}", "demo")


def _person(name: str, case: Case) -> SignedIn:
    """The person that stands for a firm, for itself."""
    key, who = _NETWORK.key_of_named(case.head_key), case.head_name
    assert key is not None
    return SignedIn(key, who, who, False, None, f"demo-{name}", "demo")


def _attorney(name: str, case: Case, person: str, proof: str) -> SignedIn:
    return SignedIn(case.code, case.name, person, True, proof, f"demo-{name}", "demo")


PEOPLE = (
    _head("clean-firm", CASES.clean_firm),
    _head("penalised-firm", CASES.penalised_firm),
    _attorney("penalised-firm-attorney", CASES.penalised_firm, "顾听澜", "授委〔2026〕演示第3号"),
    _head("firm-without-consent", CASES.firm_without_consent),
    _person("person", CASES.defaulter_person),
)
