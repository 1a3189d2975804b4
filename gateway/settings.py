"""Frozen settings: the only reader of environment and file; unsafe values refuse the start.

The file is TOML; `docs/reference/settings.md` lists the keys. A value `{ file = "…" }` is read
from that file, which must not be open to others. An environment variable
`CREDIT_GATEWAY_<SECTION>_<KEY>` overrides a key of the sections `server` and `store`.
"""

from __future__ import annotations

import datetime as dt
import os
import re
import stat
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from gateway.contract import AdapterSettings
from gateway.isolation.types import AdapterGuards, CallGuards, Isolation, ProcessLimits
from policies.model import CallerClass
from schema.identifiers.network_reference import NETWORK_KEY_BYTES, NetworkKey

ENVIRONMENT_PREFIX = "CREDIT_GATEWAY_"
MOST_NETWORK_KEYS = 2
CONFORMANCE_REPORT = "conformance_report"
_MOST_REQUESTS = 10_000_000
_SEAL_BYTES = 32
_MOST_NONCE_KEYS = 2
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_ALGORITHMS = ("Ed25519", "ES256", "PS256")
# A name that no header has that means something else here.
_HEADER = re.compile(r"(?!authorization$|dpop$|credit-request$|content-|accept)[a-z0-9-]{1,64}")
_CLAIMS = (
    "caller_class",
    "organisation",
    "purpose",
    "acting_for",
    "role",
    "matter_no",
    "user_ref",
    "client_id",
    "scope",
    "authorization_details",
)
"""Claims that an issuer may call otherwise; those that make a token good have one name only."""


