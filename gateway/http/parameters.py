"""The parameters of a GraphQL request, from a JSON body or from a query string.

Source: GraphQL over HTTP, sections "Request Parameters", "GET" and "JSON Encoding". Other members
than the four named there are reserved by it and have no meaning here.
"""

from __future__ import annotations

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
    document = members.get("query")
    if not isinstance(document, str):
        raise _without_document(members)
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
    return OperationRequest(document, name, variables)


def _without_document(members: dict[str, Any]) -> BadRequest:
    """The error for a request without a document.

    A client that sends the document's hash in its place is told so by the code that it knows, and
    sends the document.

    Source: Apollo's automatic persisted queries, which are a convention of clients.
    """
    extensions = members.get("extensions")
    is_hash = isinstance(extensions, dict) and "persistedQuery" in extensions
    if is_hash and members.get("query") is None:
        return BadRequest(
            "PERSISTED_QUERY_NOT_SUPPORTED",
            "the request holds a hash in place of a document, expected parameter `query`",
        )
    return BadRequest("INVALID_PARAMETERS", "parameter `query` is missing or not a string")
