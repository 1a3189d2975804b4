"""Adapters that must prove that they keep the contract: by a signed report of the kit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from gateway.conformance_report import ReportError, read_report, require_proof
from gateway.contract import Manifest
from gateway.fetching.registry import Registry
from gateway.package_files import PackageNotFound, installed_files

_MOST_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class ProofDemands:
    """What the operator asks of adapters.

    Attributes:
        signers: who may sign reports.
        reports: report of each adapter that has one, by slug.
        required: adapters that may not be used without one, by slug.
    """

    signers: Sequence[Ed25519PublicKey] = ()
    reports: Mapping[str, Path] = field(default_factory=dict)
    required: frozenset[str] = frozenset()


def proven(registry: Registry, demands: ProofDemands, points: Iterable[EntryPoint]) -> Registry:
    """The registry without the adapters that owe a proof, which are quarantined.

    A report that is named is checked, also where none is required.

    Args:
        points: entry points of the adapters, which lead to the files of their packages.
    """
    modules = {point.name: point.module for point in points}
    for slug, adapter in dict(registry.adapters).items():
        path = demands.reports.get(slug)
        reason = None
        if path is not None:
            reason = _defect(path, adapter.manifest, modules.get(slug, ""), demands.signers)
        elif slug in demands.required:
            reason = f"`adapters.{slug}.conformance_report` is missing and required"
        if reason is not None:
            registry = registry.without(slug, reason)
    return registry


def _defect(
    path: Path, manifest: Manifest, module: str, signers: Sequence[Ed25519PublicKey]
) -> str | None:
    try:
        with path.open("rb") as file:
            report = read_report(file.read(_MOST_BYTES), signers)
    except OSError as error:
        return f"conformance report `{path.name}` cannot be read: {error.strerror}"
    except ReportError as error:
        return f"conformance report `{path.name}`: {error}"
    try:
        require_proof(report, manifest, installed_files(module))
    except OSError as error:
        return f"the files of package `{module}` cannot be read: {error.strerror}"
    except PackageNotFound as error:
        return str(error)
    except ReportError as error:
        return f"conformance report `{path.name}`: {error}"
    return None
