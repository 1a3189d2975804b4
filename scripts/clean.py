"""Removes what the make targets have made: builds, caches, the demo's data, `.venv` last."""

import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MADE = (
    "build",
    "dist",
    "credit_gateway.egg-info",
    ".mypy_cache",
    ".ruff_cache",
    ".pytest_cache",
    ".import_linter_cache",
    ".hypothesis",
    "tools/federation/node_modules",
    "tools/graphiql/node_modules",
    "tools/http-audit/node_modules",
    "tools/router/node_modules",
)
DATA = ROOT / "data"


def main() -> int:
    """Remove everything and return 0, or say why the data had to stay and return 1."""
    code = 0 if not DATA.exists() else _remove_data()
    for name in MADE:
        shutil.rmtree(ROOT / name, ignore_errors=True)
    for caches in list(ROOT.glob("[!.]*/**/__pycache__")):
        shutil.rmtree(caches, ignore_errors=True)
    if code == 0:
        shutil.rmtree(ROOT / ".venv", ignore_errors=True)
    return code


def _remove_data() -> int:
    """Remove the embedded servers' folders first, which may have moved to another place."""
    from gateway.demo.postgres import EmbeddedPostgres, EmbeddedPostgresError

    try:
        for mark in list(DATA.rglob("about.txt")):
            EmbeddedPostgres(mark.parent).remove()
    except EmbeddedPostgresError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    shutil.rmtree(DATA, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
