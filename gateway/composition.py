"""Wires settings into a pipeline: opens what must be open, closes it in reverse."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import os
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from ipaddress import ip_network
from pathlib import Path

from graphql import GraphQLSchema
from starlette.types import Scope

from gateway.accesslog.adapter import AccessLogAdapter
from gateway.accesslog.evidence import LogEvidence
from gateway.accesslog.mapping import SLUG
from gateway.administration import ClientAdministration
from gateway.administrators.adapters import not_registered
from gateway.administrators.admitting import Admitting
from gateway.administrators.codes import CodeSeal
from gateway.administrators.register import is_demanded
from gateway.administrators.signing_in import SigningIn
from gateway.administrators.types import SignInLimits
from gateway.admission.admit import Admission
from gateway.admission.failures import FailureBudget
from gateway.admission.sharing import SharedCounts
from gateway.admission.types import AdmissionRules, NoSweepObserver, SweepLimits, SweepObserver
from gateway.answering.answer import Answerer
from gateway.answering.resolve import Resolver
from gateway.audit.entry import RecordHasher
from gateway.audit.recorder import GroupCommitRecorder
from gateway.audit.references import SubjectReferences
from gateway.audit.within import TransactionRecorder
from gateway.authorization.authorize import Authorizer, manifest_providers
from gateway.authorization.plan import AuthorizedPlan
from gateway.catalogue import CatalogueContext
from gateway.changes.follower import ChangeFollower
from gateway.conformance_report import ReportError, manifest_digest, public_key
from gateway.contract import Adapter
from gateway.due_work import DueWorker
from gateway.entitlements.cache import EntitlementsCache
from gateway.entitlements.contract import Pace
from gateway.entitlements.grantable import Grantable
from gateway.entitlements.types import ClientTerms
from gateway.errors import InternalError, Unauthenticated
from gateway.exporting import exported
from gateway.fetching.calls import (
    CallLimits,
    Departments,
    Observe,
    ObserveWithheld,
    nothing_withheld,
)
from gateway.fetching.executor import Fetcher
from gateway.fetching.proofs import ProofDemands, proven
from gateway.fetching.registry import Registry, installed_adapters, load_registry
from gateway.fetching.types import SourceOutcome
from gateway.http.clock import SystemClock
from gateway.http.headers import read_headers
from gateway.http.peer import peer_class, peer_network
from gateway.http.proxy import NO_PROXY, UNIX_SOCKET, TrustedProxy
from gateway.identity.access_token import TokenRules
from gateway.identity.authenticate import Authenticator, SenderRules, as_named, unregistered
from gateway.identity.certificates import CertificateReader, PresentedCertificate
from gateway.identity.dpop import DpopRules
from gateway.identity.issuer import LONGEST_DEMO_LIFETIME_S, LONGEST_LIFETIME_S
from gateway.identity.keys import VerifyingKey, keys_by_id
from gateway.identity.nonce import Nonces
from gateway.identity.remote_keys import RemoteKeys
from gateway.logkeeping import KeptLog, kept_log
from gateway.mutations.office import Office
from gateway.mutations.run import Mutations
from gateway.oauth.consents import ConsentFiling
from gateway.oauth.errors import invalid_client
from gateway.oauth.registered import registered_clients
from gateway.oauth.server import (
    AuthorizationServer,
    CertificateOf,
    OAuthGround,
    authorization_server,
    open_ground,
)
from gateway.oauth.types import OAuthRules
from gateway.onboarding import ClientOffice
from gateway.opaque import OpaqueCodec
from gateway.operation.budget import NewDocumentBudget
from gateway.operation.limits import Limits
from gateway.operation.operations import Operations
from gateway.pages.asking import SubjectQueries
from gateway.pages.organisations import OrganisationNames
from gateway.pages.pace import PagePace
from gateway.pages.person_sign_in import nobody
from gateway.pages.records import shelves
from gateway.pages.sessions import SessionLimits, Sessions
from gateway.pages.site import OpenPages
from gateway.person_references import PersonDesk
from gateway.persons.door import behind_doors
from gateway.persons.network import NetworkKeys
from gateway.persons.references import PersonReferences
from gateway.pipeline import Pipeline, Stages
from gateway.planning.plans import Plans
from gateway.policy.archive import PolicyArchive, rule_texts
from gateway.policy.keeper import PolicyKeeper
from gateway.policy.load import load_admitting, load_strictly, own_rules
from gateway.policy.shadow import Shadow, ShadowObserver, Unwatched
from gateway.recovery.state import require_declared
from gateway.request import Peer
from gateway.root_fields import RootFields
from gateway.settings import (
    ClientSettings,
    IdentitySettings,
    OAuthSettings,
    ServerSettings,
    Settings,
    SettingsError,
)
from gateway.sign_in_desk import SignInDesk
from gateway.sign_ins import http_client, logins_of
from gateway.store.connect import StoreAddress, connector
from gateway.store.migrate import migrate, shipped_migrations
from gateway.store.pool import CONNECTION_ERRORS, Connection, LightPool
from gateway.translog.suites import SUITES
from gateway.visibility.parts import SchemaParts
from policies.engine import PolicySet
from policies.model import CallerClass
from policies.sharing.loader import SHARING, load_sharing
from policies.sharing.model import Sharing
from schema.build import build_schema, core_schema
from schema.records import MODEL

OPENING_TIMEOUT_S = 10.0
AUDIT_CONNECTIONS = 2
"""One writes a batch while the other may still be settling."""
ACT_CONNECTIONS = 2
"""For mutations, and for what is asked about grants and consents; opened when first needed."""
OAUTH_CONNECTIONS = 4
"""For the authorization server: keys, and one transaction per request."""
OAUTH_PATIENCE_S = 5.0
"""A client that has to wait is better off than one that has to ask again with a new assertion."""


@dataclass(frozen=True, slots=True)
class Gateway:
    """A gateway that is open.

    Attributes:
        desk: gives references of persons.
        administration: registers clients for administrators.
        sign_in_desk: where administrators sign in over HTTP.
        is_ready: whether it can answer now; asks no department.
        reload_rules: has this worker read its rules again soon.
        follower: follows the departments' changes, once it is opened.
        due: has departments do what is due, once it is opened.
        oauth: the authorization server; None where tokens come from elsewhere.
        log: the audit log as it is kept here; None where it is not.
        pages: what the pages for firms stand on; there with the authorization server.
    """

    pipeline: Pipeline
    registry: Registry
    schema: GraphQLSchema
    stages: Stages
    recorder: GroupCommitRecorder
    entitlements: EntitlementsCache
    desk: PersonDesk
    administration: ClientAdministration
    sign_in_desk: SignInDesk
    is_ready: Callable[[], bool]
    reload_rules: Callable[[], None]
    follower: ChangeFollower
    due: DueWorker
    oauth: AuthorizationServer | None = None
    log: KeptLog | None = None
    pages: OpenPages | None = None


def nothing_observed(_slug: str, _outcome: SourceOutcome, _duration_s: float) -> None:
    """Observer of department calls for callers that measure nothing."""


async def require_declared_store(settings: Settings) -> None:
    """Say before anything is opened that a store was put back; one that is down is found later.

    Raises:
        UndeclaredRestoreError: it was, and the log does not say so.
    """
    try:
        connection = await connector(StoreAddress(settings.store.url))()
    except CONNECTION_ERRORS:
        return
    try:
        await migrate(connection, shipped_migrations())
        await require_declared(connection, _segments(settings))
    finally:
        await connection.close()


def _segments(settings: Settings) -> Path | None:
    return None if settings.audit_log is None else settings.audit_log.segments


@asynccontextmanager
async def open_gateway(
    settings: Settings,
    observe: Observe = nothing_observed,
    observe_withheld: ObserveWithheld = nothing_withheld,
    shadow_observer: ShadowObserver = Unwatched(),  # noqa: B008 - it keeps nothing
    sweep_observer: SweepObserver = NoSweepObserver(),  # noqa: B008 - it keeps nothing
) -> AsyncIterator[Gateway]:
    """Open store, adapters and background tasks for the length of the block.

    Raises:
        InternalError: the store cannot be reached, is of another version, or was put back without
            saying so.
        PolicyLoadError, SharingLoadError, SchemaDeclarationError: what they say.
    """
    # What takes time and needs nobody comes first, so that what is opened is fresh when it serves.
    ground = _lay_ground(settings)
    async with AsyncExitStack() as stack:
        keys = ground.token_rules.keys
        if isinstance(keys, RemoteKeys):
            await keys.open()
            stack.push_async_callback(keys.aclose)
        address = StoreAddress(settings.store.url)
        pool = LightPool(connector(recording(address)), AUDIT_CONNECTIONS)
        stack.push_async_callback(pool.aclose)
        async with pool.connection() as connection:
            await migrate(connection, shipped_migrations())
            await require_declared(connection, _segments(settings))
            await require_administrators(connection, settings)
            held_back = await not_registered(connection, digests_of(ground.registry))
        # Before those who write entries, so that it ends after them.
        log = None
        if settings.audit_log is not None:
            log = await stack.enter_async_context(kept_log(settings.audit_log, address))
        await stack.enter_async_context(exported(settings.syslog, address))
        acts = LightPool(connector(address), ACT_CONNECTIONS)
        stack.push_async_callback(acts.aclose)
        entitlements = EntitlementsCache(connector(address), time.time, time.monotonic)
        await entitlements.open()
        stack.push_async_callback(entitlements.aclose)
        keeper = _keeper(settings, ground, entitlements, acts)
        await keeper.open()
        stack.push_async_callback(keeper.aclose)
        shadow = _shadow(settings, ground, shadow_observer)
        if shadow is not None:
            await shadow.open()
            stack.push_async_callback(shadow.aclose)
        recorder = GroupCommitRecorder(
            pool, SubjectReferences(os.urandom), RecordHasher(settings.keys.audit), entitlements
        )
        await recorder.open()
        stack.push_async_callback(recorder.aclose)
        rules = admission_rules(settings.clients)
        failures = FailureBudget(time.monotonic)
        counts = SharedCounts(acts, rules.sweep, sweep_observer)
        await counts.open()
        stack.push_async_callback(counts.aclose)
        admission = Admission(rules, entitlements.client, counts.buckets, counts.sweeps, failures)
        registry = ground.registry
        for slug, why in held_back.items():
            registry = registry.without(slug, why)
        for slug, adapter in registry.adapters.items():
            reason = await _open_adapter(stack, adapter)
            if reason is not None:
                registry = registry.without(slug, reason)
        network = network_of(settings)
        if network is not None:
            registry = replace(registry, adapters=behind_doors(registry.adapters, network))
        access_log = AccessLogAdapter(settings.store.url, _evidence(settings, acts))
        await access_log.open()
        stack.push_async_callback(access_log.aclose)
        observers = (observe, observe_withheld)
        oauth = await _open_oauth(stack, settings.oauth, address, settings.identity.bearer_classes)
        gateway = _wire(
            settings,
            ground,
            (registry, access_log),
            recorder,
            acts,
            entitlements,
            admission,
            (keeper, shadow),
            observers,
            oauth,
            failures,
        )
        pages = _open_pages(stack, settings, gateway, oauth)
        yield replace(gateway, log=log, pages=pages)


async def require_administrators(connection: Connection, settings: Settings) -> None:
    """Let nothing serve that nobody answers for.

    Raises:
        InternalError: the settings demand administrators, and the store has none.
    """
    if settings.administrators.demanded and not await is_demanded(connection):
        raise InternalError(
            "no administrators are appointed: make a key for each of three people with "
            "`credit-gateway admin new-key`, then run `credit-gateway admin begin`"
        )


def digests_of(registry: Registry) -> Mapping[str, str]:
    """Digests of the usable adapters' manifests."""
    return {slug: manifest_digest(each.manifest) for slug, each in registry.adapters.items()}


