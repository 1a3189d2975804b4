"""Makes `.venv` with the packages of `requirements.lock` and the project itself; quick when done.

Runs under any Python 3 and goes over to a newer one where the first is too old; hence no newer
syntax. Nothing but the lock is installed: every file has to match a hash, nothing is compiled,
and the project is built without fetching a build system.
"""

# ruff: noqa: RUF005, S603, S606 - all commands are our own

import fcntl
import hashlib
import os
import subprocess
import sys

from scripts import check_machine

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
PYTHON = os.path.join(VENV, "bin", "python")
STAMP = os.path.join(VENV, "set-up-for")
LOCK = os.path.join(ROOT, "requirements.lock")
PROJECT = os.path.join(ROOT, "pyproject.toml")
NEWER_PYTHONS = ("python3.13", "python3.12", "python3.11")


def main():
    # type: () -> int
    """Bring `.venv` up to date and return 0, or say what is missing and return 1."""
    if sys.version_info[:2] < check_machine.PYTHON_MIN:
        _go_over_to_newer_python()
    code = check_machine.main()
    if code != 0:
        return code
    # Two targets started at once take turns; the descriptor is closed when this program ends.
    fcntl.flock(os.open(ROOT, os.O_RDONLY), fcntl.LOCK_EX)
    return 0 if _is_done() else _set_up()


def _go_over_to_newer_python():
    # type: () -> None
    for name in NEWER_PYTHONS:
        try:
            code = subprocess.call([name, "-c", ""], stderr=subprocess.DEVNULL)
        except OSError:
            continue
        if code == 0:
            os.execvp(name, [name, "-m", "scripts.set_up"])


def _key():
    # type: () -> str
    """Return what the environment depends on: the lock, the project's metadata, the Python."""
    digest = hashlib.sha256(sys.version.encode())
    digest.update(ROOT.encode("utf-8", "surrogateescape"))
    for path in (LOCK, PROJECT):
        with open(path, "rb") as file:
            digest.update(hashlib.sha256(file.read()).digest())
    return digest.hexdigest()


def _is_done():
    # type: () -> bool
    try:
        with open(STAMP) as file:
            return file.read() == _key() and os.access(PYTHON, os.X_OK)
    except OSError:
        return False


def _has_working_venv():
    # type: () -> bool
    """Tell whether `.venv` runs the same Python as we do, so that packages can be changed in it."""
    try:
        found = subprocess.check_output([PYTHON, "-c", "import pip, sys; print(sys.version)"])
    except (OSError, subprocess.CalledProcessError):
        return False
    return found.decode().strip() == sys.version.strip()


def _set_up():
    # type: () -> int
    print("setting up .venv, which takes about half a minute ...", flush=True)
    install = [PYTHON, "-m", "pip", "--disable-pip-version-check", "install", "-qq"]
    steps = [] if _has_working_venv() else [[sys.executable, "-m", "venv", "--clear", VENV]]
    steps += [
        [*install, "--require-hashes", "--only-binary", ":all:", "--requirement", LOCK],
        # The folder itself goes onto the path, so that new packages in it are found as well.
        [*install, "--no-deps", "--no-build-isolation", "--editable", ROOT]
        + ["--config-settings", "editable_mode=compat"],
    ]
    for step in steps:
        code = subprocess.call(step, cwd=ROOT)
        if code != 0:
            sys.stderr.write("the set-up failed at: {}\n".format(" ".join(step)))
            return 1
    with open(STAMP, "w") as file:
        file.write(_key())
    return 0


if __name__ == "__main__":
    sys.exit(main())