class SettingsError(Exception):
    """A setting is missing, unknown or unsafe; the text names it and what is expected."""


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """
    Attributes:
        host: address to listen on; anything but a loopback address needs `behind_proxy`.
        behind_proxy: a proxy that ends TLS stands in front.
        today: fixed day for policies, for demonstrations on generated data; None: the real day.
        public_url: URL under which clients know the gateway, without a path; proofs of possession
            name it.
        certificate_header: in which the proxy hands on the certificate of a client, in lower
            case; None: no certificates.
        trusted_proxies: addresses and networks from which that header is believed; `unix` for a
            unix socket.
    """

    host: str = "127.0.0.1"
    port: int = 8480
    behind_proxy: bool = False
    today: dt.date | None = None
    public_url: str = "http://127.0.0.1:8480"
    certificate_header: str | None = None
    trusted_proxies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """
    Attributes:
        url: PostgreSQL URL of the gateway's own database; a worker opens three connections.
    """

    url: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class IdentitySettings:
    """
    Attributes:
        issuer: accepted issuer of access tokens.
        audience: this gateway's name in the tokens.
        jwks: file with the issuer's public keys; None where they are fetched.
        is_demo: accept the week-long tokens of a demonstration.
        jwks_url: where they are fetched; None where they are in a file.
        algorithm: with which the issuer signs.
        bearer_classes: caller classes whose tokens need not be bound to a key or certificate;
            never institutions and platforms.
        claim_names: what the issuer calls claims, by what they are called here.
    """

    issuer: str
    audience: str
    jwks: Path | None
    is_demo: bool = False
    jwks_url: str | None = None
    algorithm: str = "Ed25519"
    bearer_classes: frozenset[CallerClass] = frozenset()
    claim_names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class KeySettings:
    """
    Attributes:
        opaque: 64-byte keys of ids and cursors, newest first.
        audit: key of the record hashes in the audit, at least 32 bytes.
        network: keys of the network references, the newest first: one, two while departments
            change from one to the other, or none where no department keeps references.
        nonce: keys of the nonces of proofs, the newest first; empty: no nonce is asked for.
    """

    opaque: tuple[bytes, ...] = field(repr=False)
    audit: bytes = field(repr=False)
    network: tuple[NetworkKey, ...] = field(default=(), repr=False)
    nonce: tuple[bytes, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """What holds for clients whose contract says nothing else.

    Attributes:
        must_register: caller classes whose clients are answered only if they are registered.
        registered_operations_only: caller classes whose clients run registered operations only.
        requests_per_minute, burst: of a client for one purpose, in the long run and at once.
        sweep_per_minute, sweep_per_day: distinct subjects of one client beyond which a warning is
            raised. Source: the city's default for warnings of query sweeps (查询异常预警).
        is_sandbox: whether clients of the sandbox are answered, and no others.
        administrators: ids of clients that register clients over HTTP.
    """

    must_register: frozenset[CallerClass] = frozenset(
        {CallerClass.INSTITUTION, CallerClass.PLATFORM}
    )
    registered_operations_only: frozenset[CallerClass] = frozenset(
        {CallerClass.INSTITUTION, CallerClass.PLATFORM}
    )
    requests_per_minute: int = 6_000
    burst: int = 600
    sweep_per_minute: int = 200
    sweep_per_day: int = 5_000
    is_sandbox: bool = False
    administrators: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class SignInSettings:
    """A system at which people sign in to the pages: `[sign_in.<name>]`.

    Attributes:
        kind: `oidc`, an OpenID provider; `ticket`, a program that gives signed tickets.
        issuer: exact `iss` of what is signed.
        key: JSON Web Key, as JSON: `oidc`, our own private Ed25519 key; `ticket`, the public
            Ed25519 key of the program.
        url: of `ticket`, where people sign in; else empty.
        client_id, algorithm, scope: of `oidc`; else empty.
    """

    name: str
    kind: str
    title_zh: str
    title_en: str
    issuer: str
    key: bytes = field(repr=False)
    url: str = ""
    client_id: str = ""
    algorithm: str = ""
    scope: str = ""


@dataclass(frozen=True, slots=True)
class OAuthSettings:
    """The gateway's own authorization server.

    Attributes:
        issuer: address under which clients reach this gateway, an https URL without a path (http
            on a loopback address).
        seal: key that seals signing keys in the store, 32 bytes.
        token_lifetime_s, code_lifetime_s, request_lifetime_s: of access tokens, codes and pushed
            requests.
        refresh_days: after which an unused refresh token ends.
        rotation_days: after which a signing key is replaced.
    """

    issuer: str
    seal: bytes = field(repr=False)
    token_lifetime_s: int = 300
    code_lifetime_s: int = 60
    request_lifetime_s: int = 90
    refresh_days: int = 30
    rotation_days: int = 30

    @property
    def resource(self) -> str:
        """The gateway's own identifier: the audience of its tokens."""
        return f"{self.issuer}/graphql"


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
    """

    origin: str
    hash: str = "sha256"
    key: tuple[Path, bytes] | None = field(default=None, repr=False)
    device: tuple[str, ...] = ()
    public_key: str | None = None
    former_keys: tuple[str, ...] = ()
    segments: Path | None = None
    witnesses: tuple[WitnessSettings, ...] = ()


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
    clients: ClientSettings = ClientSettings()
    oauth: OAuthSettings | None = None
    sign_ins: tuple[SignInSettings, ...] = ()
    conformance: ConformanceSettings = ConformanceSettings()
    audit_log: AuditLogSettings | None = None
    guards: Mapping[str, AdapterGuards] = field(default_factory=dict)


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
    document = _document(path)
    reader = _Reader(document, path.parent, environment)
    oauth = _oauth(reader.section("oauth")) if "oauth" in document else None
    settings = Settings(
        server=_server(reader.section("server"), oauth),
        store=_store(reader.section("store")),
        identity=_identity(reader.section("identity"), reader.section("claims")),
        keys=_keys(reader.section("keys")),
        adapters=(adapters := _adapters(reader)).settings,
        policies=tuple(
            path.parent / folder for folder in reader.section("policies").texts("folders")
        ),
        shadow=reader.section("policies").path("shadow"),
        sharing=reader.section("policies").path("sharing"),
        clients=_clients(reader.section("clients")),
        oauth=oauth,
        sign_ins=_sign_ins(reader),
        conformance=_conformance(reader.section("conformance"), reader),
        audit_log=_audit_log(reader.section("audit_log")),
        guards=adapters.guards,
    )
    reader.finish()
    return settings


def _document(path: Path) -> Mapping[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"settings `{path}` cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"settings `{path}` is no TOML file: {error}") from error


class _Section:
    """One section; knows which keys were asked for."""

    def __init__(
        self, name: str, values: Mapping[str, Any], folder: Path, environment: Mapping[str, str]
    ) -> None:
        self.name = name
        self.folder = folder
        self._values = dict(values)
        self._environment = environment
        self._asked: set[str] = set()

    def value(self, key: str, default: Any = None) -> Any:
        self._asked.add(key)
        variable = f"{ENVIRONMENT_PREFIX}{self.name}_{key}".upper()
        if self.name in ("server", "store") and variable in self._environment:
            return self._environment[variable]
        found = self._values.get(key, default)
        return self._secret(key, found) if isinstance(found, dict) else found

    def text(self, key: str, default: str | None = None) -> str:
        found = self.value(key, default)
        if not isinstance(found, str) or not found:
            raise SettingsError(f"setting `{self.name}.{key}` is missing, expected a text")
        return found

    def path(self, key: str) -> Path | None:
        """A path relative to the settings file; None if the key is not there."""
        found = self.value(key)
        if found is None:
            return None
        if not isinstance(found, str) or not found:
            raise SettingsError(f"setting `{self.name}.{key}` is no path")
        return self.folder / found

    def texts(self, key: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        found = self.value(key, list(default))
        if not isinstance(found, list) or not all(isinstance(item, str) for item in found):
            raise SettingsError(f"setting `{self.name}.{key}` is no list of texts")
        return tuple(found)

    def tables(self, key: str, names: frozenset[str]) -> tuple[Mapping[str, str], ...]:
        """A list of tables, each of which has texts under exactly these names."""
        found = self.value(key, [])
        if not isinstance(found, list) or not all(
            isinstance(each, dict)
            and each.keys() == names
            and all(isinstance(text, str) and text for text in each.values())
            for each in found
        ):
            raise SettingsError(
                f"setting `{self.name}.{key}` is no list of tables with {', '.join(sorted(names))}"
            )
        return tuple(found)

    def number(self, key: str, default: int, least: int, most: int) -> int:
        found = self.value(key, default)
        try:
            number = int(found)
        except (TypeError, ValueError):
            number = least - 1
        if isinstance(found, bool | float) or not least <= number <= most:
            raise SettingsError(
                f"setting `{self.name}.{key}` is no whole number from {least} to {most}"
            )
        return number

    def flag(self, key: str) -> bool:
        found = self.value(key, False)
        if found in ("true", "false"):
            return bool(found == "true")
        if not isinstance(found, bool):
            raise SettingsError(f"setting `{self.name}.{key}` is neither true nor false")
        return found

    def date(self, key: str) -> dt.date | None:
        found = self.value(key)
        if isinstance(found, str):
            with suppress(ValueError):
                found = dt.date.fromisoformat(found)
        # A time is a date too as far as Python is concerned, but no day to compare others with.
        if found is None or type(found) is dt.date:
            return found
        raise SettingsError(f"setting `{self.name}.{key}` is no date")

    @property
    def is_empty(self) -> bool:
        return not self._values

    def finish(self) -> None:
        unknown = sorted(self._values.keys() - self._asked)
        if unknown:
            raise SettingsError(f"setting `{self.name}.{unknown[0]}` is unknown")

    def take(self, key: str) -> Any:
        """A key that is not handed on with the rest; None if it is not there."""
        return self._values.pop(key, None)

    def subsection(self, key: str) -> _Section:
        """A section within this one, not handed on with the rest; empty if it is not there."""
        found = self.take(key)
        if found is not None and not isinstance(found, dict):
            raise SettingsError(f"setting `{self.name}.{key}` is no section")
        return _Section(f"{self.name}.{key}", found or {}, self.folder, self._environment)

    def optional_number(self, key: str, least: int, most: int) -> int | None:
        """A number, or None if the key is not there."""
        return None if self.value(key) is None else self.number(key, least, least, most)

    def rest(self) -> dict[str, str]:
        """All keys as texts, secrets read."""
        return {key: str(self.value(key)) for key in self._values}

    def _secret(self, key: str, reference: Mapping[str, Any]) -> str:
        file = reference.get("file")
        if set(reference) != {"file"} or not isinstance(file, str):
            raise SettingsError(
                f'setting `{self.name}.{key}` is a table, expected `{{ file = "…" }}`'
            )
        return read_secret(self.folder / file).decode().strip()


def read_secret(path: Path) -> bytes:
    """Content of a file that only its owner may read.

    Raises:
        SettingsError: it cannot be read, or others may read it.
    """
    try:
        with path.open("rb") as file:
            if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                raise SettingsError(f"file `{path}` is open to others, expected mode 0600")
            return file.read()
    except OSError as error:
        raise SettingsError(f"file `{path}` cannot be read: {error.strerror}") from error


class _Reader:
    """The whole document; sections that nobody asked for are refused."""

    def __init__(
        self, document: Mapping[str, Any], folder: Path, environment: Mapping[str, str]
    ) -> None:
        self._document = document
        self._folder = folder
        self._environment = environment
        self._sections: dict[str, _Section] = {}

    def section(self, name: str) -> _Section:
        if name not in self._sections:
            values = self._document.get(name, {})
            if not isinstance(values, dict):
                raise SettingsError(f"setting `{name}` is no section")
            self._sections[name] = _Section(name, values, self._folder, self._environment)
        return self._sections[name]

    def sections_of(self, name: str) -> Mapping[str, _Section]:
        values = self._document.get(name, {})
        if not isinstance(values, dict) or not all(isinstance(v, dict) for v in values.values()):
            raise SettingsError(f"setting `{name}` is no section of sections")
        return {
            slug: _Section(f"{name}.{slug}", inner, self._folder, self._environment)
            for slug, inner in values.items()
        }

    def finish(self) -> None:
        for section in self._sections.values():
            section.finish()
        unknown = sorted(self._document.keys() - self._sections.keys() - {"adapters", "sign_in"})
        if unknown:
            raise SettingsError(f"section `{unknown[0]}` is unknown")


def _server(section: _Section, oauth: OAuthSettings | None) -> ServerSettings:
    host, port = section.text("host", "127.0.0.1"), section.number("port", 8480, 0, 65535)
    header = section.value("certificate_header")
    server = ServerSettings(
        host=host,
        port=port,
        behind_proxy=section.flag("behind_proxy"),
        today=section.date("today"),
        public_url=_public_url(section.value("public_url"), host, port, oauth),
        certificate_header=None if header is None else section.text("certificate_header").lower(),
        trusted_proxies=section.texts("trusted_proxies"),
    )
    if server.host not in _LOOPBACK and not server.behind_proxy:
        raise SettingsError(
            f"setting `server.host` is `{server.host}`: tokens would travel in clear; listen on a "
            "loopback address, or set `server.behind_proxy` where a proxy ends TLS"
        )
    if server.behind_proxy and oauth is None and section.value("public_url") is None:
        raise SettingsError(
            "setting `server.public_url` is missing: behind a proxy the gateway cannot know it, "
            "and proofs of possession name it"
        )
    if (server.certificate_header is None) != (not server.trusted_proxies):
        raise SettingsError(
            "settings `server.certificate_header` and `server.trusted_proxies` go together: a "
            "certificate is believed of known proxies only"
        )
    _check_proxies(server)
    return server


def _public_url(stated: object, host: str, port: int, oauth: OAuthSettings | None) -> str:
    """The URL of the gateway; without one, the issuer's or that of its own address."""
    if stated is None and oauth is not None:
        return oauth.issuer
    if stated is None:
        return f"http://{f'[{host}]' if ':' in host else host}:{port}"
    if oauth is not None and stated != oauth.issuer:
        raise SettingsError(
            "settings `server.public_url` and `oauth.issuer` differ: clients know one URL"
        )
    parts = urlsplit(stated) if isinstance(stated, str) else None
    if (
        parts is None
        or not parts.hostname
        or parts.path not in ("", "/")
        or parts.query
        or parts.fragment
        or "@" in parts.netloc
        or not (parts.scheme == "https" or _is_loopback_url(parts.scheme, parts.hostname))
    ):
        raise SettingsError(
            "setting `server.public_url` is no `https` URL without path and query (`http` on a "
            "loopback address)"
        )
    return f"{parts.scheme}://{parts.netloc}"


def _is_loopback_url(scheme: str, host: str) -> bool:
    return scheme == "http" and host in _LOOPBACK


def _check_proxies(server: ServerSettings) -> None:
    for each in server.trusted_proxies:
        try:
            network = None if each == "unix" else ip_network(each)
        except ValueError:
            network = ip_network("0.0.0.0/0")
        if network is not None and network.prefixlen == 0:
            raise SettingsError(
                f"setting `server.trusted_proxies` names `{each}`, expected `unix` or addresses "
                "and networks of proxies, and never everybody"
            )
    if server.certificate_header is not None and not _HEADER.fullmatch(server.certificate_header):
        raise SettingsError("setting `server.certificate_header` is no name of a header of its own")


def _store(section: _Section) -> StoreSettings:
    return StoreSettings(url=section.text("url"))


def _identity(section: _Section, claims: _Section) -> IdentitySettings:
    jwks, url = section.path("jwks"), section.value("jwks_url")
    if (jwks is None) == (url is None):
        raise SettingsError(
            "settings `identity.jwks` and `identity.jwks_url`: expected one of the two"
        )
    algorithm = section.text("algorithm", "Ed25519")
    if algorithm not in _ALGORITHMS:
        raise SettingsError(
            f"setting `identity.algorithm` is `{algorithm}`, expected one of "
            f"{', '.join(_ALGORITHMS)}"
        )
    return IdentitySettings(
        issuer=section.text("issuer"),
        audience=section.text("audience"),
        jwks=jwks,
        is_demo=section.flag("is_demo"),
        jwks_url=None if url is None else _keys_url(section.text("jwks_url")),
        algorithm=algorithm,
        bearer_classes=_bearer_classes(section),
        claim_names=_claim_names(claims),
    )


def _oauth(section: _Section) -> OAuthSettings:
    issuer = section.text("issuer")
    if not _is_origin(issuer):
        raise SettingsError(
            f"setting `oauth.issuer` is `{issuer}`, expected an https URL without path, query and "
            "trailing slash (http on a loopback address)"
        )
    seal = read_secret(section.folder / section.text("seal_file"))
    if len(seal) != _SEAL_BYTES:
        raise SettingsError(f"setting `oauth.seal_file` names no file of {_SEAL_BYTES} bytes")
    usual = OAuthSettings(issuer, seal)
    return OAuthSettings(
        issuer,
        seal,
        section.number("token_lifetime_s", usual.token_lifetime_s, 60, 300),
        section.number("code_lifetime_s", usual.code_lifetime_s, 10, 60),
        section.number("request_lifetime_s", usual.request_lifetime_s, 10, 600),
        section.number("refresh_days", usual.refresh_days, 1, 90),
        section.number("rotation_days", usual.rotation_days, 1, 90),
    )


def _sign_ins(reader: _Reader) -> tuple[SignInSettings, ...]:
    found = []
    for name, section in reader.sections_of("sign_in").items():
        if not re.fullmatch(r"[a-z][a-z0-9-]{0,30}", name) or name == "demo":
            raise SettingsError(
                f"section `sign_in.{name}` is named otherwise than by lower-case letters, digits "
                "and hyphens, or `demo`"
            )
        found.append(_sign_in(name, section))
        section.finish()
    return tuple(found)


def _sign_in(name: str, section: _Section) -> SignInSettings:
    kind = section.text("kind")
    if kind not in ("oidc", "ticket"):
        raise SettingsError(
            f"setting `{section.name}.kind` is `{kind}`, expected `oidc` or `ticket`"
        )
    titles = section.text("title_zh"), section.text("title_en")
    issuer, file = section.text("issuer"), section.folder / section.text("key_file")
    if kind == "ticket":
        url = section.text("url")
        if not _is_safe_address(url):
            raise SettingsError(
                f"setting `{section.name}.url` is `{url}`, expected an https address (http on a "
                "loopback address)"
            )
        # a public key: nothing to keep secret
        return SignInSettings(name, kind, *titles, issuer, _bytes(file), url)
    if not _is_safe_address(issuer):
        raise SettingsError(
            f"setting `{section.name}.issuer` is `{issuer}`, expected an https address (http on a "
            "loopback address)"
        )
    return SignInSettings(
        name,
        kind,
        *titles,
        issuer,
        read_secret(file),
        "",
        section.text("client_id"),
        section.text("algorithm", "ES256"),
        section.text("scope", "openid"),
    )


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SettingsError(f"file `{path}` cannot be read: {error.strerror}") from error


def _is_safe_address(url: str) -> bool:
    """Whether an address is reached over TLS, or on this machine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return False
    is_clean = url.isascii() and url == url.strip() and not parts.fragment and not parts.username
    return (
        is_clean
        and bool(host)
        and (parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK))
    )


def _is_origin(url: str) -> bool:
    """Whether a URL names nothing but a scheme, a host and perhaps a port, safely reached."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or not url.isascii() or url != url.strip().lower():
        return False
    shown = f"[{host}]" if ":" in host else host
    if url != f"{parts.scheme}://{shown}" + ("" if port is None else f":{port}"):
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)