def _open_pages(
    stack: AsyncExitStack, settings: Settings, gateway: Gateway, oauth: OAuthGround | None
) -> OpenPages | None:
    """Open what the pages stand on; None without an authorization server."""
    if oauth is None or gateway.oauth is None:
        return None
    http = http_client()
    stack.push_async_callback(http.aclose)
    return OpenPages(
        Sessions(oauth.pool, SessionLimits(), time.time),
        SubjectQueries(
            gateway.pipeline,
            gateway.stages.persons,
            PagePace(time.monotonic),
            SystemClock().wire_time,
        ),
        gateway.oauth.requests,
        logins_of(settings.sign_ins, oauth.rules.issuer, http, time.time, person_reader(settings)),
        shelves(gateway.schema, of_persons=False),
        shelves(gateway.schema, of_persons=True),
        OrganisationNames(gateway.registry.manifests, gateway.entitlements.client),
    )


async def _open_oauth(
    stack: AsyncExitStack,
    settings: OAuthSettings | None,
    address: StoreAddress,
    bearer_classes: frozenset[CallerClass],
) -> OAuthGround | None:
    """Open what the authorization server stands on; None where tokens come from elsewhere."""
    if settings is None:
        return None
    pool = LightPool(connector(address), OAUTH_CONNECTIONS, acquire_timeout_s=OAUTH_PATIENCE_S)
    stack.push_async_callback(pool.aclose)
    rules = oauth_rules(settings, bearer_classes)
    rotation_s = settings.rotation_days * 86_400
    return await stack.enter_async_context(open_ground(rules, pool, settings.seal, rotation_s))


