"""A consent as an operator writes it down: a TOML file with every item, and nothing else."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import TypeVar

from gateway.entitlements.consent import (
    Consent,
    ConsentConditions,
    ConsentForm,
    Institution,
    Signature,
    SignerRole,
)
from gateway.entitlements.errors import EntitlementRefusedError
from policies.model import Purpose
from schema.codes import RecordKind

_E = TypeVar("_E", bound=Enum)
_T = TypeVar("_T")


def read_consent(text: str) -> Consent:
    """Read a consent.

    Tables `institution`, `conditions` and `signature` hold the parts of those names; times carry
    an offset, the document's SHA-256 is hexadecimal.

    Raises:
        EntitlementRefusedError: an item is missing, unknown or of the wrong kind.
    """
    try:
        top = _Items("", tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise EntitlementRefusedError(f"the consent is no TOML: {error}") from error
    institution, conditions = top.table("institution"), top.table("conditions")
    consent = Consent(
        consent_no=top.text("consent_no"),
        subject_key=top.text("subject_key"),
        authoriser_name=top.text("authoriser_name"),
        institution=Institution(
            institution.text("uscc"),
            institution.text("name"),
            institution.text("licence_no"),
            institution.text("contact"),
        ),
        purpose=top.member("purpose", Purpose),
        record_kinds=tuple(
            _member("record_kinds", value, RecordKind) for value in top.texts("record_kinds")
        ),
        coordinates=top.texts("coordinates"),
        is_one_off=top.of("is_one_off", bool),
        valid_from=top.time("valid_from"),
        valid_to=top.time("valid_to"),
        conditions=ConsentConditions(
            conditions.text("processing"),
            conditions.text("retention"),
            conditions.text("restrictions"),
            conditions.text("how_to_withdraw"),
        ),
        signature=_signature(top.table("signature")),
    )
    for items in (top, institution, conditions):
        items.check_all_read()
    return consent


def _signature(items: _Items) -> Signature:
    digest = items.text("document_sha256")
    try:
        document_sha256 = bytes.fromhex(digest)
    except ValueError as error:
        raise EntitlementRefusedError("`signature.document_sha256` is not hexadecimal") from error
    signature = Signature(
        items.text("signer_name"),
        items.member("signer_role", SignerRole),
        items.text("proof") if items.has("proof") else None,
        items.member("form", ConsentForm),
        items.time("signed_at"),
        document_sha256,
    )
    items.check_all_read()
    return signature


class _Items:
    """The items of one table, each read once."""

    def __init__(self, name: str, values: Mapping[str, object]) -> None:
        self._prefix = f"{name}." if name else ""
        self._values = dict(values)

    def has(self, item: str) -> bool:
        return item in self._values

    def of(self, item: str, kind: type[_T]) -> _T:
        if item not in self._values:
            raise EntitlementRefusedError(f"the consent lacks `{self._prefix}{item}`")
        value = self._values.pop(item)
        if not isinstance(value, kind):
            raise EntitlementRefusedError(
                f"`{self._prefix}{item}` is no {_KIND_NAMES[kind]}, but {type(value).__name__}"
            )
        return value

    def text(self, item: str) -> str:
        value = self.of(item, str)
        if not value.strip() or "\0" in value:
            raise EntitlementRefusedError(f"`{self._prefix}{item}` is empty or no plain text")
        return value

    def texts(self, item: str) -> tuple[str, ...]:
        values = self.of(item, list)
        if not all(isinstance(value, str) for value in values):
            raise EntitlementRefusedError(f"`{self._prefix}{item}` is no list of texts")
        return tuple(values)

    def time(self, item: str) -> datetime:
        value = self.of(item, datetime)
        if value.tzinfo is None:
            raise EntitlementRefusedError(f"`{self._prefix}{item}` has no offset from UTC")
        return value

    def member(self, item: str, kind: type[_E]) -> _E:
        return _member(f"{self._prefix}{item}", self.text(item), kind)

    def table(self, item: str) -> _Items:
        return _Items(item, self.of(item, dict))

    def check_all_read(self) -> None:
        for item in self._values:
            raise EntitlementRefusedError(f"a consent has no item `{self._prefix}{item}`")


_KIND_NAMES: Mapping[type, str] = {
    str: "text",
    bool: "true or false",
    list: "list",
    dict: "table",
    datetime: "time",
}


def _member(item: str, value: str, kind: type[_E]) -> _E:
    try:
        return kind(value)
    except ValueError as error:
        known = ", ".join(str(member.value) for member in kind)
        raise EntitlementRefusedError(f"`{item}` is `{value}`, expected one of {known}") from error
