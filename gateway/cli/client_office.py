"""How commands reach the office of clients: who acts, files of keys, what is shown."""

from __future__ import annotations

import getpass
import os
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from gateway.audit.entry import RecordHasher
from gateway.audit.references import SubjectReferences
from gateway.audit.within import TransactionRecorder
from gateway.cli.acting import CONSOLE_CLIENT
from gateway.cli.store import run_on_store
from gateway.entitlements.client_keys import NewCredentials, read_certificate, read_jwks
from gateway.entitlements.errors import EntitlementRefusedError
from gateway.identity.principal import Principal
from gateway.onboarding import Acting, ClientOffice
from gateway.store.connect import StoreAddress
from policies.model import Caller, CallerClass, Purpose

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_T = TypeVar("_T")

user_option: Callable[[Any], Any] = click.option(
    "--user", default=None, help="Who acts; your login name if not given. Stands in the audit log."
)
jwks_option: Callable[[Any], Any] = click.option(
    "--jwks", type=_FILE, help="Its public keys, a JSON Web Key Set of one algorithm."
)
certificate_option: Callable[[Any], Any] = click.option(
    "--certificate",
    "certificates",
    type=_FILE,
    multiple=True,
    help="A client certificate (PEM), known by its thumbprint; may be repeated.",
)


def in_office(
    store: StoreAddress,
    user: str | None,
    work: Callable[[ClientOffice, Acting], Awaitable[_T]],
) -> _T:
    """Do one act as the operator at the console, on record."""
    # entries of such acts release no record, so that no key is needed
    recorder = TransactionRecorder(
        SubjectReferences(os.urandom), RecordHasher(secrets.token_bytes(32))
    )
    # the register of clients is the credit centre's
    caller = Caller(CallerClass.CREDIT_CENTRE, None, Purpose.AUDIT)
    principal = Principal(caller, CONSOLE_CLIENT, user_ref=user or getpass.getuser())
    acting = Acting(principal, secrets.token_hex(12), "console")
    return run_on_store(store, lambda pool: work(ClientOffice(pool, recorder), acting))


def read_credentials(jwks: Path | None, certificates: tuple[Path, ...]) -> NewCredentials | None:
    """Keys and certificates in these files; None without any.

    Raises:
        click.ClickException: one holds something else.
    """
    if jwks is None and not certificates:
        return None
    keys = NewCredentials()
    try:
        if jwks is not None:
            keys = read_jwks(jwks.read_text("utf-8"))
        held = tuple(read_certificate(path.read_bytes())[0] for path in certificates)
    except (EntitlementRefusedError, UnicodeDecodeError) as error:
        raise click.ClickException(str(error)) from error
    return NewCredentials(keys.keys, keys.algorithm, held)
