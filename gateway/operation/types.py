"""Types that cross into and out of the operation stage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import DocumentNode, OperationDefinitionNode


@dataclass(frozen=True, slots=True)
class OperationRequest:
    """What a client sent: document text, name of the operation to run, variables as JSON values.

    Attributes:
        document: empty where `document_id` stands for it.
        document_id: names a document of the client's contract, such as `sha256:` and the digest
            of its text.
    """

    document: str
    operation_name: str | None
    variables: Mapping[str, Any]
    document_id: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class ValidatedOperation:
    """A document that parses, is within all limits and validates, and the operation to run.

    Compared by identity: a syntax tree's own hash walks the whole tree.

    Cached by document text and operation name; holds nothing of a single request.

    Attributes:
        document_hash: SHA-256 of the document text, lower-case hexadecimal.
        normal_hash: the same of the document without blanks, commas and comments, by which
            registered operations are recognised.
    """

    document: DocumentNode
    operation: OperationDefinitionNode
    document_hash: str
    normal_hash: str
    text: str


@dataclass(frozen=True, slots=True)
class OperationAnswer:
    """What leaves the pipeline.

    Attributes:
        body: JSON bytes of a GraphQL response.
        is_request_error: the operation did not run (syntax, validation, variables); there is no
            `data` entry. Decides the status with `application/graphql-response+json`.
        headers: further response headers.
    """

    body: bytes
    is_request_error: bool
    headers: tuple[tuple[str, str], ...] = ()