def _keys_url(stated: str) -> str:
    parts = urlsplit(stated)
    host = parts.hostname or ""
    is_safe = parts.scheme == "https" or _is_loopback_url(parts.scheme, host)
    if not host or "@" in parts.netloc or not is_safe:
        raise SettingsError(
            "setting `identity.jwks_url` is no `https` URL (`http` on a loopback address)"
        )
    return stated


def _bearer_classes(section: _Section) -> frozenset[CallerClass]:
    found = _classes(section, "bearer_classes", frozenset())
    bound = found & {CallerClass.INSTITUTION, CallerClass.PLATFORM}
    if bound:
        raise SettingsError(
            f"setting `identity.bearer_classes` names `{min(each.value for each in bound)}`: "
            "tokens of institutions and platforms are always bound to their senders"
        )
    return found


def _claim_names(section: _Section) -> Mapping[str, str]:
    return {ours: section.text(ours) for ours in _CLAIMS if section.value(ours) is not None}


def _clients(section: _Section) -> ClientSettings:
    usual = ClientSettings()
    return ClientSettings(
        _classes(section, "must_register", usual.must_register),
        _classes(section, "registered_operations_only", usual.registered_operations_only),
        section.number("requests_per_minute", usual.requests_per_minute, 1, _MOST_REQUESTS),
        section.number("burst", usual.burst, 1, _MOST_REQUESTS),
        section.number("sweep_per_minute", usual.sweep_per_minute, 1, _MOST_REQUESTS),
        section.number("sweep_per_day", usual.sweep_per_day, 1, _MOST_REQUESTS),
        section.flag("is_sandbox"),
        frozenset(section.texts("administrators")),
    )


