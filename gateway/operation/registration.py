"""From a document to what a contract holds of it."""

from __future__ import annotations

from graphql import GraphQLSchema

from gateway.entitlements.contract import RegisteredOperation
from gateway.operation.budget import NewDocumentBudget
from gateway.operation.errors import refused
from gateway.operation.limits import Limits
from gateway.operation.operations import Operations
from gateway.operation.types import OperationRequest


class Registration:
    """Reads documents that are to be registered, by the rules that hold for requests."""

    def __init__(self, schema: GraphQLSchema) -> None:
        budget = NewDocumentBudget(lambda: 0.0, burst=1_000_000)
        self._operations = Operations(schema, Limits(), budget)

    def read(
        self, document: str, purpose: str, quota_per_day: int | None = None
    ) -> RegisteredOperation:
        """Return the operation of a document.

        Raises:
            RequestError: a request with this document would be refused, or it has not exactly one
                operation, or that has no name.
        """
        operation = self._operations.load(OperationRequest(document, None, {}), "registration")
        name = operation.operation.name
        if name is None:
            raise refused(
                "OPERATION_NAME_REQUIRED", "the operation has no name, expected `query Name …`"
            )
        return RegisteredOperation(
            name.value,
            purpose,
            operation.normal_hash,
            operation.document_hash,
            document,
            quota_per_day,
        )
