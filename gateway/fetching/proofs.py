"""Adapters that must prove that they keep the contract: by a signed report of the kit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from gateway.conformance_report import ReportError, read_report, require_proof
from gateway.contract import Manifest
from gateway.fetching.registry import Registry

_MOST_BYTES = 100_000


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


def proven(registry: Registry, demands: ProofDemands) -> Registry:
    """The registry without the adapters that owe a proof, which are quarantined.

    A report that is named is checked, also where none is required.
    """
    for slug, adapter in dict(registry.adapters).items():
        path = demands.reports.get(slug)
        reason = None
        if path is not None:
            reason = _defect(path, adapter.manifest, demands.signers)
        elif slug in demands.required:
            reason = f"`adapters.{slug}.conformance_report` is missing and required"
        if reason is not None:
            registry = registry.without(slug, reason)
    return registry


def _defect(path: Path, manifest: Manifest, signers: Sequence[Ed25519PublicKey]) -> str | None:
    try:
        with path.open("rb") as file:
            report = read_report(file.read(_MOST_BYTES), signers)
        require_proof(report, manifest)
    except OSError as error:
        return f"conformance report `{path.name}` cannot be read: {error.strerror}"
    except ReportError as error:
        return f"conformance report `{path.name}`: {error}"
    return None
