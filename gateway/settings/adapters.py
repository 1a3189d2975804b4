"""The departments' sections: what is the adapter's own, what the gateway keeps, what is proven."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from gateway.contract import AdapterSettings
from gateway.isolation.types import AdapterGuards, CallGuards, Isolation, ProcessLimits
from gateway.settings.reading import (
    Reader,
    Section,
    SettingsError,
    read_bytes,
    read_document,
)

CONFORMANCE_REPORT = "conformance_report"


@dataclass(frozen=True, slots=True)
class ConformanceSettings:
    """Proofs that adapters keep the contract.

    Attributes:
        signers: public keys in PEM of those who may sign reports.
        required: adapters that are not used without a report, by slug.
        reports: `adapters.<slug>.conformance_report`, by slug.
    """

    signers: tuple[bytes, ...] = ()
    required: frozenset[str] = frozenset()
    reports: Mapping[str, Path] = field(default_factory=dict)


class AdapterSections(NamedTuple):
    settings: Mapping[str, AdapterSettings]
    guards: Mapping[str, AdapterGuards]


def read_adapters(reader: Reader) -> AdapterSections:
    """The sections of the departments, without what they say for the gateway."""
    settings, guards = {}, {}
    for slug, section in reader.sections_of("adapters").items():
        guards[slug] = _read_guards(section)
        settings[slug] = _read_adapter(section.rest())
    return AdapterSections(settings, guards)


def _read_guards(section: Section) -> AdapterGuards:
    stated = section.take("isolation")
    known = {each.value: each for each in Isolation}
    if stated is not None and (not isinstance(stated, str) or stated not in known):
        raise SettingsError(
            f"setting `{section.name}.isolation` is neither `in-process` nor `process`"
        )
    limits = section.subsection("limits")
    usual = ProcessLimits()
    guards = AdapterGuards(
        None if stated is None else known[stated],
        ProcessLimits(
            limits.number("memory_mb", usual.memory_mb, 128, 1_048_576),
            limits.number("cpu_s", usual.cpu_s, 1, 3_600),
            limits.number("open_files", usual.open_files, 32, 65_536),
            limits.number("answer_kb", usual.answer_kb, 16, 65_536),
            float(limits.number("start_s", int(usual.start_s), 1, 600)),
        ),
        CallGuards(
            limits.optional_number("deadline_ms", 10, 60_000),
            limits.optional_number("concurrency", 1, 10_000),
            limits.optional_number("failures", 1, 1_000),
            limits.optional_number("pause_ms", 100, 3_600_000),
        ),
    )
    limits.finish()
    return guards


def _read_adapter(values: Mapping[str, str]) -> AdapterSettings:
    """What is the adapter's own; where its report lies is the gateway's business."""
    own = {key: value for key, value in values.items() if key != CONFORMANCE_REPORT}
    return AdapterSettings(own)


def read_adapter_section(path: Path, slug: str) -> AdapterSettings:
    """The section `[adapters.<slug>]` of a file that may hold nothing else.

    Raises:
        SettingsError: the file cannot be read, or the section is not there.
    """
    adapters = read_adapters(Reader(read_document(path), path.parent, {})).settings
    if slug not in adapters:
        raise SettingsError(f"settings `{path}` have no section `adapters.{slug}`")
    return adapters[slug]


def read_conformance(section: Section, reader: Reader) -> ConformanceSettings:
    reports = {
        slug: found
        for slug, adapter in reader.sections_of("adapters").items()
        if (found := adapter.path(CONFORMANCE_REPORT)) is not None
    }
    signers = tuple(read_bytes(section.folder / name) for name in section.texts("signers"))
    if reports and not signers:
        raise SettingsError("setting `conformance.signers` is missing, expected files with keys")
    return ConformanceSettings(signers, frozenset(section.texts("required")), reports)
