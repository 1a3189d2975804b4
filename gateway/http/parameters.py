"""The parameters of a GraphQL request, from a JSON body or from a query string.

Source: GraphQL over HTTP, sections "Request Parameters", "GET" and "JSON Encoding", and its
appendix "Persisted Documents" (draft) for `documentId`. Other members than those named there are
reserved by it and have no meaning here.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

import orjson

from gateway.errors import BadRequest, ClientError
from gateway.http.limits import HttpLimits
from gateway.http.strict_json import read_json
from gateway.operation.types import OperationRequest

# Compact JSON of a value is at most about five times its text: `1e15` becomes a float in full.
_LARGEST_GROWTH = 6
_MOST_QUERY_PARAMETERS = 16
_LONGEST_DOCUMENT_ID = 128
_SHA256 = re.compile(r"[0-9a-f]{64}")


def from_body(body: bytes, limits: HttpLimits) -> OperationRequest:
    """Return the operation that a JSON body asks for.

    Raises:
        BadRequest: the body is not a well-formed GraphQL request, or over a limit.
    """
    members = read_json(body, limits.json_depth)
    if isinstance(members, list):
        raise BadRequest(
            "BATCH_NOT_SUPPORTED", "the body is an array, expected one request per body"
        )
    if not isinstance(members, dict):
        raise BadRequest("INVALID_PARAMETERS", "the body is not a JSON object")
    return _request(members, len(body), limits)


def from_query_string(query_string: bytes, limits: HttpLimits) -> OperationRequest:
    """Return the operation that a query string asks for.

    Raises:
        ClientError: 414 for a query string over the limit.
        BadRequest: it is not a well-formed GraphQL request.
    """
    if len(query_string) > limits.query_string_bytes:
        raise ClientError(
            "URI_TOO_LONG",
            f"the query string is longer than {limits.query_string_bytes} bytes",
            status=414,
        )
    try:
        pairs = parse_qsl(
            query_string.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_MOST_QUERY_PARAMETERS,
        )
    except ValueError:
        raise BadRequest("INVALID_PARAMETERS", "the query string is not valid UTF-8") from None
    members: dict[str, Any] = {}
    for name, text in pairs:
        if name in members:
            raise BadRequest("DUPLICATE_KEY", "the query string names a parameter twice")
        members[name] = text
    for name in ("variables", "extensions"):
        if members.get(name):
            members[name] = read_json(members[name].encode(), limits.json_depth)
        else:
            members.pop(name, None)
    members["operationName"] = members.get("operationName") or None
    return _request(members, len(query_string), limits)


def _request(members: dict[str, Any], size_bytes: int, limits: HttpLimits) -> OperationRequest:
    """Check the parameters' types and the variables' limits."""
    document, document_id = members.get("query"), None
    if not isinstance(document, str):
        document, document_id = "", _document_id(members)
    name = members.get("operationName")
    if name is not None and not isinstance(name, str):
        raise BadRequest("INVALID_PARAMETERS", "parameter `operationName` is not a string")
    variables = members.get("variables")
    if variables is None:
        variables = {}
    elif not isinstance(variables, dict):
        raise BadRequest("INVALID_PARAMETERS", "parameter `variables` is not an object")
    extensions = members.get("extensions")
    if extensions is not None and not isinstance(extensions, dict):
        raise BadRequest("INVALID_PARAMETERS", "parameter `extensions` is not an object")
    if len(variables) > limits.variables:
        raise BadRequest("TOO_MANY_VARIABLES", f"more than {limits.variables} variables were sent")
    if (
        size_bytes * _LARGEST_GROWTH > limits.variables_bytes
        and len(orjson.dumps(variables)) > limits.variables_bytes
    ):
        raise BadRequest(
            "VARIABLES_TOO_LARGE", f"the variables are larger than {limits.variables_bytes} bytes"
        )
    return OperationRequest(document, name, variables, document_id)


def _document_id(members: dict[str, Any]) -> str:
    """The identifier that stands for a document.

    Clients that send a digest in their own form are understood too; one that is none is answered
    by the code that they know, so that they send the document.

    Source: GraphQL over HTTP, appendix "Persisted Documents" (draft), "SHA256 Hex Document
    Identifier"; `extensions.persistedQuery` is a convention of Apollo's clients.

    Raises:
        BadRequest: INVALID_PARAMETERS or PERSISTED_QUERY_NOT_SUPPORTED.
    """
    if members.get("query") is None:
        found = members.get("documentId")
        if isinstance(found, str) and len(found) <= _LONGEST_DOCUMENT_ID:
            return found
        if found is not None:
            raise BadRequest(
                "INVALID_PARAMETERS",
                "parameter `documentId` is no string, or longer than "
                f"{_LONGEST_DOCUMENT_ID} characters",
            )
        extensions = members.get("extensions")
        if isinstance(extensions, dict) and "persistedQuery" in extensions:
            return _persisted_query_id(extensions["persistedQuery"])
    raise BadRequest("INVALID_PARAMETERS", "parameter `query` is missing or not a string")


def _persisted_query_id(stated: object) -> str:
    digest = stated.get("sha256Hash") if isinstance(stated, dict) else None
    if not isinstance(digest, str) or not _SHA256.fullmatch(digest):
        raise BadRequest(
            "PERSISTED_QUERY_NOT_SUPPORTED",
            "the request holds no SHA-256 in place of a document, expected parameter `query`",
        )
    return f"sha256:{digest}"
