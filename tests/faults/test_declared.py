"""Every named fault is caused at every kind of adapter, or the page says why it cannot be."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.faults.declared import (
    FILES,
    MYSQL,
    NAMED,
    POSTGRES,
    PROCESS,
    REST,
    cases,
    code_faults,
)

KINDS: dict[str, Mapping[str, object]] = {
    "postgres": POSTGRES,
    "mysql": MYSQL,
    "rest": REST,
    "files": FILES,
    "process": PROCESS,
}


@pytest.mark.parametrize("kind", KINDS)
def test_named_faults_are_declared(kind: str) -> None:
    assert [name for name in NAMED if name not in KINDS[kind]] == []


def test_fifteen_faults_and_more_are_caused_at_each_kind() -> None:
    counts = [len(cases(kind)) for kind in (POSTGRES, MYSQL, REST, FILES)]
    assert min(*counts, len(code_faults())) >= 15