def _classes(
    section: _Section, key: str, default: frozenset[CallerClass]
) -> frozenset[CallerClass]:
    known = {each.value: each for each in CallerClass if each is not CallerClass.PUBLIC}
    stated = section.texts(key, tuple(each.value for each in default))
    unknown = [each for each in stated if each not in known]
    if unknown:
        raise SettingsError(
            f"setting `{section.name}.{key}` names `{unknown[0]}`, expected some of "
            f"{', '.join(sorted(known))}"
        )
    return frozenset(known[each] for each in stated)


def _keys(section: _Section) -> KeySettings:
    opaque = tuple(read_secret(section.folder / file) for file in section.texts("opaque_files"))
    if not opaque or any(len(key) != 64 for key in opaque):
        raise SettingsError("setting `keys.opaque_files` names no files of 64 bytes each")
    audit = read_secret(section.folder / section.text("audit_file"))
    if len(audit) < 32:
        raise SettingsError("setting `keys.audit_file` names a file of less than 32 bytes")
    nonce = tuple(read_secret(section.folder / file) for file in section.texts("nonce_files"))
    if len(nonce) > _MOST_NONCE_KEYS or any(len(key) < 32 for key in nonce):
        raise SettingsError(
            f"setting `keys.nonce_files` names more than {_MOST_NONCE_KEYS} files, or one of less "
            "than 32 bytes"
        )
    return KeySettings(opaque, audit, _network(section, section.texts("network_files")), nonce)


