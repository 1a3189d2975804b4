"""The rules of the project, loaded once for all policy tests."""

from __future__ import annotations

import datetime as dt

import pytest

from policies.engine import PolicySet
from policies.loader import load_policies
from schema.records import MODEL


@pytest.fixture(scope="session")
def policies() -> PolicySet:
    return load_policies(MODEL, dt.date(2026, 9, 22))
