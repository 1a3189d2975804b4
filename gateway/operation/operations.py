"""The operation stage: from document text to a validated operation, remembered by text."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from graphql import DocumentNode, GraphQLSchema, OperationDefinitionNode, Source
from graphql.utilities import strip_ignored_characters

from gateway.operation.budget import NewDocumentBudget
from gateway.operation.cache import TextCache
from gateway.operation.errors import RequestError, refused
from gateway.operation.limits import Limits, check_limits
from gateway.operation.parse import parse_document
from gateway.operation.types import OperationRequest, ValidatedOperation
from gateway.operation.validate import Validator

# Measured: a syntax tree with its tokens takes about 400 bytes per token and more per character.
_BYTES_PER_CHARACTER = 60
_BYTES_PER_ENTRY = 2_000
_BYTES_PER_ERROR = 1_500


@dataclass(frozen=True, slots=True)
class CacheSizes:
    """How full the caches are.

    Attributes:
        hits: documents found, since the start.
        misses: documents that were not seen before, since the start.
    """

    documents: int
    documents_bytes: int
    refusals: int
    refusals_bytes: int
    hits: int
    misses: int


class Operations:
    """Loads operations against one schema.

    Args:
        schema: the full schema, the same for every caller.
        limits: of a document.
        budget: of new documents per client.
        documents_bytes: what valid documents may take in memory.
        refusals_bytes: what the errors of invalid documents may take; apart, so that nobody
            can push valid ones out by sending invalid ones.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        limits: Limits,
        budget: NewDocumentBudget,
        documents_bytes: int = 32_000_000,
        refusals_bytes: int = 4_000_000,
    ) -> None:
        self._limits = limits
        self._budget = budget
        self._validator = Validator(schema, limits)
        self._documents: TextCache[dict[str | None, ValidatedOperation]] = TextCache(
            documents_bytes
        )
        self._refusals: TextCache[RequestError] = TextCache(refusals_bytes)
        self._hits = 0
        self._misses = 0

    def load(self, request: OperationRequest, client_key: str) -> ValidatedOperation:
        """Return the operation that a request names.

        Args:
            client_key: whose budget a new document is taken from.

        Raises:
            RequestError: the document or the choice of an operation is refused.
            TooManyRequests: the client brought too many new documents.
        """
        operations = self._documents.get(request.document)
        if operations is None:
            operations = self._load_new(request.document, client_key)
        else:
            self._hits += 1
        return _choose(operations, request.operation_name)

    @property
    def sizes(self) -> CacheSizes:
        """How full the caches are."""
        return CacheSizes(
            len(self._documents),
            self._documents.size_bytes,
            len(self._refusals),
            self._refusals.size_bytes,
            self._hits,
            self._misses,
        )

    def _load_new(self, text: str, client_key: str) -> dict[str | None, ValidatedOperation]:
        """Read a document that is not known to be valid."""
        refusal = self._refusals.get(text)
        if refusal is not None:
            self._hits += 1
            raise RequestError(refusal.errors)
        self._budget.spend(client_key)
        self._misses += 1
        size_bytes = _BYTES_PER_ENTRY + len(text) * _BYTES_PER_CHARACTER
        try:
            operations = self._read(text)
        except RequestError as error:
            size_bytes = 4 * len(text) + _BYTES_PER_ERROR * len(error.errors)
            self._refusals.put(text, RequestError(error.errors), size_bytes)
            raise
        self._documents.put(text, operations, size_bytes)
        return operations

    def _read(self, text: str) -> dict[str | None, ValidatedOperation]:
        """Parse, count and validate a document.

        Raises:
            RequestError: it is refused.
        """
        source = Source(text)
        try:
            document = parse_document(source, self._limits)
            check_limits(document, source, self._limits)
            self._validator.check(document, source)
        except RecursionError:
            raise refused("TOO_DEEP", "the document is nested too deeply") from None
        return _by_name(document, text)


def sha256_of(text: str) -> str:
    """Digest of a text, lower-case hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def normal_sha256(text: str) -> str:
    """Digest of a valid document without what has no meaning: blanks, commas, comments."""
    return sha256_of(strip_ignored_characters(text))


def _by_name(document: DocumentNode, text: str) -> dict[str | None, ValidatedOperation]:
    """Return the operations of a valid document; the one without name under None."""
    document_hash, normal_hash = sha256_of(text), normal_sha256(text)
    return {
        definition.name.value if definition.name else None: ValidatedOperation(
            document, definition, document_hash, normal_hash, text
        )
        for definition in document.definitions
        if isinstance(definition, OperationDefinitionNode)
    }


def _choose(
    operations: dict[str | None, ValidatedOperation], name: str | None
) -> ValidatedOperation:
    """Return the operation to run.

    Source: GraphQL specification, GetOperation().

    Raises:
        RequestError: OPERATION_NOT_FOUND, or OPERATION_NAME_REQUIRED where several could be meant.
    """
    if name is None:
        if len(operations) == 1:
            return next(iter(operations.values()))
        if not operations:
            raise refused("OPERATION_NOT_FOUND", "the document has no operation")
        raise refused(
            "OPERATION_NAME_REQUIRED",
            f"the document has {len(operations)} operations, expected `operationName` to name one",
        )
    chosen = operations.get(name)
    if chosen is None:
        raise refused("OPERATION_NOT_FOUND", "the document has no operation of that name")
    return chosen
