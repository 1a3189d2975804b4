"""`make bundle`: one archive that installs and runs the gateway on a machine without any network.

It holds the wheels of everything that runs, the embedded database among them, with their hashes
from the lock; the project itself; what an adapter's author needs; and the documents. It is made
for the machine and the Python that make it.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
BUNDLED = Path(__file__).resolve().parent / "bundled"
LOCK = ROOT / "requirements.lock"
BUILD = ROOT / "build"
FOR_AUTHORS = ("setuptools", "pytest", "pytest-asyncio", "hypothesis")
"""What the author of an adapter needs beside what runs: to build a package, and to test it."""
PACKAGES = ("gateway", "schema", "plugins", "policies")
PAGES = ("README.md", "README.zh-CN.md", "LICENSE", "CHANGELOG.md")
_BLOCK = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(?:\[[^]]*\])?==\S+.*(?:\n[ \t]+.*)*", re.MULTILINE)


def locked(text: str) -> Mapping[str, str]:
    """Each package's lines of a lock, hashes included, by its name."""
    return {canonicalize_name(each["name"]): each.group() for each in _BLOCK.finditer(text)}


def closure(names: Iterable[str]) -> set[str]:
    """These packages and all that they need on this machine, as far as they are installed."""
    found: set[str] = set()
    waiting: list[str] = [canonicalize_name(name) for name in names]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += _needs(name)
    return found


def _needs(name: str) -> Iterator[str]:
    for text in distribution(name).requires or ():
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield canonicalize_name(requirement.name)


def make_bundle(folder: Path) -> Path:
    """Write the archive into a folder; returns its path.

    Raises:
        subprocess.CalledProcessError: a package cannot be had or the project not be built.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    tag = f"cp{sys.version_info.major}{sys.version_info.minor}-{os.uname().machine}"
    name = f"credit-gateway-{project['version']}-{tag}"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as work:
        inside = Path(work) / name
        inside.mkdir()
        _collect_wheels(inside, [Requirement(each).name for each in project["dependencies"]])
        _copy_texts(inside)
        _write_sums(inside)
        return _pack(inside, folder / f"{name}.tar.gz")


def _collect_wheels(inside: Path, runs: Iterable[str]) -> None:
    blocks = locked(LOCK.read_text("utf-8"))
    wanted = closure([*runs, *FOR_AUTHORS])
    missing = sorted(wanted - blocks.keys())
    if missing:
        raise SystemExit(f"package `{missing[0]}` is needed and not in the lock: run `make lock`")
    requirements, wheels = inside / "requirements.txt", inside / "wheels"
    requirements.write_text("\n".join(blocks[each] for each in sorted(wanted)) + "\n", "utf-8")
    hashed = ("--require-hashes", "--no-deps", "--only-binary", ":all:")
    _pip("download", *hashed, "--dest", str(wheels), "--requirement", str(requirements))
    with tempfile.TemporaryDirectory() as copy:
        # A copy, since a folder that was built in before can hold files that are no more.
        source = Path(copy)
        for package in PACKAGES:
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / package, source / package, ignore=ignored)
        for file in ("pyproject.toml", "README.md", "LICENSE"):
            shutil.copy(ROOT / file, source)
        offline = ("--no-deps", "--no-build-isolation")
        _pip("wheel", *offline, "--wheel-dir", str(wheels), str(source))
    (own,) = wheels.glob("credit_gateway-*.whl")
    version = own.name.split("-")[1]
    with requirements.open("a", encoding="utf-8") as lines:
        lines.write(f"credit-gateway=={version} --hash=sha256:{_digest(own)}\n")


def _pip(command: str, *options: str) -> None:
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", command, "-qq"]
    subprocess.run([*pip, *options], check=True)  # noqa: S603 - our own program


def _copy_texts(inside: Path) -> None:
    shutil.copytree(ROOT / "docs", inside / "docs")
    for page in PAGES:
        shutil.copy(ROOT / page, inside)
    shutil.copy(ROOT / "scripts" / "check_machine.py", inside)
    shutil.copy(BUNDLED / "install", inside)
    version = f"{sys.version_info.major}.{sys.version_info.minor}\n"
    (inside / "PYTHON_VERSION").write_text(version, "utf-8")


def _write_sums(inside: Path) -> None:
    files = sorted(each for each in inside.rglob("*") if each.is_file())
    lines = [f"{_digest(each)}  {each.relative_to(inside)}\n" for each in files]
    (inside / "SHA256SUMS").write_text("".join(lines), "utf-8")


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _pack(inside: Path, archive: Path) -> Path:
    """Pack sorted, without times and owners: equal content gives an equal archive."""
    unfinished = archive.with_suffix(".part")
    with (
        unfinished.open("wb") as raw,
        gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=1, mtime=0, filename="") as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        for path in sorted([inside, *inside.rglob("*")]):
            tar.add(path, str(path.relative_to(inside.parent)), recursive=False, filter=_plain)
    unfinished.replace(archive)
    return archive


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.mtime, member.uid, member.gid, member.uname, member.gname = 0, 0, 0, "", ""
    member.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
    return member


def main() -> int:
    """Make the archive in `build/`, or in the folder that is named."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else BUILD
    archive = make_bundle(folder)
    size = archive.stat().st_size / 1_000_000
    print(f"{archive}, {size:.0f} MB, sha256 {_digest(archive)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
