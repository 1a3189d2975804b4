"""An answer has a largest size, and one byte more is refused."""

from __future__ import annotations

import pytest

from gateway.answering.answer import MAX_ANSWER_BYTES, within_limit
from gateway.errors import BadRequest


def test_answer_of_the_largest_size_is_sent() -> None:
    body = bytes(MAX_ANSWER_BYTES)
    assert within_limit(body) is body


def test_answer_one_byte_larger_is_refused_with_what_to_do() -> None:
    with pytest.raises(BadRequest, match="ask for fewer") as refused:
        within_limit(bytes(MAX_ANSWER_BYTES + 1))
    assert refused.value.code == "ANSWER_TOO_LARGE"
    assert refused.value.status == 400
