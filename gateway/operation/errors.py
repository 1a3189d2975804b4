"""Errors of the operation stage: a document that will not run, and why."""

from __future__ import annotations

import orjson
from graphql import GraphQLError, Source

from gateway.errors import GatewayError
from gateway.operation.types import OperationAnswer


class RequestError(GatewayError):
    """The operation does not run: GraphQL request errors, in the order of the document.

    Attributes:
        errors: at least one; each has `extensions.code`, none holds a value or a syntax tree.
    """

    def __init__(self, errors: tuple[GraphQLError, ...]) -> None:
        super().__init__("the operation is refused")
        self.errors = errors

    def answer(self) -> OperationAnswer:
        """Return the GraphQL response without `data`."""
        body = orjson.dumps({"errors": [error.formatted for error in self.errors]})
        return OperationAnswer(body, is_request_error=True)


def request_error(
    code: str, message: str, source: Source | None = None, positions: tuple[int, ...] = ()
) -> GraphQLError:
    """Return a GraphQL error that holds text and places only.

    Args:
        positions: offsets into the source, from which locations are made.
    """
    places = list(positions) if source is not None and positions else None
    return GraphQLError(message, source=source, positions=places, extensions={"code": code})


def refused(
    code: str, message: str, source: Source | None = None, positions: tuple[int, ...] = ()
) -> RequestError:
    """Return the refusal of a document for one reason."""
    return RequestError((request_error(code, message, source, positions),))
