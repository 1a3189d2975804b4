"""Golden files: expected texts that can be written anew on request."""

import os
from pathlib import Path


def compare_with_golden(path: Path, text: str) -> None:
    """Compare a text with the file's; with CREDIT_GATEWAY_WRITE_GOLDEN=1 write the file instead."""
    if os.environ.get("CREDIT_GATEWAY_WRITE_GOLDEN") == "1":
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text
