"""The subgraph that the gateway serves composes, by both composers that there are."""

from __future__ import annotations

import httpx
import pytest

from tests.peers.composers import COMPOSERS, Subgraph, compose, second_subgraph
from tests.support.running_gateway import RunningGateway

NOWHERE = "http://127.0.0.1:9/graphql"


@pytest.mark.parametrize("composer", COMPOSERS)
def test_the_gateway_alone_composes(composer: str, credit: Subgraph) -> None:
    composition = compose(composer, [credit])
    assert composition.errors == []
    assert composition.supergraph is not None
    assert "type Organisation implements" in composition.supergraph


@pytest.mark.parametrize("composer", COMPOSERS)
@pytest.mark.parametrize("is_officer", [False, True])
def test_the_part_that_a_class_sees_composes(
    composer: str, is_officer: bool, gateway: RunningGateway, client: httpx.Client, officer: str
) -> None:
    headers = {"authorization": officer} if is_officer else {}
    answer = client.post(gateway.url, json={"query": "{ _service { sdl } }"}, headers=headers)
    sdl = answer.json()["data"]["_service"]["sdl"]
    assert ("taxPayments" in sdl) == is_officer
    composition = compose(composer, [Subgraph("credit", gateway.url, sdl)])
    assert composition.errors == []
    assert composition.supergraph is not None


@pytest.mark.parametrize("composer", COMPOSERS)
def test_a_second_subgraph_extends_organisations(composer: str, credit: Subgraph) -> None:
    composition = compose(composer, [credit, second_subgraph(NOWHERE)])
    assert composition.errors == []
    assert composition.supergraph is not None
    organisation = composition.supergraph.split("type Organisation implements")[1].split("\n}")[0]
    assert "parkingPermits: Int" in organisation
    assert "registration: Registration" in organisation


@pytest.mark.parametrize(
    ("place", "claim", "named"),
    [
        ("parkingPermits: Int", "id: ID!", "Organisation.id"),
        ("isCallerNamed: Boolean!", "node(id: ID!): ParkingPlace", "Query.node"),
    ],
)
@pytest.mark.parametrize("composer", COMPOSERS)
def test_a_second_subgraph_may_not_answer_for_the_gateway(
    composer: str, credit: Subgraph, place: str, claim: str, named: str
) -> None:
    second = second_subgraph(NOWHERE)
    assert place in second.sdl
    claiming = second.sdl.replace(place, f"{place}\n  {claim}")
    composition = compose(composer, [credit, Subgraph("parking", NOWHERE, claiming)])
    assert composition.supergraph is None
    assert any(named in error for error in composition.errors), composition.errors
