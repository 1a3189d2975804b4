"""For how long the log is kept is read strictly: a number without its source is none."""

from pathlib import Path

import pytest

from policies.retention.loader import RetentionLoadError, load_audit_years


def test_shipped_number_is_read() -> None:
    assert load_audit_years() == 5


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[audit_years]\nvalue = 5",
        '[audit_years]\nvalue = 0\nsource = "x"',
        '[audit_years]\nvalue = "5"\nsource = "x"',
        '[audit_years]\nvalue = 5\nsource = "x"\nmore = 1',
        '[audit_years]\nvalue = 5\nsource = "x"\n[other]',
        "no toml",
    ],
    ids=["empty", "no-source", "zero", "text", "more", "other", "no-toml"],
)
def test_file_that_says_something_else_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "audit.toml"
    path.write_text(text)
    with pytest.raises(RetentionLoadError):
        load_audit_years(path)
