"""A department in memory with awkward records: ties, gaps, equal numbers written differently."""

from __future__ import annotations

from random import Random

from gateway.conformance import ReferenceRecord
from gateway.conformance.department import source_fields
from gateway.contract import CatalogueEntry, Manifest
from schema.codes import DisclosureWay, Nature, RecordKind, SharingAttribute
from schema.identifiers import make_uscc
from schema.model import FieldModel, ValueType
from schema.predicate import WireScalar, WireValue
from schema.records import MODEL

CODE = make_uscc("1", "1", "410199", "MB0R0000").code
FIRM = make_uscc("9", "1", "410199", "MA9REF01").code
SHOP = make_uscc("9", "2", "410199", "MA9REF02").code
PERSON = "P:" + "5e" * 32
UNKNOWN = make_uscc("9", "1", "410199", "MA9REF03").code
KINDS = tuple(MODEL.kinds)
_RECORDS = 25
_VALUES: dict[ValueType, tuple[WireScalar, ...]] = {
    ValueType.TEXT: ("甲", "乙", "甲乙", "a", "B", "a ", "Ａ", "𠮷", "%", "\\", "'\""),
    ValueType.USCC: (FIRM, SHOP),
    ValueType.DATE: ("2026-01-31", "2026-02-01", "1999-12-31"),
    ValueType.DATETIME: ("2026-01-31T16:00:00Z", "2026-01-31T15:59:59Z"),
    ValueType.MONEY: ("0.00", "-0.50", "9.99", "10.00", "100000000000.01"),
    ValueType.DECIMAL: ("0.5", "0.50", "-1.25", "100"),
    ValueType.INTEGER: (0, -3, 10, 9, 2_000_000_000),
    ValueType.BOOLEAN: (True, False),
    ValueType.PERSON: ("5e" * 32, "ab" * 32),
}


def manifest_for(slug: str = "reference", code: str = CODE, max_keys: int = 200) -> Manifest:
    """A manifest that offers everything of every kind."""
    entries = tuple(entry_for(kind) for kind in KINDS)
    return Manifest(slug, code, "样例部门", "Sample", "1", "a@example.com", entries, max_keys)


def entry_for(kind: RecordKind) -> CatalogueEntry:
    """A catalogue entry that offers everything."""
    items = tuple(field.name for field in source_fields(kind))
    return CatalogueEntry(
        kind=kind,
        catalogue_code=f"X-{kind.value}",
        name_zh=MODEL.kinds[kind].declaration.name_zh,
        data_format="内存",
        subject_types=("法人",),
        nature=Nature.OTHER,
        sharing_attribute=SharingAttribute.UNCONDITIONAL,
        disclosure_way=DisclosureWay.PUBLIC_DISPLAY,
        coverage="样例",
        update_cycle="实时",
        items=items,
        legal_basis="样例",
        retention="一年",
        lists=True,
        statistics=True,
        json=True,
    )


def awkward_records(seed: int) -> list[ReferenceRecord]:
    """Records of every kind for three subjects and for nobody."""
    random = Random(seed)
    return [
        ReferenceRecord(
            kind,
            f"{kind.value}-{number:03}",
            random.choice((FIRM, SHOP, PERSON)),
            _row(kind, random),
        )
        for kind in KINDS
        for number in range(_RECORDS)
    ]


def _row(kind: RecordKind, random: Random) -> dict[str, WireValue]:
    row: dict[str, WireValue] = {}
    lengths: dict[str, int | None] = {}
    for field in source_fields(kind)[1:]:
        if field.nested_list is not None:
            length = lengths.setdefault(field.nested_list, random.choice((None, 0, 1, 3)))
            row[field.name] = None if length is None else [_value(field, random)] * length
        elif field.is_list:
            members: list[WireScalar | None] = [_value(field, random) for _ in range(2)]
            row[field.name] = random.choice((None, [], members))
        else:
            row[field.name] = None if random.random() < 0.25 else _value(field, random)
    return row


def _value(field: FieldModel, random: Random) -> WireScalar:
    if field.value_type is ValueType.ENUM:
        return random.choice(field.enum_values[:4])
    return random.choice(_VALUES[field.value_type])
