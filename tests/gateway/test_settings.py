"""Settings are read whole, and unsafe or unknown values refuse the start."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.settings import Settings, SettingsError, load_settings, require_audit_log
from policies.model import CallerClass
from schema.identifiers.network_reference import NetworkKey

GOOD = """
[server]
port = 8481
today = 2026-11-02

[store]
url = { file = "store_url" }

[identity]
issuer = "https://issuer.example"
audience = "credit-gateway"
jwks = "jwks.json"

[keys]
opaque_files = ["opaque"]
audit_file = "audit"
network_files = ["network_new", "network_old"]

[adapters.tax]
url = { file = "tax_url" }
pool_size = 4

[policies]
folders = ["rules"]

[audit_log]
origin = "log.example/audit"
key_file = "log"
segments = "segments"
witnesses = [{ url = "http://127.0.0.1:8490", key = "w+00+00" }]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, content in (
        ("store_url", b"postgresql://store\n"),
        ("tax_url", b"postgresql://tax\n"),
        ("opaque", bytes(64)),
        ("audit", bytes(32)),
        ("log", b"a key"),
        ("network_new", bytes(95) + b"n"),
        ("network_old", bytes(95) + b"o"),
        ("network_apart", b"a" * 96),
    ):
        path = tmp_path / name
        path.write_bytes(content)
        path.chmod(0o600)
    return tmp_path


Load = Callable[..., Settings]


@pytest.fixture
def load(folder: Path) -> Load:
    def loaded(text: str = GOOD, **environment: str) -> Settings:
        path = folder / "gateway.toml"
        path.write_text(text, encoding="utf-8")
        return load_settings(path, environment)

    return loaded


def test_good_settings_are_read_whole(load: Load, folder: Path) -> None:
    settings = load()
    assert (settings.server.host, settings.server.port) == ("127.0.0.1", 8481)
    assert settings.server.today == dt.date(2026, 11, 2)
    assert settings.store.url == "postgresql://store"
    assert settings.identity.jwks == folder / "jwks.json"
    assert settings.keys.opaque == (bytes(64),)
    assert settings.keys.network == tuple(
        NetworkKey.from_bytes(bytes(95) + last) for last in (b"n", b"o")
    )
    assert dict(settings.adapters["tax"].values) == {"url": "postgresql://tax", "pool_size": "4"}
    assert settings.policies == (folder / "rules",)
    assert settings.shadow is None


def test_clients_are_bound_unless_the_file_says_otherwise(load: Load) -> None:
    lenders = frozenset({CallerClass.INSTITUTION, CallerClass.PLATFORM})
    usual = load().clients
    assert (usual.must_register, usual.registered_operations_only) == (lenders, lenders)
    assert (usual.requests_per_minute, usual.burst) == (6_000, 600)
    assert (usual.sweep_per_minute, usual.sweep_per_day) == (200, 5_000)
    section = '[clients]\nmust_register = []\nregistered_operations_only = ["department"]\n'
    stated = load(changed("[policies]\n", f"{section}burst = 7\n[policies]\n")).clients
    assert stated.must_register == frozenset()
    assert stated.registered_operations_only == {CallerClass.DEPARTMENT}
    assert (stated.requests_per_minute, stated.burst) == (6_000, 7)


@pytest.mark.parametrize("value", ['["public"]', '["banks"]', '"institution"'])
def test_clients_of_no_class_refuse_the_start(load: Load, value: str) -> None:
    section = f"[clients]\nmust_register = {value}\n[policies]\n"
    with pytest.raises(SettingsError, match=r"clients\.must_register"):
        load(changed("[policies]\n", section))


def test_sharing_folder_stands_beside_the_file(load: Load, folder: Path) -> None:
    assert load(GOOD).sharing is None
    changed_to = changed("[policies]\n", '[policies]\nsharing = "sharing"\n')
    assert load(changed_to).sharing == folder / "sharing"


def test_shadow_folder_stands_beside_the_file(load: Load, folder: Path) -> None:
    assert load(changed("[policies]\n", '[policies]\nshadow = "next"\n')).shadow == folder / "next"


