"""Reads rules from TOML files. Strict: what is not understood exactly is refused.

One file per area; the rule `public-arrears` of `tax.toml` has the id `tax.public-arrears`.
`groups.toml` beside them names lists that many rules use (`@government`), in the tables
`purposes`, `subjects`, `coordinates` and `rows`. A list that means any value is written `["*"]`.

A department's package may bring a rule file of its own: see `policies.own`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from policies.contradictions import ReadRule, check_rules
from policies.engine import PolicySet
from policies.errors import PolicyLoadError
from policies.files import read_toml
from policies.groups import GROUPS, Groups, read_groups
from policies.model import Rule
from policies.own import OwnRules, read_own_rules
from policies.reading_rules import RuleSource
from policies.scope import Scope
from schema.model import CreditModel

RULES = Path(__file__).parent / "rules"


def load_policies(
    model: CreditModel,
    today: dt.date,
    directories: Sequence[Path] = (RULES,),
    own: Iterable[OwnRules] = (),
) -> PolicySet:
    """Read all rules and make them ready to decide on the given day.

    Args:
        own: rule files of departments' packages.

    Raises:
        PolicyLoadError: a file, rule or key that is wrong, with what was expected.
    """
    common = CommonRules.read(model, directories)
    own_rules = {each.code: common.read_own(each) for each in own}
    return PolicySet(common.rules, model, today, own_rules)


def load_rules(model: CreditModel, directories: Sequence[Path] = (RULES,)) -> tuple[Rule, ...]:
    """Read the rules of all `*.toml` files, in the order of file names.

    Raises:
        PolicyLoadError: a file, rule or key that is wrong, with what was expected.
    """
    return CommonRules.read(model, directories).rules


@dataclass(frozen=True, slots=True)
class CommonRules:
    """The rules for all, with what departments' own rules are read against.

    Attributes:
        groups: those of the first folder.
    """

    rules: tuple[Rule, ...]
    groups: Groups
    scope: Scope

    @classmethod
    def read(cls, model: CreditModel, directories: Sequence[Path]) -> CommonRules:
        """Read the rule files of all folders.

        Raises:
            PolicyLoadError: a folder, file, rule or key that is wrong, with what was expected.
        """
        scope = Scope(model)
        read: list[ReadRule] = []
        groups: list[Groups] = []
        for directory in directories:
            groups.append(read_groups(directory, scope))
            read += _read_folder(directory, groups[-1], scope)
        check_rules(read, (), scope)
        if not read:
            raise PolicyLoadError("-", "-", "-", "no rule file", "at least one")
        return cls(tuple(each.rule for each in read), groups[0], scope)

    def read_own(self, own: OwnRules) -> tuple[Rule, ...]:
        """Read the rules that a department's package brings.

        Raises:
            PolicyLoadError: a rule or key that is wrong or not the department's business.
        """
        return read_own_rules(own, self.rules, self.groups, self.scope)


def _read_folder(directory: Path, groups: Groups, scope: Scope) -> list[ReadRule]:
    if not directory.is_dir():
        raise PolicyLoadError(str(directory), "-", "-", "no such folder", "a folder of rule files")
    read: list[ReadRule] = []
    for path in sorted(directory.glob("*.toml")):
        if path.name != GROUPS:
            source = RuleSource(path.name, f"{path.stem}.", groups, scope)
            read += [
                ReadRule(directory.name, path.name, rule) for rule in source.rules(read_toml(path))
            ]
    return read
