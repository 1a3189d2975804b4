"""Which items of a record kind are required (必填项): read from `required.toml` beside this."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources

from schema.codes import RecordKind


@cache
def _document() -> Mapping[str, object]:
    text = resources.files("schema").joinpath("required.toml").read_text("utf-8")
    return tomllib.loads(text)


@cache
def required_items(kind: RecordKind) -> tuple[str, ...]:
    """Names of the fields that every record of the kind must have, the common ones first."""
    document = _document()
    common, kinds = document["common"], document["kinds"]
    assert isinstance(common, list)
    assert isinstance(kinds, dict)
    return (*common, *kinds.get(kind.value, ()))
