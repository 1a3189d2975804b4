"""Whether all targets answer the same `data`, and that none reports errors."""

from __future__ import annotations

import http.client
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import orjson

from bench.workloads import Workload

_TIMEOUT_S = 60


class UnequalAnswersError(Exception):
    """Two targets gave different data for one request, or one gave errors."""


def post(url: str, body: bytes, sender: Mapping[str, str]) -> bytes:
    """The answer to one request.

    Raises:
        UnequalAnswersError: another status than 200.
    """
    place = urlsplit(url)
    connection = http.client.HTTPConnection(place.netloc, timeout=_TIMEOUT_S)
    headers = {"content-type": "application/json", "accept": "application/json"}
    try:
        connection.request("POST", place.path, body, {**headers, **sender})
        response = connection.getresponse()
        content = response.read()
    finally:
        connection.close()
    if response.status != 200:
        raise UnequalAnswersError(f"`{url}` answered {response.status}: {content[:500]!r}")
    return content


def check_equal(
    workload: Workload, urls: Mapping[str, str], bodies: Sequence[bytes], sender: Mapping[str, str]
) -> int:
    """Compare the data of all targets.

    Returns:
        Bytes of `data` in the largest answer.

    Raises:
        UnequalAnswersError: the first difference.
    """
    largest = 0
    for body in bodies:
        expected: Any = None
        for name, url in urls.items():
            content = post(url, body, sender)
            answer = orjson.loads(content)
            if "errors" in answer:
                raise UnequalAnswersError(f"{name}, {workload.name}: {answer['errors'][:3]}")
            data = _without(answer["data"], workload.masked)
            largest = max(largest, len(orjson.dumps(answer["data"])))
            if expected is None:
                expected = data
            elif data != expected:
                raise UnequalAnswersError(
                    f"{workload.name}: {name} differs at {_difference(expected, data)}"
                )
    return largest


def _without(value: Any, keys: frozenset[str]) -> Any:
    """The value without these response keys; that each is there or missing still counts."""
    if isinstance(value, dict):
        return {key: None if key in keys else _without(part, keys) for key, part in value.items()}
    if isinstance(value, list):
        return [_without(part, keys) for part in value]
    return value


def _difference(first: Any, second: Any, path: str = "data") -> str:
    if isinstance(first, dict) and isinstance(second, dict) and first.keys() == second.keys():
        for key, part in first.items():
            if part != second[key]:
                return _difference(part, second[key], f"{path}.{key}")
    if isinstance(first, list) and isinstance(second, list) and len(first) == len(second):
        for position, (left, right) in enumerate(zip(first, second, strict=True)):
            if left != right:
                return _difference(left, right, f"{path}[{position}]")
    return f"{path}: {first!r:.300} and {second!r:.300}"
