"""`POST /person-references`: documents of persons in, references out.

Reads a request strictly and hands it on. A document is in no log and in no message.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import orjson
from starlette.types import Receive, Scope

from gateway.errors import BadRequest
from gateway.http.clock import Clock
from gateway.http.connection import Connection
from gateway.http.endpoint import (
    Endpoint,
    Exchange,
    Response,
    method_not_allowed,
    random_request_id,
    read_json_body,
)
from gateway.http.limits import HttpLimits
from gateway.http.proxy import NO_PROXY, TrustedProxy
from gateway.http.strict_json import read_json
from gateway.http.types import ReferringToPersons, RequestObserver
from gateway.persons.types import StatedDocument

PERSON_REFERENCES_PATH = "/person-references"
_MEMBERS = frozenset(("documentType", "documentNumber"))


class PersonReferencesEndpoint(Endpoint):
    """ASGI application for `POST` of one path.

    Args:
        referring: turns documents into references.
        clock, observers, limits, new_request_id, proxy: see `Endpoint`.
    """

    def __init__(
        self,
        referring: ReferringToPersons,
        clock: Clock,
        observers: Sequence[RequestObserver] = (),
        limits: HttpLimits | None = None,
        new_request_id: Callable[[], str] = random_request_id,
        proxy: TrustedProxy = NO_PROXY,
    ) -> None:
        super().__init__(clock, observers, limits, new_request_id, proxy)
        self._referring = referring

    async def respond(self, scope: Scope, receive: Receive, exchange: Exchange) -> Response:
        """Return the references; see `Endpoint.respond`."""
        headers = self.headers(scope)
        if scope["method"] != "POST":
            raise method_not_allowed("`POST`", "POST")
        async with Connection(receive, self.limits.body_s, has_body=True) as connection:
            body = await read_json_body(headers, connection, exchange, self.limits)
            documents = stated_documents(read_json(body, self.limits.json_depth))
            facts = self.facts(scope, exchange)
            made = await self._referring.references(
                documents, headers.credentials.about(body), facts
            )
        return Response(200, orjson.dumps({"references": made}))


def stated_documents(value: object) -> list[StatedDocument]:
    """Return the documents of a body, in its order.

    Raises:
        BadRequest: INVALID_PARAMETERS, the body has another shape.
    """
    if not isinstance(value, dict) or value.keys() != {"persons"}:
        raise _invalid("the body is not an object with the one member `persons`")
    persons = value["persons"]
    if not isinstance(persons, list) or not persons:
        raise _invalid("`persons` is not an array of at least one person")
    return [_stated(person, position) for position, person in enumerate(persons)]


def _stated(person: object, position: int) -> StatedDocument:
    if (
        not isinstance(person, dict)
        or person.keys() != _MEMBERS
        or not all(isinstance(member, str) for member in person.values())
    ):
        raise _invalid(
            f"person {position} is not an object with the texts `documentType` and "
            "`documentNumber` alone"
        )
    return StatedDocument(person["documentType"], person["documentNumber"])


def _invalid(message: str) -> BadRequest:
    return BadRequest("INVALID_PARAMETERS", message)
