"""The files of a package are found without importing it, wherever it lies."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from gateway.package_files import PackageNotFound, files_below, installed_files


def write(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("raise ImportError\n")


def test_outermost_package_counts_whole(tmp_path: Path) -> None:
    write(tmp_path, "zf/__init__.py", "zf/water/__init__.py", "zf/.swp", "zf/a.toml~", "other.py")
    assert list(files_below(tmp_path, "zf.water")) == ["zf/__init__.py", "zf/water/__init__.py"]


def test_package_in_a_namespace_counts_alone(tmp_path: Path) -> None:
    write(tmp_path, "zf/water/__init__.py", "zf/fire/__init__.py")
    assert list(files_below(tmp_path, "zf.water")) == ["zf/water/__init__.py"]


def test_single_module_is_a_package(tmp_path: Path) -> None:
    write(tmp_path, "water.py", "fire.py")
    assert list(files_below(tmp_path, "water")) == ["water.py"]


def test_installed_package_has_the_files_of_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    write(one, "judged_ns/fire/__init__.py", "judged_single.py")
    write(two, "judged_ns/water/__init__.py", "judged_whole/__init__.py", "judged_whole/x/y.toml")
    for folder in (one, two):
        monkeypatch.syspath_prepend(folder)
    for module, root in (
        ("judged_ns.water", two),
        ("judged_ns.fire", one),
        ("judged_whole", two),
        ("judged_single", one),
    ):
        assert installed_files(module) == files_below(root, module)
        assert module not in sys.modules


@pytest.mark.parametrize("module", ["judged_nowhere", "sys", "judged_ns.nothing"])
def test_package_without_files_is_told(
    module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "judged_ns/water/__init__.py")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(PackageNotFound):
        installed_files(module)