def _audit_log(section: _Section) -> AuditLogSettings | None:
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
    return AuditLogSettings(
        section.text("origin"),
        hash_name,
        None if file is None else (file, read_secret(file)),
        device,
        None if file is not None else section.text("public_key"),
        section.texts("former_keys"),
        section.path("segments"),
        tuple(WitnessSettings(each["url"], each["key"]) for each in witnesses),
    )


def _network(section: _Section, files: tuple[str, ...]) -> tuple[NetworkKey, ...]:
    if len(files) > MOST_NETWORK_KEYS:
        raise SettingsError(
            f"setting `keys.network_files` names {len(files)} files, expected at most "
            f"{MOST_NETWORK_KEYS}: the key in force and the one before it"
        )
    contents = [read_secret(section.folder / file) for file in files]
    if any(len(content) != NETWORK_KEY_BYTES for content in contents):
        raise SettingsError(
            f"setting `keys.network_files` names no files of {NETWORK_KEY_BYTES} bytes each"
        )
    keys = tuple(NetworkKey.from_bytes(content) for content in contents)
    if len({key.identity for key in keys}) > 1 or len(set(keys)) < len(keys):
        raise SettingsError(
            "setting `keys.network_files` names keys of which one does not follow from the other: "
            "the first 32 bytes stay, the others change"
        )
    return keys