def test_secrets_never_print(load: Load) -> None:
    text = repr(load())
    assert "postgresql" not in text
    assert "\\x00" not in text


def test_network_keys_need_not_be_there(load: Load) -> None:
    text = changed('network_files = ["network_new", "network_old"]\n', "")
    assert load(text).keys.network == ()


def test_environment_overrides_server_and_store(load: Load) -> None:
    settings = load(
        CREDIT_GATEWAY_SERVER_PORT="9000",
        CREDIT_GATEWAY_STORE_URL="postgresql://other",
        CREDIT_GATEWAY_SERVER_TODAY="2026-11-03",
        CREDIT_GATEWAY_SERVER_BEHIND_PROXY="true",
        CREDIT_GATEWAY_SERVER_PUBLIC_URL="https://credit.example",
        CREDIT_GATEWAY_SERVER_HOST="0.0.0.0",
        CREDIT_GATEWAY_IDENTITY_ISSUER="https://evil.example",
    )
    assert settings.server.port == 9000
    assert settings.store.url == "postgresql://other"
    assert settings.server.today == dt.date(2026, 11, 3)
    assert (settings.server.behind_proxy, settings.server.host) == (True, "0.0.0.0")
    assert settings.identity.issuer == "https://issuer.example"


def changed(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new)


BAD = {
    "a shadow that is no folder": (
        changed("[policies]\n", "[policies]\nshadow = 3\n"),
        "setting `policies.shadow` is no path",
    ),
    "open to the network": (
        changed("port = 8481", 'host = "0.0.0.0"'),
        "setting `server.host` is `0.0.0.0`: tokens would travel in clear",
    ),
    "port too high": (changed("8481", "65536"), "`server.port` is no whole number"),
    "port below zero": (changed("8481", "-1"), "`server.port` is no whole number"),
    "port with a fraction": (changed("8481", "8481.5"), "`server.port` is no whole number"),
    "port true": (changed("8481", "true"), "`server.port` is no whole number"),
    "port a list": (changed("8481", "[1]"), "`server.port` is no whole number"),
    "today a text": (changed("today = 2026-11-02", 'today = "soon"'), "`server.today` is no date"),
    "today a time": (changed("2026-11-02", "2026-11-02T08:00:00"), "`server.today` is no date"),
    "flag a text": (
        changed("port = 8481", 'behind_proxy = "yes"'),
        "`server.behind_proxy` is neither true nor false",
    ),
    "unknown key": (changed("port = 8481", "prot = 8481"), "`server.prot` is unknown"),
    "unknown section": (GOOD + "\n[serve]\n", "section `serve` is unknown"),
    "section a value": ("server = 1\n" + changed("[server]\nport = 8481\n", ""), "no section"),
    "no store": (changed('url = { file = "store_url" }', ""), "`store.url` is missing"),
    "empty issuer": (changed("https://issuer.example", ""), "`identity.issuer` is missing"),
    "no key": (changed('["opaque"]', "[]"), "`keys.opaque_files` names no files"),
    "key of another length": (changed('["opaque"]', '["audit"]'), "names no files of 64 bytes"),
    "keys a text": (changed('["opaque"]', '"opaque"'), "`keys.opaque_files` is no list"),
    "short audit key": (changed('"audit"', '"store_url"'), "less than 32 bytes"),
    "network key of another length": (
        changed('"network_old"', '"audit"'),
        "`keys.network_files` names no files of 96 bytes",
    ),
    "three network keys": (
        changed('"network_old"', '"network_old", "network_apart"'),
        "`keys.network_files` names 3 files, expected at most 2",
    ),
    "network keys of two networks": (
        changed('"network_old"', '"network_apart"'),
        "names keys of which one does not follow from the other",
    ),
    "the same network key twice": (
        changed('"network_old"', '"network_new"'),
        "names keys of which one does not follow from the other",
    ),
    "secret not there": (changed('"tax_url"', '"nothing"'), "cannot be read"),
    "secret a table of another form": (
        changed('{ file = "tax_url" }', '{ path = "tax_url" }'),
        "`adapters.tax.url` is a table",
    ),
    "log that nobody signs": (changed('key_file = "log"', ""), "does not say who signs"),
    "log that two sign": (
        changed('key_file = "log"', 'key_file = "log"\ndevice = ["sign"]'),
        "does not say who signs",
    ),
    "device without a public key": (
        changed('key_file = "log"', 'device = ["sign"]'),
        "`audit_log.public_key` is missing",
    ),
    "log with another hash": (
        changed('key_file = "log"', 'key_file = "log"\nhash = "md5"'),
        "`audit_log.hash` is `md5`, expected `sha256` or `sm3`",
    ),
    "witness without a key": (
        changed(', key = "w+00+00"', ""),
        "`audit_log.witnesses` is no list of tables with key, url",
    ),
    "adapters a value": (changed("[adapters.tax]", "[adapters]"), "`adapters` is no section"),
    "no TOML": ("[server", "is no TOML file"),
}


