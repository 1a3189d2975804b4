"""Identity documents of persons."""

import pytest

from schema.codes import IdentityDocumentType
from schema.identifiers import DocumentNumberError, parse_document

OTHERS = [each for each in IdentityDocumentType if each.value != "RESIDENT_ID"]


def test_resident_number_is_checked_by_its_own_rules() -> None:
    document = parse_document(IdentityDocumentType.RESIDENT_ID, "410102 209901010014")
    assert document.number == "410102209901010014"
    with pytest.raises(DocumentNumberError, match="wrong check character"):
        parse_document(IdentityDocumentType.RESIDENT_ID, "410102209901010013")


@pytest.mark.parametrize("document_type", OTHERS)
def test_other_number_is_normalised(document_type: IdentityDocumentType) -> None:
    assert parse_document(document_type, " e1234 567x").number == "E1234567X"


@pytest.mark.parametrize("document_type", OTHERS)
@pytest.mark.parametrize("number", ["", "E123", "E1" * 11, "E1234-567", "Ｅ12345678", "护照12345"])
def test_other_number_of_another_shape_is_refused(
    document_type: IdentityDocumentType, number: str
) -> None:
    with pytest.raises(DocumentNumberError, match="5 to 20 Latin letters and digits"):
        parse_document(document_type, number)


def test_number_is_not_printed() -> None:
    document = parse_document(IdentityDocumentType.PASSPORT, "E12345678")
    assert "E12345678" not in repr(document)