def recording(address: StoreAddress) -> StoreAddress:
    """The store as entries are recorded in it.

    PostgreSQL would plan the statements of the fence anew for each batch, since it takes arrays of
    known length for cheaper; that was a fifth of what a batch costs it.
    """
    return replace(address, plan_cache_mode="force_generic_plan")


def _evidence(settings: Settings, lending: LightPool) -> LogEvidence:
    """What proves that entries are in the log; nothing is proven where the settings name none."""
    log = settings.audit_log
    return LogEvidence(lending, SUITES["sha256" if log is None else log.hash])


async def _open_adapter(stack: AsyncExitStack, adapter: Adapter) -> str | None:
    """Open an adapter; why it cannot be opened, or None."""
    try:
        async with asyncio.timeout(OPENING_TIMEOUT_S):
            await adapter.open()
    except Exception as error:
        return f"opening failed: {type(error).__name__}: {error}"
    stack.push_async_callback(adapter.aclose)
    return None


@dataclass(frozen=True, slots=True)
class _Ground:
    """What serving stands on and what needs no connection."""

    registry: Registry
    policies: PolicySet
    today: Callable[[], dt.date]
    schema: GraphQLSchema
    token_rules: TokenRules
    sharing: Sharing


def _lay_ground(settings: Settings) -> _Ground:
    today = _clock_of_days(settings.server.today)
    policies, registry = load_admitting(registry_of(settings), settings.policies, today())
    return _Ground(
        registry,
        policies,
        today,
        core_schema(build_schema()),
        token_rules(settings.identity),
        load_sharing(settings.sharing or SHARING),
    )


