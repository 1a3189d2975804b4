"""The signed report of the conformance kit: what it says, its bytes, signing and checking it.

A report holds no value of a record and no text of an error: promises and what came of them. The
signature is Ed25519 over the report without it, in canonical JSON.

Source: RFC 8032 (Ed25519), RFC 8785 (canonical JSON).
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from gateway.contract import Manifest
from gateway.package_files import PackageFiles, difference

FORMAT = "credit-gateway-conformance-2"
_SIGNATURE = "signature"
GOOD = frozenset({"KEPT", "NOT_OFFERED"})
REQUIRED = (
    "MANIFEST", "HEALTH", "BATCHING", "FIELDS", "TYPES", "KEYS", "RECORD_IDS", "RECORDS", "NULLS",
    "ORDER", "LIMITS", "PREDICATES", "PAGING", "TOTALS", "EFFECTS", "LISTS", "JSON", "STATISTICS",
    "CONCURRENCY", "CANCELLATION", "STABLE_IDS", "STABLE_PAGING", "DEADLINE", "RECONNECT",
    "READ_ONLY", "ROUND_TRIPS", "LEAKS", "LOAD",
)  # fmt: skip
"""Ids of the promises that a report has to be about: all that the kit knows."""


class ReportError(ValueError):
    """A report is no proof; one sentence says why, for operators."""


@dataclass(frozen=True, slots=True)
class ConformanceReport:
    """What the kit found.

    Attributes:
        manifest: SHA-256 of the manifest: what the adapter says that it supplies.
        files: of the package, so that another mapping or other code needs another report.
        seed: of the drawn cases.
        made_at: wire time.
        promises: what came of each promise, by its id.
    """

    slug: str
    department_code: str
    adapter_version: str
    manifest: str
    files: PackageFiles
    gateway_version: str
    seed: int
    made_at: str
    promises: Mapping[str, str]


def manifest_digest(manifest: Manifest) -> str:
    """SHA-256 of a manifest in canonical JSON, in hexadecimal."""
    return hashlib.sha256(rfc8785.dumps(_plain(asdict(manifest)))).hexdigest()


def signed(report: ConformanceReport, key: Ed25519PrivateKey) -> bytes:
    """The report as JSON, signed."""
    document = {"format": FORMAT, **_plain(asdict(report))}
    signature = base64.b64encode(key.sign(rfc8785.dumps(document))).decode()
    return json.dumps({**document, _SIGNATURE: signature}, ensure_ascii=False, indent=1).encode()


def read_report(content: bytes, signers: Sequence[Ed25519PublicKey]) -> ConformanceReport:
    """A report that one of the signers signed.

    Raises:
        ReportError: it is none, or nobody known signed it.
    """
    try:
        document = json.loads(content)
        signature = base64.b64decode(document.pop(_SIGNATURE), validate=True)
        if document.pop("format") != FORMAT:
            raise ReportError(
                f"the report is of another format, expected `{FORMAT}`: run the kit again"
            )
        report = ConformanceReport(**document)
        if not isinstance(report.files, dict) or not isinstance(report.promises, dict):
            raise TypeError
        message = rfc8785.dumps({"format": FORMAT, **document})
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        if isinstance(error, ReportError):
            raise
        raise ReportError("the file is no conformance report") from error
    for signer in signers:
        try:
            signer.verify(signature, message)
        except InvalidSignature:
            continue
        return report
    raise ReportError("none of the signers of `conformance.signers` signed the report")


def require_proof(report: ConformanceReport, manifest: Manifest, files: PackageFiles) -> None:
    """Compare a report with the adapter that is installed.

    Args:
        files: of the installed package.

    Raises:
        ReportError: it is about another adapter, or a promise is broken or was not judged.
    """
    if (report.slug, report.department_code) != (manifest.slug, manifest.department_code):
        raise ReportError(f"the report is about `{report.slug}`, not about this department")
    if report.manifest != manifest_digest(manifest):
        raise ReportError("the report is about another manifest: run the kit again")
    told = difference(report.files, files)
    if told is not None:
        raise ReportError(f"the report is about another package, {told}: run the kit again")
    for promise in REQUIRED:
        verdict = report.promises.get(promise, "NOT_JUDGED")
        if verdict not in GOOD:
            raise ReportError(f"promise `{promise}` is {verdict} in the report")


def private_key(content: bytes) -> Ed25519PrivateKey:
    """A private key from PEM.

    Raises:
        ReportError: it is no Ed25519 key.
    """
    try:
        key = serialization.load_pem_private_key(content, None)
    except (ValueError, TypeError) as error:
        raise ReportError("the file holds no private key in PEM") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise ReportError("the key is no Ed25519 key")
    return key


def public_key(content: bytes) -> Ed25519PublicKey:
    """A public key from PEM.

    Raises:
        ReportError: it is no Ed25519 key.
    """
    try:
        key = serialization.load_pem_public_key(content)
    except (ValueError, TypeError) as error:
        raise ReportError("the file holds no public key in PEM") from error
    if not isinstance(key, Ed25519PublicKey):
        raise ReportError("the key is no Ed25519 key")
    return key


def public_pem(key: Ed25519PrivateKey) -> bytes:
    """The public half in PEM."""
    return key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, tuple | list | frozenset):
        return [_plain(inner) for inner in value]
    return value
