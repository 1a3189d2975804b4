"""Workloads ask what the schema knows, about subjects that repeat from run to run."""

from __future__ import annotations

import orjson
import pytest
from graphql import parse, validate

from bench.subjects import Subjects
from bench.workloads import MANY, WORKLOADS
from schema.build import build_schema, core_schema

_SUBJECTS = Subjects([f"O{n}" for n in range(500)], [f"I{n}" for n in range(400)])


@pytest.mark.parametrize("name", WORKLOADS)
def test_document_is_valid_in_the_schema(name: str) -> None:
    assert validate(core_schema(build_schema()), parse(WORKLOADS[name].document)) == []


@pytest.mark.parametrize("name", WORKLOADS)
def test_bodies_of_two_runs_are_the_same_and_of_two_requests_are_not(name: str) -> None:
    bodies = WORKLOADS[name].bodies(_SUBJECTS, 20)
    assert bodies == WORKLOADS[name].bodies(_SUBJECTS, 20)
    assert len(set(bodies)) > 10


def test_bodies_of_many_name_as_many_different_subjects() -> None:
    (body,) = WORKLOADS["W2_masked"].bodies(_SUBJECTS, 1)
    codes = orjson.loads(body)["variables"]["us"]
    assert len(set(codes)) == MANY
    assert set(codes) <= set(_SUBJECTS.individuals)
