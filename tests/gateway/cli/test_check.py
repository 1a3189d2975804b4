"""The command `check` with packages that bring rules of their own."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.cli import main
from gateway.contract import hookspecs
from gateway.translog.signers import private_key_pem

PACKAGES = "tests.gateway.fetching.packages"
SETTINGS = """
[store]
url = "postgresql://store"
[identity]
issuer = "https://issuer.example"
audience = "credit-gateway"
jwks = "jwks.json"
[keys]
opaque_files = ["opaque"]
audit_file = "audit"
[audit_log]
origin = "log.example/audit"
key_file = "log"
"""


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    points = [
        EntryPoint(name, f"{PACKAGES}:{name}", hookspecs.ENTRY_POINT_GROUP)
        for name in ("with_rules", "greedy")
    ]
    module = import_module("gateway.composition")
    monkeypatch.setattr(module, "installed_adapters", lambda: points)
    for name, size in (("opaque", 64), ("audit", 32)):
        (tmp_path / name).write_bytes(bytes(size))
        (tmp_path / name).chmod(0o600)
    (tmp_path / "log").write_bytes(private_key_pem(Ed25519PrivateKey.generate()))
    (tmp_path / "log").chmod(0o600)
    return tmp_path / "gateway.toml"


def check(config: Path, *adapters: str) -> tuple[int, str]:
    sections = "".join(f"[adapters.{name}]\n" for name in adapters)
    config.write_text(SETTINGS + sections, encoding="utf-8")
    done = CliRunner().invoke(main, ["check", "--config", str(config)])
    return done.exit_code, " ".join(done.output.split())


def test_package_with_rules_about_its_own_records_is_good(config: Path) -> None:
    code, output = check(config, "with_rules")
    assert code == 0, output
    assert "adapter with_rules: good" in output


def test_package_with_rules_about_others_records_is_quarantined_and_the_others_are_good(
    config: Path,
) -> None:
    code, output = check(config, "with_rules", "greedy")
    assert code == 1
    assert "adapter with_rules: good" in output
    assert (
        "adapter greedy: quarantined, its rules cannot be used: greedy/own_rules.toml: "
        "rule `no-tenders`: key `coordinates`: found `TaxArrears`, which the department does "
        "not supply"
    ) in output


def test_audit_log_that_nobody_signs_is_refused(config: Path) -> None:
    config.write_text(SETTINGS.partition("[audit_log]")[0], encoding="utf-8")
    done = CliRunner().invoke(main, ["check", "--config", str(config)])
    assert done.exit_code == 1
    assert "section `audit_log` is missing" in done.output


def test_audit_log_whose_key_is_none_is_refused(config: Path) -> None:
    config.write_text(SETTINGS, encoding="utf-8")
    (config.parent / "log").write_text("no key")
    done = CliRunner().invoke(main, ["check", "--config", str(config)])
    assert done.exit_code == 1
    assert "holds no private key in PEM" in " ".join(done.output.split())
