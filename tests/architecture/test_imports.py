"""The import contracts hold, cover every room, and notice what they forbid."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINT_IMPORTS = Path(sys.executable).parent / "lint-imports"
PACKAGES = ("gateway", "schema", "policies", "plugins")

FORBIDDEN_IMPORTS = {
    "schema/codes.py": "import policies.model",
    "policies/model.py": "import gateway.errors",
    "gateway/contract/batches.py": "import gateway.errors",
    "gateway/planning/types.py": "import gateway.fetching.types",
    "gateway/answering/mask.py": "import gateway.authorization.authorize, gateway.identity.claims",
    "gateway/identity/claims.py": "import gateway.settings",
    "gateway/cli/check.py": "import plugins.tax",
    "plugins/tax/mapping.py": "import plugins.market.mapping",
    "plugins/market/adapter.py": "import gateway.store.pool",
    "plugins/courts/manifest.py": "import policies.model",
}


def contracts() -> list[dict[str, Any]]:
    """Return the contracts of `pyproject.toml`."""
    document = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = document["tool"]["importlinter"]["contracts"]
    return found


def check_contracts(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the contracts on the packages in a folder."""
    # -S keeps the installed project from standing before the copy; its packages stay reachable.
    program = (
        "import sys; sys.path[:0] = sys.argv[1:]; from importlinter.cli import lint_imports; "
        "sys.exit(lint_imports(no_cache=True, no_logo=True))"
    )
    site_packages = [entry for entry in sys.path if entry.endswith("site-packages")]
    return subprocess.run(
        [sys.executable, "-S", "-c", program, str(folder), *site_packages],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_contracts_are_kept() -> None:
    run = check_contracts(ROOT)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("module", FORBIDDEN_IMPORTS)
def test_forbidden_import_is_noticed(module: str, tmp_path: Path) -> None:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    with (tmp_path / module).open("a", encoding="utf-8") as file:
        file.write(f"\n{FORBIDDEN_IMPORTS[module]}\n")
    run = check_contracts(tmp_path)
    assert run.returncode == 1, run.stdout + run.stderr
    assert "BROKEN" in run.stdout


def test_every_room_has_its_layer() -> None:
    layers = next(each for each in contracts() if each["id"] == "rooms")["layers"]
    named = {name.strip("() ") for layer in layers for name in layer.split("|")}
    rooms = {
        f"gateway.{path.stem}"
        for path in (ROOT / "gateway").iterdir()
        if path.stem not in ("__init__", "__pycache__") and path.suffix in ("", ".py")
    }
    assert rooms <= named


def test_every_department_is_kept_apart() -> None:
    modules = next(each for each in contracts() if each["id"] == "departments")["modules"]
    departments = {
        f"plugins.{path.parent.name}" for path in (ROOT / "plugins").glob("*/manifest.py")
    }
    assert departments == set(modules)


def test_contract_starts_nothing() -> None:
    program = (
        "import sys, gateway.contract; "
        "print(sorted({'asyncpg', 'starlette', 'uvicorn', 'gateway.errors'} & set(sys.modules)))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert run.stdout.strip() == "[]"


def test_picture_shows_the_layers_in_their_order() -> None:
    layers = next(each for each in contracts() if each["id"] == "rooms")["layers"]
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    picture = page.partition("```text\n")[2].partition("```")[0]
    shown = [set(line.split(", ")) for line in picture.splitlines()]
    left_out = {"__main__"}
    written = [
        {name.strip("() ").removeprefix("gateway.") for name in layer.split("|")} - left_out
        for layer in layers
    ]
    assert shown == [layer for layer in written if layer]
