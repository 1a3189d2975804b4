"""Says in one sentence what this machine lacks, before anything is installed.

Runs under any Python 3, since an old one is among the things to be found; hence no newer syntax
and nothing but the standard library. What is installed is no business of this file.
"""

# ruff: noqa: UP032 - f-strings are a syntax error for the old Pythons this must speak to

import os
import sys

PYTHON_MIN = (3, 11)
# The wheels of the lock are built for manylinux_2_28.
GLIBC_MIN = (2, 28)
MACHINES = ("x86_64", "aarch64")


def find_lack():
    # type: () -> str | None
    """Return one sentence about the first thing that is missing, or None."""
    for check in (_lack_of_python, _lack_of_system, _lack_of_modules, _lack_of_libraries):
        lack = check()
        if lack is not None:
            return lack
    return None


def _lack_of_python():
    # type: () -> str | None
    if sys.version_info[:2] >= PYTHON_MIN:
        return None
    return (
        "Python {}.{} is too old, {}.{} or newer is needed: install the Debian package `python3.11`"
        " or newer and run `make PYTHON=python3.11 ...`".format(
            *(sys.version_info[:2] + PYTHON_MIN)
        )
    )


def _lack_of_system():
    # type: () -> str | None
    if not sys.platform.startswith("linux") or os.uname().machine not in MACHINES:
        return "this is {} on {}, but Linux on {} is needed".format(
            os.uname().sysname, os.uname().machine, " or ".join(MACHINES)
        )
    try:
        name, version = (os.confstr("CS_GNU_LIBC_VERSION") or "").split()
        found = tuple(int(part) for part in version.split(".")[:2])
    except (ValueError, OSError):
        return "the C library is not glibc, for which the needed packages are built"
    if name != "glibc" or found < GLIBC_MIN:
        return "{} {} is too old, glibc {}.{} or newer is needed: Debian 10 or newer has it".format(
            name, version, *GLIBC_MIN
        )
    return None


def _lack_of_modules():
    # type: () -> str | None
    own = "python{}.{}".format(*sys.version_info[:2])
    for module, package in (
        ("venv", own + "-venv"),
        ("ensurepip", own + "-venv"),
        ("ctypes", "lib" + own + "-stdlib"),
        ("ssl", "lib" + own + "-stdlib"),
        ("zlib", "lib" + own + "-stdlib"),
    ):
        try:
            __import__(module)
        except ImportError:
            return "{} has no module `{}`: install the Debian package `{}`".format(
                own, module, package
            )
    return None


def _lack_of_libraries():
    # type: () -> str | None
    import ctypes  # after it has been found to exist

    try:
        ctypes.CDLL("libz.so.1")
    except OSError:
        return "the library `libz.so.1` is missing: install the Debian package `zlib1g`"
    if not os.path.exists("/bin/sh"):
        return "the shell `/bin/sh` is missing: install the Debian package `dash`"
    return None


def main():
    # type: () -> int
    """Print what is missing and return 1, or return 0."""
    lack = find_lack()
    if lack is None:
        return 0
    sys.stderr.write("credit-gateway cannot be set up: {}\n".format(lack))
    return 1


if __name__ == "__main__":
    sys.exit(main())
