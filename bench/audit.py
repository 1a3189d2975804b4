"""What the audit costs a request, and how long the stand-alone verifier takes."""

from __future__ import annotations

import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from rich.table import Table

from bench.ground import Ground
from bench.measuring import Plan, Result, measure
from bench.servers import NO_AUDIT, OURS, Server
from bench.workloads import WORKLOADS
from gateway.translog import verify_audit_log
from gateway.translog.merkle import Frontier
from gateway.translog.notes import CheckpointText, NoteSignature, SignedNote
from gateway.translog.segments import LeafRecord, SegmentFolder
from gateway.translog.signers import Ed25519Signer
from gateway.translog.suites import SHA256

MEASURED = ("W1", "W3")
_ORIGIN = "bench.example/verified"
_PER_CHECKPOINT = 500
_AT_ONCE = 50_000


@dataclass(frozen=True, slots=True)
class AuditCost:
    """Cost on one workload, with and without audit.

    Attributes:
        rate: with audit, divided by without.
        server_ms: CPU per request that the gateway's process spends on it.
        store_ms: CPU per request that PostgreSQL spends on it.
    """

    workload: str
    rate: float
    server_ms: float
    store_ms: float


@dataclass(frozen=True, slots=True)
class Verifying:
    """The stand-alone verifier on a log of its own; seconds of CPU, which is one core's."""

    entries: int
    size_mb: float
    cpu_s: float


def measure_audit(
    ground: Ground, servers: tuple[Server, Server], plan: Plan, report: Callable[[str], None]
) -> tuple[list[AuditCost], list[Result]]:
    """Compare the gateway with the one that records nothing.

    Args:
        servers: with and without audit.
    """
    costs: list[AuditCost] = []
    results: list[Result] = []
    for name in MEASURED:
        found = measure(ground, WORKLOADS[name], servers, plan, report)
        by_target = {each.target: each for each in found}
        ours, without = by_target[OURS], by_target[NO_AUDIT]
        if ours.failed or without.failed:
            raise RuntimeError(f"{name}: {ours.failed} and {without.failed} requests failed")
        costs.append(
            AuditCost(
                name,
                ours.per_s / without.per_s,
                ours.server_ms - without.server_ms,
                ours.store_ms - without.store_ms,
            )
        )
        results += found
    return costs, results


def measure_verifier(folder: Path, entries: int, report: Callable[[str], None]) -> Verifying:
    """Write a log of its own, verify it in a process apart, and remove it."""
    place = folder / "verified"
    shutil.rmtree(place, ignore_errors=True)
    report(f"writing a log of {entries:,} entries")
    key = _write_log(place, entries)
    size_mb = sum(path.stat().st_size for path in place.iterdir()) / 1e6
    report(f"verifying {entries:,} entries")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(  # noqa: S603 - a program of this project
        [sys.executable, "-I", verify_audit_log.__file__, str(place), "--key", key],
        capture_output=True,
        text=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    shutil.rmtree(place)
    if done.returncode:
        raise RuntimeError(f"the log does not hold: {done.stdout}{done.stderr}")
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Verifying(entries, size_mb, spent)


def _write_log(place: Path, entries: int) -> str:
    """Entries as large as those of W1, a checkpoint per 500."""
    signer = Ed25519Signer(_ORIGIN, Ed25519PrivateKey.generate())
    folder, tree = SegmentFolder(place, _ORIGIN, SHA256.name), Frontier(SHA256)
    records: list[LeafRecord] = []
    notes: list[str] = []
    for number in range(entries):
        entry = _entry(number)
        leaf_hash = SHA256.leaf_hash(entry)
        records.append(LeafRecord(number, leaf_hash, entry))
        tree.append(leaf_hash)
        is_last = number + 1 == entries
        if tree.size % _PER_CHECKPOINT == 0 or is_last:
            text = CheckpointText(_ORIGIN, tree.size, tree.root()).encode()
            line = NoteSignature(_ORIGIN, signer.key.key_id, signer.sign_now(text.encode()))
            notes.append(SignedNote(text, (line,)).encode())
        if tree.size % _AT_ONCE == 0 or is_last:
            folder.append(records, (), notes)
            records, notes = [], []
    folder.close()
    return signer.key.verifier_key()


def _entry(number: int) -> bytes:
    members = {
        "at": "2026-11-02T08:00:00.000Z",
        "callerClass": "department",
        "clientId": "bench-officer",
        "consents": [],
        "departments": [
            {"outcome": "ANSWERED", "rows": 5, "slug": slug} for slug in ("courts", "market", "tax")
        ],
        "format": 1,
        "matterNo": "M-1",
        "operationHash": "ab" * 32,
        "outcome": "ANSWERED",
        "policyVersion": "0123456789abcdef",
        "purpose": "LICENCE_REVIEW",
        "released": [f"{number:032x}"] * 3,
        "requestId": f"{number:032x}",
        "subjects": [f"{number:032x}"],
        "units": 1,
        "warnings": [],
    }
    return orjson.dumps(members, option=orjson.OPT_SORT_KEYS)


def audit_table(costs: list[AuditCost], verifying: Verifying) -> Table:
    """What was measured, for people."""
    table = Table("audit", "rate with / without", "gateway CPU ms", "store's PostgreSQL CPU ms")
    for cost in costs:
        table.add_row(
            cost.workload, f"{cost.rate:.3f}", f"{cost.server_ms:.3f}", f"{cost.store_ms:.3f}"
        )
    table.caption = (
        f"verifier: {verifying.entries:,} entries ({verifying.size_mb:,.0f} MB) in "
        f"{verifying.cpu_s:.1f} s of one core"
    )
    return table