def _keeper(
    settings: Settings, ground: _Ground, entitlements: EntitlementsCache, lending: LightPool
) -> PolicyKeeper:
    def load(today: dt.date) -> PolicySet:
        return load_strictly(own_rules(ground.registry), settings.policies, today)

    def texts() -> bytes:
        return rule_texts(settings.policies, own_rules(ground.registry))

    archive = PolicyArchive(lending, texts)
    return PolicyKeeper(ground.policies, ground.today, load, entitlements, archive.keep)


def _shadow(settings: Settings, ground: _Ground, observer: ShadowObserver) -> Shadow | None:
    folder = settings.shadow
    if folder is None:
        return None

    def load(today: dt.date) -> PolicySet:
        return load_strictly(own_rules(ground.registry), (folder,), today)

    return Shadow(load, ground.today, observer)


def _nothing_compared(_plan: AuthorizedPlan) -> None:
    """No shadow."""


def _reload(keeper: PolicyKeeper, shadow: Shadow | None) -> None:
    keeper.request_reload()
    if shadow is not None:
        shadow.request_reload()


def _wire(
    settings: Settings,
    ground: _Ground,
    sources: tuple[Registry, AccessLogAdapter],
    recorder: GroupCommitRecorder,
    acts: LightPool,
    entitlements: EntitlementsCache,
    admission: Admission,
    rules: tuple[PolicyKeeper, Shadow | None],
    observers: tuple[Observe, ObserveWithheld],
    oauth: OAuthGround | None,
    failures: FailureBudget,
) -> Gateway:
    schema = ground.schema
    keeper, shadow = rules
    # the log answers like a department, and is none in the catalogue
    registry, access_log = sources
    opaque = OpaqueCodec(settings.keys.opaque)
    catalogue = CatalogueContext(registry, MODEL)
    observe, observe_withheld = observers
    grantable = Grantable(registry.manifests, lambda: keeper.current().policies)
    office = Office(ground.sharing, grantable)
    evidence = _evidence(settings, acts)
    within = TransactionRecorder(
        SubjectReferences(os.urandom), RecordHasher(settings.keys.audit), entitlements.client
    )
    departments = Departments(
        {**registry.adapters, SLUG: access_log},
        CallLimits(),
        observe,
        observe_withheld=observe_withheld,
        own={slug: guards.calls for slug, guards in settings.guards.items()},
    )
    stages = Stages(
        authenticator=authenticator(
            settings,
            ground.token_rules,
            () if oauth is None else (oauth.token_rules(),),
            entitlements.client,
        ),
        admission=admission,
        operations=Operations(schema, Limits(), NewDocumentBudget(time.monotonic)),
        plans=Plans(schema, opaque),
        authorizer=Authorizer(
            manifest_providers([*registry.manifests, access_log.manifest]),
            entitlements,
            decided=shadow.decided if shadow is not None else _nothing_compared,
        ),
        fetcher=Fetcher(departments, opaque),
        resolver=Resolver(
            schema,
            SchemaParts(schema, ground.sharing.acts),
            lambda plan: RootFields(catalogue, office, acts, evidence, plan.caller),
        ),
        answerer=Answerer(opaque),
        mutations=Mutations(schema, acts, within, office, entitlements),
        persons=partial(PersonReferences, opaque),
        recorder=recorder,
        standings=entitlements,
        rules=keeper.current,
    )
    server = None
    if oauth is not None:
        oauth.keys.forget_tokens = stages.authenticator.forget_all
        filing = ConsentFiling(ground.sharing, grantable, within, office.new_number)
        find = registered_clients(entitlements.client, is_sandbox=settings.clients.is_sandbox)
        certificates = certificates_of(settings.server)
        server = authorization_server(oauth, find, filing, certificates, peer_of, failures)
    administration = ClientAdministration(
        stages.authenticator,
        stages.rules,
        admission,
        recorder,
        ClientOffice(acts, within),
        settings.clients.administrators,
        Admitting(acts, time.time),
    )
    return Gateway(
        pipeline=Pipeline(stages),
        registry=registry,
        schema=schema,
        stages=stages,
        recorder=recorder,
        entitlements=entitlements,
        administration=administration,
        sign_in_desk=SignInDesk(administration.admit, signing_in_of(settings, acts)),
        desk=PersonDesk(
            stages.authenticator,
            stages.rules,
            admission,
            network_of(settings),
            stages.persons,
            recorder,
        ),
        is_ready=lambda: entitlements.is_fresh and not keeper.is_behind,
        reload_rules=partial(_reload, keeper, shadow),
        follower=ChangeFollower(
            connector(StoreAddress(settings.store.url)), departments, registry.manifests
        ),
        due=DueWorker(registry.adapters),
        oauth=server,
    )


