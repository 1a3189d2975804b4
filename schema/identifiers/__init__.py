"""Identifiers of credit subjects: unified social credit codes and their parts.

Parsing, checking and building codes lives here. What a code refers to, and who may read it, does
not.
"""

from schema.identifiers.division import (
    ZHENGZHOU_DIVISIONS,
    DivisionStatus,
    division_name,
    division_status,
)
from schema.identifiers.organisation_code import (
    OrganisationCodeError,
    is_organisation_code,
    organisation_check_character,
    parse_organisation_code,
)
from schema.identifiers.registration_type import authority_label, is_listed_type, type_label
from schema.identifiers.uscc import (
    USCC_ALPHABET,
    Uscc,
    UsccError,
    UsccErrorKind,
    UsccFlag,
    check_character,
    is_uscc,
    make_uscc,
    parse_uscc,
)

__all__ = [
    "USCC_ALPHABET",
    "ZHENGZHOU_DIVISIONS",
    "DivisionStatus",
    "OrganisationCodeError",
    "Uscc",
    "UsccError",
    "UsccErrorKind",
    "UsccFlag",
    "authority_label",
    "check_character",
    "division_name",
    "division_status",
    "is_listed_type",
    "is_organisation_code",
    "is_uscc",
    "make_uscc",
    "organisation_check_character",
    "parse_organisation_code",
    "parse_uscc",
    "type_label",
]
