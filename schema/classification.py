"""How sensitive a field is, how it is masked, and how a record kind is shared.

Three axes that must not be confused: the class of a field (who may read it), the sharing
attribute of a catalogue entry (whether departments must ask), and the way of disclosure
(public display, government sharing, authorised query). Who may read what is decided by
the rules in `policies/`, never here.
"""

from __future__ import annotations

from enum import Enum


class FieldClass(Enum):
    """Protection class of a field, from most to least open."""

    PUBLIC = "PUBLIC"
    DEPARTMENT = "DEPARTMENT"
    AUTHORISED = "AUTHORISED"
    SECRET = "SECRET"  # noqa: S105 - a class name, not a password


class MaskKind(Enum):
    """The closed set of masks; `gateway.answering.mask` implements each."""

    NONE = "NONE"
    NAME = "NAME"
    ID = "ID"
    ID_STRICT = "ID_STRICT"
    PHONE = "PHONE"
    ADDRESS = "ADDRESS"
    ACCOUNT = "ACCOUNT"
    MAIL = "MAIL"
    AMOUNT_BAND = "AMOUNT_BAND"
    DOCUMENT = "DOCUMENT"
    DATE_YEAR = "DATE_YEAR"


class SubjectKind(Enum):
    """What kind of credit subject a record is about, as far as rules distinguish it.

    INDIVIDUAL_BUSINESS is an organisation whose code begins with 92: shown like an
    enterprise, but its address may be its owner's home.
    """

    ORGANISATION = "ORGANISATION"
    INDIVIDUAL_BUSINESS = "INDIVIDUAL_BUSINESS"
    NATURAL_PERSON = "NATURAL_PERSON"


class Origin(Enum):
    """Who fills a field: the department's source, its manifest, or the gateway itself."""

    SOURCE = "SOURCE"
    MANIFEST = "MANIFEST"
    GATEWAY = "GATEWAY"
