"""The commands `adapter test` and `adapter key`: the conformance kit, and the key of its report."""

from __future__ import annotations

import datetime as dt
import os
import secrets
from collections import Counter
from importlib.metadata import version
from pathlib import Path

import click
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from rich.console import Console

from gateway.conformance.department import Department
from gateway.conformance.judge import Finding, Verdict, judge
from gateway.conformance_report import (
    ConformanceReport,
    ReportError,
    manifest_digest,
    private_key,
    public_pem,
    signed,
)
from gateway.package_files import PackageFiles, files_below
from gateway.scaffold.errors import ScaffoldError
from gateway.scaffold.package import AuthorPackage, open_package
from gateway.scaffold.refresh import fixture_subjects
from gateway.scaffold.sources import tools_for
from gateway.settings import SettingsError, read_secret

_MOST_SEEDS = 2**31
_STYLES = {Verdict.KEPT: "green", Verdict.BROKEN: "red"}


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--seed", type=click.IntRange(0, _MOST_SEEDS), help="Draw the cases of an earlier run."
)
@click.option("--report", type=click.Path(path_type=Path), help="Write the signed report here.")
@click.option(
    "--sign-with",
    "key_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Private key made by `adapter key`; needed for a report.",
)
def test(folder: Path, seed: int | None, report: Path | None, key_file: Path | None) -> None:
    """Judge the adapter in FOLDER: every promise of the contract, over its fixture.

    Ends with 1 where a promise is broken.
    """
    if (report is None) is not (key_file is None):
        raise click.UsageError("--report and --sign-with belong together")
    seed = secrets.randbelow(_MOST_SEEDS) if seed is None else seed
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"seed {seed}")
    try:
        signer = private_key(read_secret(key_file)) if key_file else None
        package = open_package(folder)
        files = package_files(package)
        findings = _judge(console, package, seed)
        if report is not None and signer is not None:
            if package_files(package) != files:
                raise ScaffoldError(
                    "the package was changed while it was judged: run the kit again"
                )
            made = _report(package, files, seed, findings)
            report.write_bytes(signed(made, signer))
            console.print(f"report written to {report}")
    except (ScaffoldError, SettingsError, ReportError) as error:
        raise click.ClickException(str(error)) from error
    counts = Counter(finding.verdict for finding in findings)
    console.print(", ".join(f"{number} {verdict.value}" for verdict, number in counts.items()))
    if counts[Verdict.BROKEN]:
        raise SystemExit(1)


def _judge(console: Console, package: AuthorPackage, seed: int) -> list[Finding]:
    findings = []
    with tools_for(package.declared().source.name).stand(package) as stand:
        keys, unknown = fixture_subjects(package)
        department = Department(
            lambda: stand.watched(package.adapter(stand.settings)),
            keys,
            unknown,
            stand.control,
            seed,
        )
        for finding in judge(department):
            findings.append(finding)
            promise = finding.promise
            console.print(
                f"{finding.verdict.value:12}{promise.id:14}{promise.zh} {promise.en}",
                style=_STYLES.get(finding.verdict),
                markup=False,
            )
            if finding.reason:
                console.print(f"            {finding.reason}", markup=False)
    return findings


def package_files(package: AuthorPackage) -> PackageFiles:
    """The files that a report is bound to."""
    return files_below(package.root, ".".join(package.module.relative_to(package.root).parts))


def _report(
    package: AuthorPackage, files: PackageFiles, seed: int, findings: list[Finding]
) -> ConformanceReport:
    manifest = package.declared().manifest
    return ConformanceReport(
        manifest.slug,
        manifest.department_code,
        manifest.adapter_version,
        manifest_digest(manifest),
        files,
        version("credit-gateway"),
        seed,
        f"{dt.datetime.now(dt.UTC):%Y-%m-%dT%H:%M:%SZ}",
        {finding.promise.id: finding.verdict.value for finding in findings},
    )


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
def key(file: Path) -> None:
    """Make a key for reports: FILE for its owner alone, FILE.pub for the gateway's operator."""
    made = Ed25519PrivateKey.generate()
    content = made.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "wb") as opened:
            opened.write(content)
        Path(f"{file}.pub").write_bytes(public_pem(made))
    except OSError as error:
        raise click.ClickException(f"key `{file}` cannot be written: {error.strerror}") from error
    click.echo(f"{file} (secret), {file}.pub (for the operator)")
