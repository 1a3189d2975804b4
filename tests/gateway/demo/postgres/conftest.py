"""Fixtures of the embedded PostgreSQL's tests: folders to start servers in."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.postgres import temporary_folder


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Return an empty folder that every account may pass through."""
    with temporary_folder() as folder:
        yield folder
