"""The npm package `graphql-http` audits the whole application: all 61, for two callers."""

from __future__ import annotations

import json

from tests.support.npm import installed_tool
from tests.support.running_gateway import RunningGateway

AUDITS = 61


def failed_audits(url: str, *authorization: str) -> list[object]:
    """Run every audit and return those that failed."""
    results = json.loads(installed_tool("http-audit").run("audit.js", url, *authorization))
    assert len(results) == AUDITS
    return [each for each in results if each["status"] != "ok"]


def test_every_audit_passes_for_the_public(gateway: RunningGateway) -> None:
    assert failed_audits(gateway.url) == []


def test_every_audit_passes_for_an_officer(gateway: RunningGateway, officer: str) -> None:
    assert failed_audits(gateway.url, officer) == []
