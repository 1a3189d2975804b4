"""A report proves what was signed about the adapter that is installed, and nothing else."""

from __future__ import annotations

import importlib
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.conformance import ReferenceAdapter
from gateway.conformance_report import (
    REQUIRED,
    ConformanceReport,
    ReportError,
    manifest_digest,
    private_key,
    public_key,
    public_pem,
    read_report,
    require_proof,
    signed,
)
from gateway.fetching.proofs import ProofDemands, proven
from gateway.fetching.registry import Registry
from gateway.package_files import files_below
from tests.support.awkward_department import manifest_for

KEY = Ed25519PrivateKey.generate()
MANIFEST = manifest_for()
REPORT = ConformanceReport(
    MANIFEST.slug,
    MANIFEST.department_code,
    MANIFEST.adapter_version,
    manifest_digest(MANIFEST),
    {},
    "0.1.0",
    7,
    "2026-11-30T08:00:00Z",
    dict.fromkeys(REQUIRED, "KEPT"),
)


def test_signed_report_is_read_back() -> None:
    assert read_report(signed(REPORT, KEY), [KEY.public_key()]) == REPORT


def test_report_of_another_signer_is_no_proof() -> None:
    other = Ed25519PrivateKey.generate().public_key()
    for signers in ([], [other]):
        with pytest.raises(ReportError, match="none of the signers"):
            read_report(signed(REPORT, KEY), signers)


@pytest.mark.parametrize("key", ["slug", "manifest", "seed", "promises"])
def test_changed_report_is_no_proof(key: str) -> None:
    document = json.loads(signed(replace(REPORT, promises={"LOAD": "BROKEN"}), KEY))
    document[key] = {"LOAD": "KEPT"} if key == "promises" else 8 if key == "seed" else "x"
    with pytest.raises(ReportError, match="none of the signers"):
        read_report(json.dumps(document).encode(), [KEY.public_key()])


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b'{"signature": "x"}', b'{"signature": "eA==", "format": 1}']
)
def test_other_files_are_no_report(content: bytes) -> None:
    with pytest.raises(ReportError):
        read_report(content, [KEY.public_key()])


@pytest.mark.parametrize(
    ("report", "told"),
    [
        (replace(REPORT, slug="other"), "is about `other`"),
        (replace(REPORT, manifest="00"), "about another manifest"),
        (replace(REPORT, files={"a.toml": "00"}), "`a.toml` was judged and is not installed"),
        (replace(REPORT, promises={**REPORT.promises, "LOAD": "BROKEN"}), "`LOAD` is BROKEN"),
        (replace(REPORT, promises={}), "`MANIFEST` is NOT_JUDGED"),
    ],
)
def test_report_that_proves_less_is_told(report: ConformanceReport, told: str) -> None:
    with pytest.raises(ReportError, match=told):
        require_proof(report, MANIFEST, {})


def test_capability_that_is_not_offered_needs_no_proof() -> None:
    require_proof(
        replace(REPORT, promises={**REPORT.promises, "JSON": "NOT_OFFERED"}), MANIFEST, {}
    )


def test_only_ed25519_keys_are_keys() -> None:
    assert public_key(public_pem(KEY)).public_bytes_raw() == KEY.public_key().public_bytes_raw()
    for read in (public_key, private_key):
        with pytest.raises(ReportError):
            read(b"no key")


@pytest.fixture(autouse=True)
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed package of a department, the one that the report is about."""
    folder = tmp_path / "judged_department"
    (folder / "mapping").mkdir(parents=True)
    (folder / "__init__.py").write_text("raise ImportError('only looked at')\n")
    (folder / "mapping" / "penalty.toml").write_text('unit = "yuan"\n')
    monkeypatch.syspath_prepend(tmp_path)
    return folder


POINT = EntryPoint(MANIFEST.slug, "judged_department", "credit_gateway.adapters")


def bound(package: Path) -> ConformanceReport:
    """The report about the package as it is now."""
    return replace(REPORT, files=files_below(package.parent, package.name))


REGISTRY = Registry({MANIFEST.slug: ReferenceAdapter(MANIFEST, [])}, ())


def demands(path: Path | None, is_required: bool = True) -> ProofDemands:
    required = frozenset({MANIFEST.slug}) if is_required else frozenset[str]()
    return ProofDemands([KEY.public_key()], {MANIFEST.slug: path} if path else {}, required)


def test_adapter_with_its_proof_is_used(tmp_path: Path, package: Path) -> None:
    path = tmp_path / "report.json"
    path.write_bytes(signed(bound(package), KEY))
    cache = package / "__pycache__"
    cache.mkdir()
    (cache / "x.pyc").write_bytes(b"compiled since")
    assert proven(REGISTRY, demands(path), [POINT]) == REGISTRY


CHANGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "a mapping": (
        lambda folder: (folder / "mapping" / "penalty.toml").write_text('unit = "fen"\n'),
        "`judged_department/mapping/penalty.toml` is not as it was judged",
    ),
    "code": (
        lambda folder: (folder / "__init__.py").write_text("pass\n"),
        "`judged_department/__init__.py` is not as it was judged",
    ),
    "one file more": (
        lambda folder: (folder / "more.py").write_text(""),
        "`judged_department/more.py` is installed and was not judged",
    ),
    "one file less": (
        lambda folder: (folder / "mapping" / "penalty.toml").unlink(),
        "`judged_department/mapping/penalty.toml` was judged and is not installed",
    ),
    "nothing left": (shutil.rmtree, "package `judged_department` is not installed as files"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_package_that_is_not_the_one_judged_is_quarantined(
    tmp_path: Path, package: Path, change: str
) -> None:
    path = tmp_path / "report.json"
    path.write_bytes(signed(bound(package), KEY))
    act, told = CHANGES[change]
    act(package)
    importlib.invalidate_caches()
    (bad,) = proven(REGISTRY, demands(path), [POINT]).quarantined
    assert told in bad.reason


def test_adapter_without_a_required_proof_is_quarantined() -> None:
    (bad,) = proven(REGISTRY, demands(None), [POINT]).quarantined
    assert bad.reason == "`adapters.reference.conformance_report` is missing and required"
    assert bad.manifest == MANIFEST


def test_adapter_with_a_bad_proof_is_quarantined_though_none_is_required(
    tmp_path: Path, package: Path
) -> None:
    path = tmp_path / "report.json"
    (bad,) = proven(REGISTRY, demands(path, is_required=False), [POINT]).quarantined
    assert "cannot be read" in bad.reason
    path.write_bytes(signed(replace(bound(package), promises={}), KEY))
    (bad,) = proven(REGISTRY, demands(path, is_required=False), [POINT]).quarantined
    assert "promise `MANIFEST` is NOT_JUDGED" in bad.reason


def test_adapter_that_owes_no_proof_is_used() -> None:
    assert proven(REGISTRY, demands(None, is_required=False), [POINT]) == REGISTRY
