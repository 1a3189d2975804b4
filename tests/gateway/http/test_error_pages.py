"""Every code that the HTTP and operation rooms show has a page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
ROOMS = ("gateway/http", "gateway/operation")
# Where a code is given to an error; the two codes of the log alone are not shown to anybody.
SHOWN = re.compile(
    r"(?:BadRequest|ClientError|Refused|TooManyRequests|refused|request_error|error_body)\(\s*"
    r'"([A-Z_]+)"|\d+: \("([A-Z_]+)"|\(\s*"(TOO_[A-Z_]+)"|\), "(TOO_[A-Z_]+)"'
)


def shown_codes() -> set[str]:
    """Return the codes in the sources of both rooms."""
    sources = [path for room in ROOMS for path in (ROOT / room).glob("*.py")]
    found = [SHOWN.findall(path.read_text(encoding="utf-8")) for path in sources]
    return {code for groups in found for each in groups for code in each if code}


def test_many_codes_are_found() -> None:
    assert len(shown_codes()) >= 30


@pytest.mark.parametrize("code", sorted(shown_codes()))
def test_a_code_has_a_page(code: str) -> None:
    page = (ROOT / "docs" / "errors" / f"{code}.md").read_text(encoding="utf-8")
    assert page.startswith(f"# {code}\n")
    assert "## What to do" in page
