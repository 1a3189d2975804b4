"""Frozen settings: the only reader of environment and file; unsafe values refuse the start.

The file is TOML; `docs/reference/settings.md` lists the keys. A value `{ file = "…" }` is read
from that file, which must not be open to others. An environment variable
`CREDIT_GATEWAY_<SECTION>_<KEY>` overrides a key of the sections `server` and `store`.

Each section has its module, with what it holds and how it is read; `loading` puts them together
and `reading` knows how a document is read. Others import from here.
"""

from gateway.settings.adapters import ConformanceSettings, read_adapter_section
from gateway.settings.administrators import AdministratorSettings
from gateway.settings.audit_log import AuditLogSettings, WitnessSettings
from gateway.settings.clients import ClientSettings
from gateway.settings.identity import IdentitySettings
from gateway.settings.keys import KeySettings
from gateway.settings.loading import Settings, load_settings, require_audit_log
from gateway.settings.oauth import OAuthSettings
from gateway.settings.reading import SettingsError, read_secret
from gateway.settings.server import ServerSettings, StoreSettings
from gateway.settings.sign_ins import SignInSettings
from gateway.settings.syslog import SyslogSettings

__all__ = [
    "AdministratorSettings",
    "AuditLogSettings",
    "ClientSettings",
    "ConformanceSettings",
    "IdentitySettings",
    "KeySettings",
    "OAuthSettings",
    "ServerSettings",
    "Settings",
    "SettingsError",
    "SignInSettings",
    "StoreSettings",
    "SyslogSettings",
    "WitnessSettings",
    "load_settings",
    "read_adapter_section",
    "read_secret",
    "require_audit_log",
]
