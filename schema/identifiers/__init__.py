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
from schema.identifiers.person_document import (
    DocumentNumberError,
    PersonDocument,
    parse_document,
)
from schema.identifiers.registration_type import authority_label, is_listed_type, type_label
from schema.identifiers.resident_number import (
    ResidentNumberError,
    is_resident_number,
    parse_resident_number,
)
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
    "DocumentNumberError",
    "OrganisationCodeError",
    "PersonDocument",
    "ResidentNumberError",
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
    "is_resident_number",
    "is_uscc",
    "make_uscc",
    "organisation_check_character",
    "parse_document",
    "parse_organisation_code",
    "parse_resident_number",
    "parse_uscc",
    "type_label",
]
