"""Which log the audit is, who signs it, and who witnesses it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from gateway.settings.reading import Section, SettingsError, read_secret
from policies.retention.loader import load_audit_years

_MOST_KEPT_YEARS = 100


@dataclass(frozen=True, slots=True)
class WitnessSettings:
    """
    Attributes:
        url: prefix of its address.
        key: its verifier key.
    """

    url: str
    key: str


@dataclass(frozen=True, slots=True)
class AuditLogSettings:
    """
    Attributes:
        origin: name of the log.
        hash: of its tree, `sha256` or `sm3`.
        key: file and content of the private Ed25519 key; None where something else signs.
        device: program that signs, with its arguments; empty: none.
        public_key: verifier key of the log; needed where `key` is None.
        former_keys: verifier keys that signed the log before.
        segments: folder of its segment files; None: none are written.
        archive: folder of segment files for entries that leave the store; None: none do.
        keep_years: for how many years an entry stays in the store, and who it is about is known.
    """

    origin: str
    hash: str = "sha256"
    key: tuple[Path, bytes] | None = field(default=None, repr=False)
    device: tuple[str, ...] = ()
    public_key: str | None = None
    former_keys: tuple[str, ...] = ()
    segments: Path | None = None
    witnesses: tuple[WitnessSettings, ...] = ()
    archive: Path | None = None
    keep_years: int = field(default_factory=load_audit_years)


def read_audit_log(section: Section) -> AuditLogSettings | None:
    if section.is_empty:
        return None
    file, device = section.path("key_file"), section.texts("device")
    is_elsewhere = section.flag("is_signed_elsewhere")
    if (file is not None) + bool(device) + is_elsewhere != 1:
        raise SettingsError(
            "section `audit_log` does not say who signs: expected one of `key_file`, `device` and "
            "`is_signed_elsewhere = true`"
        )
    hash_name = section.text("hash", "sha256")
    if hash_name not in ("sha256", "sm3"):
        raise SettingsError(
            f"setting `audit_log.hash` is `{hash_name}`, expected `sha256` or `sm3`"
        )
    witnesses = section.tables("witnesses", frozenset({"url", "key"}))
    least_years = load_audit_years()
    return AuditLogSettings(
        section.text("origin"),
        hash_name,
        None if file is None else (file, read_secret(file)),
        device,
        None if file is not None else section.text("public_key"),
        section.texts("former_keys"),
        section.path("segments"),
        tuple(WitnessSettings(each["url"], each["key"]) for each in witnesses),
        section.path("archive"),
        section.number("keep_years", least_years, least_years, _MOST_KEPT_YEARS),
    )
