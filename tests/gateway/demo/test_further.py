"""The departments beside PostgreSQL as the demonstration makes them."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

import plugins.environment
from gateway.conformance.department import ask, read, whole
from gateway.contract import (
    RECORD_ID,
    Adapter,
    AdapterSettings,
    FetchContext,
    RecordRequest,
    RowBatch,
    SourceRejected,
)
from gateway.demo.city.cases import CASES
from gateway.demo.city.settings import CitySettings
from gateway.demo.errors import DemoError
from gateway.demo.further.environment_store import prepare_environment
from gateway.demo.further.housing_store import prepare_housing
from schema.codes import RecordKind
from schema.predicate import And, Comparison, OneOf, Operator
from tests.support.further_departments import environment_values

CITY = CitySettings(subjects=1_000)
PENALTY, LICENCE = RecordKind.ADMINISTRATIVE_PENALTY, RecordKind.ADMINISTRATIVE_LICENCE


@pytest.fixture(scope="module")
def values(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    with environment_values(tmp_path_factory.mktemp("environment"), CITY) as made:
        yield made


def run(values: dict[str, str], question: Any) -> Any:
    async def opened() -> Any:
        adapter: Adapter = plugins.environment.register_adapter(AdapterSettings(values))
        try:
            return await question(adapter)
        finally:
            await adapter.aclose()

    return asyncio.run(opened())


def test_data_are_made_once(tmp_path: Path) -> None:
    path = tmp_path / "environment.sqlite3"
    assert prepare_environment(path, CITY)
    assert prepare_environment(path, CITY) is None
    assert prepare_environment(path, replace(CITY, seed=2))


def test_service_answers_nobody_without_a_token(values: dict[str, str]) -> None:
    for headers in ({}, {"authorization": "Bearer x"}):
        for answer in (
            httpx.get(f"{values['url']}/v2/penalties", headers=headers),
            httpx.post(f"{values['url']}/v2/penalties/search", json={}, headers=headers),
        ):
            assert answer.status_code == 401


def test_wrong_secret_is_a_refusal(values: dict[str, str]) -> None:
    async def question(adapter: Adapter) -> None:
        context = FetchContext("t", time.monotonic() + 5, "2026-11-02T08:00:00Z")
        request = RecordRequest("p", whole(PENALTY), (CASES.penalised_firm.code,))
        with pytest.raises(SourceRejected):
            await adapter.fetch([request], context)

    run({**values, "client_secret": "another"}, question)


def test_named_cases_have_their_records(values: dict[str, str]) -> None:
    async def question(adapter: Adapter) -> tuple[list[int], list[int]]:
        keys = (
            CASES.clean_firm.code,
            CASES.penalised_firm.code,
            CASES.defaulter_person.head_key,
            CASES.home_business.code,
        )
        penalties = await read(adapter, RecordRequest("p", whole(PENALTY), keys))
        licences = await read(adapter, RecordRequest("l", whole(LICENCE), keys))
        return [len(rows) for rows in penalties], [len(rows) for rows in licences]

    assert run(values, question) == ([0, 1, 1, 0], [2, 1, 0, 0])


def test_list_that_the_service_narrows_is_the_same_list(values: dict[str, str]) -> None:
    async def question(adapter: Adapter) -> None:
        since, state = "meta.decidedOn", "meta.disclosureState"
        narrowed = And(
            (
                Comparison(since, Operator.GE, "2025-01-01"),
                OneOf(state, ("PUBLISHED", "SHARED")),
            )
        )
        (every,) = await read(adapter, RecordRequest("all", whole(PENALTY, first=100_000), None))
        (found,) = await read(
            adapter, RecordRequest("some", whole(PENALTY, first=100_000, predicate=narrowed), None)
        )
        assert 0 < len(found) < len(every)
        assert found == [
            row
            for row in every
            if str(row[since]) >= "2025-01-01" and row[state] in ("PUBLISHED", "SHARED")
        ]

    run(values, question)


def test_first_page_of_a_list_in_its_own_order_reads_one_page(values: dict[str, str]) -> None:
    async def question(adapter: Adapter) -> None:
        selection = whole(LICENCE, first=5, lookahead=True, fields=(RECORD_ID,))
        (every,) = await read(adapter, RecordRequest("a", replace(selection, first=9_999), None))
        (batch,) = await ask(adapter, RecordRequest("p", selection, None))
        assert isinstance(batch, RowBatch)
        assert [row[0] for row in batch.groups[0]] == [row[RECORD_ID] for row in every[:6]]

    run(values, question)


async def test_database_that_cannot_be_reached_is_one_sentence() -> None:
    with pytest.raises(DemoError, match="`housing` cannot be reached") as raised:
        await prepare_housing("mysql://owner:secret@127.0.0.1:1/housing", CITY)
    assert "secret" not in str(raised.value)
