"""Everything an operator decides, read whole from one file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gateway.contract import AdapterSettings
from gateway.isolation.types import AdapterGuards
from gateway.settings.adapters import ConformanceSettings, read_adapters, read_conformance
from gateway.settings.administrators import AdministratorSettings, read_administrators
from gateway.settings.audit_log import AuditLogSettings, read_audit_log
from gateway.settings.clients import ClientSettings, read_clients
from gateway.settings.identity import IdentitySettings, read_identity
from gateway.settings.keys import KeySettings, read_keys
from gateway.settings.oauth import OAuthSettings, read_oauth
from gateway.settings.reading import Reader, SettingsError, read_document
from gateway.settings.server import ServerSettings, StoreSettings, read_server, read_store
from gateway.settings.sign_ins import SignInSettings, read_sign_ins
from gateway.settings.syslog import SyslogSettings, read_syslog


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything an operator decides.

    Attributes:
        adapters: section `[adapters.<slug>]` per department; one without a section is not used.
        guards: what the same sections say for the gateway: where an adapter runs, and its limits.
        policies: folders with rule files; empty: the rules that come with the gateway.
        shadow: folder with candidate rules that decide beside those in force; None: none.
        sharing: folder that says who may act on grants and consents, and their times and limits;
            None: what comes with the gateway.
        oauth: None: tokens come from elsewhere.
        syslog: None: the log is not exported.
        audit_log: which log the audit is, and who signs it; None: not said, and nothing serves.
    """

    server: ServerSettings
    store: StoreSettings
    identity: IdentitySettings
    keys: KeySettings
    adapters: Mapping[str, AdapterSettings]
    policies: tuple[Path, ...] = ()
    shadow: Path | None = None
    sharing: Path | None = None
    clients: ClientSettings = field(default_factory=ClientSettings)
    oauth: OAuthSettings | None = None
    sign_ins: tuple[SignInSettings, ...] = ()
    conformance: ConformanceSettings = field(default_factory=ConformanceSettings)
    audit_log: AuditLogSettings | None = None
    guards: Mapping[str, AdapterGuards] = field(default_factory=dict)
    administrators: AdministratorSettings = field(default_factory=AdministratorSettings)
    syslog: SyslogSettings | None = None


def require_audit_log(settings: Settings) -> AuditLogSettings:
    """Return which log the audit is.

    Raises:
        SettingsError: the settings do not say.
    """
    if settings.audit_log is None:
        raise SettingsError(
            "section `audit_log` is missing: entries that nobody signs prove nothing; name the log "
            "and its key, which `credit-gateway audit new-key` makes"
        )
    return settings.audit_log


def load_settings(path: Path, environment: Mapping[str, str] = os.environ) -> Settings:
    """Read and check the settings.

    Raises:
        SettingsError: the file cannot be read, or a value is missing, unknown or unsafe.
    """
    document = read_document(path)
    reader = Reader(document, path.parent, environment)
    oauth = read_oauth(reader.section("oauth")) if "oauth" in document else None
    identity = read_identity(reader.section("identity"), reader.section("claims"))
    clients = read_clients(reader.section("clients"))
    settings = Settings(
        server=read_server(reader.section("server"), oauth),
        store=read_store(reader.section("store")),
        identity=identity,
        keys=read_keys(reader.section("keys")),
        adapters=(adapters := read_adapters(reader)).settings,
        policies=tuple(
            path.parent / folder for folder in reader.section("policies").texts("folders")
        ),
        shadow=reader.section("policies").path("shadow"),
        sharing=reader.section("policies").path("sharing"),
        clients=clients,
        oauth=oauth,
        sign_ins=read_sign_ins(reader),
        conformance=read_conformance(reader.section("conformance"), reader),
        audit_log=read_audit_log(reader.section("audit_log")),
        guards=adapters.guards,
        syslog=read_syslog(reader.section("syslog")),
        administrators=read_administrators(
            reader.section("administrators"), is_trial=identity.is_demo or clients.is_sandbox
        ),
    )
    reader.finish()
    return settings
