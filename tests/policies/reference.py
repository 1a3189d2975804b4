"""A plain decider, written from the text of the rule files alone and sharing no code with ours.

Slow and simple: every rule is looked at for every question. Only the schema's classes and
masks are shared with the product.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from policies.disclosure.loader import packaged_clock
from schema.classification import SubjectKind
from schema.records import MODEL
from tests.oracle.periods import BEFORE_TODAY, is_running

STRICT_FIRST = (
    "DOCUMENT",
    "ID_STRICT",
    "AMOUNT_BAND",
    "NAME",
    "ADDRESS",
    "ACCOUNT",
    "PHONE",
    "MAIL",
    "ID",
    "DATE_YEAR",
)
FACTS = ("consent", "grant", "is-self", "is-source")
Json = dict[str, Any]


def read_rules(directories: Sequence[Path]) -> list[Json]:
    rules: list[Json] = []
    for directory in directories:
        found = directory / "groups.toml"
        groups = tomllib.loads(found.read_text("utf-8")) if found.exists() else {}
        for path in sorted(directory.glob("*.toml")):
            for rule in tomllib.loads(path.read_text("utf-8")).get("rule", []):
                rules.append(written_out(rule, f"{path.stem}.{rule['name']}", groups))
    return rules


def read_own_rules(text: str, slug: str, code: str, groups: Json) -> list[Json]:
    rules = []
    for rule in tomllib.loads(text)["rule"]:
        rule = written_out(rule, f"{slug}:{rule['name']}", groups)
        rule["provider"] = code
        when = rule.setdefault("when", {})
        kinds = [name for name in rule["coordinates"] if "." not in name]
        if kinds and rule["effect"] != "forbid" and not {"is-self", "is-source"} & set(when):
            gates = {
                gate_of(groups["gates"], kind, caller, "consent" in when)
                for kind in kinds
                for caller in rule["who"]
            }
            rows = [groups["rows"][gate] for gate in gates]
            when["row"] = {"all": rows + ([when["row"]] if "row" in when else [])}
        rules.append(rule)
    return rules


def gate_of(gates: Json, kind: str, caller: str, consented: bool) -> str:
    names = [f"{caller}-consented", caller] if consented else [caller]
    for table in (gates.get(kind, {}), gates):
        for key in (*names, "others"):
            if key in table:
                return str(table[key])
    raise KeyError(caller)


def written_out(rule: Json, rule_id: str, groups: Json) -> Json:
    rule["id"] = rule_id
    for key in ("purposes", "subjects", "coordinates"):
        members: list[str] = []
        for member in rule.get(key, ["*"]):
            is_group = member.startswith("@")
            members += groups[key][member[1:]] if is_group else [member]
        rule[key] = members
    row = rule.get("when", {}).get("row")
    if isinstance(row, str):
        rule["when"]["row"] = groups["rows"][row[1:]]
    return rule


class Question:
    """One question in plain words: strings and booleans only."""

    def __init__(self, **words: Any) -> None:
        self.caller: str = words["caller"]
        self.organisation: str | None = words["organisation"]
        self.purpose: str = words["purpose"]
        self.subject: str = words["subject"]
        self.coordinate: str = words["coordinate"]
        self.use: str = words["use"]
        self.is_self: bool = words["is_self"]
        self.is_source: bool = words["is_source"]
        self.consented: frozenset[str] = words["consented"]
        self.granted: frozenset[str] = words["granted"]
        self.role: str | None = words.get("role")
        self.provider: str | None = words.get("provider")

    def but(self, **words: Any) -> Question:
        return Question(**{**vars(self), **words})


class Answer:
    def __init__(self, outcome: str, ids: list[str], mask: str = "NONE", missing: str = "") -> None:
        self.outcome, self.ids, self.mask, self.missing = outcome, ids, mask, missing
        self.opened: list[Json | None] = []
        self.barred: list[Json] = []

    def shows(self, record: Json, today: str) -> bool:
        """Whether a permitted record kind includes this record."""
        opened = any(row is None or holds(row, record, today) for row in self.opened)
        return opened and not any(holds(row, record, today) for row in self.barred)


def holds(row: Json, record: Json, today: str) -> bool:
    if "all" in row:
        return all(holds(part, record, today) for part in row["all"])
    if "any" in row:
        return any(holds(part, record, today) for part in row["any"])
    if "not" in row:
        return not holds(row["not"], record, today)
    if "per-kind" in row:
        condition = row["per-kind"].get(record["meta.recordKind"])
        return condition is not None and holds(condition, record, today)
    found = record[row["field"]]
    if "absent" in row:
        return bool((found is None) == row["absent"])
    if found is None:
        return False
    if "in" in row:
        return found in row["in"]
    if "is" in row:
        return bool(found == row["is"])
    if "at-most" in row:
        return bool(found <= (today if row["at-most"] == "today" else row["at-most"]))
    bound = row["at-least"] if "at-least" in row else row["below"]
    if str(bound).startswith(BEFORE_TODAY):
        name = bound.removeprefix(BEFORE_TODAY)
        if name.startswith("@"):
            name = str(packaged_clock().periods[name[1:]])
        return is_running(name, found, today) is ("at-least" in row)
    bound = today if bound == "today" else bound
    return bool(found >= bound if "at-least" in row else found < bound)


class Reference:
    def __init__(self, directories: Sequence[Path], today: str, own: Sequence[Json] = ()) -> None:
        rules = [*read_rules(directories), *own]
        self.rules = [rule for rule in rules if is_in_time(rule, today)]
        for number, rule in enumerate(self.rules):
            rule["number"] = number
        self.named: dict[str, list[Json]] = {
            coordinate: [
                r for r in self.rules if any(names(p, coordinate) for p in r["coordinates"])
            ]
            for coordinate in MODEL.coordinates
        }

    def decide(self, asked: Question) -> Answer:
        if asked.coordinate not in MODEL.coordinates:
            return Answer("DENIED", ["default.deny"], missing="NOTHING_HELPS")
        kind = asked.coordinate.split(".")[0]
        own = self.by_own_rules(asked)
        if kind == asked.coordinate:
            return own
        gate_use = "aggregate" if asked.use == "aggregate" else "read"
        gate = self.by_own_rules(asked.but(coordinate=kind, use=gate_use))
        if gate.outcome == "DENIED":
            return gate
        if own.outcome == "DENIED" or asked.use == "read":
            return own
        read = self.by_own_rules(asked.but(use="read"))
        if read.outcome == "MASKED":
            lacks = self.lacking(asked.but(use="read"), self.candidates(asked.but(use="read")))
            return Answer("DENIED", read.ids, missing=lacks)
        if read.outcome == "DENIED" and asked.use != "aggregate":
            return read
        return own

    def by_own_rules(self, asked: Question) -> Answer:
        fitting = [
            rule
            for rule in self.named[asked.coordinate]
            if self.is_about(rule, asked)
            and (asked.subject in rule["subjects"] or rule["subjects"] == ["*"])
            and self.is_for(rule, asked)
            and (asked.purpose in rule["purposes"] or rule["purposes"] == ["*"])
            and all(self.is_met(key, asked) for key in rule.get("when", {}) if key in FACTS)
        ]
        forbids = [rule for rule in fitting if rule["effect"] == "forbid"]
        flat = [rule["id"] for rule in forbids if "row" not in rule.get("when", {})]
        opening = [rule for rule in fitting if rule["effect"] != "forbid"]
        if flat or not opening:
            missing = self.lacking(asked, self.candidates(asked))
            ids = [rule["id"] for rule in forbids] if flat or forbids else ["default.deny"]
            return Answer("DENIED", ids, missing=missing)
        best = max(map(rank, opening))
        best_rules = [rule for rule in opening if rank(rule) == best]
        masking = {
            rule["id"]: mask_of(rule, asked)
            for rule in opening
            if is_mask(rule) and (rule in best_rules or "provider" in rule)
        }
        if masking:
            mask = next(name for name in STRICT_FIRST if name in masking.values())
            return Answer("MASKED", [key for key, kind in masking.items() if kind == mask], mask)
        return permitted(opening, best_rules, forbids)

    def is_about(self, rule: Json, asked: Question) -> bool:
        """Whether the rule, which names the coordinate, covers its class and the use."""
        if rule.get("provider") not in (None, asked.provider):
            return False
        if asked.use not in rule["uses"] and rule["uses"] != ["*"]:
            return False
        is_kind = "." not in asked.coordinate
        if asked.use in (("filter", "order") if is_kind else ("count",)):
            return False
        classes = rule.get("classes")
        return not classes or class_of(asked.coordinate, asked.subject) in classes

    def is_for(self, rule: Json, asked: Question) -> bool:
        if asked.organisation is None and asked.caller != "public":
            return False
        fits = not rule.get("organisations") or asked.organisation in rule["organisations"]
        if rule.get("roles", ["*"]) != ["*"] and asked.role not in rule["roles"]:
            return False
        return fits and (asked.caller in rule["who"] or rule["who"] == ["*"])

    def is_met(self, condition: str, asked: Question) -> bool:
        return {
            "consent": asked.coordinate in asked.consented,
            "grant": asked.coordinate in asked.granted,
            "is-self": asked.is_self,
            "is-source": asked.is_source,
        }[condition]

    def candidates(self, asked: Question) -> list[Json]:
        """Rules that could open the coordinate and use to somebody, about some subject."""
        about = [asked.but(subject=kind.value) for kind in SubjectKind]
        return [
            rule
            for rule in self.named[asked.coordinate]
            if rule["effect"] != "forbid" and any(self.covers(rule, each) for each in about)
        ]

    def covers(self, rule: Json, asked: Question) -> bool:
        return self.is_about(rule, asked) and (
            asked.subject in rule["subjects"] or rule["subjects"] == ["*"]
        )

    def lacking(self, asked: Question, rules: list[Json]) -> str:
        """First failing of caller, subject, purpose, field, entitlement."""
        if not rules:
            return "NOTHING_HELPS"
        rules = [
            rule
            for rule in rules
            if self.is_for(rule, asked)
            and (asked.is_source or "is-source" not in rule.get("when", {}))
        ]
        if not rules:
            return "ANOTHER_CALLER"
        rules = [
            rule
            for rule in rules
            if self.covers(rule, asked) and (asked.is_self or "is-self" not in rule.get("when", {}))
        ]
        if not rules:
            return "ANOTHER_SUBJECT"
        rules = [r for r in rules if asked.purpose in r["purposes"] or r["purposes"] == ["*"]]
        if not rules:
            return "ANOTHER_PURPOSE"
        held = {fact for fact in ("consent", "grant") if self.is_met(fact, asked)}
        lacks = [{"consent", "grant"} & set(rule.get("when", {})) - held for rule in rules]
        if {"consent"} in lacks:
            return "CONSENT"
        return "GRANT" if any("grant" in each for each in lacks) else "NOTHING_HELPS"


def names(pattern: str, coordinate: str) -> bool:
    kind, _, path = coordinate.partition(".")
    if pattern == "*":
        return True
    named, _, below = pattern.partition(".")
    if named not in ("*", kind):
        return False
    if below.endswith("*"):
        return bool(path) and path.startswith(below[:-1])
    return below == path


def permitted(opening: list[Json], best: list[Json], forbids: list[Json]) -> Answer:
    rows = [rule.get("when", {}).get("row") for rule in opening]
    if not forbids and all(row is None for row in rows):
        answer = Answer("CLEAR", [rule["id"] for rule in best])
    else:
        unlimited = [rule for rule, row in zip(opening, rows, strict=True) if row is None]
        deciding = sorted([*(unlimited or opening), *forbids], key=lambda r: int(r["number"]))
        answer = Answer("CLEAR", [rule["id"] for rule in deciding])
    answer.opened = rows
    answer.barred = [rule["when"]["row"] for rule in forbids]
    return answer


def is_in_time(rule: Json, today: str) -> bool:
    when = rule.get("when", {})
    first, last = str(when.get("from", "")), str(when.get("until", "9999-12-31"))
    return first <= today <= last


def rank(rule: Json) -> int:
    if "provider" in rule:
        return 0
    when = rule.get("when", {})
    if "consent" in when or "grant" in when:
        return 2
    return 1 if "is-self" in when or "is-source" in when else 0


def is_mask(rule: Json) -> bool:
    return bool(rule["effect"] == "mask")


def mask_of(rule: Json, asked: Question) -> str:
    if "mask" in rule:
        return str(rule["mask"])
    kind, _, path = asked.coordinate.partition(".")
    return MODEL.by_type_name[kind].by_name[path].mask_for(SubjectKind(asked.subject)).value


@cache
def class_of(coordinate: str, subject: str) -> str:
    kind, _, path = coordinate.partition(".")
    model = MODEL.by_type_name[kind]
    if path:
        return model.by_name[path].class_for(SubjectKind(subject)).value
    is_person = subject == "NATURAL_PERSON"
    declared = model.declaration
    return (declared.person_class if is_person else declared.field_class).value
