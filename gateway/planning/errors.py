"""Errors of planning: the operation is valid GraphQL but asks for too much or mixes things up."""

from __future__ import annotations

from collections.abc import Sequence

from graphql import FieldNode, GraphQLError


class PlanError(Exception):
    """The operation cannot be planned; shown to the caller as a request error with locations."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    def located(self, nodes: Sequence[FieldNode]) -> GraphQLError:
        """The error as GraphQL reports it."""
        return GraphQLError(self.message, list(nodes), extensions={"code": self.code})
