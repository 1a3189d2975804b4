"""What is said once about every field is said of every field."""

from __future__ import annotations

import re

import pytest
import strawberry

from schema.classification import FieldClass, MaskKind, Origin, SubjectKind
from schema.codes import Nature, RecordKind
from schema.errors import SchemaDeclarationError
from schema.fields import nested_type, record_field, record_type
from schema.model import ValueType, read_model
from schema.records import MODEL

FIELDS = list(MODEL.fields())
CHINESE = re.compile("[\u4e00-\u9fff]")
NATIONAL_CODE = re.compile(r"(XK|CF)_[A-Z0-9_]+|BZ|[A-Z][A-Z0-9_]*")
# Strictest first: what is open for an organisation may be closed for a person, never the reverse.
CLASSES = (FieldClass.PUBLIC, FieldClass.DEPARTMENT, FieldClass.AUTHORISED, FieldClass.SECRET)


def test_every_record_kind_is_declared() -> None:
    assert set(MODEL.kinds) == set(RecordKind)
    for kind in MODEL.kinds.values():
        assert CHINESE.search(kind.declaration.name_zh)
        assert kind.declaration.catalogue_code
        assert isinstance(kind.declaration.field_class, FieldClass)


def test_every_field_has_a_class_and_a_chinese_name() -> None:
    for field in FIELDS:
        declared = field.declaration
        assert isinstance(declared.field_class, FieldClass), field.coordinate
        assert CHINESE.search(declared.name_zh), field.coordinate
        code = declared.national_code
        assert code is None or NATIONAL_CODE.fullmatch(code), field.coordinate


def test_nothing_is_more_open_about_a_person() -> None:
    for field in FIELDS:
        person = CLASSES.index(field.class_for(SubjectKind.NATURAL_PERSON))
        organisation = CLASSES.index(field.class_for(SubjectKind.ORGANISATION))
        assert person >= organisation, field.coordinate


def test_coordinates_are_unique_and_in_declaration_order() -> None:
    coordinates = MODEL.coordinates
    assert len(coordinates) == len(set(coordinates)) == len(FIELDS) + len(MODEL.kinds)


def test_every_kind_has_what_lists_rely_on() -> None:
    for kind in MODEL.kinds.values():
        record_id, decided = kind.by_name["meta.recordId"], kind.by_name["meta.decidedOn"]
        assert record_id.value_type is ValueType.TEXT
        assert decided.value_type is ValueType.DATE
        assert decided.is_comparable
        mark = kind.by_name["meta.objectionMark"]
        assert (mark.value_type, mark.declaration.origin) == (ValueType.BOOLEAN, Origin.SOURCE)


def test_prose_and_what_the_gateway_fills_is_never_compared() -> None:
    for field in FIELDS:
        if field.declaration.free_text or field.declaration.origin is not Origin.SOURCE:
            assert not field.is_filterable
            assert not field.is_comparable


@nested_type("部分")
class Part:
    size: int | None = record_field("大小", FieldClass.PUBLIC)


def declared(**annotations: object) -> type:
    """A record type with these fields, declared beside nothing else."""
    body = {"__annotations__": annotations, "__module__": __name__}
    made = type("Sample", (), {**body, **{name: _field(name) for name in annotations}})
    return record_type(
        RecordKind.REGISTRATION,
        "样例",
        catalogue="X",
        nature=Nature.BASIC,
        field_class=FieldClass.PUBLIC,
    )(made)


def _field(name: str) -> object:
    if name.startswith("bare"):
        return strawberry.field(description="no class")
    return record_field("样例", FieldClass.PUBLIC, mask=MaskKind.NONE)


def test_fields_are_read_with_their_dotted_names() -> None:
    sample = declared(plain_text=str | None, parts=list[Part] | None)
    (kind,) = read_model((sample,)).kinds.values()
    assert [(f.name, f.is_list, f.nested_list) for f in kind.fields] == [
        ("plainText", False, None),
        ("parts.size", True, "parts"),
    ]


@pytest.mark.parametrize(
    ("annotations", "reason"),
    [
        ({"needed": str}, "`Sample.needed` is not nullable"),
        ({"needed": list[str]}, "`Sample.needed` is not nullable"),
        ({"bare": str | None}, "`Sample.bare` has no class"),
        ({"odd": float | None}, "`Sample.odd` has a type that the model does not know"),
    ],
)
def test_incomplete_declaration_stops_the_start(
    annotations: dict[str, object], reason: str
) -> None:
    with pytest.raises(SchemaDeclarationError, match=re.escape(reason)):
        read_model((declared(**annotations),))


def test_kind_declared_twice_stops_the_start() -> None:
    sample = declared(plain_text=str | None)
    with pytest.raises(SchemaDeclarationError, match="declared twice"):
        read_model((sample, sample))
