"""Writes `requirements.lock` anew from `pyproject.toml`: all Pythons and machines, with hashes.

Needs the program `uv` on the path; the project itself does not, so that it is not in the lock.
"""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEADER = """\
# All that run, tests and build need, for Linux on x86_64 and aarch64 and Python 3.11 to 3.14.
# Made from pyproject.toml by `make lock`; do not edit.
"""


def main() -> int:
    """Write the lock; packages stay at their locked version where pyproject.toml allows it."""
    uv = shutil.which("uv")
    if uv is None:
        sys.stderr.write("`uv` is missing: install it to write the lock\n")
        return 1
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    options = ["--extra=dev", "--universal", "--python-version=3.11", "--generate-hashes"]
    options += ["--only-binary=:all:", "--no-annotate", "--no-header", "--quiet"]
    options += [f"--upgrade-package={name}" for name in sys.argv[1:]]
    finished = subprocess.run(  # noqa: S603 - fixed program, names given by whoever runs this
        [uv, "pip", "compile", "pyproject.toml", "-", "--output-file=requirements.lock", *options],
        input="\n".join(project["build-system"]["requires"]),
        text=True,
        cwd=ROOT,
        check=False,
    )
    if finished.returncode != 0:
        return finished.returncode
    lock = ROOT / "requirements.lock"
    lock.write_text(HEADER + lock.read_text(encoding="utf-8"), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
