"""Small text files that nobody else may read: passwords and notes to the next start."""

import os
from pathlib import Path


def write_private(path: Path, text: str) -> None:
    """Write the file with mode 0600, complete or not at all, in place of an existing one."""
    partial = path.with_name(path.name + ".partial")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape") as file:
        file.write(text)
    partial.replace(path)


def read_path(path: Path) -> Path:
    """Return the path that was written into the file."""
    return Path(path.read_text(encoding="utf-8", errors="surrogateescape").strip("\n"))
