"""From settings and departments' packages to rules that are checked and ready to decide."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from importlib.resources.abc import Traversable
from pathlib import Path

from gateway.contract import Manifest
from gateway.errors import InternalError
from gateway.fetching.registry import Registry
from policies.coverage import check_policies
from policies.engine import PolicySet
from policies.errors import PolicyLoadError
from policies.loader import RULES, CommonRules, load_policies
from policies.own import OwnRules
from schema.records import MODEL


def load_admitting(
    registry: Registry, folders: Sequence[Path], today: dt.date
) -> tuple[PolicySet, Registry]:
    """Read all rules; a department whose own rules cannot be used is quarantined.

    Args:
        folders: of rule files; empty: those that come with the gateway.

    Returns:
        The rules, and the registry with those departments quarantined.

    Raises:
        PolicyLoadError: the rules for all cannot be used.
        InternalError: they leave something open or name what is not there.
    """
    common = CommonRules.read(MODEL, folders or (RULES,))
    own = {}
    for slug, file in sorted(registry.rules.items()):
        try:
            read = _own(registry.adapters[slug].manifest, file)
            own[read.code] = common.read_own(read)
        except PolicyLoadError as error:
            registry = registry.without(slug, f"its rules cannot be used: {error}")
    return checked_policies(PolicySet(common.rules, MODEL, today, own)), registry


def load_strictly(own: Iterable[OwnRules], folders: Sequence[Path], today: dt.date) -> PolicySet:
    """Read all rules, those of departments included, or none.

    Args:
        own: as `own_rules` gives them.
        folders: of rule files; empty: those that come with the gateway.

    Raises:
        PolicyLoadError: any rules cannot be used.
        InternalError: they leave something open or name what is not there.
    """
    return checked_policies(load_policies(MODEL, today, folders or (RULES,), own))


def own_rules(registry: Registry) -> tuple[OwnRules, ...]:
    """The rule files that usable departments' packages bring, as they are now.

    Raises:
        PolicyLoadError: a file cannot be read.
    """
    return tuple(
        _own(registry.adapters[slug].manifest, file)
        for slug, file in sorted(registry.rules.items())
    )


def _own(manifest: Manifest, file: Traversable) -> OwnRules:
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        name = f"{manifest.slug}/{manifest.rules}"
        raise PolicyLoadError(name, "-", "-", f"`{error}`", "a TOML file") from error
    kinds = frozenset(MODEL.kinds[entry.kind].type_name for entry in manifest.entries)
    return OwnRules(manifest.slug, manifest.department_code, kinds, manifest.rules, text)


def checked_policies(policies: PolicySet) -> PolicySet:
    """The policies, if every field of the schema is ruled or closed.

    Raises:
        InternalError: the first defect, and how many there are.
    """
    defects = check_policies(MODEL, policies)
    if defects:
        raise InternalError(f"{len(defects)} policy defects, the first: {defects[0]}")
    return policies