class _Adapters(NamedTuple):
    settings: Mapping[str, AdapterSettings]
    guards: Mapping[str, AdapterGuards]


def _adapters(reader: _Reader) -> _Adapters:
    """The sections of the departments, without what they say for the gateway."""
    settings, guards = {}, {}
    for slug, section in reader.sections_of("adapters").items():
        guards[slug] = _guards(section)
        settings[slug] = _adapter(section.rest())
    return _Adapters(settings, guards)


def _guards(section: _Section) -> AdapterGuards:
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


def _adapter(values: Mapping[str, str]) -> AdapterSettings:
    """What is the adapter's own; where its report lies is the gateway's business."""
    own = {key: value for key, value in values.items() if key != CONFORMANCE_REPORT}
    return AdapterSettings(own)


def read_adapter_section(path: Path, slug: str) -> AdapterSettings:
    """The section `[adapters.<slug>]` of a file that may hold nothing else.

    Raises:
        SettingsError: the file cannot be read, or the section is not there.
    """
    adapters = _adapters(_Reader(_document(path), path.parent, {})).settings
    if slug not in adapters:
        raise SettingsError(f"settings `{path}` have no section `adapters.{slug}`")
    return adapters[slug]


def _conformance(section: _Section, reader: _Reader) -> ConformanceSettings:
    reports = {
        slug: found
        for slug, adapter in reader.sections_of("adapters").items()
        if (found := adapter.path(CONFORMANCE_REPORT)) is not None
    }
    signers = tuple(_read(section.folder / name) for name in section.texts("signers"))
    if reports and not signers:
        raise SettingsError("setting `conformance.signers` is missing, expected files with keys")
    return ConformanceSettings(signers, frozenset(section.texts("required")), reports)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SettingsError(f"file `{path}` cannot be read: {error.strerror}") from error
