"""Identity documents of natural persons: type and number, in the one form that is compared."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from schema.codes import IdentityDocumentType
from schema.identifiers.resident_number import ResidentNumberError, parse_resident_number

_OTHER_NUMBER = re.compile(r"[0-9A-Z]{5,20}", re.ASCII)
"""Numbers of the other documents differ by country and year; only their characters are known."""


class DocumentNumberError(ValueError):
    """A number that no document of the type has; the message never repeats it."""


@dataclass(frozen=True, slots=True)
class PersonDocument:
    """A document in its normal form; made by `parse_document`.

    Attributes:
        number: without blanks, letters in upper case.
    """

    type: IdentityDocumentType
    number: str = field(repr=False)


def parse_document(document_type: IdentityDocumentType, number: str) -> PersonDocument:
    """Return the document in its normal form.

    Raises:
        DocumentNumberError: the number does not fit the type.
    """
    if document_type is IdentityDocumentType.RESIDENT_ID:
        try:
            return PersonDocument(document_type, parse_resident_number(number))
        except ResidentNumberError as error:
            raise DocumentNumberError(str(error)) from error
    plain = "".join(number.split()).upper()
    if _OTHER_NUMBER.fullmatch(plain) is None:
        raise DocumentNumberError(
            "document number has another shape than 5 to 20 Latin letters and digits"
        )
    return PersonDocument(document_type, plain)
