"""Decides who may do what with which field. Pure: same question, same answer; no clock, no I/O.

Deny unless permitted; forbid wins. Among permitting and masking rules the more particular ones
decide: those that name an entitlement (consent, grant) over those that name a relation (own
record, own department) over general ones. Where rules of one rank disagree, masked wins over
clear, and the stricter mask over the laxer.

A department's own rules speak of the records that it supplies itself. They close, mask and open
them, but what the rules for all forbid stays forbidden, and what these mask stays masked.

Beyond the single rules, for every field: it is denied where its record kind is denied; it can
be filtered or ordered by only where it is read clear, and aggregated only where it is not
masked. A platform that names no institution, and any other caller without an organisation, is
nobody and gets nothing.
"""

from __future__ import annotations

import copy
import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from itertools import chain

from policies.index import Index, JoinedIndex
from policies.model import (
    AccessRequest,
    Caller,
    CallerClass,
    Decision,
    Purpose,
    Role,
    Rule,
    SubjectProfile,
)
from policies.table import DEFAULT_DENY, AccessTable, AnyIndex, View
from schema.classification import SubjectKind
from schema.model import CreditModel

__all__ = ["DEFAULT_DENY", "AccessTable", "PolicySet"]

_ViewKey = tuple[AnyIndex, CallerClass, Purpose, SubjectKind, Role | None]


class PolicySet:
    """All rules, ready to decide on one day.

    Attributes:
        rules: rules for all.
        own_rules: rules of single departments about their own records, by department code.
        version: hash of the rules and of the classes and masks that they refer to.
        today: day that row conditions and time windows refer to.
    """

    def __init__(
        self,
        rules: tuple[Rule, ...],
        model: CreditModel,
        today: dt.date,
        own_rules: Mapping[str, tuple[Rule, ...]] | None = None,
    ) -> None:
        self.rules = rules
        self.own_rules = {code: own for code, own in (own_rules or {}).items() if own}
        self.model = model
        self.today = today
        self.version = _version([*rules, *chain.from_iterable(self.own_rules.values())], model)
        self._index = index = Index(rules, model)
        self._joined = {
            code: JoinedIndex(index, Index(own, model, len(rules)))
            for code, own in self.own_rules.items()
        }
        self._by_id = {rule.id: rule for rule in (*rules, *chain(*self.own_rules.values()))}
        self._views: dict[_ViewKey, View] = {}

    def rule(self, rule_id: str) -> Rule | None:
        """The rule of this id, a department's own included; None if there is none."""
        return self._by_id.get(rule_id)

    def on(self, today: dt.date) -> PolicySet:
        """Return the same rules for another day; cheap."""
        if today == self.today:
            return self
        other = copy.copy(self)
        other.today = today
        other._views = {}
        return other

    def decide(self, request: AccessRequest) -> Decision:
        """Decide one use of one coordinate."""
        table = self.compile(
            request.caller, request.subject, request.granted, request.is_source, request.provider
        )
        return table.decide(request.coordinate, request.use)

    def compile(
        self,
        caller: Caller,
        subject: SubjectProfile,
        granted: frozenset[str],
        is_source: bool,
        provider: str | None = None,
    ) -> AccessTable:
        """Return the decisions of all coordinates for one caller and one kind of subject.

        Cheap: decisions are made when first asked for, and kept.

        Args:
            provider: code of the department whose records are meant; None or one without rules
                of its own: the rules for all alone.
        """
        organisation = _organisation(caller)
        index = self._joined.get(provider, self._index) if provider else self._index
        view = self._view(index, caller, subject.subject_kind, organisation)
        return AccessTable(
            index, view, self.today, caller, organisation, subject, granted, is_source
        )

    def _view(
        self, index: AnyIndex, caller: Caller, subject: SubjectKind, organisation: str | None
    ) -> View:
        if organisation is None and caller.caller_class is not CallerClass.PUBLIC:
            return View({}, {})
        group = (caller.caller_class, caller.purpose, subject)
        if index.names_organisations:
            return View(index.cells(*group), {})
        key = (index, *group, caller.role if index.names_roles else None)
        found = self._views.get(key)
        if found is None:
            found = self._views[key] = View(index.cells(*group), {})
        return found


def _organisation(caller: Caller) -> str | None:
    """The organisation that counts: a platform is the institution that it acts for."""
    if caller.caller_class is CallerClass.PLATFORM:
        return caller.acting_for
    return caller.organisation


def _version(rules: Sequence[Rule], model: CreditModel) -> str:
    """Short hash of everything that decisions are made from, the day excepted."""
    digest = hashlib.sha256()
    for rule in sorted(rules, key=lambda rule: rule.id):
        digest.update(f"{rule!r}\n".encode())
    for kind in model.kinds.values():
        digest.update(f"{kind.declaration!r}\n".encode())
    for field in model.fields():
        digest.update(f"{field.coordinate} {field.declaration!r}\n".encode())
    return digest.hexdigest()[:16]
