"""Which coordinates a rule covers. What a rule then does with them is the engine's part."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from policies.model import Rule
from schema.classification import FieldClass, MaskKind, SubjectKind
from schema.model import CreditModel, FieldModel, KindModel


@dataclass(frozen=True, slots=True)
class Place:
    """A coordinate and what rules must know of it.

    Attributes:
        type_name: type name of the record kind; equal to `coordinate` for the kind's own.
        classes, masks: by subject kind.
    """

    coordinate: str
    type_name: str
    classes: dict[SubjectKind, FieldClass]
    masks: dict[SubjectKind, MaskKind]

    @property
    def is_kind(self) -> bool:
        return self.coordinate == self.type_name


class Scope:
    """Finds the places of a model that rules cover."""

    def __init__(self, model: CreditModel) -> None:
        self.model = model
        self.places: dict[str, Place] = {}
        self._matching: dict[str, tuple[Place, ...]] = {}
        for kind in model.kinds.values():
            self.places[kind.type_name] = _kind_place(kind)
            for field in kind.fields:
                self.places[field.coordinate] = _field_place(field)

    def matching(self, pattern: str) -> tuple[Place, ...]:
        """Places that a coordinate names; maybe none.

        Args:
            pattern: a coordinate; `.*` at its end means all fields below, `*.` at its start
                means in every record kind.
        """
        found = self._matching.get(pattern)
        if found is None:
            found = self._matching[pattern] = tuple(self._match(pattern))
        return found

    def _match(self, pattern: str) -> Iterator[Place]:
        anywhere = pattern.startswith("*.")
        below = pattern.endswith(".*")
        wanted = pattern[2 if anywhere else 0 : -1 if below else None]
        for name, place in self.places.items():
            text = name[len(place.type_name) + 1 :] if anywhere else name
            if text and (text.startswith(wanted) if below else text == wanted):
                yield place

    def covered(self, rule: Rule) -> Iterator[tuple[Place, SubjectKind]]:
        """Every place that the rule covers, with the subject kind for which it does.

        A rule without coordinates covers all places of its classes.
        """
        if rule.coordinates:
            named = {place.coordinate for text in rule.coordinates for place in self.matching(text)}
            places = [place for name, place in self.places.items() if name in named]
        else:
            places = list(self.places.values())
        for place in places:
            for subject_kind in rule.subject_kinds or SubjectKind:
                if not rule.classes or place.classes[subject_kind] in rule.classes:
                    yield place, subject_kind


def _kind_place(kind: KindModel) -> Place:
    declared = kind.declaration
    classes = dict.fromkeys(SubjectKind, declared.field_class)
    classes[SubjectKind.NATURAL_PERSON] = declared.person_class
    masks = dict.fromkeys(SubjectKind, MaskKind.NONE)
    return Place(kind.type_name, kind.type_name, classes, masks)


def _field_place(field: FieldModel) -> Place:
    classes = {subject: field.class_for(subject) for subject in SubjectKind}
    masks = {subject: field.mask_for(subject) for subject in SubjectKind}
    return Place(field.coordinate, field.type_name, classes, masks)
