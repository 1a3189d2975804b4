"""Invented filters, orders and groups, taken from values that the records really have."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from policies.model import Caller, Use
from schema.classification import SubjectKind
from schema.codes import RecordKind
from schema.filters import enum_name
from schema.model import FieldModel, ValueType
from schema.predicate import WireValue
from schema.records import MODEL
from tests.oracle.access import Access, is_permitted
from tests.oracle.operations import EnumName
from tests.oracle.world import World

_RANGED = (
    ValueType.DATE,
    ValueType.DATETIME,
    ValueType.MONEY,
    ValueType.DECIMAL,
    ValueType.INTEGER,
)


@dataclass(frozen=True)
class Inventor:
    """Invents arguments for one caller.

    Attributes:
        remembered: whether a caller may use a field, shared by all inventors.
    """

    random: Random
    world: World
    caller: Caller
    remembered: dict[tuple[Caller, str, Use], bool]

    def filter(self, kind: RecordKind) -> dict[str, Any]:
        """A filter on one to three fields, mostly such that records satisfy it."""
        model = MODEL.kinds[kind]
        fields = self._chosen(
            list(model.filterable), Use.FILTER, self.random.choice([1, 1, 1, 2, 3])
        )
        made: dict[str, Any] = {}
        for field in fields:
            condition = self._condition(field, self.sample(field))
            if field.is_meta:
                made.setdefault("meta", {})[field.name.removeprefix("meta.")] = condition
            else:
                made[field.name] = condition
        if self.random.random() < 0.05:
            made.setdefault("meta", {})["version"] = self.random.choice([None, {}, {"eq": None}])
        return made

    def order(self, kind: RecordKind) -> list[dict[str, Any]]:
        """One or two order keys."""
        model = MODEL.kinds[kind]
        fields = list(
            self._chosen(list(model.comparable), Use.ORDER, self.random.choice([1, 1, 2]))
        )
        amounts = [each for each in model.comparable if each.value_type is ValueType.MONEY]
        if amounts and self.random.random() < 0.3:
            fields[0] = self.random.choice(amounts)
        fields = list(dict.fromkeys(fields))
        made = []
        for field in fields:
            key: dict[str, Any] = {"field": EnumName(enum_name(field.name))}
            if self.random.random() < 0.7:
                key["direction"] = EnumName(self.random.choice(["ASC", "DESC"]))
            made.append(key)
        return made

    def groups(self, kind: RecordKind) -> list[EnumName]:
        """Up to two fields with few values."""
        few = [
            field
            for field in MODEL.kinds[kind].comparable
            if field.value_type in (ValueType.ENUM, ValueType.BOOLEAN, ValueType.INTEGER)
        ]
        chosen = self._chosen(few, Use.AGGREGATE, self.random.choice([0, 1, 1, 2]))
        return [EnumName(enum_name(field.name)) for field in chosen]

    def sums(self, kind: RecordKind) -> list[EnumName]:
        """Up to two fields that can be added."""
        numbers = [
            field
            for field in MODEL.kinds[kind].comparable
            if field.value_type in (ValueType.MONEY, ValueType.INTEGER)
        ]
        chosen = self._chosen(numbers, Use.AGGREGATE, self.random.choice([0, 1, 2]))
        return [EnumName(enum_name(field.name)) for field in chosen]

    def sample(self, field: FieldModel) -> WireValue:
        """A value that some record has, None if the field is always missing."""
        kinds = (each.records.get(field.kind, ()) for each in self.world.departments)
        supplied = [records for records in kinds if records]
        if not supplied:
            # a small city need not have a record of every kind
            return None
        records = self.random.choice(supplied)
        for _ in range(4):
            value = self.random.choice(records).values.get(field.name)
            if value is not None:
                return value
        return None

    def _chosen(self, fields: list[FieldModel], use: Use, count: int) -> Sequence[FieldModel]:
        """Fields of which most may be used by the caller, if there are such."""
        permitted = [field for field in fields if self._is_permitted(field, use)]
        share = 0.5 if use is Use.AGGREGATE else 0.85
        pool = permitted if permitted and self.random.random() < share else fields
        return self.random.sample(pool, min(count, len(pool)))

    def _is_permitted(self, field: FieldModel, use: Use) -> bool:
        """Whether every provider's field may be used so, about organisations in general."""
        key = (self.caller, field.coordinate, use)
        if key not in self.remembered:
            access = Access(self.world, self.caller)
            profile = access.kind_profile(SubjectKind.ORGANISATION)
            self.remembered[key] = all(
                is_permitted(access.decide(field.coordinate, use, profile, provider))
                for provider in self.world.providers(field.kind)
            )
        return self.remembered[key]

    def _condition(self, field: FieldModel, value: WireValue) -> dict[str, Any]:
        if value is None or self.random.random() < 0.12:
            return {"isNull": self.random.random() < 0.5}
        if field.is_list:
            assert isinstance(value, list)
            member = self.random.choice(value) if value else field.enum_values[0]
            return {"includes": EnumName(str(member))}
        choices: list[Callable[[FieldModel, Any], dict[str, Any]]] = [self._equal, self._one_of]
        if field.value_type in _RANGED:
            choices += [self._range, self._range]
        if field.value_type is ValueType.TEXT:
            choices.append(self._prefix)
        return self.random.choice(choices)(field, value)

    def _equal(self, field: FieldModel, value: Any) -> dict[str, Any]:
        return {"eq": _written(field, value)}

    def _one_of(self, field: FieldModel, value: Any) -> dict[str, Any]:
        others = [self.sample(field) for _ in range(self.random.choice([0, 1, 3]))]
        members = [value, *(other for other in others if other is not None)]
        return {"in": [_written(field, member) for member in members]}

    def _range(self, field: FieldModel, value: Any) -> dict[str, Any]:
        sign = self.random.choice(["lt", "le", "gt", "ge"])
        made = {sign: _written(field, value)}
        other = self.sample(field)
        if self.random.random() < 0.2 and other is not None:
            made[self.random.choice(["le", "ge"])] = _written(field, other)
        return made

    def _prefix(self, field: FieldModel, value: Any) -> dict[str, Any]:
        return {"startsWith": str(value)[: self.random.choice([0, 1, 2, 4])]}


def _written(field: FieldModel, value: Any) -> Any:
    return EnumName(value) if field.value_type is ValueType.ENUM else value