def signing_in_of(settings: Settings, lending: LightPool) -> SigningIn:
    """How administrators sign in under these settings."""
    stated = settings.administrators
    limits = SignInLimits(
        stated.failures,
        stated.lock_minutes * 60,
        stated.idle_minutes * 60,
        stated.session_hours * 3_600,
        stated.sessions,
    )
    return SigningIn(lending, CodeSeal(settings.keys.audit), time.time, limits)


def admission_rules(clients: ClientSettings) -> AdmissionRules:
    """What holds for clients whose contract says nothing else."""
    return AdmissionRules(
        clients.must_register,
        clients.registered_operations_only,
        Pace(clients.requests_per_minute, clients.burst),
        SweepLimits(clients.sweep_per_minute, clients.sweep_per_day),
        clients.is_sandbox,
    )


def _clock_of_days(fixed: dt.date | None) -> Callable[[], dt.date]:
    """The day in China, where the law's days are counted."""
    if fixed is not None:
        return lambda: fixed
    zone = dt.timezone(dt.timedelta(hours=8))
    return lambda: dt.datetime.now(zone).date()


def registry_of(settings: Settings) -> Registry:
    """The installed adapters that have a section, those quarantined that owe a proof.

    Raises:
        SettingsError: a file of `conformance.signers` holds no Ed25519 key.
    """
    stated = settings.conformance
    try:
        signers = [public_key(content) for content in stated.signers]
    except ReportError as error:
        raise SettingsError(f"setting `conformance.signers`: {error}") from error
    points = installed_adapters()
    registry = load_registry(points, settings.adapters, MODEL, settings.guards)
    return proven(registry, ProofDemands(signers, stated.reports, stated.required), points)


