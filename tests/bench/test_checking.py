"""Answers of targets are compared whole, but for what only the gateway masks."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from bench.checking import UnequalAnswersError, check_equal
from bench.workloads import WORKLOADS

_SENDER = {"authorization": "Bearer token"}
_W2 = WORKLOADS["W2"]
_MASKED = WORKLOADS["W2_masked"]


@contextmanager
def _answering(content: bytes, status: int = 200) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(status)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def _targets(answers: Mapping[str, bytes]) -> Iterator[Mapping[str, str]]:
    with ExitStack() as stack:
        yield {name: stack.enter_context(_answering(body)) for name, body in answers.items()}


def test_check_equal_same_data_in_other_bytes_passes() -> None:
    answers = {"one": b'{"data":{"a":1,"b":[2]}}', "two": b'{"data": {"b": [2], "a": 1}}'}
    with _targets(answers) as urls:
        assert check_equal(_W2, urls, [b"{}"], _SENDER) == len(b'{"a":1,"b":[2]}')


@pytest.mark.parametrize(
    "other", [b'{"data":{"a":[1,2]}}', b'{"data":{"a":[1]}}', b'{"data":{"a":[1,3],"b":0}}']
)
def test_check_equal_one_value_differs_is_refused(other: bytes) -> None:
    with (
        _targets({"one": b'{"data":{"a":[1,3]}}', "two": other}) as urls,
        pytest.raises(UnequalAnswersError, match=r"W2: two differs at data"),
    ):
        check_equal(_W2, urls, [b"{}"], _SENDER)


def test_check_equal_masked_value_differs_passes_but_not_a_missing_one() -> None:
    shown = b'{"data":{"address":"all of it","name":"n"}}'
    with _targets({"one": b'{"data":{"address":"part","name":"n"}}', "two": shown}) as urls:
        check_equal(_MASKED, urls, [b"{}"], _SENDER)
    with (
        _targets({"one": b'{"data":{"name":"n"}}', "two": shown}) as urls,
        pytest.raises(UnequalAnswersError),
    ):
        check_equal(_MASKED, urls, [b"{}"], _SENDER)


def test_check_equal_answer_with_errors_is_refused() -> None:
    with (
        _targets({"one": b'{"data":null,"errors":[{"message":"m"}]}'}) as urls,
        pytest.raises(UnequalAnswersError, match="one, W2"),
    ):
        check_equal(_W2, urls, [b"{}"], _SENDER)
