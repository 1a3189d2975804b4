"""`access`, `errors` and `sources` of an answer, gathered place by place: sections 7 to 9."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from policies.model import Decision, Outcome, Use
from tests.oracle.records import Department

Path = tuple[str, ...]
Cells = Mapping[tuple[int, int], Decision]
"""Decisions by (number of the provider, number of the column)."""

_MESSAGES = {
    "READ": ("FIELD_DENIED", "field `{}` is not permitted for this caller and purpose"),
    "COUNT": ("FIELD_DENIED", "field `{}` is not permitted for this caller and purpose"),
    "FILTER": ("FILTER_DENIED", "field `{}` may not be filtered on by this caller and purpose"),
    "ORDER": ("ORDER_DENIED", "field `{}` may not be ordered by for this caller and purpose"),
    "AGGREGATE": (
        "AGGREGATE_DENIED",
        "field `{}` may not be aggregated by this caller and purpose",
    ),
}
_FAILURES = {
    "DOWN": ("SOURCE_DOWN", "department `{}` does not answer"),
    "TIMED_OUT": ("SOURCE_TIMED_OUT", "department `{}` did not answer in time"),
    "MALFORMED": (
        "SOURCE_MALFORMED",
        "department `{}` gave an answer that does not fit its declaration",
    ),
}


@dataclass(frozen=True)
class Grid:
    """What the cells of a place are: providers in their order, and columns.

    Attributes:
        axis: `positions` or `subjectKinds`.
        labels: what each column is called in an entry.
    """

    providers: tuple[Department, ...]
    axis: str
    labels: tuple[int | str, ...]


@dataclass
class Report:
    """Gathers what is told beside the data.

    Attributes:
        rows: number of records in the answer; not told.
    """

    failures: Mapping[str, str]
    clear: list[Any] = field(default_factory=list)
    masked: list[dict[str, Any]] = field(default_factory=list)
    denied: list[dict[str, Any]] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)
    rows: int = 0
    _place_errors: list[dict[str, Any]] = field(default_factory=list)

    def add(
        self,
        path: Path,
        coordinate: str,
        use: Use,
        cells: Cells,
        grid: Grid,
        *,
        lists_clear: bool = True,
    ) -> None:
        """Tell the outcomes of one use of one coordinate at one place."""
        outcomes = {where: _outcome(decision) for where, decision in cells.items()}
        whereabouts = _Whereabouts(grid, outcomes)
        for outcome in dict.fromkeys(outcomes[where] for where in sorted(outcomes)):
            where = whereabouts.of(outcome)
            text = ".".join(path)
            if outcome[0] == "CLEAR":
                if lists_clear:
                    self.clear.append({"path": text, **where} if where else text)
            elif outcome[0] == "MASKED":
                _, mask, rules = outcome
                self.masked.append(
                    {"path": text, "coordinate": coordinate, "mask": mask, "rules": list(rules)}
                    | where
                )
            else:
                _, missing, rules = outcome
                self.denied.append(
                    {
                        "path": text,
                        "coordinate": coordinate,
                        "use": use.name,
                        "rules": list(rules),
                        "missing": missing,
                    }
                    | where
                )

    def asked_at(self, path: Path, slugs: Iterable[str], providers: Sequence[Department]) -> None:
        """Tell who was asked at a place; who of them failed is an error of the place."""
        asked = set(slugs)
        self.asked |= asked
        for provider in providers:
            if provider.slug in asked and provider.slug in self.failures:
                code, message = _FAILURES[self.failures[provider.slug]]
                self._place_error(
                    path, message.format(provider.slug), {"code": code, "source": provider.slug}
                )

    def cursor_refused(self, path: Path) -> None:
        """Tell that the cursor in `after` belongs elsewhere."""
        message = "cursor in `after` is not valid here"
        self._place_error(path, message, {"code": "CURSOR_NOT_VALID_HERE"})

    def errors(self) -> list[dict[str, Any]]:
        """`errors`, in order."""
        return [_denial_error(entry) for entry in self.denied] + self._place_errors

    def extensions(self) -> dict[str, Any]:
        """`extensions`."""
        outcomes = [
            {"source": slug, "outcome": self.failures.get(slug, "ANSWERED")}
            for slug in sorted(self.asked)
        ]
        access = {"clear": self.clear, "masked": self.masked, "denied": self.denied}
        return {"access": access, "sources": outcomes}

    def _place_error(self, path: Path, message: str, extensions: dict[str, Any]) -> None:
        self._place_errors.append(
            {"message": message, "path": list(path), "extensions": extensions}
        )


_Outcome = tuple[str, str | None, tuple[str, ...]]


def _outcome(decision: Decision) -> _Outcome:
    if decision.outcome is Outcome.CLEAR:
        return "CLEAR", None, ()
    if decision.outcome is Outcome.MASKED:
        return "MASKED", decision.mask.name, decision.rule_ids
    assert decision.missing is not None
    return "DENIED", decision.missing.name, decision.rule_ids


@dataclass(frozen=True)
class _Whereabouts:
    """Says of an outcome for which providers and columns it is, where that is not for all."""

    grid: Grid
    outcomes: Mapping[tuple[int, int], _Outcome]

    def of(self, outcome: _Outcome) -> dict[str, Any]:
        where: dict[str, Any] = {}
        having = [cell for cell, found in self.outcomes.items() if found == outcome]
        providers = range(len(self.grid.providers))
        columns = range(len(self.grid.labels))
        if any(len({self.outcomes.get((p, c)) for p in providers}) > 1 for c in columns):
            named = sorted({p for p, _ in having})
            where["sources"] = [self.grid.providers[p].slug for p in named]
        if any(len({self.outcomes.get((p, c)) for c in columns}) > 1 for p in providers):
            where[self.grid.axis] = [self.grid.labels[c] for c in sorted({c for _, c in having})]
        return where


def _denial_error(entry: Mapping[str, Any]) -> dict[str, Any]:
    code, message = _MESSAGES[entry["use"]]
    extensions = {
        "code": code,
        "coordinate": entry["coordinate"],
        "rule": entry["rules"][0],
        "missing": entry["missing"],
    }
    for member in ("sources", "positions", "subjectKinds"):
        if member in entry:
            extensions[member] = entry[member]
    return {
        "message": message.format(entry["coordinate"]),
        "path": entry["path"].split("."),
        "extensions": extensions,
    }