def network_of(settings: Settings) -> NetworkKeys | None:
    """The network keys in force; None where departments keep no references of persons."""
    return NetworkKeys(settings.keys.network) if settings.keys.network else None


def oauth_rules(
    settings: OAuthSettings, bearer_classes: frozenset[CallerClass] = frozenset()
) -> OAuthRules:
    """What the authorization server issues, and for how long.

    Args:
        bearer_classes: caller classes whose tokens need not be bound.
    """
    return OAuthRules(
        settings.issuer,
        settings.resource,
        settings.token_lifetime_s,
        settings.code_lifetime_s,
        settings.request_lifetime_s,
        refresh_days=settings.refresh_days,
        unbound_classes=bearer_classes & {CallerClass.DEPARTMENT},
    )


def authenticator(
    settings: Settings,
    rules: TokenRules,
    also: Sequence[TokenRules] = (),
    client: Callable[[str], ClientTerms] = unregistered,
) -> Authenticator:
    """Authenticator for these settings; reads persons' network references where there are keys.

    Args:
        also: rules of further issuers.
        client: what this worker knows of a client.
    """
    network, nonce = network_of(settings), settings.keys.nonce
    dpop = DpopRules(nonces=Nonces(nonce, time.time) if nonce else None)
    sender = SenderRules(settings.server.public_url, settings.identity.bearer_classes, dpop)
    reader = as_named if network is None else network.key_of_named
    return Authenticator(rules, sender, time.time, also=also, client=client, person_key=reader)


def person_reader(settings: Settings) -> Callable[[str], str | None]:
    """What reads by which network reference a sign-in names a person; nobody without keys."""
    network = network_of(settings)
    return nobody if network is None else network.key_of_named


def peer_of(scope: Scope) -> Peer:
    """Where a request came from."""
    client = scope.get("client")
    return Peer(peer_network(client), peer_class(client))


def certificates_of(server: ServerSettings) -> CertificateOf:
    """How the authorization server learns by which certificate a client came."""
    proxy, reader = trusted_proxy(server), CertificateReader(time.time)

    def read(scope: Scope) -> PresentedCertificate | None:
        headers = read_headers(scope["headers"], proxy, scope.get("client"))
        header = headers.credentials.certificate
        if header is None:
            return None
        try:
            return reader.read(header)
        except Unauthenticated as error:
            raise invalid_client() from error

    return read


def trusted_proxy(server: ServerSettings) -> TrustedProxy:
    """Who may hand on certificates of clients."""
    if server.certificate_header is None:
        return NO_PROXY
    stated = server.trusted_proxies
    return TrustedProxy(
        server.certificate_header.encode(),
        tuple(ip_network(each) for each in stated if each != UNIX_SOCKET),
        UNIX_SOCKET in stated,
    )


def token_rules(identity: IdentitySettings) -> TokenRules:
    """Rules for access tokens; keys are read from their file, or fetched once `RemoteKeys` open."""
    keys: Mapping[str, VerifyingKey]
    if identity.jwks is None:
        assert identity.jwks_url is not None
        keys = RemoteKeys(identity.jwks_url, identity.algorithm)
    else:
        jwks: Mapping[str, object] = json.loads(identity.jwks.read_text(encoding="utf-8"))
        keys = keys_by_id(jwks, identity.algorithm)
    return TokenRules(
        identity.issuer,
        identity.audience,
        keys,
        max_lifetime_s=LONGEST_DEMO_LIFETIME_S if identity.is_demo else LONGEST_LIFETIME_S,
        algorithm=identity.algorithm,
        claim_names=identity.claim_names,
    )
