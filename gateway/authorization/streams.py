"""From the decisions of a cell to what is asked of its provider."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.authorization.types import Cell, Provider, Stream
from gateway.contract import (
    FETCHED_AT,
    RECORD_ID,
    SUBJECT_KEY,
    JsonConstant,
    JsonField,
    JsonNode,
    RecordSelection,
)
from gateway.entitlements.types import RecordEffects
from gateway.planning.leaves import (
    page_members,
    record_nodes,
    wants_count,
)
from gateway.planning.types import (
    ConnectionNode,
    EdgesNode,
    LeafNode,
    Made,
    MetaNode,
    RecordNode,
    RecordPlace,
    SubjectPlace,
)
from policies.model import Outcome
from schema.classification import Origin, SubjectKind
from schema.model import FieldModel, KindModel, ValueType
from schema.predicate import (
    ALWAYS,
    And,
    Comparison,
    IsNull,
    Not,
    OneOf,
    Operator,
    Or,
    Predicate,
    both,
    fields_of,
)
from schema.records import MODEL

_LONGEST_NAME_BYTES = 63
_STATE = "meta.disclosureState"
_CURSORS = frozenset({"cursor", "startCursor", "endCursor"})


def make_stream(
    place: RecordPlace,
    provider: Provider,
    cell: Cell,
    effects: RecordEffects,
    is_alone: bool,
    may_count: bool,
    subject_kinds: frozenset[SubjectKind] | None,
) -> Stream:
    """Write the selection for a cell that is asked.

    Args:
        is_alone: no other stream's records are merged with this one's.
        may_count: nobody's records at this place are kept from being counted.
    """
    kind = MODEL.kinds[place.kind]
    rule = rule_with_effects(cell.kind.row, effects)
    pages = page_members(place.content)
    # Of records over all subjects it is checked, counted and put on record whom they are about,
    # which JSON does not tell.
    is_listed = subject_kinds is not None
    takes_json = is_alone and not is_listed and not pages & _CURSORS
    json = _json_shape(place, provider, cell, kind) if takes_json else None
    checked, beside = _proofs(rule, kind) if json is not None else ((), ())
    fields = () if json is not None else _row_fields(place, cell, kind, rule, is_listed)
    selection = RecordSelection(
        kind=place.kind,
        fields=fields,
        predicate=both(rule, place.arguments.filter),
        order=place.arguments.order,
        first=place.arguments.first,
        lookahead="hasNextPage" in pages,
        count=may_count and wants_count(place.content),
        marked=effects.marked,
        json=json,
        checked=checked,
        beside=beside,
        subject_kinds=subject_kinds,
    )
    columns = {name: position for position, name in enumerate(fields)}
    return Stream(place, provider, cell, selection, columns, rule, subject_kinds)


def rule_with_effects(row: Predicate | None, effects: RecordEffects) -> Predicate:
    """The row rule without records that effects hide from the caller.

    Who sees records in every state, the source and the subject above all, sees ended ones too.
    """
    hidden = effects.hidden
    if effects.ended and row is not None and _STATE in fields_of(row):
        hidden += effects.ended
    return both(row or ALWAYS, Not(OneOf(RECORD_ID, hidden)) if hidden else ALWAYS)


def _proofs(rule: Predicate, kind: KindModel) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Fields that come beside built JSON: those of its summary, and those of every record."""
    read = tuple(sorted(fields_of(rule)))
    is_summary_enough = is_summarised(rule, kind)
    single = () if is_summary_enough else tuple(name for name in read if name != RECORD_ID)
    has_rows = kind.is_dishonest or not is_summary_enough
    return read if is_summary_enough else (), (RECORD_ID, *single) if has_rows else ()