@pytest.mark.parametrize("name", list(BAD))
def test_bad_settings_refuse_the_start_in_one_line(load: Load, name: str) -> None:
    text, reason = BAD[name]
    with pytest.raises(SettingsError, match=re.escape(reason)) as caught:
        load(text)
    assert "\n" not in str(caught.value).split(": ")[0]


def test_secret_that_others_may_read_is_refused(load: Load, folder: Path) -> None:
    (folder / "tax_url").chmod(0o640)
    with pytest.raises(SettingsError, match="is open to others, expected mode 0600"):
        load()


def test_settings_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read: No such file"):
        load_settings(tmp_path / "nothing.toml", {})


def test_day_of_the_environment_must_be_one(load: Load) -> None:
    with pytest.raises(SettingsError, match=re.escape("`server.today` is no date")):
        load(CREDIT_GATEWAY_SERVER_TODAY="tomorrow")


def test_audit_log_is_read_with_its_key(load: Load, folder: Path) -> None:
    log = load().audit_log
    assert log is not None
    assert log.key == (folder / "log", b"a key")
    assert log.segments == folder / "segments"
    assert [(each.url, each.key) for each in log.witnesses] == [
        ("http://127.0.0.1:8490", "w+00+00")
    ]
    (folder / "log").chmod(0o644)
    with pytest.raises(SettingsError, match="is open to others"):
        load()


def test_no_audit_log_is_refused_where_one_is_needed(load: Load) -> None:
    settings = load(GOOD.partition("[audit_log]")[0])
    with pytest.raises(SettingsError, match="`audit_log` is missing"):
        require_audit_log(settings)


def test_administrators_are_demanded_unless_in_a_demonstration_or_sandbox(
    load: Callable[[str], Settings],
) -> None:
    switched_off = GOOD + "[administrators]\ndemanded = false\n"
    assert load(GOOD).administrators.demanded
    with pytest.raises(SettingsError, match="only a demonstration"):
        load(switched_off)
    demo = switched_off.replace("[identity]\n", "[identity]\nis_demo = true\n")
    assert not load(demo).administrators.demanded
    assert not load(switched_off + "[clients]\nis_sandbox = true\n").administrators.demanded


SYSLOG = GOOD + '[syslog]\nhost = "collector.city.example"\n'


def test_syslog_is_read_with_the_port_of_its_transport(load: Callable[[str], Settings]) -> None:
    syslog = load(SYSLOG).syslog
    assert syslog is not None
    assert (syslog.transport, syslog.port) == ("tls", 6514)
    assert load(GOOD).syslog is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (SYSLOG + 'transport = "tcp"\n', "in clear"),
        (SYSLOG + 'transport = "udp"\n', "in clear"),
        (SYSLOG + 'transport = "relp"\n', "expected one of tls, tcp, udp"),
        (SYSLOG + 'key_file = "log"\n', "go together"),
    ],
    ids=["tcp", "udp", "relp", "key"],
)
def test_syslog_that_is_unsafe_is_refused(
    load: Callable[[str], Settings], text: str, message: str
) -> None:
    with pytest.raises(SettingsError, match=message):
        load(text)