def _row_fields(
    place: RecordPlace, cell: Cell, kind: KindModel, rule: Predicate, needs_subject: bool
) -> tuple[str, ...]:
    """Columns of the row path: permitted leaves, what rows are identified, ordered, checked by."""
    names: dict[str, None] = {RECORD_ID: None}
    for name in place.leaves:
        if cell.leaves[name].outcome is Outcome.DENIED:
            continue
        if name == "meta.subjectId":
            names[SUBJECT_KEY] = None
        elif kind.by_name[name].declaration.origin is Origin.SOURCE:
            names[name] = None
    stands_for_subjects = any(
        isinstance(node, SubjectPlace) for node in record_nodes(place.content)
    )
    if needs_subject or stands_for_subjects or place.record:
        names[SUBJECT_KEY] = None
    for key in place.arguments.order:
        names[key.field] = None
    for name in sorted(fields_of(rule)):
        names[name] = None
    return tuple(names)


def _json_shape(
    place: RecordPlace, provider: Provider, cell: Cell, kind: KindModel
) -> JsonNode | None:
    """The JSON a source can build for this place, or None where the row path is needed."""
    if not provider.entry.json or place.record is not None:
        return None
    node = place.content
    if isinstance(node, ConnectionNode):
        nodes = list(record_nodes(place.content))
        if len(nodes) != 1 or not isinstance(nodes[0], RecordNode) or _has_edges(node):
            return None
        node = nodes[0]
    entries = list(_json_entries(node, provider, cell, kind))
    if any(entry is None for _, entry in entries):
        return None
    return JsonNode(tuple((key, entry) for key, entry in entries if entry is not None))


def _has_edges(content: ConnectionNode) -> bool:
    """Whether edges are selected, which need rows even where nothing stands in them."""
    return any(isinstance(member, EdgesNode) for member in content.members.values())


_Entry = JsonField | JsonConstant | JsonNode


def _json_entries(
    node: RecordNode | MetaNode, provider: Provider, cell: Cell, kind: KindModel
) -> Iterator[tuple[str, _Entry | None]]:
    for key, member in node.members.items():
        entry: _Entry | None = None
        if len(key.encode()) > _LONGEST_NAME_BYTES:
            pass
        elif isinstance(member, LeafNode):
            entry = _json_leaf(kind.by_name[member.field], provider, cell, kind)
        elif isinstance(member, MetaNode):
            inner = list(_json_entries(member, provider, cell, kind))
            if all(value is not None for _, value in inner):
                entry = JsonNode(tuple((name, value) for name, value in inner if value is not None))
        elif member is Made.TYPENAME:
            name = node.type_name if isinstance(node, RecordNode) else "RecordMeta"
            entry = JsonConstant(name)
        yield key, entry


def _json_leaf(field: FieldModel, provider: Provider, cell: Cell, kind: KindModel) -> _Entry | None:
    decision = cell.leaves[field.name]
    if decision.outcome is Outcome.DENIED:
        return JsonConstant(None)
    if decision.outcome is Outcome.MASKED or field.name == "meta.subjectId":
        return None
    if field.value_type is ValueType.PERSON:
        return None
    if field.declaration.origin is Origin.SOURCE:
        return JsonField(field.name)
    if field.name == "meta.fetchedAt":
        return JsonConstant(FETCHED_AT)
    return JsonConstant(provider.gateway_value(field.name, kind))


def is_summarised(rule: Predicate, kind: KindModel) -> bool:
    """Whether a rule can be checked against the summary of each field it reads."""
    match rule:
        case And(parts):
            return all(is_summarised(part, kind) for part in parts)
        case Or((IsNull(name), Comparison(other, operator, _))) | Or(
            (Comparison(other, operator, _), IsNull(name))
        ):
            return name == other and operator is not Operator.EQ
        case Comparison(name, Operator.EQ, _):
            return kind.by_name[name].value_type is ValueType.ENUM
        case Comparison():
            return True
        case OneOf(name, _):
            return kind.by_name[name].value_type is ValueType.ENUM
        case IsNull():
            return True
        case _:
            return False
